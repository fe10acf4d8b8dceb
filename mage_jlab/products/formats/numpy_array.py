"""numpy arrays: numpy's own file; one and two dimensions are tables to look at."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from mage_jlab.model.product import PICKLE, TABLE, Column, Output
from mage_jlab.products.formats.column_buffers import arrow_name
from mage_jlab.products.formats.target import Target, is_exactly

NAME = "numpy"
SUFFIX = ".npy"
WIDTH = 500
"""Arrays with more columns are no table to look at."""


def accepts(value: Any) -> bool:
    """Take arrays of plain numbers, texts and times; no objects, no derived classes."""
    return is_exactly(value, "numpy", "ndarray") and not value.dtype.hasobject


def write(value: Any, target: Target) -> Output:
    """Store an array."""
    np = importlib.import_module("numpy")
    with target.file(SUFFIX).open("wb") as file:
        np.save(file, value, allow_pickle=False)
    shape = " × ".join(str(size) for size in value.shape)
    preview = f"array {shape} of {value.dtype}"
    kind = value.dtype.kind
    width = value.shape[1] if value.ndim == 2 else 1
    if value.ndim not in (1, 2) or kind not in "iufb" or value.dtype.itemsize > 8 or width > WIDTH:
        return target.output(value, PICKLE, NAME, preview=f"{preview}\n{value!s}"[:1000])
    names = [str(number) for number in range(width)] if value.ndim == 2 else ["value"]
    type_ = arrow_name(value.dtype)
    return target.output(
        value, TABLE, NAME, rows=len(value), preview=preview,
        columns=[Column(name, type_, None) for name in names],
    )  # fmt: skip


def read(folder: Path, output: Output) -> Any:
    """Read the array back."""
    np = importlib.import_module("numpy")
    return np.load(folder / f"{output.name}{SUFFIX}", allow_pickle=False)


def first(path: Path, rows: int, width: int) -> list[list[Any]]:
    """Return the first values of the first columns, column by column."""
    np = importlib.import_module("numpy")
    array = np.load(path, mmap_mode="r", allow_pickle=False)[:rows]
    if array.ndim == 1:
        return [array.tolist()]
    return [array[:, number].tolist() for number in range(min(width, array.shape[1]))]
