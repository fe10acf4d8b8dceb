"""What kind of values a column has, by Mage's rules, and which values break them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mage_jlab.io.drivers import pandas
from mage_jlab.kernel_side.cleaner.words import NUMBER_TYPES, ColumnType

_DIGITS = r"(?:[0-9]+(?:,[0-9]+)*)?"
_BEFORE = r"(?:[$€¥₹£]|Rs|CAD)?\s*"
_AFTER = r"\s*(?:[元€$]|CAD)?"


def _amount(fraction: str, end: str) -> re.Pattern[str]:
    plain = f"{_DIGITS}{fraction}"
    return re.compile(rf"^-?\s*(?:{_BEFORE}{plain}|{plain}{_AFTER}){end}$")


INTEGER = _amount(r"(?:\.0*)?", "")
NUMBER = _amount(r"(?:\.[0-9]*)?", r"\s*%?")
EMAIL = re.compile(r"^[\w.+#-]+@[a-zA-Z0-9-]+\.[a-zA-Z0-9.-]+$", re.ASCII)
PHONE = re.compile(
    r"^\s*(?:\+?(\d{1,3}))?[-. (]*(\d{3})[-. )]*(\d{3})[-. ]*(\d{4})(?: *x(\d+))?\s*$"
)
ZIP = re.compile(r"^\d{3,5}(?:[-\s]\d{4})?$")
LIST = re.compile(r"^[\[(](?:[^\n\r],?)*[\])]$")
_MONTHS = "Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|Jun(?:e)?|Jul(?:y)?|Aug(?:ust)?|"
_MONTHS += "Sep(?:tember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?"
_CLOCK = r"[Tt ]\d{1,2}:\d{1,2}:?\d{1,2}\.?\d*"
DATETIME = re.compile(
    r"^\d{1,4}[-/]\d{1,2}[-/]\d{1,2}$|^\d{1,2}[-/]\d{1,2}[-/]\d{1,4}$"
    rf"|^\d{{2,4}}-\d{{1,2}}-\d{{1,2}}{_CLOCK}|^\d{{1,2}}[-/]\d{{1,2}}[-/]\d{{2,4}}{_CLOCK}"
    rf"|(?:{_MONTHS})\s+(?:\d{{1,2}})[\s,]+(?:\d{{2,4}})"
)
_PHONE_WORDS = ("phone", "landline")
_ZIP_WORDS = ("zip", "postal", "postcode")
_MOST_ROWS = 100_000
_MOST_WORDS = 40
_CATEGORIES = 255
_NUMBERS, _DATES, _TEXTS = 0.8, 0.5, 0.3
"""The share of values that has to look like numbers, dates, other kinds of text."""


def infer_column_types(df: Any, **kwargs: Any) -> dict[str, Any]:
    """Return the kind of every column of a frame; those in ``column_types`` are given."""
    given: Mapping[str, Any] = kwargs.get("column_types") or {}
    sample = df.sample(_MOST_ROWS) if len(df) > _MOST_ROWS else df
    most = kwargs.get("category_cardinality_threshold", _CATEGORIES)
    found = {name: kind for name, kind in given.items() if name in df.columns}
    for name in df.columns:
        if name not in found:
            found[name] = infer_column_type(sample[name], str(name), most)
    return found


def infer_column_type(series: Any, name: str, most: int = _CATEGORIES) -> Any:
    """Return the kind of one column."""
    letter = getattr(series.dtype, "kind", "O")
    if letter == "M":
        return ColumnType.DATETIME
    if letter == "b":
        return ColumnType("true_or_false")
    kind = _of_numbers(series, name, letter) if letter in "iuf" else _of_objects(series, name, most)
    if kind in NUMBER_TYPES and series.nunique(dropna=False) == 2:
        kind = "true_or_false"
    return ColumnType(kind)


def _has(name: str, words: tuple[str, ...]) -> bool:
    return any(word in name.lower() for word in words)


def _of_numbers(series: Any, name: str, letter: str) -> str:
    values = series.dropna()
    if not len(values):
        return "number_with_decimals"
    whole = values // 1 == values
    phones = ((values >= 1e9) & (values < 1e12) & whole).sum()
    if phones / len(values) >= _NUMBERS and "phone" in name.lower():
        return "phone_number"
    if letter == "f":
        return "number" if bool(whole.all()) else "number_with_decimals"
    if values.min() >= 100 and values.max() <= 99_999 and _has(name, _ZIP_WORDS):
        return "zip_code"
    return "number"


def _of_objects(series: Any, name: str, most: int) -> str:
    values = series.map(lambda item: item.strip(" '\"") if isinstance(item, str) else item)
    values = values[values.notna() & (values.astype(object) != "")]
    first = values.iloc[0] if len(values) else None
    if isinstance(first, (list, tuple, set)):
        return "list"
    different = values.nunique()
    if different <= 2:
        return "true_or_false"
    if type(first).__name__ in ("bool", "bool_"):
        return "category"
    texts = values.astype(str)
    if bool(texts.str.match(NUMBER).all()):
        return _of_number_texts(texts, name, different, most)
    return _of_texts(texts, name, series.nunique(dropna=False), different, most)


def _share(texts: Any, pattern: re.Pattern[str]) -> float:
    return float(texts.str.match(pattern).sum()) / len(texts)


def _of_number_texts(texts: Any, name: str, different: int, most: int) -> str:
    if not bool(texts.str.match(INTEGER).all()):
        return "number_with_decimals"
    if _has(name, _PHONE_WORDS) and _share(texts, PHONE) >= _NUMBERS:
        return "phone_number"
    if _has(name, _ZIP_WORDS) and _share(texts, ZIP) >= _NUMBERS:
        return "zip_code"
    try:
        texts.str.replace(r"\.0*", "", regex=True).astype("int64")
    except OverflowError:
        return "category" if different <= most else "category_high_cardinality"
    return "number"


def _of_texts(texts: Any, name: str, all_different: int, different: int, most: int) -> str:
    if _share(texts, DATETIME) >= _DATES:
        return "datetime"
    if _share(texts, EMAIL) >= _TEXTS:
        return "email"
    if _has(name, _PHONE_WORDS) and _share(texts, PHONE) >= _TEXTS:
        return "phone_number"
    if _has(name, _ZIP_WORDS) and _share(texts, ZIP) >= _TEXTS:
        return "zip_code"
    if _share(texts, LIST) >= _TEXTS:
        return "list"
    if all_different == 2:
        return "true_or_false"
    if different / len(texts) >= 0.8 or texts.str.split(" ").map(len).max() > _MOST_WORDS:
        return "text"
    return "category" if different <= most else "category_high_cardinality"


def find_syntax_errors(series: Any, kind: Any) -> Any:
    """Return which values of a column break the rules of its kind."""
    pd = pandas("Fixing syntax errors")
    if not len(series):
        return pd.Series([], dtype=bool)
    letter = getattr(series.dtype, "kind", "O")
    patterns = {"email": EMAIL, "phone_number": PHONE, "zip_code": ZIP}
    pattern = patterns.get(str(kind))
    placeholders = pattern is not None
    if str(kind) in NUMBER_TYPES and letter not in "iuf":
        pattern = NUMBER
    elif str(kind) == "datetime" and letter != "M":
        pattern = DATETIME
    if pattern is None:
        return pd.Series(False, index=series.index)
    texts = series if str(kind) == "email" else series.astype(str)
    wrong = ~texts.str.match(pattern).fillna(True).astype(bool)
    if placeholders:
        for word in ("invalid", "missing"):
            wrong &= ~texts.str.match(word).fillna(True).astype(bool)
    return wrong & series.notna()
