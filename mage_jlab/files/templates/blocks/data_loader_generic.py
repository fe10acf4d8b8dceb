if 'data_loader' not in globals():
    from mage_ai.data_preparation.decorators import data_loader
if 'test' not in globals():
    from mage_ai.data_preparation.decorators import test


@data_loader
def load_data(*args, **kwargs):
    """Return the data that the next blocks get."""
    return {}


@test
def test_output(output, *args):
    assert output is not None, 'The output is undefined'
