"""One rule for how a value looks in JSON: in previews, windows of rows and downloads.

The kernel formats the first page of a table with it, the server every other
page, so a cell never changes its looks while one scrolls.
"""

from __future__ import annotations

import datetime
import decimal
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

CELL_CHARS = 300
SAFE_INTEGER = 2**53
"""Integers beyond it lose digits in a browser, so they travel as text."""
PAGE_ROWS = 50
PAGE_COLUMNS = 200

_DEPTH = 12
_ITEMS = 1000


def plain(value: Any) -> Any:
    """Return a value as JSON-safe plain data: None, bool, number or text."""
    if value is None or isinstance(value, (bool, str)):
        return value if value is None or type(value) in (bool, str) else _builtin(value)
    if isinstance(value, int):
        return int(value) if -SAFE_INTEGER <= value <= SAFE_INTEGER else str(int(value))
    if isinstance(value, float):
        return _number(float(value))
    if type(value).__name__ in ("NaTType", "NAType"):
        return None
    return _special(value)


def _builtin(value: Any) -> Any:
    return bool(value) if isinstance(value, bool) else str(value)


def _number(value: float) -> Any:
    if math.isnan(value):
        return None
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    return value


def _special(value: Any) -> Any:
    if isinstance(value, datetime.datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return None if value.is_nan() else str(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return "0x" + bytes(value)[:CELL_CHARS].hex()
    if isinstance(value, (Mapping, list, tuple, set, frozenset)):
        return json.dumps(tree(value), ensure_ascii=False)
    item = getattr(value, "item", None)
    if item is not None and getattr(value, "shape", None) == ():  # a numpy scalar
        native = item()
        return str(value) if type(native) is type(value) else plain(native)
    return text(value)


def text(value: Any, limit: int = 10_000) -> str:
    """Return the text form of anything; an object whose `__str__` raises is named."""
    try:
        return str(value)[:limit]
    except Exception as error:  # noqa: BLE001 - the user's __str__ may raise anything
        return f"<{type(value).__name__}: no text form, {type(error).__name__}>"


def cell(value: Any, limit: int = CELL_CHARS) -> tuple[Any, bool]:
    """Return a value for a cell of the grid, and whether it was clipped."""
    result = plain(value)
    if isinstance(result, str):
        result = result.encode("utf-8", "replace").decode("utf-8")
        if len(result) > limit:
            return result[: limit - 1] + "…", True
    return result, False


def rows(
    columns: Sequence[Sequence[Any]], limit: int = CELL_CHARS
) -> tuple[list[list[Any]], list[list[int]]]:
    """Turn columns of values into rows of cells; name the clipped ones as [row, column]."""
    result: list[list[Any]] = [[] for _ in (columns[0] if columns else ())]
    clipped: list[list[int]] = []
    for number, column in enumerate(columns):
        for row, value in enumerate(column):
            shown, cut = cell(value, limit)
            result[row].append(shown)
            if cut:
                clipped.append([row, number])
    return result, clipped


def tree(value: Any, depth: int = 0) -> Any:
    """Return nested data as JSON-safe nested data, bounded in depth and in items."""
    if isinstance(value, Mapping) and depth < _DEPTH:
        return {_key(k): tree(v, depth + 1) for k, v in _first(value.items())}
    if isinstance(value, (list, tuple, set, frozenset)) and depth < _DEPTH:
        return [tree(item, depth + 1) for item in _first(value)]
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and shape:
        sizes = " × ".join(str(size) for size in shape)
        return f"<{type(value).__name__} {sizes}>"
    if isinstance(value, (Mapping, list, tuple, set, frozenset)):
        return f"<{type(value).__name__}>"
    return plain(value)


def _key(key: Any) -> str:
    return key if type(key) is str else text(key)


def _first(items: Iterable[Any]) -> list[Any]:
    result = []
    for number, item in enumerate(items):
        if number >= _ITEMS:
            break
        result.append(item)
    return result


def kind(arrow_type: str) -> str:
    """Return number | text | time | boolean | other for a type as Arrow writes it."""
    name = arrow_type.lower()
    if name.startswith("dictionary<values="):
        return kind(name[len("dictionary<values=") :].partition(",")[0])
    if name == "bool":
        return "boolean"
    if name.startswith(("int", "uint", "float", "double", "halffloat", "decimal")):
        return "number"
    if name.startswith(("timestamp", "date", "time", "duration")):
        return "time"
    if name.startswith(("string", "large_string", "utf8")):
        return "text"
    return "other"


def column(name: str, type_: str, nulls: int | None) -> dict[str, Any]:
    """Return a column as the wire describes it."""
    shown, _ = cell(name)
    return {"name": shown, "type": type_, "kind": kind(type_), "nulls": nulls}
