from os import path

if 'data_exporter' not in globals():
    from mage_ai.data_preparation.decorators import data_exporter

from mage_ai.io.config import ConfigFileLoader
from mage_ai.io.duckdb import DuckDB
from mage_ai.settings.repo import get_repo_path


@data_exporter
def export_to_duckdb(df, *args, **kwargs):
    """Write a table; the connection stands in io_config.yaml."""
    config = ConfigFileLoader(path.join(get_repo_path(), 'io_config.yaml'), 'default')
    with DuckDB.with_config(config) as loader:
        loader.export(df, 'main', 'table_name', index=False, if_exists='replace')
