from os import makedirs, path

if 'data_exporter' not in globals():
    from mage_ai.data_preparation.decorators import data_exporter

from mage_ai.settings.repo import get_repo_path


@data_exporter
def export_summary(summary, *args, **kwargs):
    """Write the summary to exports/penguins_summary.csv in the project folder."""
    folder = path.join(get_repo_path(), 'exports')
    makedirs(folder, exist_ok=True)
    file = path.join(folder, 'penguins_summary.csv')
    summary.to_csv(file, index=False)
    print(f'{len(summary)} rows written to {file}')
