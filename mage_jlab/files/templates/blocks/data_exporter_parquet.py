from os import makedirs, path

if 'data_exporter' not in globals():
    from mage_ai.data_preparation.decorators import data_exporter

from mage_ai.settings.repo import get_repo_path


@data_exporter
def export_parquet(df, *args, **kwargs):
    """Write a table to exports/table.parquet in the project folder."""
    folder = path.join(get_repo_path(), 'exports')
    makedirs(folder, exist_ok=True)
    df.to_parquet(path.join(folder, 'table.parquet'), index=False)
