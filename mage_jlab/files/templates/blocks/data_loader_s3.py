from os import path

if 'data_loader' not in globals():
    from mage_ai.data_preparation.decorators import data_loader
if 'test' not in globals():
    from mage_ai.data_preparation.decorators import test

from mage_ai.io.config import ConfigFileLoader
from mage_ai.io.s3 import S3
from mage_ai.settings.repo import get_repo_path


@data_loader
def load_from_s3(*args, **kwargs):
    """Return the table in a file of a bucket; the connection stands in io_config.yaml."""
    config = ConfigFileLoader(path.join(get_repo_path(), 'io_config.yaml'), 'default')
    return S3.with_config(config).load('bucket', 'folder/table.parquet')


@test
def test_output(output, *args):
    assert output is not None, 'The output is undefined'
