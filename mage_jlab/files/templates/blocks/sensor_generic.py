if 'sensor' not in globals():
    from mage_ai.data_preparation.decorators import sensor


@sensor
def is_ready(*args, **kwargs) -> bool:
    """Return True when the next blocks may start; until then it is asked again."""
    return True
