"""Rows of a table as the text of a CSV file, made column by column in Arrow.

Arrow's own writer quotes every text and writes 1.0 as 1; here a cell reads as it
does in the grid. What Arrow has no such form for goes value by value.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mage_jlab.products import cells
from mage_jlab.products.formats import arrow_file

_FORMULA = r"^[=+\-@\t\r]"
_STARTS = ("=", "+", "-", "@", "\t", "\r")
_TEXT = pa.large_string()


def header(names: Sequence[str], *, safe: bool) -> bytes:
    """Return the line with the names of the columns."""
    return _lines([[_guarded(name) if safe else name for name in names]])


def lines(table: pa.Table, *, safe: bool) -> bytes:
    """Return the rows of a table; with `safe`, no text reads as a formula."""
    if not table.num_columns or not table.num_rows:
        return b"\n" * int(table.num_rows)
    columns = [_shown(column.combine_chunks(), safe) for column in table.columns]
    joined = _joined(*columns, by=",") if len(columns) > 1 else columns[0]
    if len(columns) == 1:  # an empty line would be no row
        joined = pc.if_else(pc.equal(joined, ""), pa.scalar('""', _TEXT), joined)
    ended = _joined(joined, "\n")
    return _bytes(ended)


def _joined(*parts: Any, by: str = "") -> pa.Array:
    """Return texts side by side; a part is a column or a text for every row."""
    typed = [pa.scalar(part, _TEXT) if isinstance(part, str) else part for part in (*parts, by)]
    return pc.binary_join_element_wise(*typed)


def _bytes(texts: pa.Array) -> bytes:
    """Return all the texts, which lie one behind the other in their buffer."""
    _, _, data = texts.cast(_TEXT).buffers()
    return bytes(data) if data is not None else b""


def _shown(column: Any, safe: bool) -> pa.Array:
    """Return a column as the texts between the commas; what is missing is empty."""
    if isinstance(column, pa.ChunkedArray):  # of no chunk at all
        column = pa.concat_arrays(column.chunks) if column.num_chunks else pa.nulls(0, column.type)
    kind = column.type
    if pa.types.is_dictionary(kind) and _is_text(kind.value_type):
        column, kind = column.cast(kind.value_type), kind.value_type
    if _is_text(kind):
        return pc.fill_null(_quoted(_safe(column.cast(_TEXT)) if safe else column.cast(_TEXT)), "")
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind) or pa.types.is_date32(kind):
        return pc.fill_null(column.cast(_TEXT), "")
    if pa.types.is_float32(kind) or pa.types.is_float64(kind):
        return pc.fill_null(_decimals(column), "")
    if pa.types.is_timestamp(kind) and kind.tz in (None, "UTC"):
        return pc.fill_null(_moments(column), "")
    return _one_by_one(column, safe)


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _safe(column: pa.Array) -> pa.Array:
    risky = pc.match_substring_regex(column, _FORMULA)
    if not pc.any(risky).as_py():
        return column
    return pc.if_else(risky, _joined("'", column), column)


def _quoted(column: pa.Array) -> pa.Array:
    special = pc.match_substring_regex(column, r'[",\r\n]')
    if not pc.any(special).as_py():
        return column
    doubled = pc.replace_substring(column, '"', '""')
    return pc.if_else(special, _joined('"', doubled, '"'), column)


def _decimals(column: pa.Array) -> pa.Array:
    """Return numbers as texts, of which a whole one keeps its point: 1.0."""
    known = pc.if_else(pc.is_nan(column), None, column)
    texts = known.cast(_TEXT)
    if column.type.bit_width == 64 and pc.any(pc.match_substring(texts, "e")).as_py():
        # Arrow writes 12345678901.5 as 1.23456789015e+10; Python as people do.
        return pa.array([v if v is None else repr(v) for v in known.to_pylist()], _TEXT)
    whole = pc.match_substring_regex(texts, r"^-?[0-9]+$")
    return pc.if_else(whole, _joined(texts, ".0"), texts)


def _moments(column: pa.Array) -> pa.Array:
    """Return times as texts: no fraction when it is zero, else six digits, or nine."""
    try:
        texts = column.cast(pa.timestamp("s")).cast(_TEXT)
    except pa.ArrowInvalid:  # there are fractions
        unit = column.type.unit if column.type.unit == "ns" else "us"
        naive = column.view(pa.timestamp(column.type.unit)).cast(pa.timestamp(unit))
        texts = pc.replace_substring_regex(naive.cast(_TEXT), r"(\.\d{6})000$", r"\1")
        texts = pc.replace_substring_regex(texts, r"\.0+$", "")
    return texts if column.type.tz is None else _joined(texts, "+00:00")


def _one_by_one(column: pa.Array, safe: bool) -> pa.Array:
    texts = [_cell(value, safe) for value in arrow_file.values(column)]
    return _quoted(pa.array(texts, _TEXT))


def _cell(value: Any, safe: bool) -> str:
    shown = cells.plain(value)
    if shown is None:
        return ""
    if isinstance(shown, bool):
        return "true" if shown else "false"
    text = str(_guarded(shown) if safe and isinstance(value, str) else shown)
    return text.encode("utf-8", "replace").decode("utf-8")


def _guarded(text: Any) -> Any:
    return f"'{text}" if isinstance(text, str) and text.startswith(_STARTS) else text


def _lines(rows: Any) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue().encode("utf-8", "replace")
