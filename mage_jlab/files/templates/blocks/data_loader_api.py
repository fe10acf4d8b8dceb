import json
from urllib.request import Request, urlopen

import pandas as pd

if 'data_loader' not in globals():
    from mage_ai.data_preparation.decorators import data_loader
if 'test' not in globals():
    from mage_ai.data_preparation.decorators import test

URL = 'https://example.org/api/items'


@data_loader
def load_from_api(*args, **kwargs):
    """Ask a web address for JSON and return it as a table."""
    request = Request(URL, headers={'Accept': 'application/json'})
    with urlopen(request, timeout=30) as response:
        return pd.json_normalize(json.load(response))


@test
def test_output(output, *args):
    assert output is not None, 'The output is undefined'
