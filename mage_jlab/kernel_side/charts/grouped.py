"""Numbers about groups of rows, counted as Mage counts them."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import Any

from mage_jlab.errors import StepFailed

ADDED = frozenset({"count", "count_distinct", "sum"})
"""Aggregations of which an empty group has 0."""


def label(metric: Mapping[str, Any]) -> str:
    """Return the name of a metric, as Mage writes it."""
    return f"{metric['aggregation']}({metric['column']})"


def metrics(said: Any) -> list[dict[str, Any]]:
    """Return the metrics of a configuration that name a column."""
    found = []
    for item in said if isinstance(said, (list, tuple)) else ():
        if isinstance(item, Mapping) and item.get("column"):
            how = str(item.get("aggregation") or "sum")
            found.append({"column": str(item["column"]), "aggregation": how})
    return found


def by_group(frame: Any, groups: Sequence[str], wanted: Sequence[dict[str, Any]]) -> Any:
    """Return a frame of one row per group, sorted by it: the groups, then the metrics.

    Rows without a value in a group's column are left out.

    Raises:
        StepFailed: when a column cannot be aggregated like that.
    """
    pd = importlib.import_module("pandas")
    keys = list(groups)
    made = {
        label(item): _aggregated(
            clean(frame[item["column"]]).groupby([frame[key] for key in keys], observed=True), item
        )
        for item in wanted
    }
    index = frame.groupby(keys, observed=True).size().index
    found = pd.DataFrame({name: series.reindex(index) for name, series in made.items()})
    for item in wanted:
        if item["aggregation"] in ADDED:
            found[label(item)] = found[label(item)].fillna(0)
    return found.rename_axis(keys).reset_index()


def clean(series: Any) -> Any:
    """Return a column in which blank texts count as missing."""
    if series.dtype.kind in "biufcmM":
        return series
    return series.where(~series.map(lambda item: isinstance(item, str) and not item.strip()))


def _aggregated(grouped: Any, metric: dict[str, Any]) -> Any:
    how = metric["aggregation"]
    try:
        if how == "mode":
            return grouped.agg(_mode)
        if how == "median":
            return grouped.agg(_median)
        names = {
            "average": "mean", "count": "count", "count_distinct": "nunique",
            "max": "max", "min": "min", "sum": "sum",
        }  # fmt: skip
        if how in names:
            found = getattr(grouped, names[how])()
            return found
    except (TypeError, ValueError) as error:
        raise StepFailed(
            f"Column '{metric['column']}' has no {how}: {str(error).splitlines()[0][:200]}"
        ) from None
    raise StepFailed(
        f"'{how}' is no aggregation; there are average, count, count_distinct, max, median, min, "
        "mode and sum."
    )


def _mode(values: Any) -> Any:
    counts = values.dropna().value_counts()
    return counts.index[0] if len(counts) else None


def _median(values: Any) -> Any:
    """Return the middle one; of two middle ones the larger, as Mage does."""
    found = sorted(values.dropna())
    return found[len(found) // 2] if found else None
