"""numpy arrays: numpy's own file; one and two dimensions are tables to look at."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mage_jlab.model.product import PICKLE, TABLE, Column, Output
from mage_jlab.products.formats.column_buffers import arrow_name
from mage_jlab.products.formats.kept import Kept
from mage_jlab.products.formats.target import Target, is_exactly

NAME = "numpy"
SUFFIX = ".npy"
WIDTH = 500
"""Arrays with more columns are no table to look at."""
_MAPPED = 1 << 20


def accepts(value: Any) -> bool:
    """Take arrays of plain numbers, texts and times; no objects, no derived classes."""
    return is_exactly(value, "numpy", "ndarray") and not value.dtype.hasobject


@dataclass
class Built:
    """An array of one or two dimensions, seen as a table."""

    value: Any

    @property
    def rows(self) -> int:
        """Return the number of rows."""
        return len(self.value)

    @property
    def columns(self) -> list[Column]:
        """Describe the columns."""
        value = self.value
        names = [str(number) for number in range(value.shape[1])] if value.ndim == 2 else ["value"]
        type_ = arrow_name(value.dtype)
        return [Column(name, type_, None) for name in names]

    def first(self, rows: int, width: int) -> list[list[Any]]:
        """Return the first values of the first columns, as the stored file has them."""
        return _first(self.value[:rows], width)

    def write(self, target: Target) -> Output:
        """Store it."""
        _save(self.value, target)
        return self.describe(target)

    def describe(self, target: Target) -> Output:
        """Say what is, or will be, stored."""
        return target.output(
            self.value, TABLE, NAME, rows=self.rows,
            preview=_shape(self.value), columns=self.columns,
        )  # fmt: skip


def build(value: Any) -> Built:
    """See an array as a table."""
    return Built(value)


def write(value: Any, target: Target) -> Output:
    """Store an array."""
    if _is_table(value):
        return Built(value).write(target)
    _save(value, target)
    return target.output(value, PICKLE, NAME, preview=f"{_shape(value)}\n{value!s}"[:1000])


def _is_table(value: Any) -> bool:
    kind = value.dtype.kind
    width = value.shape[1] if value.ndim == 2 else 1
    return value.ndim in (1, 2) and kind in "iufb" and value.dtype.itemsize <= 8 and width <= WIDTH


def _shape(value: Any) -> str:
    return f"array {' × '.join(str(size) for size in value.shape)} of {value.dtype}"


def _save(value: Any, target: Target) -> None:
    np = importlib.import_module("numpy")
    with target.file(SUFFIX).open("wb") as file:
        np.save(file, value, allow_pickle=False)


def keep(value: Any, *, alone: bool = False) -> Kept | None:
    """Keep an array nobody else can change; every block gets a copy of its own."""
    if value.dtype.metadata is not None or value.dtype.fields is not None:
        return None
    own = value if alone and value.flags.owndata else _copied(value)
    table = _is_table(value)
    return Kept(
        own, lambda: _copied(own), int(value.nbytes), table=table,
        rows=len(value) if table else None,
        columns=(value.shape[1] if value.ndim == 2 else 1) if table else None,
    )  # fmt: skip


def _copied(value: Any) -> Any:
    """Copy an array in the order in which its file keeps it."""
    flags = value.flags
    return value.copy(order="F" if flags.f_contiguous and not flags.c_contiguous else "C")


def read(folder: Path, output: Output) -> Any:
    """Read the array back; a large one is mapped, and what is written to it stays here."""
    np = importlib.import_module("numpy")
    path = folder / f"{output.name}{SUFFIX}"
    if path.stat().st_size < _MAPPED:
        return np.load(path, allow_pickle=False)
    return np.load(path, mmap_mode="c", allow_pickle=False).view(np.ndarray)


def first(path: Path, rows: int, width: int) -> list[list[Any]]:
    """Return the first values of the first columns, column by column."""
    np = importlib.import_module("numpy")
    return _first(np.load(path, mmap_mode="r", allow_pickle=False)[:rows], width)


def _first(array: Any, width: int) -> list[list[Any]]:
    if array.ndim == 1:
        return [array.tolist()]
    return [array[:, number].tolist() for number in range(min(width, array.shape[1]))]
