if 'data_loader' not in globals():
    from mage_ai.data_preparation.decorators import data_loader


@data_loader
def list_items(*args, **kwargs):
    """Return items and their names; set `dynamic: true` in the block's configuration."""
    items = [{'id': 1}, {'id': 2}, {'id': 3}]
    names = [{'block_uuid': f'item_{item["id"]}'} for item in items]
    return [items, names]
