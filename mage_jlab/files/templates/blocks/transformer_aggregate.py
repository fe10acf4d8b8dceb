if 'transformer' not in globals():
    from mage_ai.data_preparation.decorators import transformer
if 'test' not in globals():
    from mage_ai.data_preparation.decorators import test


@transformer
def aggregate(df, *args, **kwargs):
    """Count the rows of each group and average a column."""
    return df.groupby('group', as_index=False).agg(
        rows=('value', 'size'),
        mean=('value', 'mean'),
    )


@test
def test_output(output, *args):
    assert output is not None, 'The output is undefined'
