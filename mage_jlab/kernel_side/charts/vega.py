"""Vega-Lite of what a chart shows. Readable on light and dark pages alike."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from mage_jlab.products import cells

MIME = "application/vnd.vegalite.v5+json"
_FULL = 640
_GREY = "#7a7a7a"
_CONFIG = {
    "background": "transparent",
    "axis": {
        "labelColor": _GREY, "titleColor": _GREY, "domainColor": _GREY, "tickColor": _GREY,
        "gridColor": _GREY, "gridOpacity": 0.25, "labelLimit": 140,
    },
    "legend": {"labelColor": _GREY, "titleColor": _GREY, "orient": "bottom"},
    "title": {"color": _GREY, "fontWeight": 600, "anchor": "start"},
    "view": {"stroke": None},
    "range": {"category": {"scheme": "tableau10"}},
}  # fmt: skip


def base(title: str, said: Mapping[str, Any]) -> dict[str, Any]:
    """Return what all charts have in common: title, size, colours."""
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "title": title,
        # Not "container": in a notebook's output that never ends and freezes the page.
        "width": _width(said),
        "height": int(number(said.get("height"), 240, 60, 2000)),
        "config": _CONFIG,
    }


def _width(said: Mapping[str, Any]) -> int:
    if said.get("width") is not None:
        return int(number(said.get("width"), 480, 100, 4000))
    share = number(said.get("width_percentage"), 75, 0, 100)
    return int(_FULL * (share * 100 if 0 < share <= 1 else max(share, 15)) / 100)


def number(value: Any, otherwise: float, low: float, high: float) -> float:
    """Return a number of a configuration within bounds."""
    try:
        found = float(value)
    except (TypeError, ValueError):
        return otherwise
    return min(max(found, low), high) if found == found else otherwise


def rows(columns: Mapping[str, Sequence[Any]], most: int = 5000) -> list[dict[str, Any]]:
    """Return columns as rows of plain values."""
    names = list(columns)
    cut = [list(column)[:most] for column in columns.values()]
    return [{name: _plain(value) for name, value in zip(names, row)} for row in zip(*cut)]


def _plain(value: Any) -> Any:
    """Return a value for Vega, for which a time without a zone is local and a bare date is not."""
    if isinstance(value, datetime.datetime):
        return None if value != value else value.isoformat()
    if isinstance(value, datetime.date):
        return f"{value.isoformat()}T00:00:00"
    return cells.plain(value)


def kind_of(values: Sequence[Any]) -> str:
    """Return whether values are numbers, times or anything else, in Vega-Lite's words."""
    known = [value for value in values if value is not None and value == value]
    if known and all(isinstance(v, (datetime.datetime, datetime.date)) for v in known):
        return "temporal"
    if known and all(_numeric(value) for value in known):
        return "quantitative"
    return "ordinal"


def _numeric(value: Any) -> bool:
    return not isinstance(value, (bool, str)) and hasattr(value, "__float__")


def field(name: str) -> str:
    """Return a field name for Vega, in which dots and brackets mean something."""
    for char in ".[]":
        name = name.replace(char, f"\\{char}")
    return name


def bars(x: str, ys: Sequence[str], said: Mapping[str, Any]) -> dict[str, Any]:
    """Return marks of bars: one for each x, beside each other for several ys."""
    across = {"field": field(x), "type": "nominal", "sort": None, "title": _label(said, "x", x)}
    up: dict[str, Any] = {"field": field(ys[0]), "type": "quantitative"}
    up["title"] = _label(said, "y", ys[0] if len(ys) == 1 else "value")
    flat = str(said.get("chart_style") or "").startswith("horizontal")
    names = ("y", "x") if flat else ("x", "y")
    encoding: dict[str, Any] = {names[0]: across, names[1]: up}
    spec: dict[str, Any] = {"mark": {"type": "bar", "tooltip": True}, "encoding": encoding}
    if len(ys) > 1:
        _fold(spec, ys, up)
        encoding[f"{names[0]}Offset"] = {"field": "metric", "sort": None}
    return spec


def lines(
    x: str, ys: Sequence[str], values: Sequence[Any], said: Mapping[str, Any]
) -> dict[str, Any]:
    """Return marks of lines, one for each y."""
    across: dict[str, Any] = {
        "field": field(x),
        "type": kind_of(values),
        "title": _label(said, "x", x),
    }
    if across["type"] == "ordinal":
        across["sort"] = None
    elif across["type"] == "quantitative":
        across["scale"] = {"zero": False}
    up: dict[str, Any] = {"field": field(ys[0]), "type": "quantitative", "scale": {"zero": False}}
    up["title"] = _label(said, "y", ys[0] if len(ys) == 1 else "value")
    point = len(values) <= 60
    spec: dict[str, Any] = {
        "mark": {"type": "line", "tooltip": True, "point": point},
        "encoding": {"x": across, "y": up},
    }
    if len(ys) > 1:
        _fold(spec, ys, up)
    return spec


def spans(x: str, end: str, ys: Sequence[str], said: Mapping[str, Any]) -> dict[str, Any]:
    """Return marks of bars that reach from one time to the next."""
    spec = lines(x, ys, [datetime.datetime.now()], said)
    spec["mark"] = {"type": "bar", "tooltip": True, "opacity": 0.8 if len(ys) > 1 else 1}
    spec["encoding"]["x2"] = {"field": field(end)}
    spec["encoding"]["y"]["scale"] = {"zero": True}
    spec["encoding"]["y2"] = {"datum": 0}
    return spec


def histogram(said: Mapping[str, Any], title: str) -> dict[str, Any]:
    """Return marks of a histogram over rows with `from`, `to` and `count`."""
    across = {"field": "from", "bin": "binned", "type": "quantitative"}
    return {
        "mark": {"type": "bar", "tooltip": True},
        "encoding": {
            "x": {**across, "title": _label(said, "x", title)},
            "x2": {"field": "to"},
            "y": {"field": "count", "type": "quantitative", "title": _label(said, "y", "count")},
        },
    }


def pie(x: str, y: str) -> dict[str, Any]:
    """Return marks of a pie, the largest piece first."""
    return {
        "mark": {"type": "arc", "tooltip": True, "stroke": None},
        "encoding": {
            "theta": {"field": field(y), "type": "quantitative", "stack": True},
            "order": {"field": field(y), "type": "quantitative", "sort": "descending"},
            "color": {"field": field(x), "type": "nominal", "sort": None, "title": x},
        },
    }


def _fold(spec: dict[str, Any], ys: Sequence[str], up: dict[str, Any]) -> None:
    spec["transform"] = [{"fold": [field(name) for name in ys], "as": ["metric", "value"]}]
    up["field"] = "value"
    spec["encoding"]["color"] = {"field": "metric", "type": "nominal", "sort": None, "title": None}


def _label(said: Mapping[str, Any], axis: str, otherwise: str) -> str:
    return str(said.get(f"{axis}_axis_label") or otherwise)
