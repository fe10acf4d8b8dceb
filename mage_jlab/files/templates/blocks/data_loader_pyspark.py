if 'data_loader' not in globals():
    from mage_ai.data_preparation.decorators import data_loader
if 'test' not in globals():
    from mage_ai.data_preparation.decorators import test


@data_loader
def load_data(*args, **kwargs):
    spark = kwargs['spark']
    return spark.read.parquet('data/*.parquet')


@test
def test_there_are_columns(output, *args):
    assert output.columns, 'The table has no column'
