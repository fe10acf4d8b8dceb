if 'custom' not in globals():
    from mage_ai.data_preparation.decorators import custom
if 'test' not in globals():
    from mage_ai.data_preparation.decorators import test


@custom
def run(*args, **kwargs):
    """Do anything; what is returned goes to the next blocks."""
    return {}


@test
def test_output(output, *args):
    assert output is not None, 'The output is undefined'
