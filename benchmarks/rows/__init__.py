"""The rows of the table, in its order."""

from __future__ import annotations

from benchmarks.row import Row
from benchmarks.rows import (
    cells,
    chains,
    cron,
    grid,
    handoff,
    install,
    many,
    painted,
    requests_,
    shell,
    start,
)  # fmt: skip

ROWS: tuple[Row, ...] = (
    shell.ROW,
    requests_.FIRST_LINE,
    requests_.COMPLETED,
    cron.ROW,
    chains.TEN,
    chains.HUNDRED,
    many.ROW,
    handoff.PANDAS,
    handoff.POLARS,
    handoff.ARROW,
    handoff.PANDAS_TWO,
    handoff.OTHER_KERNEL,
    handoff.DURABLE,
    handoff.MEMORY,
    cells.ROW,
    painted.ROW,
    grid.WINDOW,
    grid.SORT,
    grid.FILTER,
    start.TIME,
    start.MEMORY,
    install.ROW,
)
