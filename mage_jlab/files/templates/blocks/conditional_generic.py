if 'condition' not in globals():
    from mage_ai.data_preparation.decorators import condition


@condition
def may_run(*args, **kwargs) -> bool:
    """Return False to skip the block and everything below it."""
    return True
