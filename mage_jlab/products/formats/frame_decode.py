"""From stored columns back to pandas columns, type in = type out."""

from __future__ import annotations

import importlib
import json
import mmap
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mage_jlab.errors import StoreError
from mage_jlab.products.formats import arrow_file, column_buffers, typed_json

as_buffers: list[Callable[[Path], Path]] = []
"""Makes column buffers of an Arrow file in an environment without pyarrow."""


def arrow_source(path: Path) -> Any:
    """Return the columns of an Arrow file, whether there is pyarrow or not.

    Raises:
        StoreError: when there is nothing to read it with.
    """
    if arrow_file.pyarrow() is None and as_buffers:
        return BufferSource(as_buffers[0](path))
    return ArrowSource(path)


class ArrowSource:
    """The columns of an Arrow file, mapped privately.

    A frame must be writable: what is written into the mapping stays in this
    process, and only the pages that are written to are copied.
    """

    def __init__(self, path: Path) -> None:
        pa = arrow_file.pyarrow()
        if pa is None:
            raise StoreError(
                "This input is an Arrow table and the kernel's environment has no pyarrow; "
                "install pyarrow there (pip install pyarrow) and restart the kernel."
            )
        self._pa = pa
        with path.open("rb") as file:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        buffer = pa.py_buffer(self._map)
        self._start: int = buffer.address
        self._table = pa.ipc.open_file(buffer).read_all()
        self.rows: int = self._table.num_rows

    def numbers(self, number: int) -> tuple[Any, Any]:
        """Return the values as numpy, and the mask of nulls or None."""
        column = self._table.column(number)
        mask = column.is_null().to_numpy() if column.null_count else None
        np = importlib.import_module("numpy")
        types = self._pa.types
        if types.is_timestamp(column.type) or types.is_duration(column.type):
            column = self._pa.chunked_array(
                [chunk.view(self._pa.int64()) for chunk in column.chunks], self._pa.int64()
            )
        if column.num_chunks == 1 and not types.is_boolean(column.type):
            return self._mapped(np, column.chunk(0)), mask
        if mask is not None:
            column = column.fill_null(False if types.is_boolean(column.type) else 0)
        return np.array(column.to_numpy(), copy=True), mask

    def _mapped(self, np: Any, array: Any) -> Any:
        """Return the values of a column where they lie in the file."""
        dtype = np.dtype(array.type.to_pandas_dtype())
        data = array.buffers()[1]
        if data is None or not len(array):
            return np.zeros(len(array), dtype)
        offset = data.address - self._start + array.offset * dtype.itemsize
        return np.frombuffer(self._map, dtype, len(array), offset)

    def texts(self, number: int) -> Any:
        """Return texts or bytes as a numpy array of objects, None where null."""
        return self._table.column(number).to_numpy(zero_copy_only=False)

    def codes(self, number: int) -> tuple[Any, list[str]]:
        """Return the codes of a category (-1 = null) and its labels."""
        column = self._table.column(number).unify_dictionaries()
        if column.num_chunks == 0:
            return importlib.import_module("numpy").zeros(0, "int32"), []
        indices = self._pa.chunked_array([chunk.indices for chunk in column.chunks])
        return indices.fill_null(-1).to_numpy(), column.chunk(0).dictionary.to_pylist()

    def typed(self, number: int) -> list[Any]:
        """Return dates, decimals and the like as Python objects."""
        result: list[Any] = self._table.column(number).to_pylist()
        return result

    def arrow(self, number: int) -> Any:
        """Return the Arrow column itself."""
        return self._table.column(number)


class BufferSource:
    """The columns of a folder of buffers."""

    def __init__(self, folder: Path) -> None:
        self._names, self._columns = column_buffers.read(folder)
        self.rows = self._columns[0].length if self._columns else 0

    def numbers(self, number: int) -> tuple[Any, Any]:
        """Return the values as numpy, and the mask of nulls or None."""
        column = self._columns[number]
        return column.values, column.mask

    def texts(self, number: int) -> Any:
        """Return texts or bytes as a numpy array of objects, None where null."""
        np = importlib.import_module("numpy")
        return np.array([*column_buffers.strings(self._columns[number]), None], dtype=object)[:-1]

    def codes(self, number: int) -> tuple[Any, list[str]]:
        """Return the codes of a category (-1 = null) and its labels."""
        column = self._columns[number]
        return column.values, column.labels

    def typed(self, number: int) -> list[Any]:
        """Return dates, decimals and the like as Python objects."""
        texts = column_buffers.strings(self._columns[number])
        return [None if text is None else typed_json.loads(text) for text in texts]

    def arrow(self, number: int) -> Any:
        """Nothing is written this way without pyarrow."""
        raise StoreError(f"Column {number} needs pyarrow.")


def series(source: Any, number: int, how: dict[str, Any], objects: Any) -> Any:
    """Return one column as a pandas series."""
    pd = importlib.import_module("pandas")
    np = importlib.import_module("numpy")
    as_ = how["as"]
    if as_ == "number":
        return pd.Series(_numbers(np, source.numbers(number), how["dtype"]), copy=False)
    if as_ == "time":
        return pd.Series(_times(np, source.numbers(number), how["dtype"]), copy=False)
    if as_ == "zoned":
        unit = how["dtype"].partition("[")[2].partition(",")[0]
        naive = pd.Series(_times(np, source.numbers(number), f"datetime64[{unit}]"), copy=False)
        return naive.dt.tz_localize("UTC").dt.tz_convert(how["zone"] or objects)
    if as_ == "category":
        return _category(pd, source, number, how, objects)
    if as_ == "masked":
        return _masked(pd, np, source.numbers(number), how["dtype"])
    if as_ == "arrow":
        column = source.arrow(number)
        return pd.Series(pd.ArrowDtype(column.type).__from_arrow__(column))
    if as_ == "text" and how["dtype"] != "object":
        return _strings(pd, source, number, how)
    if as_ == "objects":
        return pd.Series(objects, dtype=object if how["dtype"] == "object" else None)
    return _objects(pd, source, number, how)


def _numbers(np: Any, stored: tuple[Any, Any], dtype: str) -> Any:
    values, mask = stored
    wanted = np.dtype(dtype)
    result = values.astype(wanted, copy=False)
    if mask is not None and wanted.kind == "f" and not np.isnan(result[mask]).all():
        result[mask] = np.nan
    return result


def _times(np: Any, stored: tuple[Any, Any], dtype: str) -> Any:
    values, mask = stored
    result = values.astype("int64", copy=False).view(dtype)
    if mask is not None and not np.isnat(result[mask]).all():
        result[mask] = np.array("NaT", dtype=dtype)
    return result


def _category(pd: Any, source: Any, number: int, how: dict[str, Any], objects: Any) -> Any:
    codes, labels = source.codes(number)
    labels = how.get("labels", labels)
    categories = objects if how["own"] else pd.Index(labels, dtype=_known(pd, how["dtype"]))
    made = pd.Categorical.from_codes(codes, categories=categories, ordered=how["ordered"])
    return pd.Series(made)


def _known(pd: Any, dtype: str) -> Any:
    """Return the dtype, or object where this pandas does not know it."""
    try:
        return pd.api.types.pandas_dtype(dtype)
    except TypeError:
        return object


def _masked(pd: Any, np: Any, stored: tuple[Any, Any], dtype: str) -> Any:
    values, mask = stored
    if mask is None:
        mask = np.zeros(len(values), dtype=bool)
    if dtype == "boolean":
        return pd.Series(pd.arrays.BooleanArray(values.astype(bool, copy=False), mask))
    made = pd.arrays.FloatingArray if dtype.startswith("Float") else pd.arrays.IntegerArray
    return pd.Series(made(values.astype(dtype.lower(), copy=False), mask))


def _strings(pd: Any, source: Any, number: int, how: dict[str, Any]) -> Any:
    modern = int(pd.__version__.partition(".")[0]) >= 3
    if how["dtype"] == "str":
        if not modern:  # written by pandas 3, read by pandas 2: its own text is object
            return _objects(pd, source, number, {**how, "null": "nan"})
        dtype: Any = pd.StringDtype(na_value=float("nan"))
    else:
        try:
            dtype = pd.StringDtype(how["storage"])
        except (ImportError, ValueError):
            dtype = pd.StringDtype("python")
    if isinstance(source, ArrowSource):
        return pd.Series(dtype.__from_arrow__(source.arrow(number)))
    return pd.Series(source.texts(number), dtype=dtype)


def _objects(pd: Any, source: Any, number: int, how: dict[str, Any]) -> Any:
    if how["as"] == "typed":
        values = source.typed(number)
    else:
        values = list(source.texts(number))
        if how["as"] == "json":
            values = [None if value is None else json.loads(value) for value in values]
    null = {"nan": float("nan"), "NaT": pd.NaT, "NA": pd.NA}.get(how.get("null", "none"))
    if null is not None:
        values = [null if value is None else value for value in values]
    return pd.Series(_cells(values), dtype=object, copy=False)


def _cells(values: list[Any]) -> Any:
    """Keep numpy from making a matrix of a list of lists."""
    np = importlib.import_module("numpy")
    array = np.empty(len(values), dtype=object)
    for number, value in enumerate(values):
        array[number] = value
    return array
