"""polars frames and series: Arrow files written and read by polars itself."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from mage_jlab.model.product import TABLE, Column, Output
from mage_jlab.products.formats import arrow_file
from mage_jlab.products.formats.target import Target, comes_from

NAME = "polars"
_ARROW = {
    "Float64": "double", "Float32": "float", "Boolean": "bool", "String": "large_string",
    "Utf8": "large_string", "Binary": "large_binary", "Date": "date32[day]", "Time": "time64[ns]",
    "Null": "null",
}  # fmt: skip


def accepts(value: Any) -> bool:
    """Take polars frames, lazy frames and series that hold no Python objects."""
    if comes_from(value, "polars", "LazyFrame"):
        return True
    if not comes_from(value, "polars", "DataFrame", "Series"):
        return False
    types = [value.dtype] if comes_from(value, "polars", "Series") else value.dtypes
    return not any("Object" in str(dtype) for dtype in types)


def write(value: Any, target: Target) -> Output:
    """Store a frame."""
    pl = importlib.import_module("polars")
    shape = "frame"
    frame = value
    if comes_from(value, "polars", "LazyFrame"):
        frame, shape = value.collect(), "lazy"
    elif comes_from(value, "polars", "Series"):
        frame, shape = pl.DataFrame({value.name or "value": value}), "series"
    path = target.file(arrow_file.SUFFIX)
    try:
        frame.write_ipc(path, compression="uncompressed", compat_level=pl.CompatLevel.oldest())
    except (AttributeError, TypeError):  # polars before 1.0
        frame.write_ipc(path, compression="uncompressed")
    columns = [
        Column(name, _type(dtype), int(frame[name].null_count()))
        for name, dtype in zip(frame.columns, frame.dtypes)  # noqa: B905 - Python 3.9
    ]
    return target.output(
        value, TABLE, NAME, rows=frame.height, columns=columns,
        preview=f"{frame.height:,} rows × {frame.width:,} columns",
        options={"polars": shape, "name": value.name if shape == "series" else None},
    )  # fmt: skip


def _type(dtype: Any) -> str:
    text = str(dtype)
    name = text.partition("(")[0]
    if name in _ARROW:
        return _ARROW[name]
    if name in ("Categorical", "Enum"):
        return "dictionary<values=string, indices=uint32, ordered=0>"
    if name in ("Datetime", "Duration"):
        unit = getattr(dtype, "time_unit", None) or "us"
        zone = getattr(dtype, "time_zone", None)
        inner = f"{unit}, tz={zone}" if zone else unit
        return f"{'timestamp' if name == 'Datetime' else 'duration'}[{inner}]"
    return text.lower()


def read(folder: Path, output: Output) -> Any:
    """Read the frame back."""
    pl = importlib.import_module("polars")
    path = folder / f"{output.name}{arrow_file.SUFFIX}"
    frame = pl.read_ipc(path)
    shape = output.options["polars"]
    if shape == "lazy":
        return frame.lazy()
    if shape == "series":
        return frame.to_series(0).alias(output.options["name"] or "")
    return frame


def first(path: Path, rows: int, width: int) -> list[list[Any]]:
    """Return the first values of the first columns, column by column."""
    pl = importlib.import_module("polars")
    frame = pl.read_ipc(path, n_rows=rows)
    return [column.to_list() for column in frame.get_columns()[:width]]
