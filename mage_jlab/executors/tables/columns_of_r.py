"""Tables as files of raw column data for R, and back: exact, and as fast as the disk.

R has 32-bit integers, doubles, texts and factors; its NA is a bit pattern of each.
`kernel_side/beside/r_code` is the other end.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mage_jlab.errors import StepFailed
from mage_jlab.kernel_side.beside.r_values import MOST, bearable

_NA_INTEGER = -(2**31)
_NA_INTEGER64 = -(2**63)
_MOST_INTEGER64 = 2**63 - 1
_NA_REAL = np.array([0x7FF00000000007A2], "uint64").view("float64")[0]
NAIVE = "GMT"
"""The zone of instants without one: R has none without; users write UTC for UTC."""
_SECONDS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


def write(table: pa.Table, folder: Path, *, wide: bool) -> None:
    """Write a table for R; `wide` says that R has 64-bit integers (bit64).

    Raises:
        StepFailed: when a column cannot be had in R.
    """
    folder.mkdir()
    columns = []
    for number, (name, column) in enumerate(zip(table.schema.names, table.columns, strict=True)):
        about = {"name": name, "file": f"{number}.bin", **_put(column, name, wide=wide)}
        data = about.pop("data")
        with (folder / about["file"]).open("wb") as file:
            file.write(data if isinstance(data, bytes) else np.ascontiguousarray(data).data)
        mask = about.pop("nulls", None)
        if mask is not None:
            about["mask"] = f"{number}.mask"
            (folder / about["mask"]).write_bytes(mask.astype("uint8").tobytes())
        columns.append(about)
    about_all = {"rows": table.num_rows, "columns": columns}
    (folder / "meta.json").write_text(json.dumps(about_all), encoding="utf-8")


def _put(column: pa.ChunkedArray, name: str, *, wide: bool) -> dict[str, Any]:
    kind, types = column.type, pa.types
    if types.is_null(kind):
        return {"kind": "logical", "data": np.full(len(column), _NA_INTEGER, "int32")}
    if types.is_boolean(kind):
        return {"kind": "logical", "data": _integers(column.cast(pa.int32()))}
    if types.is_integer(kind) or _whole_decimals(column):
        return _whole(column, name, wide=wide)
    if types.is_floating(kind) or types.is_decimal(kind):
        return {"kind": "double", "data": _doubles(column.cast(pa.float64(), safe=False))}
    if types.is_date(kind):
        days = column.cast(pa.date32()).cast(pa.int32()).cast(pa.float64())
        return {"kind": "date", "data": _doubles(days)}
    if types.is_timestamp(kind):
        return {"kind": "time", "zone": kind.tz or NAIVE, "data": _seconds(column)}
    if types.is_duration(kind):
        return {"kind": "difference", "data": _seconds(column)}
    if types.is_time(kind):
        return {"kind": "clock", "data": _seconds(column)}
    if types.is_dictionary(kind):
        return _factor(column)
    if types.is_string(kind) or types.is_large_string(kind):
        return {"kind": "string", **_texts(column)}
    if types.is_nested(kind):
        texts = [
            None if value is None else json.dumps(bearable(value), default=str)
            for value in column.to_pylist()
        ]
        return {"kind": "list", **_texts(pa.chunked_array([pa.array(texts, pa.large_string())]))}
    raise StepFailed(
        f"The column '{name}' holds {kind}, which R blocks cannot take; leave it out or make it "
        "text in the block above."
    )


def _integers(column: pa.ChunkedArray, missing: int = _NA_INTEGER) -> Any:
    return column.fill_null(missing).to_numpy()


def _doubles(column: pa.ChunkedArray) -> Any:
    values = column.to_numpy()
    if column.null_count:
        values = np.where(column.is_null().to_numpy(), _NA_REAL, values)
    return np.ascontiguousarray(values)


def _whole(column: pa.ChunkedArray, name: str, *, wide: bool) -> dict[str, Any]:
    """Return integers as R's own where they fit, else as integer64, else as doubles."""
    ends = pc.min_max(column).as_py()
    low, high = ends["min"] or 0, ends["max"] or 0
    if low > _NA_INTEGER and high < 2**31:
        return {"kind": "integer", "data": _integers(column.cast(pa.int32()))}
    if max(-low, high) > _MOST_INTEGER64:
        raise StepFailed(
            f"The column '{name}' has integers that R's 64 bits do not hold; make it text in the "
            "block above."
        )
    if wide:
        whole = _integers(column.cast(pa.int64()), _NA_INTEGER64)
        return {"kind": "integer64", "data": whole}
    if max(-low, high) <= MOST:
        return {"kind": "double", "data": _doubles(column.cast(pa.float64()))}
    raise StepFailed(
        f"The column '{name}' has integers beyond 2^53, which R keeps only with its package bit64; "
        "install it there (install.packages('bit64'); Debian: apt install r-cran-bit64) and "
        "restart the kernel."
    )


def _whole_decimals(column: pa.ChunkedArray) -> bool:
    """Whether they are decimals without fraction, as sums in SQL are, that fit into 64 bits."""
    if not pa.types.is_decimal(column.type) or column.type.scale != 0:
        return False
    ends = pc.min_max(column).as_py()
    return max(-(ends["min"] or 0), ends["max"] or 0) <= _MOST_INTEGER64


def _seconds(column: pa.ChunkedArray) -> Any:
    unit = column.type.unit
    width = pa.int32() if column.type.bit_width == 32 else pa.int64()
    chunks = [chunk.view(width).cast(pa.int64()) for chunk in column.chunks]
    whole = pa.chunked_array(chunks, pa.int64())
    values = whole.fill_null(0).to_numpy() / _SECONDS[unit]
    if whole.null_count:
        values[whole.is_null().to_numpy()] = _NA_REAL
    return values


def _factor(column: pa.ChunkedArray) -> dict[str, Any]:
    column = column.unify_dictionaries()
    if not column.num_chunks:
        return {"kind": "factor", "levels": [], "ordered": False, "data": np.zeros(0, "int32")}
    labels = column.chunk(0).dictionary.cast(pa.string()).to_pylist()
    codes = pa.chunked_array([chunk.indices.cast(pa.int32()) for chunk in column.chunks])
    shifted = pc.add(codes, pa.scalar(1, pa.int32()))
    ordered = bool(column.type.ordered)
    return {"kind": "factor", "levels": labels, "ordered": ordered, "data": _integers(shifted)}


def _texts(column: pa.ChunkedArray) -> dict[str, Any]:
    """Return texts behind each other, each with a zero byte at its end."""
    whole = column.cast(pa.large_string())
    nulls = whole.is_null().to_numpy() if whole.null_count else None
    whole = whole.fill_null("")
    if pc.any(pc.match_substring(whole, "\0")).as_py():
        whole = pc.replace_substring(whole, "\0", "")  # R has no such texts
    empty, zero = (pa.scalar(text, pa.large_string()) for text in ("", "\0"))
    ended = pc.binary_join_element_wise(whole, empty, zero)
    pieces = []
    for chunk in ended.chunks:
        data, (offsets, start, length) = chunk.buffers()[2], _offsets(chunk)
        if data is not None and length:
            pieces.append(data.slice(offsets[start], offsets[start + length] - offsets[start]))
    data = b"".join(pieces)
    return {"data": data, **({} if nulls is None else {"nulls": nulls})}


def _offsets(chunk: pa.Array) -> tuple[Any, int, int]:
    found = np.frombuffer(chunk.buffers()[1] or b"\0" * 8, "int64")
    return found, chunk.offset, len(chunk)


def read(folder: Path) -> pa.Table:
    """Return the table that R wrote."""
    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    arrays, names = [], []
    for about in meta["columns"]:
        arrays.append(_READ[about["kind"]](about, folder, int(meta["rows"])))
        names.append(about["name"])
    if not arrays:
        return pa.table({})
    return pa.Table.from_arrays(arrays, names=names)


def _file(about: dict[str, Any], folder: Path, dtype: str) -> Any:
    return np.fromfile(folder / about["file"], dtype)


def _read_integer(about: dict[str, Any], folder: Path, rows: int) -> pa.Array:
    del rows
    values = _file(about, folder, "int32")
    return pa.array(values.astype("int64"), mask=_useful(values == _NA_INTEGER))


def _read_integer64(about: dict[str, Any], folder: Path, rows: int) -> pa.Array:
    del rows
    values = _file(about, folder, "int64")
    return pa.array(values, mask=_useful(values == _NA_INTEGER64))


def _read_logical(about: dict[str, Any], folder: Path, rows: int) -> pa.Array:
    del rows
    values = _file(about, folder, "int32")
    return pa.array(values != 0, mask=_useful(values == _NA_INTEGER))


def _read_double(about: dict[str, Any], folder: Path, rows: int) -> pa.Array:
    del rows
    values = _file(about, folder, "float64")
    # NA has a word of its own among the values that are no number.
    missing = np.isnan(values) & ((values.view("uint64") & 0xFFFFFFFF) == 1954)
    return pa.array(values, mask=_useful(missing))


def _read_date(about: dict[str, Any], folder: Path, rows: int) -> pa.Array:
    del rows
    values = _file(about, folder, "float64")
    missing = ~np.isfinite(values)
    days = np.floor(np.where(missing, 0, values)).astype("int32")
    return pa.array(days, mask=_useful(missing)).cast(pa.date32())


def _micros(about: dict[str, Any], folder: Path) -> pa.Array:
    values = _file(about, folder, "float64")
    missing = ~np.isfinite(values)
    whole = np.round(np.where(missing, 0, values) * 1e6).astype("int64")
    return pa.array(whole, mask=_useful(missing))


def _read_time(about: dict[str, Any], folder: Path, rows: int) -> pa.Array:
    del rows
    zone = about["zone"]
    return _micros(about, folder).view(pa.timestamp("us", None if zone == NAIVE else zone))


def _read_difference(about: dict[str, Any], folder: Path, rows: int) -> pa.Array:
    del rows
    return _micros(about, folder).view(pa.duration("us"))


def _read_clock(about: dict[str, Any], folder: Path, rows: int) -> pa.Array:
    del rows
    return _micros(about, folder).view(pa.time64("us"))


def _read_factor(about: dict[str, Any], folder: Path, rows: int) -> pa.Array:
    del rows
    codes = _file(about, folder, "int32")
    missing = codes == _NA_INTEGER
    indices = pa.array(np.where(missing, 0, codes - 1).astype("int32"), mask=_useful(missing))
    labels = pa.array([str(label) for label in about["levels"]], pa.string())
    return pa.DictionaryArray.from_arrays(indices, labels, ordered=bool(about.get("ordered")))


def _read_string(about: dict[str, Any], folder: Path, rows: int) -> pa.Array:
    data = np.fromfile(folder / about["file"], "uint8")
    ends = np.flatnonzero(data == 0)[:rows]
    offsets = np.zeros(rows + 1, "int64")
    offsets[1:] = ends - np.arange(rows)  # the zero bytes are taken out
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(data[data != 0])]
    if about.get("mask"):
        missing = np.fromfile(folder / about["mask"], "uint8") == 1
        buffers[0] = pa.array(~missing).buffers()[1]
    return pa.Array.from_buffers(pa.large_string(), rows, buffers)


def _read_list(about: dict[str, Any], folder: Path, rows: int) -> pa.Array:
    texts = _read_string(about, folder, rows)
    try:
        return pa.array([None if t is None else json.loads(t) for t in texts.to_pylist()])
    except pa.ArrowException:  # of several kinds: as text
        return texts


def _useful(mask: Any) -> Any:
    return mask if mask.any() else None


_READ: dict[str, Callable[[dict[str, Any], Path, int], pa.Array]] = {
    "integer": _read_integer,
    "integer64": _read_integer64,
    "logical": _read_logical,
    "double": _read_double,
    "date": _read_date,
    "time": _read_time,
    "difference": _read_difference,
    "clock": _read_clock,
    "factor": _read_factor,
    "string": _read_string,
    "list": _read_list,
}
