"""Tables as raw column buffers: what an environment without pyarrow writes.

A folder with ``meta.json`` and, for each column, little-endian files:
``N.values`` (numbers, times as int64, booleans as bytes, codes of categories),
``N.offsets`` + ``N.values`` (text and bytes), ``N.mask`` (1 = null).
The server turns it into an Arrow file (`products.columns`).
"""

from __future__ import annotations

import contextlib
import importlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SUFFIX = ".columns"
META = "meta.json"
_CODED = {"bool": "uint8", "large_string": "int64", "large_binary": "int64"}


@dataclass
class Buffers:
    """One column: its Arrow type, its values, its nulls."""

    type: str
    length: int
    values: Any
    """A numpy array; bytes for text."""
    mask: Any = None
    """A numpy array of bool, True = null; or None."""
    offsets: Any = None
    labels: list[str] = field(default_factory=list)
    """Of a category; `values` are codes then."""
    ordered: bool = False

    @property
    def nulls(self) -> int:
        """Return the number of nulls."""
        return 0 if self.mask is None else int(self.mask.sum())


def numbers(values: Any, mask: Any, type_: str | None = None) -> Buffers:
    """Return a column of numbers, booleans or times (as int64)."""
    return Buffers(type_ or arrow_name(values.dtype), len(values), values, _useful(mask))


def arrow_name(dtype: Any) -> str:
    """Return what Arrow calls a numpy type of numbers."""
    return {"float64": "double", "float32": "float"}.get(dtype.name, str(dtype.name))


def _useful(mask: Any) -> Any:
    return mask if mask is not None and mask.any() else None


def texts(values: Iterable[Any], *, binary: bool = False) -> Buffers:
    """Return a column of text (or bytes); None is null."""
    np = importlib.import_module("numpy")
    pieces = []
    missing = []
    for value in values:
        missing.append(value is None)
        if value is None:
            pieces.append(b"")
        else:
            pieces.append(value if binary else value.encode("utf-8"))
    offsets = np.zeros(len(pieces) + 1, dtype="int64")
    if pieces:
        np.cumsum([len(piece) for piece in pieces], out=offsets[1:])
    mask = _useful(np.array(missing, dtype=bool))
    kind = "large_binary" if binary else "large_string"
    return Buffers(kind, len(pieces), b"".join(pieces), mask, offsets)


def codes(values: Any, labels: Sequence[str], *, ordered: bool) -> Buffers:
    """Return a column of a category; code -1 is null."""
    kind = f"dictionary<values=string, indices=int32, ordered={int(ordered)}>"
    wide = values.astype("int32")
    return Buffers(kind, len(wide), wide, _useful(wide < 0), None, list(labels), ordered)


def write(folder: Path, names: Sequence[str], columns: Sequence[Buffers]) -> None:
    """Write a table."""
    np = importlib.import_module("numpy")
    folder.mkdir()
    described = []
    for number, (name, column) in enumerate(zip(names, columns)):
        data: Any = column.values
        stored: Any = data if isinstance(data, bytes) else _little(np, data)
        (folder / f"{number}.values").write_bytes(
            stored if isinstance(stored, bytes) else memoryview(stored).cast("B")
        )
        if column.offsets is not None:
            (folder / f"{number}.offsets").write_bytes(column.offsets.astype("<i8").tobytes())
        if column.mask is not None:
            (folder / f"{number}.mask").write_bytes(column.mask.astype("uint8").tobytes())
        described.append(
            {
                "name": name,
                "type": column.type,
                "values": "bytes" if isinstance(data, bytes) else stored.dtype.str,
                "offsets": column.offsets is not None,
                "mask": column.mask is not None,
                "labels": column.labels,
                "ordered": column.ordered,
            }
        )
    rows = columns[0].length if columns else 0
    (folder / META).write_text(json.dumps({"rows": rows, "columns": described}), encoding="utf-8")


def _little(np: Any, data: Any) -> Any:
    return np.ascontiguousarray(data).astype(data.dtype.newbyteorder("<"), copy=False)


def read(folder: Path, *, mapped: bool = False) -> tuple[list[str], list[Buffers]]:
    """Read a table back; with `mapped`, numbers are mapped instead of read."""
    np = importlib.import_module("numpy")
    meta = json.loads((folder / META).read_text(encoding="utf-8"))
    names, columns = [], []
    for number, item in enumerate(meta["columns"]):
        path = folder / f"{number}.values"
        values: Any
        if item["values"] == "bytes":
            values = path.read_bytes()
        elif mapped and path.stat().st_size:
            values = np.memmap(path, dtype=item["values"], mode="r")
        else:
            values = np.fromfile(path, dtype=item["values"])
        offsets = np.fromfile(folder / f"{number}.offsets", "<i8") if item["offsets"] else None
        mask = np.fromfile(folder / f"{number}.mask", "uint8") if item["mask"] else None
        names.append(item["name"])
        columns.append(
            Buffers(
                item["type"],
                meta["rows"],
                values,
                None if mask is None else mask.astype(bool),
                offsets,
                item["labels"],
                item["ordered"],
            )
        )
    return names, columns


def strings(column: Buffers, stop: int | None = None) -> list[Any]:
    """Return the texts (or bytes) of a column, None where null."""
    data = bytes(column.values)
    ends = column.offsets.tolist()
    count = column.length if stop is None else min(stop, column.length)
    missing = [False] * count if column.mask is None else column.mask[:count].tolist()
    binary = column.type == "large_binary"
    result: list[Any] = []
    for number in range(count):
        piece = data[ends[number] : ends[number + 1]]
        shown = piece if binary else piece.decode("utf-8")
        result.append(None if missing[number] else shown)
    return result


def first(folder: Path, rows: int, width: int) -> list[list[Any]]:
    """Return the first values of the first columns, column by column."""
    _, columns = read(folder, mapped=True)
    return head(columns[:width], rows)


def head(columns: Sequence[Buffers], rows: int) -> list[list[Any]]:
    """Return the first values of columns in memory."""
    np = importlib.import_module("numpy")
    return [_head(np, column, rows) for column in columns]


def _head(np: Any, column: Buffers, rows: int) -> list[Any]:
    if column.offsets is not None:
        return strings(column, rows)
    values = column.values[:rows]
    missing = [False] * len(values) if column.mask is None else column.mask[:rows].tolist()
    shown: list[Any]
    if column.labels:
        shown = [column.labels[code] if code >= 0 else None for code in values.tolist()]
    elif column.type.startswith(("timestamp", "duration")):
        shown = [_moment(np, value, column.type) for value in values.tolist()]
    elif column.type == "bool":
        shown = [bool(value) for value in values.tolist()]
    else:
        shown = values.tolist()
    return [None if gone else value for value, gone in zip(shown, missing)]


def _moment(np: Any, value: int, type_: str) -> str:
    unit = type_.partition("[")[2].rstrip("]").partition(",")[0]
    if type_.startswith("duration"):
        pandas = importlib.import_module("pandas")
        return str(pandas.Timedelta(value, unit=unit))
    zone = type_.partition("tz=")[2].rstrip("]")
    if zone:
        pandas = importlib.import_module("pandas")
        stamp = pandas.Timestamp(value, unit=unit, tz="UTC")
        with contextlib.suppress(KeyError, ValueError):
            stamp = stamp.tz_convert(zone)
        return str(stamp.isoformat(sep=" "))
    return str(np.datetime64(value, unit).astype(f"datetime64[{unit}]")).replace("T", " ")
