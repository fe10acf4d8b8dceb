"""Conditions of actions: ``age > 5 and city contains 'om'``, over a frame's columns.

A column in quotes may have any name; ``null`` asks for gaps; a value that is a
column's name stands for that column.
"""

from __future__ import annotations

import re
from typing import Any

_WORD = r"""([^\s()"']+|["'][^"']+["'])"""
_CONDITION = re.compile(rf"{_WORD} ([!=<>]+|contains|not contains) {_WORD}")
_QUOTES = "\"'"
_NOW, _BEFORE = "tf_", "orig_"


def select(df: Any, condition: str, original: Any = None) -> Any:
    """Return the rows of a frame for which a condition holds.

    Raises:
        TypeError: when `contains` is asked of a column that is no text.
    """
    if not condition:
        return df
    asked = df.copy().add_prefix(_NOW)
    reader = _Reader(df, df if original is None else original)
    text = _CONDITION.sub(reader.rewritten, condition)
    if reader.gaps:
        asked = asked.join(reader.original.add_prefix(_BEFORE))
    rows = asked.query(text, engine="python").index
    kept = asked.index.isin(rows)
    return df[kept]


class _Reader:
    """Writes one comparison after the other in the words of pandas."""

    def __init__(self, df: Any, original: Any) -> None:
        self.df = df
        self.original = original
        self.gaps = False

    def rewritten(self, match: re.Match[str]) -> str:
        name, operator, value = match.groups()
        if operator.endswith("contains"):
            return self._contains(name, operator, value)
        if value == "null" and operator in ("==", "!="):
            self.gaps = True
            return self._gap(name, empty=operator == "==")
        if value.strip(_QUOTES) in set(self.df.columns):
            value = _column(value, _NOW)
        return f"{_column(name, _NOW)} {operator} {value}"

    def _contains(self, name: str, operator: str, value: str) -> str:
        kind = _kind(self.df[name.strip(_QUOTES)])
        if kind is not str:
            raise TypeError(
                f"'{operator}' can only be asked of columns of text; {name} has {kind.__name__}."
            )
        column = _column(name, _NOW)
        found = f"({column}.notna() & {column}.str.contains({value.strip(_QUOTES)!r}))"
        return found if operator == "contains" else f"~{found}"

    def _gap(self, name: str, *, empty: bool) -> str:
        kind = _kind(self.original[name.strip(_QUOTES)])
        column = _column(name, _BEFORE)
        more = ""
        if kind is bool:
            more = f" | {column} == ''" if empty else f" & {column} != ''"
        elif kind is str:
            more = f" | {column}.str.len() == 0" if empty else f" & {column}.str.len() >= 1"
        return f"({column}.{'isna' if empty else 'notna'}(){more})"


def _column(name: str, prefix: str) -> str:
    if name[0] in _QUOTES:
        return f"`{prefix}{name.strip(_QUOTES)}`"
    return f"{prefix}{name}"


def _kind(series: Any) -> type:
    values = series.dropna()
    values = values[values.astype(object) != ""]
    return type(values.iloc[0]) if len(values) else object
