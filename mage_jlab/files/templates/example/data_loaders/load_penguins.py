from os import path

import pandas as pd

if 'data_loader' not in globals():
    from mage_ai.data_preparation.decorators import data_loader
if 'test' not in globals():
    from mage_ai.data_preparation.decorators import test

from mage_ai.settings.repo import get_repo_path


@data_loader
def load_penguins(*args, **kwargs):
    """Read the measurements of 344 penguins (Palmer Station, Antarctica)."""
    return pd.read_csv(path.join(get_repo_path(), 'data', 'penguins.csv'))


@test
def test_all_rows_are_there(output, *args):
    assert len(output) == 344, f'There should be 344 penguins, not {len(output)}'
