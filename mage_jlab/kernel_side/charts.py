"""Chart blocks: Mage's chart configuration, drawn as Vega-Lite by JupyterLab itself.

With code, the block's variables named by ``x`` and ``y`` (or ``group_by`` and
``metrics`` over a frame) are the data; without, the first upstream frame is. A
block that draws by itself (matplotlib, plotly …) needs none of this.
"""

from __future__ import annotations

import importlib
import types
from collections.abc import Sequence
from typing import Any

from mage_jlab.errors import StepFailed
from mage_jlab.kernel_side.decorators import Marked
from mage_jlab.kernel_side.step import Step
from mage_jlab.products import cells
from mage_jlab.products.formats.target import comes_from

MIME = "application/vnd.vegalite.v5+json"
_MOST = 5000
_AGGREGATES = {
    "average": "mean", "count": "count", "count_distinct": "nunique", "max": "max",
    "median": "median", "min": "min", "sum": "sum",
}  # fmt: skip
_UNITS = {
    "second": "yearmonthdatehoursminutesseconds", "minute": "yearmonthdatehoursminutes",
    "hour": "yearmonthdatehours", "day": "yearmonthdate", "week": "yearweek",
    "month": "yearmonth", "year": "year",
}  # fmt: skip


def show(
    step: Step, shell: Any, module: types.ModuleType, marked: Sequence[Marked], values: list[Any]
) -> None:
    """Draw what the block's configuration asks for, if it asks for anything.

    Raises:
        StepFailed: when the configuration does not fit the data.
    """
    configuration = dict(step.configuration)
    names = dict(module.__dict__)
    for item in marked:
        if item.name == "configuration":
            configuration.update(item.function() or {})
        elif item.name == "data_source":
            values = [item.function(*values)]
        elif item.name in ("x", "y"):
            names[str(configuration.get(item.name, item.name))] = item.function(*values)
    kind = str(configuration.get("chart_type") or "")
    if not kind or kind == "custom":
        return
    rows, fields = _data(step, configuration, names, values)
    spec = _spec(step, kind, configuration, rows, fields)
    data = {MIME: spec, "text/plain": f"{kind}: {step.name} ({len(rows)} values)"}
    shell.display_pub.publish(data=data, metadata={})


def _data(
    step: Step, configuration: dict[str, Any], names: dict[str, Any], values: list[Any]
) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the values to draw and the names of their fields: x first, then the ys."""
    x = configuration.get("x")
    y = configuration.get("y")
    if isinstance(x, str) and x in names:
        columns = {x: list(names[x])}
        if isinstance(y, str) and y in names:
            columns[y] = list(names[y])
        return _rows(columns), list(columns)
    frames = [value for value in values if comes_from(value, "pandas", "DataFrame")]
    if not frames:
        raise StepFailed(
            f"Chart '{step.block}' has no data: its code defines no '{x or 'x'}' and no upstream "
            "block left a data frame.",
            block=step.block,
        )
    frame = frames[0]
    groups = [str(name) for name in configuration.get("group_by") or ()]
    metrics = [item for item in configuration.get("metrics") or () if item.get("column")]
    missing = [n for n in [*groups, *(m["column"] for m in metrics)] if n not in frame.columns]
    if missing:
        raise StepFailed(
            f"Chart '{step.block}' uses column '{missing[0]}', which the data does not have; it "
            f"has {', '.join(map(str, list(frame.columns)[:20]))}.",
            block=step.block,
        )
    if groups and metrics:
        return _grouped(frame, groups, metrics)
    column = groups[0] if groups else str(frame.columns[0])
    return _rows({column: frame[column].tolist()}), [column]


def _grouped(
    frame: Any, groups: list[str], metrics: list[dict[str, Any]]
) -> tuple[list[dict[str, Any]], list[str]]:
    pd = importlib.import_module("pandas")
    made = {}
    for item in metrics:
        how = str(item.get("aggregation") or "sum")
        grouped = frame.groupby(groups, dropna=False, observed=True)[item["column"]]
        label = f"{how}({item['column']})"
        if how == "mode":
            made[label] = grouped.agg(lambda s: s.mode().iloc[0] if len(s.mode()) else None)
        else:
            made[label] = grouped.agg(_AGGREGATES.get(how, "sum"))
    result = pd.DataFrame(made).reset_index()
    name = " · ".join(groups)
    if len(groups) > 1:
        result[name] = result[groups].astype(str).agg(" · ".join, axis=1)
    columns = {name: result[name].tolist(), **{label: result[label].tolist() for label in made}}
    return _rows(columns), list(columns)


def _rows(columns: dict[str, list[Any]]) -> list[dict[str, Any]]:
    names = list(columns)
    cut = [column[:_MOST] for column in columns.values()]
    return [{name: cells.plain(value) for name, value in zip(names, row)} for row in zip(*cut)]


def _spec(
    step: Step,
    kind: str,
    configuration: dict[str, Any],
    rows: list[dict[str, Any]],
    fields: list[str],
) -> dict[str, Any]:
    x, ys = fields[0], fields[1:]
    mark = "line" if "line" in kind else "bar"
    spec: dict[str, Any] = {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "title": step.name,
        # Not "container": in a notebook's output that never ends and freezes the page.
        "width": int(configuration.get("width") or 480),
        "height": int(configuration.get("height") or 240),
        "data": {"values": rows},
        "mark": {"type": mark, "tooltip": True},
    }
    title = configuration.get("x_axis_label") or x
    across: dict[str, Any] = {"field": _field(x), "title": title}
    if kind == "histogram":
        bins = min(40, int(configuration.get("buckets") or 20))
        across.update(bin={"maxbins": bins}, type="quantitative")
        spec["encoding"] = {"x": across, "y": {"aggregate": "count", "title": "count"}}
        return spec
    if kind.startswith("time series"):
        unit = _UNITS.get(str(configuration.get("time_interval") or ""))
        across.update(type="temporal", **({"timeUnit": unit} if unit else {}))
    elif mark == "bar":
        order = str(configuration.get("y_sort_order") or "")
        sort = {"ascending": "y", "descending": "-y"}.get(order)
        across.update(type="nominal", sort=sort)
    if not ys:
        up: dict[str, Any] = {"aggregate": "count", "title": "count"}
    elif len(ys) == 1:
        up = {"field": _field(ys[0]), "type": "quantitative"}
        up["title"] = configuration.get("y_axis_label") or ys[0]
    else:
        spec["transform"] = [{"fold": ys, "as": ["metric", "value"]}]
        up = {"field": "value", "type": "quantitative"}
    spec["encoding"] = {"x": across, "y": up}
    if len(ys) > 1:
        spec["encoding"]["color"] = {"field": "metric", "type": "nominal"}
    if kind == "pie chart":
        spec["mark"] = {"type": "arc", "tooltip": True}
        spec["encoding"] = {"theta": up, "color": {"field": _field(x), "type": "nominal"}}
    elif kind == "table":
        spec["mark"] = {"type": "text"}
    return spec


def _field(name: str) -> str:
    """Return a field name for Vega, in which dots and brackets mean something."""
    for char in ".[]":
        name = name.replace(char, f"\\{char}")
    return name
