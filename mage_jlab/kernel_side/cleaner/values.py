"""Turning the values of a column into what its kind says."""

from __future__ import annotations

import ast
import re
from typing import Any

from mage_jlab.io.drivers import package

_BLANK = r"^\s*$"
_COMMA = re.compile(r"\s*,\s*")


def no_blanks(data: Any) -> Any:
    """Return a column or frame with blank texts as gaps."""
    return data.replace(_BLANK, float("nan"), regex=True).infer_objects()


def converted(column: Any, kind: Any) -> Any:
    """Return a column as its kind wants it; whole numbers have no gaps, they get 0."""
    name = str(kind)
    if name == "number":
        filled = column.replace(_BLANK, 0, regex=True).fillna(0).infer_objects()
        return filled.astype("int64")
    if name == "number_with_decimals":
        return column.dropna().astype(float)
    if name == "text":
        return column.dropna().astype(str)
    if name == "list":
        return column.map(parse_list)
    return column


def parse_list(value: Any) -> Any:
    """Return a list that is written as text, as a list that can be compared and counted."""
    frozen = _frozen()
    if isinstance(value, frozen):
        return value
    if isinstance(value, (list, set, tuple)):
        return frozen(list(value))
    if value is None or value != value:
        return value
    if not isinstance(value, str):
        return frozen([value])
    if not value or value[0] not in "[(" or value[-1] not in ")]":
        return value
    inner = value.strip("[]() ")
    return frozen([_element(item) for item in _COMMA.split(inner)] if inner else [])


def _element(text: str) -> Any:
    if text in ("nan", "np.nan"):
        return float("nan")
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return None


def _frozen() -> Any:
    return package("pandas.core.indexes.frozen", "pandas", "Reading lists").FrozenList


def kind_of(action: dict[str, Any], column: str) -> Any:
    """Return the kind that an action says a column has."""
    for variable in (action.get("action_variables") or {}).values():
        feature = (variable or {}).get("feature")
        if feature and feature.get("uuid") == column:
            return feature.get("column_type")
    return None
