"""Anything else: a pickle, opened in the user's kernel only."""

from __future__ import annotations

import importlib
import io
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mage_jlab.errors import StoreError, Unstorable
from mage_jlab.model.product import PICKLE, Output
from mage_jlab.products import cells
from mage_jlab.products.formats.target import Target, dotted

NAME = "pickle"
SUFFIX = ".pickle"

find_module: list[Callable[[str, Path], None]] = []
"""Called with a module's name and the folder a pickle lies in before the module is
looked up; the kernel brings back the modules of blocks this way."""


def accepts(value: object) -> bool:
    """Take whatever is left."""
    return True


def dump(target: Target, value: object) -> None:
    """Write a pickle of the value beside the output's other files.

    Raises:
        Unstorable: when the value cannot be pickled; it names the output and the type.
    """
    path = target.file(SUFFIX)
    try:
        with path.open("wb") as file:
            pickle.dump(value, file, protocol=5)
        return
    except OSError:
        raise
    except Exception as error:  # noqa: BLE001 - __reduce__ of any class may raise anything
        reason: Exception = error
    try:
        cloudpickle = importlib.import_module("cloudpickle")
    except ImportError:
        pass
    else:
        try:
            with path.open("wb") as file:
                cloudpickle.dump(value, file, protocol=5)
            return
        except OSError:
            raise
        except Exception as error:  # noqa: BLE001 - as above
            reason = error
    raise Unstorable(
        f"{target.name} is a {dotted(value)}, which cannot be stored "
        f"({type(reason).__name__}: {cells.text(reason, 300)}); "
        "return data (a table, a dictionary, text) instead.",
        output=target.name,
        type=dotted(value),
    ) from None


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BufferedReader, folder: Path) -> None:
        super().__init__(file)
        self._folder = folder

    def find_class(self, module: str, name: str) -> Any:
        for find in find_module:
            find(module, self._folder)
        return super().find_class(module, name)


def load(folder: Path, output: Output) -> Any:
    """Read the pickle of an output.

    Raises:
        StoreError: when a class or module it needs is not there.
    """
    path = folder / f"{output.name}{SUFFIX}"
    try:
        with path.open("rb") as file:
            return _Unpickler(file, folder).load()
    except (ImportError, AttributeError, pickle.UnpicklingError, EOFError) as error:
        raise StoreError(
            f"{output.name}, a {output.type}, cannot be read back here: {error}.",
            output=output.name,
        ) from error


def write(value: object, target: Target) -> Output:
    """Store a value as a pickle."""
    dump(target, value)
    return target.output(value, PICKLE, NAME, preview=_preview(value))


def read(folder: Path, output: Output) -> Any:
    """Read the value back."""
    return load(folder, output)


def _preview(value: object) -> str:
    try:
        shown = repr(value)
    except Exception as error:  # noqa: BLE001 - the user's __repr__ may raise anything
        shown = f"<{type(value).__name__}: repr raised {type(error).__name__}>"
    return shown[:1000]
