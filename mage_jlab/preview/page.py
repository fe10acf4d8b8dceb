"""A window of a stored table, sorted and filtered over the whole of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mage_jlab.model.product import Output
from mage_jlab.preview.order import Question
from mage_jlab.preview.source import Source, take
from mage_jlab.products import cells
from mage_jlab.products.formats import arrow_file

ROWS = 1000
COLUMNS = 500
_BYTES = 4_000_000

kind = cells.kind


def window(
    folder: Path,
    output: Output,
    *,
    offset: int = 0,
    limit: int = 100,
    sort: Sequence[Any] = (),
    filters: Sequence[Mapping[str, Any]] = (),
    whole: bool = False,
) -> dict[str, Any]:
    """Return rows of a table as `wire.Rows`.

    `whole` leaves long cells uncut, as far as the size of an answer allows.

    Raises:
        InvalidQuery: when a sort or filter does not fit the table.
        StoreError: when the output is no table or cannot be read.
    """
    source = Source(folder, output)
    offset, limit = max(0, offset), max(0, min(limit, ROWS))
    asked = Question(source, sort, filters)
    table = source.table.select(list(range(min(COLUMNS, len(source.names)))))
    if asked.plain:
        total = table.num_rows
        shown = table.slice(offset, limit)
    else:
        numbers, total = asked.rows(offset, limit)
        shown = take(table, numbers)
    rows, clipped = _cells(shown, whole)
    return {
        "columns": source.columns(COLUMNS),
        "rows": rows,
        "offset": offset,
        "total": total,
        "stored": source.table.num_rows,
        "clipped": clipped,
    }


def _cells(table: Any, whole: bool) -> tuple[list[list[Any]], list[list[int]]]:
    """Turn a table into rows of cells, the cells shorter where there are many."""
    size = max(1, table.num_rows * table.num_columns)
    chars = max(16, _BYTES // size if whole else min(cells.CELL_CHARS, _BYTES // size))
    columns = [arrow_file.values(column) for column in table.columns]
    if not columns:
        return [[] for _ in range(table.num_rows)], []
    return cells.rows(columns, chars)
