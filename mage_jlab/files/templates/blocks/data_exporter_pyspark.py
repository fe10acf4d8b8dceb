if 'data_exporter' not in globals():
    from mage_ai.data_preparation.decorators import data_exporter


@data_exporter
def export_data(df, *args, **kwargs):
    spark = kwargs['spark']
    print(f'Written by Spark {spark.version}')
    df.write.mode('overwrite').parquet('data/output.parquet')
