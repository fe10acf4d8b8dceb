if 'transformer' not in globals():
    from mage_ai.data_preparation.decorators import transformer
if 'test' not in globals():
    from mage_ai.data_preparation.decorators import test


@transformer
def join(left, right, *args, **kwargs):
    """Join two tables by a column they share; connect two blocks above this one."""
    return left.merge(right, on='id', how='left', validate='many_to_one')


@test
def test_there_are_rows(output, *args):
    assert len(output) > 0, 'The join has no rows'
