"""S3 against a server that speaks its protocol."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest

from mage_jlab.errors import BadRequest
from mage_jlab.io.config import ConfigFileLoader
from mage_jlab.io.s3 import S3

FRAME = pd.DataFrame({"n": [1, 2], "word": ["a", None]})


@pytest.fixture
def s3(s3_profile: dict[str, Any]) -> S3:
    made = S3.with_config(ConfigFileLoader(config=s3_profile))
    made.client.create_bucket(Bucket="shop")
    return made


@pytest.mark.parametrize("name", ["a.csv", "b/c.parquet", "a.csv.gz", "a.tsv", "a.feather"])
def test_a_table_comes_back(s3: S3, name: str) -> None:
    options = {} if name.endswith(("parquet", "feather")) else {"index": False}
    s3.export(FRAME, "shop", name, **options)
    assert s3.load("shop", name).fillna("-").values.tolist() == [[1, "a"], [2, "-"]]
    assert len(s3.load("shop", name, limit=1)) == 1
    assert s3.exists("shop", name[:3]) and not s3.exists("shop", "nothing")


def test_other_things_to_export(s3: S3, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    s3.export(str(tmp_path / "x.csv"), "shop", "x.csv")
    assert s3.load("shop", "x.csv").values.tolist() == [[1, 2]]
    s3.export(pl.DataFrame({"p": [1.5]}), "shop", "p.parquet")
    assert s3.load("shop", "p.parquet").values.tolist() == [[1.5]]
    s3.export(FRAME, "shop", "no-ending", format="json")
    assert s3.load("shop", "no-ending", "json")["n"].tolist() == [1, 2]
    with pytest.raises(BadRequest, match="no file"):
        s3.export("/no/such/file.csv", "shop", "x.csv")
    with pytest.raises(BadRequest, match="format of 'what'"):
        s3.export(FRAME, "shop", "what")
