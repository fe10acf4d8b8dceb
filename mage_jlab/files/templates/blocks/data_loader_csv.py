from os import path

import pandas as pd

if 'data_loader' not in globals():
    from mage_ai.data_preparation.decorators import data_loader
if 'test' not in globals():
    from mage_ai.data_preparation.decorators import test

from mage_ai.settings.repo import get_repo_path


@data_loader
def load_csv(*args, **kwargs):
    """Read a CSV file that lies in the project folder."""
    return pd.read_csv(path.join(get_repo_path(), 'data', 'file.csv'))


@test
def test_there_are_rows(output, *args):
    assert len(output) > 0, 'The file has no rows'
