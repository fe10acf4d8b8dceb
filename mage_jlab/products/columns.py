"""Tables that were not written as Arrow files, as Arrow files: on our side only.

An environment without pyarrow leaves column buffers, an array leaves numpy's
file. The server turns them into an Arrow file beside them once, when somebody
looks; a pickle is never opened.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from mage_jlab.errors import ProductNotFound, StoreError
from mage_jlab.model.product import TABLE, Output
from mage_jlab.products.formats import arrow_file, column_buffers, numpy_array, spark_frame
from mage_jlab.products.formats.column_buffers import Buffers


def arrow_path(folder: Path, output: Output) -> Path:
    """Return the Arrow file of a table, made on the spot when there is none.

    Raises:
        StoreError: when the output is no table.
        ProductNotFound: when its files are gone.
    """
    if output.kind != TABLE or not output.files:
        raise StoreError(f"{output.name} is no table.", output=output.name)
    stored = folder / Path(output.files[0]).name
    if not stored.exists():
        raise ProductNotFound(f"The files of {output.name} are gone.", output=output.name)
    if stored.suffix == arrow_file.SUFFIX:
        return stored
    made = folder / f"{output.name}.view{arrow_file.SUFFIX}"
    if not made.exists() and stored.suffix == spark_frame.SUFFIX:
        temporary = folder / f".{made.name}.{os.getpid()}.tmp"
        _from_parquet(stored, temporary)
        temporary.replace(made)
    if not made.exists():
        table = (
            _from_numpy(stored, output)
            if stored.suffix == numpy_array.SUFFIX
            else _from_buffers(stored)
        )
        temporary = folder / f".{made.name}.{os.getpid()}.{id(table):x}.tmp"
        arrow_file.write(temporary, table)
        temporary.replace(made)
    return made


def without_views(table: pa.Table) -> pa.Table:
    """Return a table without Arrow's string views, of which rows cannot be taken yet."""
    kinds = {"string_view": pa.large_string(), "binary_view": pa.large_binary()}
    fields = [field.with_type(kinds.get(str(field.type), field.type)) for field in table.schema]
    schema = pa.schema(fields)
    return table if schema.equals(table.schema) else table.cast(schema)


def queryable(column: pa.ChunkedArray, *, zoned: bool = False) -> pa.ChunkedArray:
    """Return a column as DuckDB understands it, without a copy where that is possible.

    Instants lose their zone, unless they are to stay `zoned`.
    """
    kind = column.type
    if isinstance(kind, pa.ExtensionType):
        column = pa.chunked_array([c.storage for c in column.chunks], kind.storage_type)
        return queryable(column, zoned=zoned)
    if pa.types.is_timestamp(kind) and kind.tz is not None and not zoned:
        naive = pa.timestamp(kind.unit)
        return pa.chunked_array([chunk.view(naive) for chunk in column.chunks], naive)
    if pa.types.is_dictionary(kind) and not _is_text(kind.value_type):
        return queryable(column.cast(kind.value_type), zoned=zoned)
    target = _CASTS.get(str(kind))
    if target is None and pa.types.is_decimal256(kind):
        target = pa.float64()
    if target is None and pa.types.is_null(kind):
        target = pa.string()
    return column if target is None else column.cast(target, safe=False)


_CASTS: dict[str, Any] = {
    "halffloat": pa.float32(),
    "time64[ns]": pa.time64("us"),
    "date64[ms]": pa.date32(),
}


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _from_parquet(folder: Path, target: Path) -> None:
    """Write what Spark wrote as one Arrow file, batch by batch."""
    files = spark_frame.parts(folder)
    schema = pq.read_schema(files[0]).remove_metadata() if files else pa.schema([])
    with pa.OSFile(str(target), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        for file in files:
            for batch in pq.ParquetFile(file).iter_batches(batch_size=arrow_file.BATCH):
                writer.write_batch(batch.replace_schema_metadata(None))


def _from_numpy(path: Path, output: Output) -> pa.Table:
    array = np.load(path, mmap_mode="r", allow_pickle=False)
    columns = [array] if array.ndim == 1 else [array[:, i] for i in range(array.shape[1])]
    names = [column.name for column in output.columns]
    return pa.table([pa.array(_native(column), from_pandas=True) for column in columns], names)


def _native(values: Any) -> Any:
    if values.dtype == np.float16:
        return values.astype("float32")
    return np.ascontiguousarray(values).astype(values.dtype.newbyteorder("="), copy=False)


def _from_buffers(folder: Path) -> pa.Table:
    names, columns = column_buffers.read(folder, mapped=True)
    return pa.table([_array(column) for column in columns], names)


def _array(column: Buffers) -> pa.Array:
    mask = column.mask
    if column.offsets is not None:
        kind = pa.large_binary() if column.type == "large_binary" else pa.large_string()
        validity = None if mask is None else pa.array(~mask).buffers()[1]
        buffers = [validity, pa.py_buffer(column.offsets), pa.py_buffer(column.values)]
        return pa.Array.from_buffers(kind, column.length, buffers)
    if column.labels or column.type.startswith("dictionary"):
        codes = pa.array(np.asarray(column.values), mask=np.asarray(column.values) < 0)
        labels = pa.array(column.labels, type=pa.string())
        return pa.DictionaryArray.from_arrays(codes, labels, ordered=column.ordered)
    values = np.asarray(column.values)
    if column.type == "bool":
        return pa.array(values.astype(bool), mask=mask)
    array = pa.array(values, mask=mask)
    if column.type.startswith(("timestamp", "duration")):
        unit, _, zone = column.type.partition("[")[2].rstrip("]").partition(", tz=")
        kind = (
            pa.duration(unit)
            if column.type.startswith("duration")
            else pa.timestamp(unit, zone or None)
        )
        return array.view(kind)
    return array
