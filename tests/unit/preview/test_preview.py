"""Windows, statistics and downloads over the whole of a stored table."""

from __future__ import annotations

import csv
import datetime
import decimal
import io
import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mage_jlab.errors import InvalidQuery, ProductNotFound, StoreError
from mage_jlab.model.product import Output
from mage_jlab.preview import export, page, statistics
from mage_jlab.products.formats import registry
from mage_jlab.server import wire

ROWS = 10_000_000


class Stored:
    def __init__(self, value: Any, folder: Path) -> None:
        self.folder = folder
        self.output: Output = registry.write(value, folder, "output_0")

    def window(self, **asked: Any) -> dict[str, Any]:
        found = page.window(self.folder, self.output, **asked)
        json.dumps(found, allow_nan=False)
        msgspec.convert(found, wire.Rows)
        return found

    def column(self, name: str, **asked: Any) -> list[Any]:
        found = self.window(**asked)
        at = [c["name"] for c in found["columns"]].index(name)
        return [row[at] for row in found["rows"]]


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Stored:
    numbers = np.arange(ROWS, dtype="int64")
    frame = pd.DataFrame({"n": numbers, "back": (numbers * 7_919) % ROWS})
    return Stored(frame, tmp_path_factory.mktemp("large"))


def test_last_row_of_ten_million(large: Stored) -> None:
    last = ROWS - 1
    assert large.window(offset=last, limit=10)["rows"] == [[last, (last * 7_919) % ROWS]]
    top = large.window(sort=[["back", "desc"]], limit=1)["rows"][0]
    assert top[1] == last and (top[0] * 7_919) % ROWS == last
    deep = large.window(sort=[("back", "asc")], offset=last, limit=5)
    assert deep["rows"] == [top] and deep["total"] == ROWS
    found = large.window(filters=[{"column": "n", "op": "ge", "value": last}])
    assert found["total"] == 1 and found["stored"] == ROWS and found["rows"][0][0] == last
    middle = large.window(sort=[("back", "asc")], offset=5_000_000, limit=3)
    assert [row[1] for row in middle["rows"]] == [5_000_000, 5_000_001, 5_000_002]


def test_statistics_of_ten_million(large: Stored) -> None:
    found = statistics.statistics(large.folder, large.output)
    msgspec.convert(found, wire.Statistics)
    one = found["columns"][0]
    assert (one["minimum"], one["maximum"], one["count"]) == (0, ROWS - 1, ROWS)
    assert sum(item["count"] for item in one["bins"]) == ROWS
    assert abs(one["distinct"] - ROWS) < ROWS * 0.1


@pytest.fixture
def mixed(tmp_path: Path) -> Stored:
    frame = pd.DataFrame(
        {
            "n": [3, 1, 2, 2],
            "x": [1.5, np.nan, -2.0, np.inf],
            "s": ["b", None, "B%_a", "ä" * 1000],
            "t": pd.to_datetime(
                ["2024-05-01 10:00", None, "2024-05-01", "2023-01-01"], format="ISO8601"
            ),
            "z": pd.to_datetime(["2024-05-01 10:00"] * 3 + [None]).tz_localize("Europe/Paris"),
            "b": [True, False, None, True],
            "size": pd.Categorical(["L", "S", "M", None], ["S", "M", "L"], ordered=True),
            "d": [{"k": 1}, None, {"k": 2}, {}],
            "big": [2**60, 1, 2, 3],
            "dec": [decimal.Decimal("1.10"), None, decimal.Decimal("2.00"), None],
            "day": [datetime.date(2024, 5, 1), None, datetime.date(1, 1, 1), None],
        }
    )
    return Stored(frame, tmp_path)


def test_cells_are_plain_and_bounded(mixed: Stored) -> None:
    found = mixed.window()
    first = found["rows"][0]
    assert first == [
        3, 1.5, "b", "2024-05-01 10:00:00", "2024-05-01 10:00:00+02:00", True, "L", '{"k": 1}',
        "1152921504606846976", "1.10", "2024-05-01",
    ]  # fmt: skip
    assert found["rows"][1] == [
        1,
        None,
        None,
        None,
        "2024-05-01 10:00:00+02:00",
        False,
        "S",
        None,
        1,
        None,
        None,
    ]
    assert found["rows"][3][1] == "inf" and len(found["rows"][3][2]) == 300
    assert found["clipped"] == [[3, 2]]
    kinds = {c["name"]: c["kind"] for c in found["columns"]}
    assert kinds == {
        "n": "number", "x": "number", "s": "text", "t": "time", "z": "time", "b": "text",
        "size": "text", "d": "text", "big": "number", "dec": "number", "day": "time",
    } | {"b": kinds["b"]}  # fmt: skip
    nulls = {c["name"]: c["nulls"] for c in found["columns"]}
    assert nulls["x"] == 1 and nulls["s"] == 1 and nulls["n"] == 0


@pytest.mark.parametrize(
    ("asked", "rows"),
    [
        ({"sort": [["n", "asc"]]}, [1, 2, 3, 0]),
        ({"sort": [["n", "desc"], ["x", "asc"]]}, [0, 2, 3, 1]),
        ({"sort": [["x", "desc"]]}, [3, 0, 2, 1]),
        ({"sort": [["x", "asc"]]}, [2, 0, 3, 1]),
        ({"sort": [["size", "asc"]]}, [1, 2, 0, 3]),
        ({"sort": [["t", "asc"]]}, [3, 2, 0, 1]),
        ({"sort": [["d", "asc"]]}, [0, 2, 3, 1]),
        ({"filters": [{"column": "s", "op": "contains", "value": "B"}]}, [0, 2]),
        ({"filters": [{"column": "s", "op": "contains", "value": "%_"}]}, [2]),
        ({"filters": [{"column": "s", "op": "eq", "value": "b"}]}, [0]),
        ({"filters": [{"column": "s", "op": "ne", "value": "b"}]}, [1, 2, 3]),
        ({"filters": [{"column": "n", "op": "ge", "value": "2"}]}, [0, 2, 3]),
        ({"filters": [{"column": "n", "op": "lt", "value": 2.5}]}, [1, 2, 3]),
        ({"filters": [{"column": "x", "op": "null"}]}, [1]),
        ({"filters": [{"column": "x", "op": "notnull"}, {"column": "n", "op": "eq", "value": 2}]}, [2, 3]),
        ({"filters": [{"column": "big", "op": "eq", "value": str(2**60)}]}, [0]),
        ({"filters": [{"column": "t", "op": "eq", "value": "2024-05-01"}]}, [0, 2]),
        ({"filters": [{"column": "t", "op": "lt", "value": "2024"}]}, [3]),
        ({"filters": [{"column": "t", "op": "gt", "value": "2024-05-01"}]}, []),
        ({"filters": [{"column": "t", "op": "ge", "value": "2024-05-01T09:00:00Z"}]}, [0]),
        ({"filters": [{"column": "z", "op": "ge", "value": "2024-05-01 10:00+02:00"}]}, [0, 1, 2]),
        ({"filters": [{"column": "b", "op": "contains", "value": "fal"}]}, [1]),
        ({"filters": [{"column": "size", "op": "eq", "value": "M"}]}, [2]),
        ({"filters": [{"column": "dec", "op": "gt", "value": "1.1"}]}, [2]),
        ({"filters": [{"column": "day", "op": "eq", "value": "2024-05"}]}, [0]),
        ({"filters": [{"column": "n", "op": "ge", "value": 2}], "sort": [["n", "asc"]], "offset": 1}, [3, 0]),
    ],
)  # fmt: skip
def test_sort_and_filter(mixed: Stored, asked: Any, rows: list[int]) -> None:
    names = ["b", "null", "B%_a", "ä" * 299 + "…"]
    shown = ["null" if value is None else value for value in mixed.column("s", **asked)]
    assert [names.index(value) for value in shown] == rows
    if not asked.get("offset"):
        assert mixed.window(**asked)["total"] == len(rows)
        everything = b"".join(
            export.csv(
                mixed.folder,
                mixed.output,
                sort=asked.get("sort", ()),
                filters=asked.get("filters", ()),
            )
        )
        assert everything.count(b"\n") == len(rows) + 1


@pytest.mark.parametrize(
    "asked",
    [
        {"sort": [["nope", "asc"]]},
        {"sort": [["n", "up"]]},
        {"sort": ["n"]},
        {"sort": [[1, "asc"]]},
        {"sort": [["n", "asc"]] * 50},
        {"filters": [{"column": "n", "op": "like", "value": 1}]},
        {"filters": [{"column": "n", "op": "eq", "value": "x"}]},
        {"filters": [{"column": "n", "op": "eq"}]},
        {"filters": [{"column": "n", "op": "eq", "value": [1]}]},
        {"filters": [{"column": "t", "op": "eq", "value": "soon"}]},
        {"filters": [{"op": "null"}]},
        {"filters": ["n = 1"]},
        {"filters": [{"column": "n; DROP TABLE t", "op": "null"}]},
    ],
)
def test_wrong_questions_are_refused_in_words(mixed: Stored, asked: Any) -> None:
    with pytest.raises(InvalidQuery) as caught:
        mixed.window(**asked)
    assert caught.value.status == 400 and caught.value.message.endswith(".")
    with pytest.raises(InvalidQuery):
        export.csv(mixed.folder, mixed.output, **asked)


@pytest.mark.parametrize(
    "name", ['"; DROP TABLE t; --', "a.b", "", "a b", "c0", "R", "日本", "'", "r"]
)
def test_hostile_column_names(name: str, tmp_path: Path) -> None:
    stored = Stored(pd.DataFrame({name: [2, 1], name.upper() + "x": ["=cmd()", "-1"]}), tmp_path)
    assert stored.column(
        name, sort=[[name, "asc"]], filters=[{"column": name, "op": "gt", "value": 0}]
    ) == [1, 2]
    assert statistics.statistics(stored.folder, stored.output)["columns"][0]["maximum"] == 2


def test_names_that_differ_in_case_only(tmp_path: Path) -> None:
    stored = Stored(pd.DataFrame({"a": [1, 2], "A": [2, 1]}), tmp_path)
    assert stored.column("a", sort=[["A", "asc"]]) == [2, 1]


def test_every_arrow_type_can_be_looked_at(tmp_path: Path) -> None:
    """Sorted, filtered, counted and downloaded without an error."""
    values = {
        "half": pa.array(np.array([1.5, 2], "float16")),
        "nan": pa.array([float("nan"), 1.0]),
        "u64": pa.array([2**64 - 1, 0], pa.uint64()),
        "dec256": pa.array([decimal.Decimal(10**40), None], pa.decimal256(50, 0)),
        "null": pa.nulls(2),
        "view": pa.array(["a", "b"]).cast(pa.string_view()),
        "bin": pa.array([b"\x00", None]),
        "list": pa.array([[1], None]),
        "struct": pa.array([{"a": 1}, None]),
        "map": pa.array([[("k", 1)], None], pa.map_(pa.string(), pa.int64())),
        "dict": pa.array([1, 2]).dictionary_encode(),
        "time": pa.array([1, None], pa.time64("ns")),
        "date64": pa.array([86_400_000, None], pa.date64()),
        "dur": pa.array([1, None], pa.duration("s")),
        "ns": pa.array([1, None], pa.timestamp("ns")),
        "far": pa.array([2**61, None], pa.timestamp("us")),
        "zone": pa.array([0, None], pa.timestamp("us", "+02:00")),
        "bool": pa.array([True, None]),
    }
    stored = Stored(pa.table(values), tmp_path)
    assert stored.window()["total"] == 2
    for name in values:
        assert stored.window(sort=[[name, "desc"]])["total"] == 2
        assert stored.window(filters=[{"column": name, "op": "notnull"}])["total"] <= 2
        assert (
            stored.window(filters=[{"column": name, "op": "contains", "value": "1"}])["total"] <= 2
        )
    assert stored.column("nan", sort=[["nan", "desc"]]) == [1.0, None]
    assert stored.column("nan", filters=[{"column": "nan", "op": "null"}]) == [None]
    found = statistics.statistics(stored.folder, stored.output)
    msgspec.convert(found, wire.Statistics)
    json.dumps(found, allow_nan=False)
    assert b"".join(export.csv(stored.folder, stored.output)).count(b"\n") == 3
    data = b"".join(export.parquet(stored.folder, stored.output, sort=[["u64", "desc"]]))
    assert pq.read_table(io.BytesIO(data)).num_rows == 2


def test_statistics(mixed: Stored) -> None:
    found = statistics.statistics(mixed.folder, mixed.output)
    msgspec.convert(found, wire.Statistics)
    by_name = {c["name"]: c for c in found["columns"]}
    assert by_name["n"]["mean"] == 2 and by_name["n"]["distinct"] == 3
    assert by_name["x"]["nulls"] == 1 and by_name["s"]["nulls"] == 1
    assert {b["label"]: b["count"] for b in by_name["size"]["bins"]} == {"L": 1, "M": 1, "S": 1}
    assert sum(b["count"] for b in by_name["t"]["bins"]) == 3
    json.dumps(found, allow_nan=False)


def test_download_as_csv_and_parquet(tmp_path: Path) -> None:
    frame = pd.DataFrame({"s": ["=1+1", 'a,b\n"c"', None, "-x"], "n": [-1, 2, 3, 4]})
    stored = Stored(frame, tmp_path)
    data = b"".join(export.csv(stored.folder, stored.output, sort=[["n", "desc"]]))
    rows = list(csv.reader(io.StringIO(data.decode())))
    assert rows == [["s", "n"], ["-x", "4"], ["", "3"], ['a,b\n"c"', "2"], ["=1+1", "-1"]]
    data = b"".join(export.csv(stored.folder, stored.output, safe=True))
    rows = list(csv.reader(io.StringIO(data.decode())))
    assert [row[0] for row in rows] == ["s", "'=1+1", 'a,b\n"c"', "", "'-x"]
    assert rows[1][1] == "-1"
    data = b"".join(
        export.parquet(
            stored.folder, stored.output, filters=[{"column": "n", "op": "gt", "value": 2}]
        )
    )
    assert pq.read_table(io.BytesIO(data)).column("n").to_pylist() == [3, 4]


def test_words_among_numbers_are_shown_without_quotes(tmp_path: Path) -> None:
    frame = pd.DataFrame({"v": pd.Series(["N", 7, None, 'a "b"', 1.5, True], dtype=object)})
    stored = Stored(frame, tmp_path)
    data = b"".join(export.csv(stored.folder, stored.output))
    rows = [row[0] for row in csv.reader(io.StringIO(data.decode()))]
    assert rows == ["v", "N", "7", "", 'a "b"', "1.5", "True"]
    only = [{"column": "v", "op": "eq", "value": "N"}]
    data = b"".join(export.csv(stored.folder, stored.output, filters=only))
    assert data.decode().split() == ["v", "N"]
    back = registry.read(stored.folder, stored.output)["v"].tolist()
    assert back == frame["v"].tolist() and [type(item) for item in back[:2]] == [str, int]


def test_download_of_many_rows_is_whole(large: Stored) -> None:
    only = [{"column": "n", "op": "lt", "value": 123_456}]
    data = b"".join(export.csv(large.folder, large.output, filters=only, sort=[["n", "desc"]]))
    lines = data.splitlines()
    assert len(lines) == 123_457 and lines[1].startswith(b"123455,") and lines[-1].startswith(b"0,")


def test_wide_tables_are_bounded(tmp_path: Path) -> None:
    frame = pd.DataFrame({f"c{i}": ["x" * 1000] * 1000 for i in range(600)})
    found = Stored(frame, tmp_path).window(limit=5000)
    assert len(found["rows"]) == 1000 and len(found["columns"]) == 500
    assert len(json.dumps(found["rows"])) < 16_000_000


def test_what_is_no_table(tmp_path: Path) -> None:
    stored = Stored({"a": 1}, tmp_path)
    with pytest.raises(StoreError, match="no table"):
        stored.window()
    gone = Stored(pd.DataFrame({"a": [1]}), tmp_path)
    (tmp_path / "output_0.arrow").unlink()
    with pytest.raises(ProductNotFound):
        gone.window()
    (tmp_path / "output_0.arrow").write_bytes(b"ARROW1 broken")
    with pytest.raises(StoreError, match="cannot be read"):
        gone.window()


def test_arrays_and_polars_are_tables_too(tmp_path: Path) -> None:
    import polars as pl

    assert Stored(np.arange(6.0).reshape(3, 2), tmp_path).column("1", sort=[["0", "desc"]]) == [
        5,
        3,
        1,
    ]
    frame = pl.DataFrame({"a": [2, 1], "c": pl.Series(["x", "y"], dtype=pl.Categorical)})
    assert Stored(frame, tmp_path / ".").column("c", sort=[["a", "asc"]]) == ["y", "x"]


def test_whole_cells_are_given_when_asked_for(tmp_path: Path) -> None:
    stored = Stored(pd.DataFrame({"text": ["x" * 5_000, "short"]}), tmp_path)
    cut = stored.window()
    assert len(cut["rows"][0][0]) < 400 and cut["clipped"] == [[0, 0]]
    whole = stored.window(limit=1, whole=True)
    assert whole["rows"] == [["x" * 5_000]] and whole["clipped"] == []
