"""pyarrow tables and record batches."""

from __future__ import annotations

import functools
import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mage_jlab.model.product import TABLE, Column, Output
from mage_jlab.products.formats import arrow_file
from mage_jlab.products.formats.kept import Kept
from mage_jlab.products.formats.target import Target, comes_from, is_exactly

NAME = "arrow"


def accepts(value: object) -> bool:
    """Take tables and record batches."""
    return comes_from(value, "pyarrow", "Table", "RecordBatch")


@dataclass
class Built:
    """A table in the form in which it is stored, not written yet."""

    value: Any
    table: Any
    stored: Any

    @property
    def rows(self) -> int:
        """Return the number of rows."""
        return int(self.table.num_rows)

    @functools.cached_property
    def columns(self) -> list[Column]:
        """Describe the columns."""
        return arrow_file.columns(self.stored)

    def first(self, rows: int, width: int) -> list[list[Any]]:
        """Return the first values of the first columns."""
        return arrow_file.head(self.stored, rows, width)

    def write(self, target: Target) -> Output:
        """Store it."""
        arrow_file.write(target.file(arrow_file.SUFFIX), self.stored)
        return self.describe(target)

    def describe(self, target: Target) -> Output:
        """Say what is, or will be, stored."""
        names = list(self.table.schema.names)
        return target.output(
            self.value, TABLE, NAME, rows=self.rows, columns=self.columns,
            preview=f"{self.rows:,} rows × {self.table.num_columns:,} columns",
            options={
                "batch": comes_from(self.value, "pyarrow", "RecordBatch"),
                "names": names if list(self.stored.schema.names) != names else None,
            },
        )  # fmt: skip


def build(value: Any) -> Built:
    """Give every column a name of its own and the categories one list of labels."""
    pa = importlib.import_module("pyarrow")
    table = pa.Table.from_batches([value]) if comes_from(value, "pyarrow", "RecordBatch") else value
    names = list(table.schema.names)
    unique = arrow_file.unique(names)
    stored = table.unify_dictionaries()
    return Built(value, table, stored if unique == names else stored.rename_columns(unique))


def write(value: Any, target: Target) -> Output:
    """Store a table."""
    return build(value).write(target)


def keep(value: Any, *, alone: bool = False) -> Kept | None:
    """Keep a table or a batch: it never changes."""
    del alone
    if not is_exactly(value, "pyarrow", "Table", "RecordBatch"):
        return None
    return Kept(
        value, lambda: value, int(value.nbytes),
        table=True, rows=value.num_rows, columns=value.num_columns,
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
