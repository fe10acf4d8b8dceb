"""What blocks left: outputs, rows, statistics."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

from mage_jlab.server.wire.envelope import Request


class BlockOutputs(Struct):
    """What a block published in its last interactive run: how it ended, nbformat outputs."""

    block: str
    state: dict[str, Any]
    outputs: list[dict[str, Any]]


class Filter(Request):
    """A condition on a column of a table; `null` and `notnull` take no value."""

    column: str
    op: Literal["contains", "eq", "ne", "lt", "le", "gt", "ge", "null", "notnull"]
    value: Any = None


class Column(Struct):
    """A column of a stored table; `kind` is number | text | time | boolean | other."""

    name: str
    type: str
    kind: str
    nulls: int | None = None


class ProductOutput(Struct):
    """One stored output of a block."""

    name: str
    kind: str
    type: str
    bytes: int
    rows: int | None = None
    columns: list[Column] = []
    media_type: str | None = None
    preview: str | None = None


class Product(Struct):
    """What one execution of a block stored. `scope` is interactive or a run id.

    `bytes` is what this execution takes on disk, its log included; `stored` what all executions
    of the block in this scope take.
    """

    project: str
    pipeline: str
    block: str
    scope: str
    version: str
    created: datetime
    duration: float
    outputs: list[ProductOutput]
    versions: list[str] = []
    bytes: int = 0
    stored: int = 0


class Rows(Struct):
    """A window of a table: `rows` are lists of plain values in column order.

    `total` counts the rows after the filter, `stored` all of them. Cells that
    were clipped are named as [row in window, column].
    """

    columns: list[Column]
    rows: list[list[Any]]
    offset: int
    total: int
    stored: int
    clipped: list[list[int]] = []


class Bin(Struct):
    """A bar of a small distribution: label and count."""

    label: str
    count: int


class ColumnStatistics(Struct):
    """What a column holds: nulls, distinct values, extremes, distribution."""

    name: str
    kind: str
    count: int
    nulls: int
    distinct: int | None
    minimum: Any = None
    maximum: Any = None
    mean: float | None = None
    bins: list[Bin] = []


class Statistics(Struct):
    """Statistics of every column of a table."""

    rows: int
    columns: list[ColumnStatistics]
