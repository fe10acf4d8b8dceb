from os import path

if 'sensor' not in globals():
    from mage_ai.data_preparation.decorators import sensor

from mage_ai.settings.repo import get_repo_path


@sensor
def file_is_there(*args, **kwargs) -> bool:
    """Return True as soon as the file exists."""
    return path.exists(path.join(get_repo_path(), 'data', 'file.csv'))
