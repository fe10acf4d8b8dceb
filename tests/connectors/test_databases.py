"""Databases as blocks use them: the same for every one, against real servers."""

from __future__ import annotations

import datetime
import decimal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from mage_jlab.errors import AlreadyExists, BadRequest, MissingPackage
from mage_jlab.io.base import ExportWritePolicy
from mage_jlab.io.config import ConfigFileLoader
from mage_jlab.io.duckdb import DuckDB
from mage_jlab.io.mysql import MySQL
from mage_jlab.io.postgres import Postgres
from mage_jlab.io.sqlite import SQLite

FRAME = pd.DataFrame(
    {
        "Order ID": [1, 2, 3],
        "name": ["a", None, "ü, \"x\"\n'y'\t\\"],
        "price": [1.5, None, 2.25],
        "big": [2**40, 1, -5],
        "done": [True, False, True],
        "at": pd.to_datetime(["2024-01-02 03:04:05.123456", None, "1969-12-31 00:00:00.0"]),
        "day": [datetime.date(2024, 1, 2), None, datetime.date(2024, 1, 3)],
        "more": [{"a": 1}, None, {"b": [1, None]}],
        "2nd": ["x", "y", "z"],
        "kind": pd.Categorical(["k", None, "l"]),
        "exact": [decimal.Decimal("1.25"), None, decimal.Decimal("2")],
    }
)
Open = Callable[..., Any]


@pytest.fixture(
    params=["postgres", "postgres2", "mysql", "pymysql", "mysql_infile", "sqlite", "duckdb"]
)
def open_(request: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """A function that opens a connection to a real database, by each driver."""
    name = request.param
    if name == "postgres2":
        monkeypatch.setitem(sys.modules, "psycopg", None)
    if name == "pymysql":
        monkeypatch.setitem(sys.modules, "mysql.connector", None)
    if name.startswith("postgres"):
        kind: Any = Postgres
        settings = request.getfixturevalue("postgres_profile")
    elif "mysql" in name:
        kind = MySQL
        settings = request.getfixturevalue("mysql_profile")
        if name == "mysql_infile":
            settings = {**settings, "MYSQL_ALLOW_LOCAL_INFILE": True}
    elif name == "sqlite":
        kind, settings = SQLite, {"SQLITE_DATABASE": str(tmp_path / "a.db")}
    else:
        kind, settings = DuckDB, {"DUCKDB_DATABASE": str(tmp_path / "a.duckdb")}
    yield lambda **more: kind.with_config(
        ConfigFileLoader(config=settings), **{"verbose": False, **more}
    )
    if name.startswith("postgres") or "mysql" in name:
        with kind.with_config(ConfigFileLoader(config=settings), verbose=False) as loader:
            loader.execute("DROP TABLE IF EXISTS orders")
            loader.execute("DROP TABLE IF EXISTS other")
            loader.commit()


def test_a_table_comes_back(open_: Open) -> None:
    with open_() as loader:
        loader.export(FRAME, table_name="orders", if_exists="replace")
    with open_() as loader:
        back = loader.load("SELECT * FROM orders ORDER BY order_id")
    assert list(back.columns) == [
        "order_id", "_name", "price", "big", "done", "_at", "_day", "_more", "letter_2nd", "kind",
        "exact",
    ]  # fmt: skip
    assert list(back["order_id"]) == [1, 2, 3] and list(back["big"]) == [2**40, 1, -5]
    assert list(back["_name"].fillna("-")) == ["a", "-", "ü, \"x\"\n'y'\t\\"]
    assert list(back["price"].fillna(-1)) == [1.5, -1, 2.25]
    assert [bool(item) for item in back["done"]] == [True, False, True]
    moments = pd.to_datetime(back["_at"])
    assert moments[0] == pd.Timestamp("2024-01-02 03:04:05.123456") and pd.isna(moments[1])
    assert str(back["_day"][0])[:10] == "2024-01-02"
    assert list(back["kind"].fillna("-")) == ["k", "-", "l"]
    assert [float(item) for item in back["exact"].fillna(0)] == [1.25, 0, 2]
    more = back["_more"][2]
    assert (more if isinstance(more, dict) else __import__("json").loads(more)) == {"b": [1, None]}


def test_what_happens_to_a_table_that_is_there(open_: Open) -> None:
    small = pd.DataFrame({"n": [1]})
    with open_() as loader:
        loader.export(small, table_name="other", if_exists=ExportWritePolicy.APPEND)
        loader.export({"n": 2}, table_name="other", if_exists="append")
        loader.export([{"n": 3}, {"n": 4}], table_name="other", if_exists="append")
        assert sorted(loader.load("SELECT n FROM other")["n"]) == [1, 2, 3, 4]
        with pytest.raises(AlreadyExists, match="write policy"):
            loader.export(small, table_name="other", if_exists="fail")
        loader.export(small, table_name="other", if_exists="replace")
        assert list(loader.load("SELECT n FROM other")["n"]) == [1]
        loader.export(pd.DataFrame({"word": ["x"]}), table_name="other", drop_table_on_replace=True)
        assert list(loader.load("SELECT * FROM other").columns) == ["word"]
        with pytest.raises(BadRequest, match="if_exists is 'append'"):
            loader.export(small, table_name="other", if_exists="what")
        with pytest.raises(BadRequest, match="name the table"):
            loader.export(small)


def test_rows_that_are_there_are_updated_or_kept(open_: Open) -> None:
    first = pd.DataFrame({"word": ["a", "b"], "v": [1, 2]})
    then = pd.DataFrame({"word": ["b", "c"], "v": [20, 30]})
    with open_() as loader:
        loader.export(
            first, table_name="other", unique_constraints=["word"], drop_table_on_replace=True
        )
        how: dict[str, Any] = {
            "table_name": "other",
            "if_exists": "append",
            "unique_constraints": ["word"],
        }
        loader.export(then, unique_conflict_method="UPDATE", **how)
        found = loader.load("SELECT word, v FROM other ORDER BY word")
        assert found.values.tolist() == [["a", 1], ["b", 20], ["c", 30]]
        loader.export(first, unique_conflict_method="IGNORE", **how)
        assert loader.load("SELECT word, v FROM other ORDER BY word").equals(found)


def test_statements_limits_samples_and_commits(open_: Open) -> None:
    with open_() as loader:
        loader.execute("CREATE TABLE other (n INTEGER)")
        loader.execute_queries(
            ["INSERT INTO other VALUES (1), (2)", "INSERT INTO other VALUES (3)"], commit=True
        )
        results = loader.execute_queries(
            ["DELETE FROM other WHERE n = 3", "SELECT n FROM other ORDER BY n"],
            fetch_query_at_indexes=[False, True], commit=True,
        )  # fmt: skip
        assert results[0] is None and list(results[1]["n"]) == [1, 2]
        assert len(loader.load("SELECT n FROM other;", limit=1)) == 1
        assert loader.table_exists(None, "other") and not loader.table_exists(None, "nothing")
        loader.execute_query_raw("INSERT INTO other VALUES (9)")
    with open_() as loader:
        assert sorted(loader.load("SELECT n FROM other")["n"]) == [1, 2, 9]


def test_what_is_not_committed_is_gone(open_: Open) -> None:
    with open_() as loader:
        if isinstance(loader, DuckDB):
            return  # it commits by itself
        loader.execute("CREATE TABLE other (n INTEGER)")
        loader.commit()
        loader.execute("INSERT INTO other VALUES (1)")
        loader.rollback()
        assert len(loader.load("SELECT n FROM other")) == 0


def test_a_connection_that_is_not_open_says_so(open_: Open) -> None:
    loader = open_()
    if isinstance(loader, DuckDB):
        return  # it opens by itself, as in Mage
    with pytest.raises(ConnectionError, match="not open"):
        loader.load("SELECT 1")


def test_many_rows(open_: Open) -> None:
    rows = pd.DataFrame({"n": range(20_000), "word": [f"w{i}" for i in range(20_000)]})
    with open_() as loader:
        loader.export(rows, table_name="other")
        found = loader.load("SELECT COUNT(*) AS c, SUM(n) AS s FROM other")
    assert (int(found["c"][0]), int(found["s"][0])) == (20_000, 199_990_000)


def test_schemas_arrays_and_empty_texts_of_postgresql(postgres_profile: Any) -> None:
    config = ConfigFileLoader(config=postgres_profile)
    data = pd.DataFrame(
        {"tags": [["a", "b"], []], "ns": [[1, 2], [3]], "e": ["", "x"], "s": [1, 2]}
    )
    with Postgres.with_config(config, verbose=False) as loader:
        loader.export(data, "mart", "t", drop_table_on_replace=True)
        back = loader.load("SELECT * FROM mart.t ORDER BY s")
        kinds = loader.load(
            "SELECT column_name, data_type FROM information_schema.columns "
            "WHERE table_schema = 'mart' AND table_name = 't'"
        )
        assert loader.sample("mart", "t", 1).shape == (1, 4)
    assert back["tags"].tolist() == [["a", "b"], []] and back["ns"].tolist() == [[1, 2], [3]]
    assert back["e"].tolist() == [None, "x"] or pd.isna(back["e"][0])  # as in Mage
    assert dict(zip(*kinds.to_dict("list").values(), strict=True)) == {
        "tags": "ARRAY", "ns": "ARRAY", "e": "text", "s": "smallint",
    }  # fmt: skip


def test_types_that_are_wished_for(open_: Open) -> None:
    with open_() as loader:
        loader.export(
            pd.DataFrame({"n": [1]}), table_name="other", overwrite_types={"n": "VARCHAR(10)"}
        )
        assert list(loader.load("SELECT n FROM other")["n"]) == ["1"]


def test_a_driver_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("psycopg", "psycopg2"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingPackage, match=r"psycopg\[binary\]") as caught:
        Postgres("a", "b", "c", "d").open()
    assert sys.prefix in str(caught.value)


def test_a_setting_that_is_not_there_is_named() -> None:
    with pytest.raises(BadRequest, match="POSTGRES_DBNAME"):
        Postgres.with_config(ConfigFileLoader(config={"POSTGRES_DBNAME": "None"}))
