"""A table in a folder of Parquet files, looked at in windows: on our side only.

It answers as an Arrow table does, as far as that is needed to show it, and reads
only the row groups in which what is asked for lies. It may be larger than memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from mage_jlab.products.columns import without_views
from mage_jlab.products.formats.spark_frame import parts


@dataclass(frozen=True)
class _Group:
    """A row group: where it lies, and the number of its first row."""

    file: Path
    number: int
    start: int
    rows: int


class ParquetFolder:
    """The table, mapped by what its files say of themselves."""

    def __init__(self, folder: Path) -> None:
        """Read the ends of the files.

        Raises:
            ArrowException: when one is damaged.
            OSError: when one cannot be read.
        """
        self.files = parts(folder)
        self._columns: list[str] | None = None
        self.starts: list[int] = []
        self._groups: list[_Group] = []
        self.num_rows = 0
        schema = None
        for file in self.files:
            said = pq.ParquetFile(file)
            schema = said.schema_arrow if schema is None else schema
            self.starts.append(self.num_rows)
            for number in range(said.num_row_groups):
                rows = said.metadata.row_group(number).num_rows
                self._groups.append(_Group(file, number, self.num_rows, rows))
                self.num_rows += rows
        empty = (pa.schema([]) if schema is None else schema.remove_metadata()).empty_table()
        self.schema: pa.Schema = without_views(empty).schema

    def select(self, numbers: Sequence[int]) -> ParquetFolder:
        """Return the table with some of its columns only."""
        chosen = object.__new__(ParquetFolder)
        chosen.__dict__.update(self.__dict__)
        chosen.schema = pa.schema([self.schema.field(number) for number in numbers])
        chosen._columns = chosen.schema.names
        return chosen

    def slice(self, offset: int, length: int) -> pa.Table:
        """Return rows that follow each other."""
        end = min(offset + length, self.num_rows)
        pieces = []
        for group in self._groups:
            low, high = max(offset, group.start), min(end, group.start + group.rows)
            if low < high:
                pieces.append(self._part(group, low - group.start, high - low))
        return pa.concat_tables(pieces) if pieces else self.schema.empty_table()

    def take(self, numbers: Any) -> pa.Table:
        """Return rows by number, in the order asked for."""
        wanted = np.asarray(numbers, dtype=np.int64)
        ends = np.array([group.start + group.rows for group in self._groups], dtype=np.int64)
        home = np.searchsorted(ends, wanted, side="right")
        pieces, places = [], []
        for number in np.unique(home):
            group = self._groups[number]
            chosen = np.flatnonzero(home == number)
            table = self._read(group)
            pieces.append(table.take(pa.array(wanted[chosen] - group.start)))
            places.append(chosen)
        if not pieces:
            return self.schema.empty_table()
        back = np.argsort(np.concatenate(places), kind="stable")
        return pa.concat_tables(pieces).combine_chunks().take(pa.array(back))

    def _part(self, group: _Group, offset: int, length: int) -> pa.Table:
        """Read rows of a group without those behind them."""
        found: list[pa.Table] = []
        skipped = 0
        for batch in self._batches(group):
            low, high = max(offset, skipped), min(offset + length, skipped + batch.num_rows)
            if low < high:
                found.append(pa.Table.from_batches([batch.slice(low - skipped, high - low)]))
            skipped += batch.num_rows
            if skipped >= offset + length:
                break
        return pa.concat_tables(found).cast(self.schema)

    def _batches(self, group: _Group) -> Iterator[pa.RecordBatch]:
        file = pq.ParquetFile(group.file)
        yield from file.iter_batches(row_groups=[group.number], columns=self._columns)

    def _read(self, group: _Group) -> pa.Table:
        file = pq.ParquetFile(group.file)
        return file.read_row_group(group.number, columns=self._columns).cast(self.schema)
