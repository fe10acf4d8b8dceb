"""What the columns of a stored table hold: counts, extremes, a small distribution."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any

from mage_jlab.model.product import Output
from mage_jlab.preview.source import Connection, Source
from mage_jlab.products import cells

COLUMNS = 200
BINS = 12
TOP = 8
_EXACT = 200_000
"""Up to so many rows distinct values are counted, above they are estimated."""
_FEW = 1000

_cache: OrderedDict[Any, dict[str, Any]] = OrderedDict()
_guard = threading.Lock()


def statistics(folder: Path, output: Output) -> dict[str, Any]:
    """Return statistics of every column as `wire.Statistics`; remembered for a while.

    Raises:
        StoreError: when the output is no table or cannot be read.
    """
    source = Source(folder, output)
    with _guard:
        found = _cache.get(source.stamp)
    if found is None:
        found = _count(source)
        with _guard:
            _cache[source.stamp] = found
            while len(_cache) > 32:
                _cache.popitem(last=False)
    return found


def _count(source: Source) -> dict[str, Any]:
    width = min(COLUMNS, len(source.names))
    rows = source.table.num_rows
    columns = []
    with source.connect(range(width), rows=False) as connection:
        for number in range(width):
            columns.append(_column(source, connection, number, rows))
    return {"rows": rows, "columns": columns}


def _column(source: Source, connection: Connection, number: int, rows: int) -> dict[str, Any]:
    kind = source.kind(number)
    type_ = str(source.table.schema.field(number).type)
    name = f"c{number}"
    if type_ in ("double", "float", "halffloat") and not source.nan_is_null:
        name = f"(CASE WHEN isnan({name}) THEN NULL ELSE {name} END)"
    many = "count(DISTINCT {0})" if rows <= _EXACT else "approx_count_distinct({0})"
    mean = f"avg(CAST({name} AS DOUBLE))" if kind == "number" else "NULL"
    plain = kind != "other"
    what = f"min({name}), max({name})" if plain else "NULL, NULL"
    distinct = many.format(name) if plain else "NULL"
    sql = f"SELECT count({name}), {distinct}, {what}, {mean} FROM t"  # noqa: S608 - our names
    count, different, low, high, average = connection.rows(sql)[0]
    result: dict[str, Any] = {
        "name": cells.cell(source.names[number])[0],
        "kind": kind,
        "count": count,
        "nulls": rows - count,
        "distinct": None if different is None else min(different, count),
        "minimum": cells.cell(low)[0],
        "maximum": cells.cell(high)[0],
        "mean": average if average is not None and math.isfinite(average) else None,
        "bins": [],
    }
    if count and plain:
        result["bins"] = _bins(connection, name, kind, type_, (low, high, different or 0))
    return result


def _bins(
    connection: Connection, name: str, kind: str, type_: str, known: tuple[Any, Any, int]
) -> list[dict[str, Any]]:
    low, high, different = known
    if kind == "number":
        return _histogram(connection, f"CAST({name} AS DOUBLE)", float(low), float(high))
    if kind == "time":
        if type_.startswith(("duration", "time32", "time64")):
            return []
        value = f"epoch(CAST({name} AS TIMESTAMP))"
        sql = f"SELECT min({value}), max({value}) FROM t"  # noqa: S608 - our names
        first, last = connection.rows(sql)[0]
        return _histogram(connection, value, first, last, times=True)
    if different > _FEW:
        return []
    sql = (
        f"SELECT {name} v, count(*) n FROM t WHERE {name} IS NOT NULL "  # noqa: S608 - our names
        "GROUP BY v ORDER BY n DESC, v"
    )
    found = connection.rows(sql)
    bins = [{"label": str(cells.cell(value, 40)[0]), "count": n} for value, n in found[:TOP]]
    rest = sum(n for _, n in found[TOP:])
    return [*bins, {"label": "other", "count": rest}] if rest else bins


def _histogram(
    connection: Connection, value: str, low: float, high: float, *, times: bool = False
) -> list[dict[str, Any]]:
    if low == high or not (abs(low) < 1e300 and abs(high) < 1e300):
        sql = f"SELECT count({value}) FROM t"  # noqa: S608 - our names
        return [{"label": _label(low, times), "count": connection.rows(sql)[0][0]}]
    step = (high - low) / BINS
    sql = (
        f"SELECT least({BINS - 1}, CAST(floor(({value} - ?) / ?) AS INTEGER)) b, "  # noqa: S608
        f"count(*) n FROM t WHERE isfinite({value}) GROUP BY b ORDER BY b"
    )
    found = dict(connection.rows(sql, [low, step]))
    return [
        {
            "label": f"{_label(low + step * i, times)} – {_label(low + step * (i + 1), times)}",
            "count": found.get(i, 0),
        }
        for i in range(BINS)
    ]


def _label(value: float, times: bool) -> str:
    if not times:
        return f"{value:,.4g}"
    import datetime

    start = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    try:
        moment = start + datetime.timedelta(seconds=value)
    except OverflowError:
        return f"{value:,.4g}"
    return moment.strftime("%Y-%m-%d %H:%M").removesuffix(" 00:00")
