"""Arrow IPC files: uncompressed, so that they are mapped and not read."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mage_jlab.model.product import Column

SUFFIX = ".arrow"
BATCH = 1_000_000
"""Rows of a record batch: large for reading, small enough to be scanned in parallel."""


def pyarrow() -> Any:
    """Return the module pyarrow, or None where it is not installed or does not load."""
    try:
        module = importlib.import_module("pyarrow")
        importlib.import_module("pyarrow.ipc")
    except ImportError:
        return None
    return module


def write(path: Path, table: Any, *, whole: bool = False) -> None:
    """Write a table; `whole` keeps each column in one piece, so that it can be mapped as one."""
    pa = importlib.import_module("pyarrow")
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=None if whole else BATCH)


def open_table(path: Path) -> Any:
    """Map a table; nothing is read before it is looked at."""
    pa = importlib.import_module("pyarrow")
    return pa.ipc.open_file(pa.memory_map(str(path), "r")).read_all()


def in_batches(table: Any) -> Any:
    """Return a table in pieces that are scanned in parallel; nothing is copied."""
    pa = importlib.import_module("pyarrow")
    return pa.Table.from_batches(table.to_batches(max_chunksize=BATCH), table.schema)


def first(path: Path, rows: int, columns: int) -> list[list[Any]]:
    """Return the first values of the first columns, column by column."""
    pa = importlib.import_module("pyarrow")
    with pa.memory_map(str(path), "r") as source:
        reader = pa.ipc.open_file(source)
        if reader.num_record_batches == 0:
            return [[] for _ in reader.schema.names[:columns]]
        batch = reader.get_batch(0).slice(0, rows)
        return [values(batch.column(i)) for i in range(min(columns, batch.num_columns))]


def head(table: Any, rows: int, columns: int) -> list[list[Any]]:
    """Return the first values of the first columns of a table in memory."""
    start = table.slice(0, rows)
    return [values(start.column(i)) for i in range(min(columns, start.num_columns))]


def values(array: Any) -> list[Any]:
    """Return an Arrow array as Python values, whatever the range of its times."""
    try:
        result: list[Any] = array.to_pylist()
    except (ValueError, OverflowError):  # a date beyond year 9999, nanoseconds
        pa = importlib.import_module("pyarrow")
        result = array.cast(pa.string()).to_pylist()
    return result


def columns(table: Any) -> list[Column]:
    """Describe the columns of a table."""
    return [
        Column(str(name), str(field.type), int(column.null_count))
        for name, field, column in zip(table.schema.names, table.schema, table.columns)
    ]


def unique(labels: Sequence[Any]) -> list[str]:
    """Return the labels of columns as texts that differ from each other."""
    taken: set[str] = set()
    result = []
    for label in labels:
        base = ".".join(str(part) for part in label) if isinstance(label, tuple) else str(label)
        base = base.encode("utf-8", "replace").decode("utf-8")
        name, number = base, 0
        while name in taken:
            number += 1
            name = f"{base}.{number}"
        taken.add(name)
        result.append(name)
    return result
