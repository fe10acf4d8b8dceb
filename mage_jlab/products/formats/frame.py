"""pandas frames and series: a table anybody can read, and back exactly as it was."""

from __future__ import annotations

import contextlib
import functools
import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mage_jlab.model.product import TABLE, Column, Output
from mage_jlab.products.formats import arrow_file, column_buffers, frame_kept, pickled
from mage_jlab.products.formats.frame_decode import BufferSource, arrow_source, series
from mage_jlab.products.formats.frame_encode import Builder, Encoded, encode
from mage_jlab.products.formats.kept import Kept
from mage_jlab.products.formats.target import Target, comes_from, is_exactly

NAME = "pandas"


def accepts(value: object) -> bool:
    """Take pandas frames and series, those of derived classes (geopandas) too."""
    return comes_from(value, "pandas", "DataFrame", "Series")


@dataclass
class Built:
    """A frame or series as plain columns, before anything is written."""

    value: Any
    rows: int
    width: int
    encoded: list[Encoded]
    kept: dict[str, Any]
    payload: dict[str, Any] | None
    build: Builder
    index_columns: int

    @functools.cached_property
    def _table(self) -> Any:
        names = [item.name for item in self.encoded]
        return self.build.pa.Table.from_arrays([item.array for item in self.encoded], names=names)

    @functools.cached_property
    def columns(self) -> list[Column]:
        """Describe the columns as they will be stored."""
        if self.build.pa is not None:
            return arrow_file.columns(self._table)
        return [Column(item.name, item.array.type, item.array.nulls) for item in self.encoded]

    def first(self, rows: int, width: int) -> list[list[Any]]:
        """Return the first values of the first columns, as the stored file has them."""
        if self.build.pa is not None:
            return arrow_file.head(self._table, rows, width)
        return column_buffers.head([item.array for item in self.encoded[:width]], rows)

    def write(self, target: Target) -> Output:
        """Store it."""
        if self.build.pa is None:
            names = [item.name for item in self.encoded]
            buffers = [item.array for item in self.encoded]
            column_buffers.write(target.file(column_buffers.SUFFIX), names, buffers)
        else:
            arrow_file.write(target.file(arrow_file.SUFFIX), self._table, whole=True)
        if self.payload is not None:
            pickled.dump(target, self.payload)
        return self.describe(target)

    def describe(self, target: Target) -> Output:
        """Say what is, or will be, stored."""
        return target.output(
            self.value, TABLE, NAME, rows=self.rows, columns=self.columns,
            preview=f"{self.rows:,} rows × {self.width:,} columns",
            options={"pandas": self.kept, "index_columns": self.index_columns},
        )  # fmt: skip


def build(value: Any) -> Built:
    """Make plain columns of a frame or a series."""
    pd = importlib.import_module("pandas")
    is_series = comes_from(value, "pandas", "Series")
    frame = pd.DataFrame({0: pd.Series(value)}) if is_series else value
    derived = not is_exactly(value, "pandas", "DataFrame", "Series")
    if derived and not is_series:
        frame = pd.DataFrame(value)
    builder = Builder(arrow_file.pyarrow())
    labels = [value.name if value.name is not None else "value"] if is_series else frame.columns
    index, kept_index = _index(frame.index, builder)
    names = arrow_file.unique([*(item.name for item in index), *labels])
    columns = [
        encode(frame.iloc[:, number], names[len(index) + number], builder)
        for number in range(frame.shape[1])
    ]
    encoded = [*index, *columns]
    for item, name in zip(encoded, names):
        item.name = name
    kept = {
        "index": kept_index,
        "how": [item.how for item in encoded],
        "series": is_series,
        "labels": None if is_series else _labels(frame.columns),
    }
    payload = _payload(value, frame, encoded, kept, derived=derived)
    if payload is not None:
        kept["pickle"] = True
    kept["derived"] = derived
    return Built(value, len(frame), frame.shape[1], encoded, kept, payload, builder, len(index))


def write(value: Any, target: Target) -> Output:
    """Store a frame or a series."""
    return build(value).write(target)


def keep(value: Any, *, alone: bool = False) -> Kept | None:
    """Keep a frame or a series for the next block, if it can go on as it is."""
    return frame_kept.keep(value, alone=alone)


def _index(index: Any, build: Builder) -> tuple[list[Encoded], dict[str, Any]]:
    pd = build.pd
    if isinstance(index, pd.RangeIndex) and (index.name is None or type(index.name) is str):
        span = [index.start, index.stop, index.step]
        return [], {"range": [int(n) for n in span], "name": index.name}
    names = list(index.names)
    encoded = []
    for number, name in enumerate(names):
        level = pd.Series(index.get_level_values(number)).reset_index(drop=True)
        shown = name if name is not None else ("index" if len(names) == 1 else f"level_{number}")
        encoded.append(encode(level, str(shown), build))
    freq = getattr(index, "freqstr", None) if isinstance(index, pd.DatetimeIndex) else None
    plain = all(name is None or type(name) is str for name in names)
    return encoded, {"names": names if plain else None, "freq": freq, "levels": len(names)}


def _labels(columns: Any) -> Any:
    """Describe the column labels in JSON, or None when they need the pickle."""
    pd = importlib.import_module("pandas")
    if isinstance(columns, pd.MultiIndex) or not (
        columns.name is None or type(columns.name) is str
    ):
        return None
    if isinstance(columns, pd.RangeIndex):
        return {"range": [columns.start, columns.stop, columns.step], "name": columns.name}
    if all(type(label) is str for label in columns) and str(columns.dtype) in ("object", "str"):
        try:
            "".join(columns).encode("utf-8")
        except UnicodeEncodeError:
            return None
        return {"texts": list(columns), "name": columns.name, "dtype": str(columns.dtype)}
    return None


def _payload(
    value: Any, frame: Any, encoded: list[Encoded], kept: dict[str, Any], *, derived: bool
) -> dict[str, Any] | None:
    """Collect what JSON and the table cannot hold; None when there is nothing."""
    payload: dict[str, Any] = {}
    if derived:
        return {"value": value}
    objects = {number: item.objects for number, item in enumerate(encoded) if item.pickled}
    if objects:
        payload["objects"] = objects
    if kept["series"]:
        if value.name is None or type(value.name) is str:
            kept["name"] = value.name
        else:
            payload["name"] = value.name
    elif kept["labels"] is None:
        columns = frame.columns
        payload["labels"] = (list(columns), list(columns.names), columns.nlevels > 1)
    if kept["index"].get("names", ()) is None:
        payload["index_names"] = list(frame.index.names)
    if value.attrs:
        payload["attrs"] = dict(value.attrs)
    return payload or None


def read(folder: Path, output: Output) -> Any:
    """Read the frame or series back."""
    pd = importlib.import_module("pandas")
    kept = output.options["pandas"]
    payload = pickled.load(folder, output) if kept.get("pickle") else {}
    if kept["derived"]:
        return payload["value"]
    stored = folder / f"{output.name}{arrow_file.SUFFIX}"
    source: Any
    if f"{output.name}{column_buffers.SUFFIX}" in output.files:
        source = BufferSource(folder / f"{output.name}{column_buffers.SUFFIX}")
    else:
        source = arrow_source(stored)
    objects = payload.get("objects", {})
    all_series = [
        series(source, number, how, objects.get(number)) for number, how in enumerate(kept["how"])
    ]
    levels = kept["index"].get("levels", 0)
    rows = output.rows or 0
    index = _read_index(pd, kept["index"], all_series[:levels], payload, rows)
    columns = all_series[levels:]
    for column in columns:
        column.index = index
    if kept["series"]:
        result = columns[0]
        result.name = payload["name"] if "name" in payload else kept.get("name")
    else:
        result = pd.DataFrame(dict(enumerate(columns)), index=index, copy=False)
        result.columns = _read_labels(pd, kept["labels"], payload)
    result.attrs = payload.get("attrs", {})
    return result


def _read_index(
    pd: Any, kept: dict[str, Any], levels: list[Any], payload: dict[str, Any], rows: int
) -> Any:
    if "range" in kept:
        return pd.RangeIndex(*kept["range"], name=kept["name"])
    names = payload.get("index_names", kept["names"])
    if len(levels) > 1:
        return pd.MultiIndex.from_arrays([pd.Index(level) for level in levels], names=names)
    index = pd.Index(levels[0], name=names[0])
    if levels[0].dtype == object and index.dtype != object:
        index = pd.Index(levels[0], name=names[0], dtype=object)
    if kept["freq"] and rows:
        with contextlib.suppress(ValueError):
            index.freq = kept["freq"]
    return index


def _read_labels(pd: Any, kept: Any, payload: dict[str, Any]) -> Any:
    if kept is None:
        labels, names, multi = payload["labels"]
        if multi:
            return pd.MultiIndex.from_tuples(labels, names=names)
        return pd.Index(labels, name=names[0])
    if "range" in kept:
        return pd.RangeIndex(*kept["range"], name=kept["name"])
    texts = kept["texts"]
    dtype = kept["dtype"] if texts else object
    try:
        return pd.Index(texts, name=kept["name"], dtype=dtype)
    except TypeError:
        return pd.Index(texts, name=kept["name"])
