if 'callback' not in globals():
    from mage_ai.data_preparation.decorators import callback


@callback('success')
def on_success(parent_block_data, **kwargs):
    """Run after the block has completed."""
    print(f"{kwargs['parent_block_uuid']} has completed")


@callback('failure')
def on_failure(parent_block_data, **kwargs):
    """Run after the block has failed."""
    print(f"{kwargs['parent_block_uuid']} has failed: {kwargs.get('__error')}")
