"""Which pandas frames and series go on to the next block as they are.

Only those that come back from the store exactly as they went in, and in which
nothing can be changed behind the frame's back: no column of mutable objects.
All others are written and read back, which is slower and always right.
"""

from __future__ import annotations

import importlib
import re
import sys
from typing import Any

from mage_jlab.products.formats import arrow_file
from mage_jlab.products.formats.kept import Kept
from mage_jlab.products.formats.target import comes_from, is_exactly

_MASKED = re.compile(r"U?Int(8|16|32|64)|Float(32|64)|boolean")
_TIMES = "pandas", "DatetimeArray", "TimedeltaArray"
"""What holds an array of numpy, and nothing else that can be changed."""
_CATEGORIES = 10_000
_LABEL = 300


class _Slot:
    __slots__ = ("values",)
    values: Any


_PROBE = _Slot()
_PROBE.values = object()
_ALONE = sys.getrefcount(_PROBE.values)
"""What an object counts that only an attribute holds."""


def keep(value: Any, *, alone: bool) -> Kept | None:
    """Keep a frame or a series; None when it must go through the store.

    `alone` says that nobody else holds the frame itself.
    """
    pd = importlib.import_module("pandas")
    if not is_exactly(value, "pandas", "DataFrame", "Series") or not _fits(pd, value):
        return None
    size = value.memory_usage(index=True, deep=False)
    is_series = comes_from(value, "pandas", "Series")
    facts: dict[str, Any] = {
        "bytes": int(size if is_series else size.sum()),
        "table": True,
        "rows": len(value),
        "columns": 1 if is_series else value.shape[1],
    }
    if int(pd.__version__.partition(".")[0]) >= 3:
        frozen = _shared(pd, value)
        return Kept(frozen, lambda: _shared(pd, frozen), **facts)
    own = value if alone and _owns(value) else _copied(value)
    return Kept(own, lambda: _copied(own), **facts)


def _shared(pd: Any, value: Any) -> Any:
    """Share a pandas 3 frame: by its own rule, whoever changes one gets a copy of the column.

    Masked columns and categories let their memory be changed past that rule
    (`series.to_numpy()[0] = 1`); they are copied.
    """
    if comes_from(value, "pandas", "Series"):
        return value.copy(deep=_exposed(pd, value.dtype))
    result = value.copy(deep=False)
    for number, dtype in enumerate(value.dtypes):
        if _exposed(pd, dtype):
            result.isetitem(number, value.iloc[:, number].copy(deep=True))
    return result


def _exposed(pd: Any, dtype: Any) -> bool:
    if isinstance(dtype, pd.StringDtype):
        return bool(dtype.storage == "python")
    return isinstance(dtype, pd.CategoricalDtype) or _MASKED.fullmatch(str(dtype.name)) is not None


def _copied(value: Any) -> Any:
    """Copy a frame with its labels, whose memory pandas 2 shares."""
    result = value.copy(deep=True)
    result.index = _own_labels(value.index)
    if hasattr(value, "columns"):
        result.columns = _own_labels(value.columns)
    return result


def _own_labels(index: Any) -> Any:
    """Copy labels; a copy of a range would share the values it has worked out once."""
    if is_exactly(index, "pandas", "RangeIndex"):
        return type(index)(index.start, index.stop, index.step, name=index.name)
    return index.copy(deep=True)


def _owns(value: Any) -> bool:
    """Whether the columns of a pandas 2 frame are seen by nobody else."""
    try:
        clear = getattr(value, "_clear_item_cache", None)
        if clear is not None:
            clear()
        for block in value._mgr.blocks:
            if sys.getrefcount(block.values) > _ALONE:
                return False
            array = block.values
            if is_exactly(array, *_TIMES):
                if sys.getrefcount(array._ndarray) > _ALONE:
                    return False
                array = array._ndarray
            base = getattr(array, "base", None)
            plain = is_exactly(array, "numpy", "ndarray")
            if not plain or (base is None and not array.flags.owndata):
                return False
            # Two names (`base` here, the array's own) and the argument.
            if base is not None and (
                not is_exactly(base, "numpy", "ndarray")
                or base.base is not None
                or sys.getrefcount(base) > _ALONE + 1
            ):
                return False
    except AttributeError:
        return False
    return True


def _fits(pd: Any, value: Any) -> bool:
    if value.attrs or not value.flags.allows_duplicate_labels or not _index(pd, value.index):
        return False
    if comes_from(value, "pandas", "Series"):
        return _name(value.name) and _values(pd, value)
    return _labels(pd, value.columns) and all(
        _values(pd, value.iloc[:, number]) for number in range(value.shape[1])
    )


def _name(name: Any) -> bool:
    return name is None or type(name) is str


def _labels(pd: Any, columns: Any) -> bool:
    if not _name(columns.name):
        return False
    if type(columns) is pd.RangeIndex:
        return True
    if type(columns) is not pd.Index or not len(columns):
        return False
    texts = str(columns.dtype) in ("object", "str") and all(type(n) is str for n in columns)
    return texts and _encodable("".join(columns))


def _encodable(text: str) -> bool:
    return text.isascii() or text.encode("utf-8", "ignore").decode("utf-8") == text


def _index(pd: Any, index: Any) -> bool:
    if not _name(index.name):
        return False
    if type(index) is pd.RangeIndex:
        return True
    if type(index) is pd.DatetimeIndex:
        return index.freq is None and _values(pd, index)
    return type(index) is pd.Index and _values(pd, index)


def _values(pd: Any, column: Any) -> bool:
    """Whether the values of a column are immutable and come back as they are."""
    dtype = column.dtype
    kind = getattr(dtype, "kind", "O")
    if type(dtype).__module__.partition(".")[0] == "numpy":
        if kind == "O":
            return _texts(pd, column)
        return kind in "iubmM" or (kind == "f" and dtype.itemsize <= 8)
    if isinstance(dtype, pd.CategoricalDtype):
        return _categories(column.cat if hasattr(column, "cat") else column)
    if isinstance(dtype, pd.DatetimeTZDtype):
        try:
            known = type(dtype)(dtype.unit, str(dtype.tz))
        except Exception:  # noqa: BLE001 - an unknown zone may raise anything
            return False
        return bool(known == dtype) and type(known.tz) is type(dtype.tz)
    if isinstance(dtype, pd.StringDtype):
        return _string(pd, dtype)
    if _MASKED.fullmatch(dtype.name):
        return True
    if type(dtype).__name__ == "ArrowDtype":
        pa = arrow_file.pyarrow()
        inner = dtype.pyarrow_dtype
        return pa is not None and not (
            isinstance(inner, pa.ExtensionType) or pa.types.is_dictionary(inner)
        )
    return False


def _string(pd: Any, dtype: Any) -> bool:
    if str(dtype) == "str":
        return bool(dtype.storage == pd.StringDtype(na_value=float("nan")).storage)
    return dtype.storage in ("python", "pyarrow") and dtype.na_value is pd.NA


def _categories(accessor: Any) -> bool:
    categories = accessor.categories
    return (
        categories.name is None
        and len(categories) <= _CATEGORIES
        and str(categories.dtype) in ("object", "str")
        and all(type(v) is str and len(v) <= _LABEL and _encodable(v) for v in categories)
    )


def _texts(pd: Any, column: Any) -> bool:
    """Whether a column of objects holds texts, and nulls of one kind."""
    values = column.to_numpy()
    if pd.api.types.infer_dtype(values, skipna=False) == "string":
        return True
    if pd.api.types.infer_dtype(values, skipna=True) != "string":
        return False
    return len({type(value) for value in values[pd.isna(values)]}) == 1
