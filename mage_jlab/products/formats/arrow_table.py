"""pyarrow tables and record batches."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from mage_jlab.model.product import TABLE, Output
from mage_jlab.products.formats import arrow_file
from mage_jlab.products.formats.target import Target, comes_from

NAME = "arrow"


def accepts(value: object) -> bool:
    """Take tables and record batches."""
    return comes_from(value, "pyarrow", "Table", "RecordBatch")


def write(value: Any, target: Target) -> Output:
    """Store a table."""
    pa = importlib.import_module("pyarrow")
    is_batch = comes_from(value, "pyarrow", "RecordBatch")
    table = pa.Table.from_batches([value]) if is_batch else value
    names = list(table.schema.names)
    unique = arrow_file.unique(names)
    stored = table.unify_dictionaries()
    if unique != names:
        stored = stored.rename_columns(unique)
    arrow_file.write(target.file(arrow_file.SUFFIX), stored)
    return target.output(
        value, TABLE, NAME, rows=table.num_rows, columns=arrow_file.columns(stored),
        preview=f"{table.num_rows:,} rows × {table.num_columns:,} columns",
        options={"batch": is_batch, "names": names if unique != names else None},
    )  # fmt: skip


def read(folder: Path, output: Output) -> Any:
    """Read the table back, mapped."""
    pa = importlib.import_module("pyarrow")
    table = arrow_file.open_table(folder / f"{output.name}{arrow_file.SUFFIX}")
    if output.options.get("names"):
        table = table.rename_columns(output.options["names"])
    if output.options.get("batch"):
        batches = table.combine_chunks().to_batches()
        return batches[0] if batches else pa.RecordBatch.from_pylist([], schema=table.schema)
    return table
