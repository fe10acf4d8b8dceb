"""Time series: values put into at most forty intervals."""

from __future__ import annotations

import importlib
import math
from collections.abc import Sequence
from typing import Any

from mage_jlab.errors import StepFailed
from mage_jlab.kernel_side.charts import grouped

MOST = 40
_FREQUENCIES = {
    "year": "Y", "month": "M", "week": "W-SAT", "day": "D", "hour": "h", "minute": "min",
    "second": "s",
}  # fmt: skip
_LENGTHS = (
    (365 * 86_400, "year"), (28 * 86_400, "month"), (7 * 86_400, "week"), (86_400, "day"),
    (3_600, "hour"), (60, "minute"),
)  # fmt: skip


def parsed(values: Any) -> Any:
    """Return a column as times; numbers are seconds since 1970, as Mage takes them.

    Raises:
        StepFailed: when they are no times.
    """
    pd = importlib.import_module("pandas")
    series = pd.Series(values)
    try:
        if series.dtype.kind in "iuf":
            found = pd.to_datetime(series, unit="s", errors="coerce")
        else:
            found = pd.to_datetime(grouped.clean(series), errors="coerce", utc=True, format="mixed")
    except (TypeError, ValueError, OverflowError):
        found = pd.Series([pd.NaT] * len(series))
    if len(series.dropna()) and not found.notna().any():
        raise StepFailed(f"Column '{series.name}' holds no dates or times.")
    return found.dt.tz_localize(None) if found.dt.tz is not None else found


def buckets(
    frame: Any, column: str, interval: str, wanted: Sequence[dict[str, Any]]
) -> tuple[list[Any], list[Any], dict[str, list[Any]]]:
    """Return the beginnings and the ends of intervals, and each metric in each of them.

    Raises:
        StepFailed: when the column holds no times, or the interval is not known.
    """
    pd = importlib.import_module("pandas")
    times = parsed(frame[column])
    frame = frame.assign(__time__=times.to_numpy())[times.notna().to_numpy()]
    if not len(frame):
        return [], [], {grouped.label(item): [] for item in wanted}
    unit = _unit(frame["__time__"], interval)
    periods = frame["__time__"].dt.to_period(_FREQUENCIES[unit])
    first, last = periods.min(), periods.max()
    count = (last - first).n + 1
    step = max(1, math.ceil(count / MOST))
    number = (periods.map(lambda period: period.ordinal) - first.ordinal) // step
    table = grouped.by_group(frame.assign(__bucket__=number), ["__bucket__"], wanted)
    table = table.set_index("__bucket__").reindex(range(math.ceil(count / step)))
    for item in wanted:
        if item["aggregation"] in grouped.ADDED:
            table[grouped.label(item)] = table[grouped.label(item)].fillna(0)
    edges = [(first + step * at).start_time for at in range(len(table) + 1)]
    values = {
        name: [None if pd.isna(value) else value for value in table[name].tolist()]
        for name in map(grouped.label, wanted)
    }
    return edges[:-1], edges[1:], values


def _unit(times: Any, interval: str) -> str:
    if interval in _FREQUENCIES:
        return interval
    if interval not in ("", "original"):
        raise StepFailed(
            f"'{interval}' is no time interval; there are original, {', '.join(_FREQUENCIES)}."
        )
    known = times.drop_duplicates().sort_values()
    if len(known) < 2:
        return "day"
    apart = (known.iloc[1] - known.iloc[0]).total_seconds()
    return next((unit for seconds, unit in _LENGTHS if apart >= seconds), "second")
