"""JSON in which dates, times and decimals stay what they are."""

from __future__ import annotations

import datetime
import decimal
import json
from collections.abc import Mapping
from typing import Any

MARKS = ("$datetime", "$date", "$time", "$decimal")


def dumps(value: Any) -> str:
    """Return plain data as JSON; what JSON has no word for is marked, anything else its text."""
    return json.dumps(value, default=_marked)


def loads(text: str | bytes) -> Any:
    """Return what `dumps` wrote."""
    return json.loads(text, object_hook=_unmarked)


def _marked(value: Any) -> Any:
    if isinstance(value, datetime.datetime):
        return {"$datetime": value.isoformat()}
    if isinstance(value, datetime.date):
        return {"$date": value.isoformat()}
    if isinstance(value, datetime.time):
        return {"$time": value.isoformat()}
    if isinstance(value, decimal.Decimal):
        return {"$decimal": str(value)}
    item = getattr(value, "item", None)
    if item is not None and getattr(value, "shape", None) == ():
        return item()
    return str(value)


def _unmarked(value: Mapping[str, Any]) -> Any:
    if len(value) != 1:
        return value
    name, text = next(iter(value.items()))
    if name == "$datetime":
        return datetime.datetime.fromisoformat(text)
    if name == "$date":
        return datetime.date.fromisoformat(text)
    if name == "$time":
        return datetime.time.fromisoformat(text)
    return decimal.Decimal(text) if name == "$decimal" else value


def plain(value: Any) -> Any:
    """Return plain data as any JSON has it: dates, times and decimals as their texts."""
    return json.loads(dumps(value), object_hook=_as_text)


def _as_text(value: dict[str, Any]) -> Any:
    if len(value) == 1 and next(iter(value)) in MARKS:
        return next(iter(value.values()))
    return value
