"""A stored table, mapped, and the SQL view of it that sorts and filters are asked of.

In SQL the columns are called c0, c1 … whatever the user called them, so no name
can be hostile or ambiguous; values travel as parameters.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from mage_jlab.errors import InvalidQuery, ProductNotFound, StoreError
from mage_jlab.model.product import Output
from mage_jlab.preview import parquet_source
from mage_jlab.products import cells
from mage_jlab.products.columns import arrow_path, queryable, without_views
from mage_jlab.products.formats import arrow_file, spark_frame
from mage_jlab.products.parquet_folder import ParquetFolder

THREADS = 2
MEMORY = "1GB"


class Source:
    """A table and what is known of it."""

    def __init__(self, folder: Path, output: Output) -> None:
        """Map the table.

        Raises:
            StoreError: when it is no table or its file is damaged.
        """
        self.path = _path(folder, output)
        self.table: Any
        try:
            if output.format == spark_frame.NAME:
                self.table = ParquetFolder(self.path)
            else:
                table = without_views(arrow_file.open_table(self.path))
                self.table = arrow_file.in_batches(table)
        except (pa.ArrowException, OSError) as error:
            raise StoreError(f"{output.name} cannot be read: {error}.") from error
        self.output = output
        self.names: list[str] = list(self.table.schema.names)
        self.stamp = (str(self.path), self.path.stat().st_mtime_ns)
        self.nan_is_null = output.format == "pandas"

    def index(self, name: object) -> int:
        """Return the number of a column.

        Raises:
            InvalidQuery: when there is none of that name.
        """
        if not isinstance(name, str) or name not in self.names:
            shown = str(name)[:80]
            raise InvalidQuery(f"The table has no column '{shown}'.", column=shown)
        return self.names.index(name)

    def columns(self, width: int) -> list[dict[str, Any]]:
        """Describe the first columns as the wire does."""
        known = {column.name: column.nulls for column in self.output.columns}
        return [
            cells.column(field.name, str(field.type), known.get(field.name))
            for field in self.table.schema
        ][:width]

    def kind(self, number: int) -> str:
        """Return number | text | time | boolean | other for a column."""
        return cells.kind(str(self.table.schema.field(number).type))

    def connect(self, numbers: Iterable[int], *, rows: bool = True) -> Connection:
        """Return a connection in which the view ``t`` has the columns asked for."""
        if isinstance(self.table, ParquetFolder):
            return Connection(parquet_source.view(self.table, numbers, rows=rows))
        wanted = sorted(set(numbers))
        columns = {f"c{n}": queryable(self.table.column(n)) for n in wanted}
        for number in wanted:
            kind = self.table.schema.field(number).type
            if pa.types.is_dictionary(kind) and kind.ordered:
                columns[f"o{number}"] = _codes(self.table.column(number))
        if rows or not columns:
            width = np.uint32 if self.table.num_rows < 2**32 else np.uint64
            columns["r"] = pa.chunked_array([pa.array(np.arange(self.table.num_rows, dtype=width))])
        return Connection(pa.table(columns))


def _path(folder: Path, output: Output) -> Path:
    if output.format != spark_frame.NAME:
        return arrow_path(folder, output)
    stored = folder / Path(output.files[0]).name
    if not stored.is_dir():
        raise ProductNotFound(f"The files of {output.name} are gone.", output=output.name)
    return stored


class Connection:
    """A DuckDB connection of its own, without files and without the network."""

    def __init__(self, view: pa.Table | list[str]) -> None:
        """Make the view ``t``: of an Arrow table, or by statements."""
        self._folder = tempfile.TemporaryDirectory(prefix="mage-jlab-")
        self._duck = duckdb.connect(
            ":memory:",
            config={
                "threads": THREADS,
                "memory_limit": MEMORY,
                "temp_directory": self._folder.name,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "preserve_insertion_order": False,
            },
        )
        self._view = view
        if isinstance(view, list):
            for statement in view:
                self._duck.execute(statement)
        else:
            self._duck.register("t", view)

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self._duck.close()
        self._folder.cleanup()

    def rows(self, sql: str, parameters: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        found: list[tuple[Any, ...]] = self._run(sql, parameters).fetchall()
        return found

    def numbers(self, sql: str, parameters: Iterable[Any] = ()) -> Any:
        """Return the only column of a query as a numpy array."""
        found = self._run(sql, parameters).fetchnumpy()
        return np.asarray(next(iter(found.values())))

    def _run(self, sql: str, parameters: Iterable[Any]) -> Any:
        try:
            return self._duck.execute(sql, list(parameters))
        except duckdb.Error as error:
            words = str(error).splitlines()[0][:300]
            raise InvalidQuery(f"The table cannot be asked that: {words}") from error


def _codes(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return the codes of an ordered category: what it is sorted by."""
    unified = column.unify_dictionaries()
    return pa.chunked_array([chunk.indices for chunk in unified.chunks], column.type.index_type)


def take(table: Any, numbers: Any) -> pa.Table:
    """Return rows by number; only the batches they lie in are touched."""
    if isinstance(table, ParquetFolder):
        return table.take(numbers)
    batches = table.to_batches()
    if not batches:
        return table
    ends = np.cumsum([batch.num_rows for batch in batches])
    wanted = np.asarray(numbers, dtype=np.int64)
    home = np.searchsorted(ends, wanted, side="right")
    pieces, places = [], []
    for number in np.unique(home):
        chosen = np.flatnonzero(home == number)
        start = ends[number] - batches[number].num_rows
        pieces.append(batches[number].take(pa.array(wanted[chosen] - start)))
        places.append(chosen)
    if not pieces:
        return table.slice(0, 0)
    joined = pa.Table.from_batches(pieces, table.schema).combine_chunks()
    back = np.argsort(np.concatenate(places), kind="stable")
    return joined.take(pa.array(back))
