from os import path

if 'data_loader' not in globals():
    from mage_ai.data_preparation.decorators import data_loader
if 'test' not in globals():
    from mage_ai.data_preparation.decorators import test

from mage_ai.io.config import ConfigFileLoader
from mage_ai.io.bigquery import BigQuery
from mage_ai.settings.repo import get_repo_path


@data_loader
def load_from_bigquery(*args, **kwargs):
    """Return the rows of a query; the connection stands in io_config.yaml."""
    query = 'SELECT 1 AS one'
    config = ConfigFileLoader(path.join(get_repo_path(), 'io_config.yaml'), 'default')
    return BigQuery.with_config(config).load(query)


@test
def test_output(output, *args):
    assert output is not None, 'The output is undefined'
