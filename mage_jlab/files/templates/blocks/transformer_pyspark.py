if 'transformer' not in globals():
    from mage_ai.data_preparation.decorators import transformer


@transformer
def transform(df, *args, **kwargs):
    spark = kwargs['spark']
    df.createOrReplaceTempView('input')
    return spark.sql('SELECT * FROM input')
