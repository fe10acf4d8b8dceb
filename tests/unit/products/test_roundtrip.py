"""Type in = type out: values of every kind are stored and come back as they were."""

from __future__ import annotations

import datetime
import decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import polars.testing
import pyarrow as pa
import pytest

from mage_jlab.errors import Unstorable
from mage_jlab.model.product import Output
from mage_jlab.products import first_page
from mage_jlab.products.columns import arrow_path
from mage_jlab.products.formats import arrow_file, registry

NAN = float("nan")


def stored(value: Any, folder: Path) -> tuple[Any, Output]:
    output = registry.write(value, folder, "output_0")
    return registry.read(folder, output), output


def frame(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(values) for name, values in columns.items()})


def objects(*values: Any) -> pd.Series:
    series = pd.Series([None] * len(values), dtype=object)
    for number, value in enumerate(values):
        series.iat[number] = value
    return series


class Odd:
    def __init__(self, n: int) -> None:
        self.n = n

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Odd) and other.n == self.n

    def __hash__(self) -> int:
        return self.n


FRAMES = {
    "numbers": frame(a=[1, 2], b=[1.5, NAN], c=[True, False], d=np.array([1, 2], "uint8")),
    "small floats": frame(h=np.array([1.5, NAN], "float16"), f=np.array([1, 2], "float32")),
    "complex": frame(z=np.array([1 + 2j, 3])),
    "text": frame(s=["a", None], t=["ü", "日本"]),
    "object text": pd.DataFrame({"s": objects("a", None), "n": objects("a", NAN)}),
    "python text": frame(s=pd.array(["a", None], dtype="string")),
    "times": frame(
        t=pd.to_datetime(["2024-01-01 10:00:00.123456789", None]),
        u=pd.Series(np.array(["2024-01-01", "NaT"], "datetime64[s]")),
        d=pd.to_timedelta(["1 day", None]),
    ),
    "zones": frame(
        p=pd.to_datetime(["2024-07-01 10:00", None]).tz_localize("Europe/Paris"),
        u=pd.to_datetime(["2024-07-01 10:00", None]).tz_localize("UTC"),
        o=pd.to_datetime(["2024-07-01 10:00+05:30", "2024-07-01 11:00+05:30"]),
    ),
    "category": frame(
        c=pd.Categorical(["a", None, "b"]),
        o=pd.Categorical(["hi", "lo", "hi"], ["lo", "hi"], ordered=True),
        n=pd.Categorical([3, 1, 3]),
        i=pd.cut([1, 5, 9], 2),
    ),
    "masked": frame(
        i=pd.array([1, None], "Int64"), b=pd.array([True, None], "boolean"),
        f=pd.array([1.5, None], "Float32"), u=pd.array([1, 2], "UInt8"),
    ),
    "arrow": frame(
        s=pd.array(["x", None], pd.ArrowDtype(pa.string())),
        d=pd.array([datetime.date(2024, 1, 1), None], pd.ArrowDtype(pa.date32())),
        li=pd.array([[1], None], pd.ArrowDtype(pa.list_(pa.int64()))),
    ),
    "periods": frame(p=pd.period_range("2024-01", periods=2, freq="M")),
    "sparse": frame(s=pd.arrays.SparseArray([0, 0, 1])),
    "nested": pd.DataFrame(
        {"d": objects({"a": 1}, {"b": [1, None]}), "l": objects([1, 2], []), "n": objects(None, {})}
    ),
    "mixed": pd.DataFrame(
        {"m": objects(1, "a", None), "o": objects(Odd(1), Odd(2), NAN), "t": objects((1,), {2}, b"x")}
    ),
    "dates": pd.DataFrame(
        {
            "d": objects(datetime.date(2024, 1, 1), None),
            "dec": objects(decimal.Decimal("1.25"), decimal.Decimal("3.50")),
            "t": objects(datetime.time(1, 2), None),
            "dt": objects(datetime.datetime(2024, 1, 1, 2), None),
            "bytes": objects(b"\x00\xff", None),
            "ints": objects(1, 2),
            "big": objects(2**70, 1),
        }
    ),
    "nulls of two kinds": pd.DataFrame({"s": objects("a", None, NAN)}),
    "surrogates": pd.DataFrame({"s": objects("\ud800", "b")}),
    "duplicate names": pd.DataFrame([[1, 2, 3]], columns=["a", "a", "b"]),
    "odd names": pd.DataFrame([[1, 2, 3]], columns=[1, None, ("x", 2)]),
    "hostile names": pd.DataFrame([[1, 2]], columns=['"; DROP TABLE t; --', "<script>"]),
    "range names": pd.DataFrame([[1, 2]]),
    "named columns": pd.DataFrame([[1]], columns=pd.Index(["a"], name="fields")),
    "two levels": pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["x", None])),
    "text index": pd.DataFrame({"a": [1, 2]}, index=["x", "y"]),
    "named index": pd.DataFrame({"a": [1, 2]}, index=pd.Index([3, 1], name="a")),
    "int name": pd.DataFrame({"a": [1, 2]}, index=pd.Index([3, 1], name=7)),
    "odd range": pd.DataFrame({"a": [1, 2]}, index=pd.RangeIndex(4, 8, 2, name="r")),
    "time index": pd.DataFrame({"a": [1, 2]}, index=pd.date_range("2024", periods=2, freq="D", tz="UTC")),
    "multi index": pd.DataFrame(
        {"a": [1, 2]}, index=pd.MultiIndex.from_tuples([("x", 1), ("y", 2)], names=["k", "n"])
    ),
    "period index": pd.DataFrame({"a": [1]}, index=pd.period_range("2024", periods=1, freq="D")),
    "interval index": pd.DataFrame({"a": [1]}, index=pd.IntervalIndex.from_tuples([(0, 1)])),
    "category index": pd.DataFrame({"a": [1, 2]}, index=pd.CategoricalIndex(["x", "y"])),
    "empty": pd.DataFrame({"a": pd.Series([], dtype="int64"), "s": pd.Series([], dtype=object)}),
    "no columns": pd.DataFrame(index=pd.RangeIndex(3)),
    "nothing": pd.DataFrame(),
    "all null": pd.DataFrame({"a": objects(None, None), "b": [NAN, NAN]}),
}  # fmt: skip


@pytest.mark.parametrize("name", FRAMES)
def test_frames_come_back_as_they_were(name: str, tmp_path: Path) -> None:
    value = FRAMES[name]
    back, output = stored(value, tmp_path)
    pd.testing.assert_frame_equal(back, value, check_freq=True)
    assert output.kind == "table" and output.rows == len(value)
    columns = len(output.columns) - output.options["index_columns"]
    assert columns == value.shape[1]
    assert len({c.name for c in output.columns}) == len(output.columns)
    rows = first_page.rows(tmp_path, output)
    assert len(rows) == (min(len(value), 50) if output.columns else 0)


@pytest.mark.parametrize("name", FRAMES)
def test_frames_without_pyarrow(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Column buffers: what an environment without pyarrow writes and reads."""
    if name == "arrow":
        pytest.skip("a frame of Arrow types cannot be made without pyarrow")
    value = FRAMES[name]
    with monkeypatch.context() as patch:
        patch.setattr(arrow_file, "pyarrow", lambda: None)
        output = registry.write(value, tmp_path, "output_0")
        back = registry.read(tmp_path, output)
        pd.testing.assert_frame_equal(back, value, check_freq=True)
        before = first_page.rows(tmp_path, output)
    assert output.files[0].endswith(".columns")
    table = arrow_file.open_table(arrow_path(tmp_path, output))
    assert table.column_names == [c.name for c in output.columns]
    assert table.num_rows == (len(value) if output.columns else 0)
    for column, described in zip(table.columns, output.columns, strict=True):
        assert column.null_count == described.nulls
        assert str(column.type) == described.type
    assert len(before) == min(table.num_rows, 50)


def test_frames_are_writable_and_keep_their_attributes(tmp_path: Path) -> None:
    value = pd.DataFrame({"a": [1.0, 2.0], "s": ["x", "y"]})
    value.attrs["source"] = "shop"
    back, _ = stored(value, tmp_path)
    back.loc[0, "a"] = 5.0
    back["s"] = back["s"] + "!"
    back.iloc[1, 0] += 1
    assert back["a"].tolist() == [5.0, 3.0] and back.attrs == {"source": "shop"}


def test_a_frame_that_is_read_is_ones_own(tmp_path: Path) -> None:
    """It is mapped, not read; what is written into it reaches neither the file nor another reader."""
    value = pd.DataFrame(
        {"i": range(1000), "x": [None, *range(999)], "t": pd.date_range("2024", periods=1000)}
    )
    one, output = stored(value, tmp_path)
    for name in one:
        assert one[name].to_numpy().base is not None  # not copied out of the file
    one.iloc[0] = one.iloc[1]
    one["i"] *= 2
    pd.testing.assert_frame_equal(registry.read(tmp_path, output), value)
    array, output = stored(np.arange(500_000), tmp_path)
    array[:] = 0
    assert type(array) is np.ndarray and registry.read(tmp_path, output)[-1] == 499_999


class Derived(pd.DataFrame):
    _metadata = ["note"]  # noqa: RUF012 - what pandas asks for

    @property
    def _constructor(self) -> type:
        return Derived


def test_derived_frames_keep_their_class(tmp_path: Path) -> None:
    back, output = stored(Derived({"a": [1]}), tmp_path)
    assert type(back) is Derived and output.kind == "table"


@pytest.mark.parametrize(
    "series",
    [
        pd.Series([1, 2], name="n"),
        pd.Series(["a", None], index=["x", "y"]),
        pd.Series([1.5], name=("a", 1)),
        pd.Series(pd.Categorical(["a", "b"])),
        pd.Series(dtype="float64"),
    ],
)
def test_series(series: pd.Series, tmp_path: Path) -> None:
    back, output = stored(series, tmp_path)
    pd.testing.assert_series_equal(back, series)
    assert output.kind == "table"


POLARS = pl.DataFrame(
    {
        "i": [1, None],
        "s": ["a", None],
        "l": [[1, 2], []],
        "st": [{"a": 1}, None],
        "d": [datetime.date(2024, 1, 1), None],
        "t": [datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc), None],
        "f": [1.5, NAN],
    }
).with_columns(
    c=pl.Series(["x", "y"], dtype=pl.Categorical),
    e=pl.Series(["x", None], dtype=pl.Enum(["x", "y"])),
    dec=pl.Series([decimal.Decimal("1.5"), None]),
)


def test_polars(tmp_path: Path) -> None:
    back, output = stored(POLARS, tmp_path)
    polars.testing.assert_frame_equal(back, POLARS)
    assert output.kind == "table" and output.rows == 2
    rows = first_page.rows(tmp_path, output)
    assert rows[0][:4] == [1, "a", "[1, 2]", '{"a": 1}']
    assert rows[1][6] is None
    series, _ = stored(pl.Series("q", [1, 2]), tmp_path)
    polars.testing.assert_series_equal(series, pl.Series("q", [1, 2]))
    lazy, _ = stored(POLARS.lazy(), tmp_path)
    assert isinstance(lazy, pl.LazyFrame)
    thing = pl.DataFrame({"o": pl.Series([Odd(1)], dtype=pl.Object)})
    with pytest.raises(Unstorable, match="output_0 is a polars"):
        registry.write(thing, tmp_path, "output_0")


def test_pyarrow(tmp_path: Path) -> None:
    table = pa.table({"a": [1, 2], "l": [[1], None], "n": pa.nulls(2)})
    back, _ = stored(table, tmp_path)
    assert back.equals(table)
    twice = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    assert stored(twice, tmp_path)[0].equals(twice)
    batch = pa.RecordBatch.from_pydict({"a": [1]})
    assert stored(batch, tmp_path)[0].equals(batch)
    chunks = pa.chunked_array(
        [pa.array(["a"]).dictionary_encode(), pa.array(["b"]).dictionary_encode()]
    )
    assert stored(pa.table({"d": chunks}), tmp_path)[0]["d"].to_pylist() == ["a", "b"]


@pytest.mark.parametrize(
    ("array", "kind"),
    [
        (np.arange(6).reshape(2, 3), "table"),
        (np.array([1.5, NAN]), "table"),
        (np.array([True]), "table"),
        (np.zeros((2, 2, 2), "float32"), "pickle"),
        (np.array(["a", "bc"]), "pickle"),
        (np.array(["2024-01-01"], "datetime64[D]"), "pickle"),
        (np.array([1, "a"], dtype=object), "pickle"),
        (np.zeros((2, 0)), "table"),
    ],
)
def test_numpy(array: Any, kind: str, tmp_path: Path) -> None:
    back, output = stored(array, tmp_path)
    np.testing.assert_array_equal(back, array)
    assert back.dtype == array.dtype and output.kind == kind
    if kind == "table":
        assert arrow_file.open_table(arrow_path(tmp_path, output)).num_rows == (
            len(array) if output.columns else 0
        )


@pytest.mark.parametrize(
    "value",
    [
        {"a": 1, "b": [1.5, None, "x"]}, [], {}, 5, 1.5, True, "text\r\nü", "", b"\x00", bytearray(b"x"),
        (1, 2), {1: "a"}, {"x": (1, 2)}, {"d": datetime.date(2024, 1, 1)}, {1, 2}, 2**80, "\ud800",
        {"n": np.int64(3), "big": 2**60}, np.float32(1.5), decimal.Decimal("1.5"), Odd(3), None,
    ],
)  # fmt: skip
def test_plain_values(value: Any, tmp_path: Path) -> None:
    back, _ = stored(value, tmp_path)
    assert back == value and type(back) is type(value)


def test_values_json_cannot_hold(tmp_path: Path) -> None:
    back, output = stored(
        {"nan": NAN, "inf": float("inf"), "f": pd.DataFrame({"a": [1]})}, tmp_path
    )
    assert back["nan"] != back["nan"] and back["inf"] == float("inf")
    pd.testing.assert_frame_equal(back["f"], pd.DataFrame({"a": [1]}))
    shown = (tmp_path / output.files[0]).read_text()
    assert '"nan": null' in shown and "DataFrame 1 × 1" in shown and output.kind == "json"


def test_figures(tmp_path: Path) -> None:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib.figure import Figure

    figure = Figure()
    figure.subplots().plot([1, 2])
    back, output = stored(figure, tmp_path)
    assert (output.kind, output.media_type) == ("image", "image/png") and isinstance(back, Figure)
    assert (tmp_path / output.files[0]).read_bytes().startswith(b"\x89PNG")
    plotly = pytest.importorskip("plotly.graph_objects")
    chart = plotly.Figure(plotly.Bar(x=["a"], y=[1]))
    back, output = stored(chart, tmp_path)
    assert back.to_dict() == chart.to_dict()
    assert output.media_type == "application/vnd.plotly.v1+json"
    image = pytest.importorskip("PIL.Image")
    back, output = stored(image.new("RGB", (2, 2), "red"), tmp_path)
    assert back.size == (2, 2) and output.kind == "image"


def test_bytes_tell_their_media_type(tmp_path: Path) -> None:
    _, output = stored(b"\x89PNG\r\n\x1a\n....", tmp_path)
    assert (output.kind, output.media_type) == ("image", "image/png")


def test_what_cannot_be_stored_is_named(tmp_path: Path) -> None:
    with (tmp_path / "x").open("w") as file, pytest.raises(Unstorable) as caught:
        registry.write(file, tmp_path, "output_0")
    assert "output_0 is a _io.TextIOWrapper" in caught.value.message
    with pytest.raises(Unstorable, match="output_2"):
        registry.write({"f": lambda: 0}, tmp_path, "output_2")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["x"]


def test_many_outputs_come_back_in_the_order_of_their_names(tmp_path: Path) -> None:
    """As Mage reads them: output_10 lies before output_2."""
    values = [{"n": n} for n in range(12)]
    outputs = registry.write_all(values, tmp_path)
    assert [o.name for o in outputs] == [f"output_{n}" for n in range(12)]
    expected = [0, 1, 10, 11, 2, 3, 4, 5, 6, 7, 8, 9]
    assert [v["n"] for v in registry.read_all(tmp_path, outputs)] == expected
    many = [{"n": n} for n in range(300)]
    together = registry.write_all(many, tmp_path)
    assert len(together) == 1 and together[0].options["outputs"] == 300
    back = registry.read_all(tmp_path, together)
    assert [v["n"] for v in back] == sorted(range(300), key=lambda n: f"output_{n}")
