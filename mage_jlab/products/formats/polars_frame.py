"""polars frames and series: Arrow files written and read by polars itself."""

from __future__ import annotations

import functools
import importlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mage_jlab.model.product import TABLE, Column, Output
from mage_jlab.products.formats import arrow_file
from mage_jlab.products.formats.kept import Kept
from mage_jlab.products.formats.target import Target, comes_from, is_exactly

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


@dataclass
class Built:
    """A frame, collected and described, before anything is written."""

    value: Any
    frame: Any
    shape: str

    @property
    def rows(self) -> int:
        """Return the number of rows."""
        return int(self.frame.height)

    @functools.cached_property
    def columns(self) -> list[Column]:
        """Describe the columns as they will be stored."""
        frame = self.frame
        return [
            Column(name, _type(dtype), int(frame[name].null_count()))
            for name, dtype in zip(frame.columns, frame.dtypes)
        ]

    def first(self, rows: int, width: int) -> list[list[Any]]:
        """Return the first values of the first columns, as the stored file has them."""
        start = self.frame.head(rows)
        pa = arrow_file.pyarrow()
        if pa is None:
            return [column.to_list() for column in start.get_columns()[:width]]
        stored = io.BytesIO()
        _write(start, stored)
        return arrow_file.head(pa.ipc.open_file(stored.getvalue()).read_all(), rows, width)

    def write(self, target: Target) -> Output:
        """Store it."""
        _write(self.frame, target.file(arrow_file.SUFFIX))
        return self.describe(target)

    def describe(self, target: Target) -> Output:
        """Say what is, or will be, stored."""
        name = self.value.name if self.shape == "series" else None
        return target.output(
            self.value, TABLE, NAME, rows=self.rows, columns=self.columns,
            preview=f"{self.rows:,} rows × {self.frame.width:,} columns",
            options={"polars": self.shape, "name": name},
        )  # fmt: skip


def build(value: Any) -> Built:
    """Collect a lazy frame, make a frame of a series."""
    pl = importlib.import_module("polars")
    if comes_from(value, "polars", "LazyFrame"):
        return Built(value, value.collect(), "lazy")
    if comes_from(value, "polars", "Series"):
        return Built(value, pl.DataFrame({value.name or "value": value}), "series")
    return Built(value, value, "frame")


def _write(frame: Any, target: Any) -> None:
    pl = importlib.import_module("polars")
    try:
        frame.write_ipc(target, compression="uncompressed", compat_level=pl.CompatLevel.oldest())
    except (AttributeError, TypeError):  # polars before 1.0
        frame.write_ipc(target, compression="uncompressed")


def write(value: Any, target: Target) -> Output:
    """Store a frame."""
    return build(value).write(target)


def keep(value: Any, *, alone: bool = False) -> Kept | None:
    """Keep a frame or a series: polars copies what is changed and somebody else sees."""
    del alone
    if not is_exactly(value, "polars", "DataFrame", "Series"):
        return None
    frozen = value.clone()
    series = comes_from(value, "polars", "Series")
    return Kept(
        frozen, frozen.clone, int(value.estimated_size()),
        table=True, rows=len(value), columns=1 if series else value.width,
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
