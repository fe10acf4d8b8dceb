"""A pandas column as a plain column plus a note on how to get the series back.

Every column has a form that a person can look at (`array`). Where that form
would lose something (objects of any class, periods, intervals), the values
themselves lie in the output's pickle (`objects`).
"""

from __future__ import annotations

import importlib
import json
import re
import zoneinfo
from dataclasses import dataclass, field
from typing import Any

from mage_jlab.products import cells
from mage_jlab.products.formats import column_buffers
from mage_jlab.products.formats.plain_json import is_exact

_MASKED = re.compile(r"U?Int(8|16|32|64)|Float(32|64)|boolean")
_OFFSET = re.compile(r"UTC([+-]\d\d:\d\d)")
_PIECE = 32_768
"""Objects looked at in one go: meanwhile no other thread runs Python, also not the next block."""
_TYPED = frozenset({"date", "time", "datetime", "Decimal", "int", "bool", "float"})
_PLAIN = frozenset({dict, list, str, int, float, bool})


@dataclass
class Encoded:
    """One column. `objects` is pickled when `pickled` is set."""

    name: str
    array: Any
    how: dict[str, Any] = field(default_factory=dict)
    pickled: bool = False
    objects: Any = None


class Builder:
    """Builds plain columns, of Arrow where there is pyarrow, else of buffers."""

    def __init__(self, pa: Any) -> None:
        self.pa = pa
        self.np = importlib.import_module("numpy")
        self.pd = importlib.import_module("pandas")

    def numbers(self, values: Any, mask: Any) -> Any:
        """Return a column of numbers or booleans."""
        if values.dtype == self.np.float16:
            values = values.astype("float32")
        if not values.dtype.isnative:
            values = values.astype(values.dtype.newbyteorder("="))
        if self.pa is None:
            return column_buffers.numbers(values, mask)
        return self.pa.array(values, mask=mask if mask is not None and mask.any() else None)

    def times(self, values: Any, zone: str | None = None) -> Any:
        """Return a column of instants or durations from numpy's times."""
        unit = self.np.datetime_data(values.dtype)[0]
        mask = self.np.isnat(values)
        whole = values.view("int64")
        if values.dtype.kind == "m":
            name = f"duration[{unit}]"
        else:
            name = f"timestamp[{unit}, tz={zone}]" if zone else f"timestamp[{unit}]"
        if self.pa is None:
            return column_buffers.numbers(whole, mask, name)
        kind = self.pa.duration(unit) if values.dtype.kind == "m" else self.pa.timestamp(unit, zone)
        return self.pa.array(whole, mask=mask).view(kind)

    def texts(self, values: Any, *, binary: bool = False) -> Any:
        """Return a column of text or bytes; nulls are whatever pandas calls null."""
        if self.pa is not None:
            kind = self.pa.large_binary() if binary else self.pa.large_string()
            pieces = [self.pa.array(part, type=kind, from_pandas=True) for part in _pieces(values)]
            return pieces[0] if len(pieces) == 1 else self.pa.concat_arrays(pieces)
        missing = self.pd.isna(values)
        return column_buffers.texts(
            (None if gone else value for value, gone in zip(values, missing)),
            binary=binary,
        )

    def codes(self, values: Any, labels: list[str], *, ordered: bool) -> Any:
        """Return a column of a category."""
        if self.pa is None:
            return column_buffers.codes(values, labels, ordered=ordered)
        return self.pa.DictionaryArray.from_arrays(
            self.pa.array(values.astype("int32"), mask=values < 0),
            self.pa.array(labels, type=self.pa.string()),
            ordered=ordered,
        )

    def typed(self, values: Any) -> Any:
        """Return a column of dates, decimals or other plain objects, or None."""
        if self.pa is None:
            return None
        try:
            return self.pa.array(values, from_pandas=True)
        except (self.pa.ArrowException, OverflowError, ValueError, TypeError):
            return None


def _pieces(values: Any) -> list[Any]:
    """Cut objects into short slices; what is no array of objects stays in one piece."""
    if str(getattr(values, "dtype", "")) != "object" or len(values) <= _PIECE:
        return [values]
    return [values[start : start + _PIECE] for start in range(0, len(values), _PIECE)]


def encode(series: Any, name: str, build: Builder) -> Encoded:
    """Return a column for a pandas series."""
    dtype = series.dtype
    if isinstance(dtype, build.np.dtype):
        kind = dtype.kind
        if kind in "iub":
            return Encoded(name, build.numbers(series.to_numpy(), None), _how("number", dtype))
        if kind == "f" and dtype.itemsize <= 8:
            values = series.to_numpy()
            return Encoded(
                name, build.numbers(values, build.np.isnan(values)), _how("number", dtype)
            )
        if kind in "mM":
            return Encoded(name, build.times(series.to_numpy()), _how("time", dtype))
        if kind == "O":
            return _object(series, name, build)
        return _opaque(series, name, build)
    return _extension(series, name, build)


def _how(as_: str, dtype: Any, **more: Any) -> dict[str, Any]:
    return {"as": as_, "dtype": str(dtype), **more}


def _extension(series: Any, name: str, build: Builder) -> Encoded:
    dtype, pd = series.dtype, build.pd
    if isinstance(dtype, pd.CategoricalDtype):
        return _category(series, name, build)
    if isinstance(dtype, pd.DatetimeTZDtype):
        return _zoned(series, name, build)
    if isinstance(dtype, pd.StringDtype):
        more = {"storage": dtype.storage, "null": "nan" if str(dtype) == "str" else "NA"}
        source = series.array if build.pa is not None else series.to_numpy(dtype=object)
        try:
            return Encoded(name, build.texts(source), _how("text", dtype, **more))
        except UnicodeEncodeError:
            return _opaque(series, name, build)
    if _MASKED.fullmatch(dtype.name):
        plain = build.np.dtype("bool" if dtype.name == "boolean" else dtype.name.lower())
        values = series.array.to_numpy(dtype=plain, na_value=plain.type(0))
        mask = series.isna().to_numpy()
        return Encoded(name, build.numbers(values, mask), _how("masked", dtype))
    if type(dtype).__name__ == "ArrowDtype" and build.pa is not None:
        array = build.pa.array(series.array)
        if not isinstance(array.type, build.pa.ExtensionType):
            return Encoded(name, array, _how("arrow", dtype))
    return _opaque(series, name, build)


def _category(series: Any, name: str, build: Builder) -> Encoded:
    categories = series.cat.categories
    plain = all(type(value) is str for value in categories)
    labels = [str(cells.cell(value)[0]) for value in categories]
    codes = series.cat.codes.to_numpy()
    array = build.codes(codes, labels, ordered=bool(series.cat.ordered))
    same = plain and labels == list(categories)
    how = _how("category", categories.dtype, ordered=bool(series.cat.ordered), own=not same)
    if same and not len(series):
        how["labels"] = labels  # a file without rows holds no list of labels
    return Encoded(name, array, how, not same, None if same else categories)


def _zoned(series: Any, name: str, build: Builder) -> Encoded:
    zone = str(series.dt.tz)
    offset = _OFFSET.fullmatch(zone)
    known = zone == "UTC" or offset is not None
    if not known:
        try:
            zoneinfo.ZoneInfo(zone)
            known = True
        except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
            known = False
    naive = series.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
    arrow_zone = (offset.group(1) if offset else zone) if known else "UTC"
    how = _how("zoned", series.dtype, zone=zone if known else None)
    return Encoded(
        name, build.times(naive, arrow_zone), how, not known, None if known else series.dt.tz
    )


def _object(series: Any, name: str, build: Builder) -> Encoded:
    """Encode a column of Python objects: exactly, whatever is in it."""
    values = series.to_numpy()
    missing = build.np.concatenate([build.pd.isna(part) for part in _pieces(values)])
    null = _null(values[missing])
    kinds = {type(value) for value in values[~missing]}
    if null is None:
        return _opaque(series, name, build)
    try:
        if kinds <= {str}:
            return Encoded(name, build.texts(values), _how("text", "object", null=null))
        if kinds == {bytes}:
            how = _how("binary", "object", null=null)
            return Encoded(name, build.texts(values, binary=True), how)
    except UnicodeEncodeError:
        return _opaque(series, name, build)
    if len(kinds) == 1 and next(iter(kinds)).__name__ in _TYPED:
        array = build.typed(values)
        if array is not None and _same(array, values, missing):
            return Encoded(name, array, _how("typed", "object", null=null))
    nested = kinds & {dict, list}
    words = str in kinds and not nested  # among numbers; as JSON they would be shown in quotes
    if kinds <= _PLAIN and not words and all(map(is_exact, values[~missing])):
        shown = [
            None if gone else json.dumps(value, ensure_ascii=False)
            for value, gone in zip(values, missing)
        ]
        array = build.texts(build.np.array([*shown, None], dtype=object)[:-1])
        return Encoded(name, array, _how("json", "object", null=null))
    return _opaque(series, name, build)


def _same(array: Any, values: Any, missing: Any) -> bool:
    """Whether Arrow gives back values of the same type (a zone, a big date may be lost)."""
    try:
        back = array.to_pylist()
    except (ValueError, OverflowError):
        return False
    return all(
        gone or (type(one) is type(two) and one == two)
        for one, two, gone in zip(back, values, missing)
    )


def _null(missing: Any) -> str | None:
    """Return the name of what stands for null, or None when several things do."""
    names = {
        "none" if value is None else "nan" if type(value) is float else type(value).__name__
        for value in missing
    }
    if not names:
        return "none"
    known = {"none": "none", "nan": "nan", "NaTType": "NaT", "NAType": "NA"}
    return known.get(names.pop()) if len(names) == 1 else None


def _opaque(series: Any, name: str, build: Builder) -> Encoded:
    """Show the text of the values and keep the values themselves in the pickle."""
    shown = []
    for value in series:
        text = cells.cell(value)[0]
        shown.append(text if text is None or isinstance(text, str) else str(text))
    array = build.texts(build.np.array([*shown, None], dtype=object)[:-1])
    numpy_made = isinstance(series.dtype, build.np.dtype)
    objects = series.to_numpy() if numpy_made else series.array
    return Encoded(name, array, _how("objects", series.dtype), True, objects)
