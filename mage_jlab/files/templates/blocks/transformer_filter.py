if 'transformer' not in globals():
    from mage_ai.data_preparation.decorators import transformer
if 'test' not in globals():
    from mage_ai.data_preparation.decorators import test


@transformer
def filter_rows(df, *args, **kwargs):
    """Keep the rows that have no missing value."""
    kept = df.dropna()
    print(f'{len(kept)} of {len(df)} rows kept')
    return kept.reset_index(drop=True)


@test
def test_nothing_is_missing(output, *args):
    assert not output.isna().any().any(), 'There are missing values'
