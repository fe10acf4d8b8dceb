"""Arrow files as column buffers, for kernels whose environment has no pyarrow."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from mage_jlab.executors.tables.program import Tell
from mage_jlab.products.columns import without_views
from mage_jlab.products.formats import arrow_file, column_buffers, typed_json
from mage_jlab.products.formats.column_buffers import Buffers


def give_buffers(tell: Tell, *, path: str) -> dict[str, Any]:
    """Write the table of an Arrow file as column buffers beside it; return where."""
    del tell
    stored = Path(path)
    made = stored.with_suffix(f".view{column_buffers.SUFFIX}")
    if not made.exists():
        table = without_views(arrow_file.open_table(stored))
        temporary = made.with_name(f".{made.name}.{os.getpid()}.tmp")
        columns = [_buffers(column.combine_chunks()) for column in table.columns]
        column_buffers.write(temporary, table.schema.names, columns)
        try:
            temporary.replace(made)
        except OSError:
            if not made.exists():  # else another kernel was quicker
                raise
    return {"folder": str(made)}


def _buffers(array: Any) -> Buffers:
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], array.type)
    kind, types = array.type, pa.types
    mask = array.is_null().to_numpy(zero_copy_only=False) if array.null_count else None
    if types.is_boolean(kind):
        values = array.fill_null(False).to_numpy(zero_copy_only=False).astype("uint8")
        return column_buffers.numbers(values, mask, "bool")
    if types.is_integer(kind) or types.is_floating(kind):
        values = (array.fill_null(0) if array.null_count else array).to_numpy()
        return column_buffers.numbers(values, mask)
    if types.is_timestamp(kind) or types.is_duration(kind):
        whole = array.view(pa.int64()).fill_null(0).to_numpy()
        return column_buffers.numbers(whole, mask, str(kind))
    if types.is_dictionary(kind):
        codes = array.indices.cast(pa.int32()).fill_null(-1).to_numpy()
        labels = array.dictionary.cast(pa.string()).to_pylist()
        return column_buffers.codes(codes, labels, ordered=bool(kind.ordered))
    if types.is_string(kind) or types.is_large_string(kind):
        return _texts(array.cast(pa.large_string()), mask, "large_string")
    if types.is_binary(kind) or types.is_large_binary(kind):
        return _texts(array.cast(pa.large_binary()), mask, "large_binary")
    texts = [None if v is None else typed_json.dumps(v) for v in array.to_pylist()]
    return _texts(pa.array(texts, pa.large_string()), mask, "large_string")


def _texts(array: pa.Array, mask: Any, kind: str) -> Buffers:
    _, ends, data = array.buffers()
    offsets = np.frombuffer(ends or bytes(8), "int64")[array.offset : array.offset + len(array) + 1]
    if not len(offsets):
        offsets = np.zeros(1, "int64")
    start, stop = int(offsets[0]), int(offsets[-1])
    whole = b"" if data is None else data.slice(start, stop - start).to_pybytes()
    return Buffers(kind, len(array), whole, mask, offsets - start)
