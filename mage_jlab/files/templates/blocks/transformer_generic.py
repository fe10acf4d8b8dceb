if 'transformer' not in globals():
    from mage_ai.data_preparation.decorators import transformer
if 'test' not in globals():
    from mage_ai.data_preparation.decorators import test


@transformer
def transform(data, *args, **kwargs):
    """Change what the block above returned and return it.

    One argument comes from each block above, in the order of the connections.
    """
    return data


@test
def test_output(output, *args):
    assert output is not None, 'The output is undefined'
