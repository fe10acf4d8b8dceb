from os import path

if 'data_exporter' not in globals():
    from mage_ai.data_preparation.decorators import data_exporter

from mage_ai.io.config import ConfigFileLoader
from mage_ai.io.s3 import S3
from mage_ai.settings.repo import get_repo_path


@data_exporter
def export_to_s3(df, *args, **kwargs):
    """Write a table to a file of a bucket; the connection stands in io_config.yaml."""
    config = ConfigFileLoader(path.join(get_repo_path(), 'io_config.yaml'), 'default')
    S3.with_config(config).export(df, 'bucket', 'folder/table.parquet')
