"""Runs a chart block: what its code gives is drawn as its configuration says."""

from __future__ import annotations

import base64
import importlib
import math
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mage_jlab.errors import StepFailed
from mage_jlab.kernel_side import decorators, inputs
from mage_jlab.kernel_side.charts import grouped, moments, series, vega
from mage_jlab.kernel_side.charts.series import Given
from mage_jlab.kernel_side.decorators import Marked
from mage_jlab.kernel_side.step import Step

TYPES = (
    "bar chart", "custom", "histogram", "line chart", "pie chart", "table",
    "time series bar chart", "time series line chart",
)  # fmt: skip
MOST_BUCKETS = 40
_TABLE_ROWS = 10_000


_EMPTY = (
    "There is nothing to draw yet: choose a type and columns in the settings of this block, "
    "or draw in its code."
)


def run(
    step: Step, shell: Any, module: types.ModuleType, marked: Sequence[Marked], values: list[Any]
) -> list[Any]:
    """Draw a chart; return the outputs to be stored and shown: the frame of a table.

    Raises:
        StepFailed: when the configuration does not fit the data.
    """
    first = {item.name: item for item in reversed(marked)}

    def call(name: str) -> Any:
        return inputs.call(first[name].function, values, step)

    if "data_source" in first:
        values = [call("data_source")]
    said = dict(step.configuration)
    if "configuration" in first:
        said.update(call("configuration") or {})
    if "render" in first:
        _render(step, shell, call("render"), first["render"].options)
        return []
    kind = str(said.get("chart_type") or "")
    if not kind or kind == "custom":
        if not any(line.strip() and line.strip()[0] != "#" for line in step.code.splitlines()):
            shell.display_pub.publish(data={"text/plain": _EMPTY}, metadata={})
        return []
    if kind not in TYPES:
        raise StepFailed(
            f"Chart '{step.block}' is a '{kind}', which is not known; there are "
            f"{', '.join(TYPES)}.",
            block=step.block,
        )
    given = _given(said, module, first, call, values)
    if kind == "table":
        return [_table(step, said, given)]
    draw: Callable[[Step, dict[str, Any], Given], dict[str, Any]] = {
        "bar chart": _bars, "histogram": _histogram, "line chart": _lines, "pie chart": _pie,
        "time series bar chart": _moments, "time series line chart": _moments,
    }[kind]  # fmt: skip
    spec = {**vega.base(step.name, said), **draw(step, said, given)}
    count = len(spec["data"]["values"])
    data = {vega.MIME: spec, "text/plain": f"{kind}: {step.name} ({count} values)"}
    shell.display_pub.publish(data=data, metadata={})
    return []


def _given(
    said: Mapping[str, Any],
    module: types.ModuleType,
    first: Mapping[str, Marked],
    call: Callable[[str], Any],
    values: list[Any],
) -> Given:
    """Return what is drawn: decorated values, else columns of a frame, else variables."""
    given = Given(x_name=str(said.get("x") or "x"), y_name=str(said.get("y") or "y"))
    if "columns" in first:
        given.columns = call("columns")
    if "xy" in first:
        given.x, given.y = call("xy")
        return given
    if "x" in first or "y" in first:
        given.x = call("x") if "x" in first else None
        given.y = call("y") if "y" in first else None
        return given
    given.frame = series.first_frame(values)
    if said.get("group_by") or said.get("metrics"):
        return given
    names = module.__dict__
    for key in ("x", "y", "index"):
        name = str(said.get(key) or key)
        value = names.get(name)
        if value is not None and value is not decorators.BY_NAME.get(name):
            setattr(given, key, value)
    return given


def _bars(step: Step, said: dict[str, Any], given: Given) -> dict[str, Any]:
    x, columns = _columns(step, said, given)
    order = str(said.get("y_sort_order") or "")
    ys = [name for name in columns if name != x]
    rows = vega.rows(columns)
    if order in ("ascending", "descending"):
        rows.sort(key=lambda row: _sortable(row[ys[0]]), reverse=order == "descending")
    if said.get("limit") not in (None, ""):
        rows = rows[: int(vega.number(said["limit"], len(rows), 1, len(rows) or 1))]
    return {"data": {"values": rows}, **vega.bars(x, ys, said)}


def _lines(step: Step, said: dict[str, Any], given: Given) -> dict[str, Any]:
    x, columns = _columns(step, said, given)
    ys = [name for name in columns if name != x]
    return {"data": {"values": vega.rows(columns)}, **vega.lines(x, ys, columns[x], said)}


def _columns(step: Step, said: dict[str, Any], given: Given) -> tuple[str, dict[str, list[Any]]]:
    """Return the name of x, and all columns to draw."""
    if given.x is not None:
        ys = series.lines_of(given)
        x = given.x_name if given.x_name not in ys else f"{given.x_name} "
        return x, {x: series.listed(given.x), **ys}
    if given.y is not None:
        ys = series.lines_of(given)
        return "x", {"x": list(range(max(map(len, ys.values())))), **ys}
    frame = _frame(step, said, given)
    groups = [str(name) for name in said.get("group_by") or ()]
    wanted = grouped.metrics(said.get("metrics"))
    if not groups:
        raise StepFailed(
            f"Chart '{step.block}' needs a column to group by; choose it in the settings of the "
            "block.",
            block=step.block,
        )
    series.check_columns(step.block, frame, [*groups, *(item["column"] for item in wanted)])
    if not wanted:
        wanted = [{"aggregation": "count", "column": groups[0]}]
    table = grouped.by_group(frame, groups, wanted)
    if len(groups) == 1:
        x, across = groups[0], table[groups[0]].tolist()
    else:
        x = " · ".join(groups)
        across = [" · ".join(map(str, row)) for row in zip(*(table[name] for name in groups))]
    return x, {x: across, **{name: table[name].tolist() for name in map(grouped.label, wanted)}}


def _frame(step: Step, said: Mapping[str, Any], given: Given) -> Any:
    if given.frame is not None:
        return given.frame
    raise StepFailed(
        f"Chart '{step.block}' has no data: its code defines no "
        f"'{said.get('x') or 'x'}' and no upstream block left a table.",
        block=step.block,
    )


def _histogram(step: Step, said: dict[str, Any], given: Given) -> dict[str, Any]:
    title, values = _values(step, said, given)
    numbers = [float(value) for value in values if _is_number(value)]
    if values and not numbers:
        raise StepFailed(
            f"Chart '{step.block}' is a histogram, but '{title}' holds no numbers.",
            block=step.block,
        )
    most = int(vega.number(said.get("buckets"), MOST_BUCKETS, 1, MOST_BUCKETS))
    rows = [{"from": a, "to": b, "count": n} for a, b, n in _bins(numbers, most)]
    return {"data": {"values": rows}, **vega.histogram(said, title)}


def _bins(numbers: list[float], most: int) -> list[tuple[float, float, int]]:
    """Return (from, to, how many), of whole numbers with whole borders, as Mage has them."""
    if not numbers:
        return []
    low, high = min(numbers), max(numbers)
    total = high - low + 1
    if float(high - low).is_integer() and total <= most:
        size, count = 1.0, int(total)
    else:
        # Mage's width, which would put all values that are close together into one bin.
        size = total / most if high - low >= 1 else (high - low) / most
        if size > 1:
            size = float(math.ceil(size))
        elif high - low >= 1:
            size = round(size * 100, 1) / 100
        size = size or 1.0
        count = max(1, min(most, math.floor((high - low) / size) + 1))
    found = [0] * count
    for number in numbers:
        found[min(int((number - low) / size), count - 1)] += 1
    return [(low + at * size, low + (at + 1) * size, n) for at, n in enumerate(found)]


def _pie(step: Step, said: dict[str, Any], given: Given) -> dict[str, Any]:
    most = int(vega.number(said.get("buckets"), MOST_BUCKETS, 1, MOST_BUCKETS))
    if given.x is None and grouped.metrics(said.get("metrics")) and said.get("group_by"):
        x, columns = _columns(step, said, given)
        y = next(name for name in columns if name != x)
        counts = dict(zip(map(str, columns[x]), columns[y]))
    else:
        x, values = _values(step, said, given)
        y, counts = "count", {}
        for value in values:
            if value is not None and value == value:
                counts[str(value)] = counts.get(str(value), 0) + 1
    order = sorted(counts.items(), key=lambda item: (_sortable(item[1]), item[0]), reverse=True)
    largest = order[:most]
    names, sizes = [item[0] for item in largest], [item[1] for item in largest]
    x = x if x != y else f"{x} "
    return {"data": {"values": vega.rows({x: names, y: sizes})}, **vega.pie(x, y)}


def _values(step: Step, said: dict[str, Any], given: Given) -> tuple[str, list[Any]]:
    """Return the one column that is counted, and its name."""
    if given.x is not None:
        return given.x_name, series.listed(given.x)
    frame = _frame(step, said, given)
    groups = [str(name) for name in said.get("group_by") or ()]
    name = groups[0] if groups else str(frame.columns[0])
    series.check_columns(step.block, frame, [name])
    return name, frame[name].dropna().tolist()


def _moments(step: Step, said: dict[str, Any], given: Given) -> dict[str, Any]:
    bar = said["chart_type"] == "time series bar chart"
    if given.x is not None:
        x, columns = _columns(step, said, given)
        columns[x] = moments.parsed(columns[x]).tolist()
        ys = [name for name in columns if name != x]
        if bar:
            spec = vega.bars(x, ys, said)
            spec["encoding"]["x"]["type"] = "temporal"
        else:
            spec = vega.lines(x, ys, columns[x], said)
        return {"data": {"values": vega.rows(columns)}, **spec}
    frame = _frame(step, said, given)
    groups = [str(name) for name in said.get("group_by") or ()]
    wanted = grouped.metrics(said.get("metrics"))
    if not groups:
        raise StepFailed(
            f"Chart '{step.block}' needs a column with times; choose it in the settings of the "
            "block.",
            block=step.block,
        )
    x = groups[0]
    series.check_columns(step.block, frame, [x, *(item["column"] for item in wanted)])
    wanted = wanted or [{"aggregation": "count", "column": x}]
    interval = str(said.get("time_interval") or "original")
    starts, ends, found = moments.buckets(frame, x, interval, wanted)
    end = f"{x} (end)"
    rows = vega.rows({x: starts, end: ends, **found})
    if bar:
        return {"data": {"values": rows}, **vega.spans(x, end, list(found), said)}
    return {"data": {"values": rows}, **vega.lines(x, list(found), starts, said)}


def _table(step: Step, said: dict[str, Any], given: Given) -> Any:
    """Return the frame that a table shows."""
    pd = importlib.import_module("pandas")
    limit = int(vega.number(said.get("limit"), _TABLE_ROWS, 1, 1_000_000))
    if given.y is not None:
        rows = given.y if isinstance(given.y, (list, tuple)) else given.y[:limit]
        found = pd.DataFrame(rows).iloc[:limit]
        names = series.listed(given.x) or series.listed(given.columns)
        if len(names) == len(found.columns):
            found.columns = [str(name) for name in names]
        if given.index is not None:
            found.index = pd.Index(series.listed(given.index)[: len(found)])
        return found
    frame = _frame(step, said, given)
    order = said.get("order_by")
    names = [str(name) for name in said.get("group_by") or ()]
    by = [str(name) for name in (order if isinstance(order, list) else [order] if order else [])]
    series.check_columns(step.block, frame, [*names, *by])
    if by:
        ascending = str(said.get("y_sort_order")) != "descending"
        frame = frame.sort_values(by=by, ascending=ascending)
    return (frame[names] if names else frame).iloc[:limit].reset_index(drop=True)


def _render(step: Step, shell: Any, value: Any, options: Mapping[str, Any]) -> None:
    """Show what a function with @render returned: HTML, JSON of a chart library, an image."""
    kind = str(options.get("render_type") or options.get("type") or "").lower()
    if hasattr(value, "to_dict") and kind == "json":
        value = value.to_dict()
    text = value if isinstance(value, str) else None
    if kind in ("png", "jpeg", "jpg", "gif", "svg"):
        media = {"jpg": "image/jpeg", "svg": "image/svg+xml"}.get(kind, f"image/{kind}")
        raw = base64.b64encode(value).decode() if isinstance(value, bytes) else text
        data: dict[str, Any] = {media: raw}
    elif kind == "html" or (text is not None and kind != "json"):
        data = {"text/html": text if text is not None else str(value)}
    else:
        data = _library(importlib.import_module("json").loads(text) if text else value)
    shell.display_pub.publish(data={**data, "text/plain": f"chart: {step.name}"}, metadata={})


def _library(value: Any) -> dict[str, Any]:
    """Return the message that shows JSON of a chart library, else the JSON itself."""
    if isinstance(value, Mapping) and "vega-lite" in str(value.get("$schema")):
        return {vega.MIME: dict(value)}
    if isinstance(value, Mapping) and "data" in value and "layout" in value:
        return {"application/vnd.plotly.v1+json": dict(value)}
    return {"application/json": value}


def _is_number(value: Any) -> bool:
    if value is None or isinstance(value, (bool, str)):
        return False
    try:
        return math.isfinite(float(value))
    except (TypeError, ValueError):
        return False


def _sortable(value: Any) -> tuple[bool, Any]:
    number = _is_number(value)
    return number, float(value) if number else 0.0
