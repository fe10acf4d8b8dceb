"""Google Cloud Storage against a server that speaks its protocol."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import polars as pl
import pytest

from mage_jlab.errors import BadRequest
from mage_jlab.io.config import ConfigFileLoader
from mage_jlab.io.google_cloud_storage import GoogleCloudStorage

FRAME = pd.DataFrame({"n": [1, 2], "word": ["a", None]})


@pytest.fixture
def lake(google_storage: str, monkeypatch: pytest.MonkeyPatch) -> GoogleCloudStorage:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", google_storage)
    made = GoogleCloudStorage.with_config(ConfigFileLoader(config={}))
    if not made.client.bucket("lake").exists():
        made.client.create_bucket("lake")
    return made


@pytest.mark.parametrize("name", ["a.csv", "b/c.parquet", "a.csv.gz", "a.json"])
def test_a_table_comes_back(lake: GoogleCloudStorage, name: str) -> None:
    options = {"index": False} if ".csv" in name else {}
    lake.export(FRAME, "lake", name, **options)
    assert lake.load("lake", name).fillna("-").values.tolist() == [[1, "a"], [2, "-"]]
    assert len(lake.load("lake", name, limit=1)) == 1
    lake.export(FRAME.head(1), "lake", name, **options)
    assert len(lake.load("lake", name)) == 1
    assert lake.exists("lake", name) and not lake.exists("lake", "nothing")
    assert lake.load("lake", "nothing.csv").empty


def test_other_things_to_export(lake: GoogleCloudStorage, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    lake.export(str(tmp_path / "x.csv"), "lake", "x.csv")
    assert lake.load("lake", "x.csv").values.tolist() == [[1, 2]]
    lake.export(pl.DataFrame({"p": [1.5]}), "lake", "p.parquet")
    assert lake.load("lake", "p.parquet").values.tolist() == [[1.5]]
    lake.export(FRAME, "lake", "no-ending", format="json")
    assert lake.load("lake", "no-ending", "json")["n"].tolist() == [1, 2]
    with pytest.raises(BadRequest, match="no file"):
        lake.export("/no/such/file.csv", "lake", "x.csv")
    with pytest.raises(BadRequest, match="format of 'what'"):
        lake.export(FRAME, "lake", "what")
