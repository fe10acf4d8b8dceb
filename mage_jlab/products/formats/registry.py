"""The kinds of values, in the order in which they are asked whether a value is theirs."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from mage_jlab.errors import StoreError
from mage_jlab.model.product import Output
from mage_jlab.products.formats import (
    arrow_table,
    binary,
    figure,
    frame,
    json_list,
    kept,
    numpy_array,
    pickled,
    plain_json,
    polars_frame,
    references,
    spark_frame,
    text,
)
from mage_jlab.products.formats.kept import Built, Kept
from mage_jlab.products.formats.target import Target, storage_error

_ORDER: tuple[Any, ...] = (
    references, text, binary, frame, polars_frame, spark_frame, arrow_table, numpy_array, figure,
    plain_json, pickled,
)  # fmt: skip
_TABLES: tuple[Any, ...] = (frame, polars_frame, arrow_table, numpy_array)
_BY_NAME: dict[str, Any] = {module.NAME: module for module in (*_ORDER, json_list)}


def write(value: object, folder: Path, name: str) -> Output:
    """Store one value under a name.

    Raises:
        Unstorable: when it cannot be stored; names the output and its type.
        DiskFull: when there is no space left.
        StoreError: when the file system refuses.
    """
    for module in _ORDER:
        if module.accepts(value):
            return _written(functools.partial(module.write, value), Target(folder, name))
    raise AssertionError("the last kind takes anything")


def _written(write: Callable[[Target], Output], target: Target) -> Output:
    try:
        return write(target)
    except OSError as error:
        target.discard()
        raise storage_error(error, target.folder, target.name) from error
    except BaseException:
        target.discard()
        raise


def write_all(values: Sequence[object], folder: Path) -> list[Output]:
    """Store the outputs of a block: one each, or many small plain ones together."""
    if json_list.fits(values):
        write_list = functools.partial(json_list.write, list(values))
        return [_written(write_list, Target(folder, "output_0"))]
    return [write(value, folder, f"output_{number}") for number, value in enumerate(values)]


def keep(values: list[object], *, alone: bool = False) -> list[Kept | None]:
    """Keep the outputs of a block for the next one; None for those that must be read back.

    With `alone`, a value that only `values` holds needs no copy; nobody may
    change it from then on.
    """
    if json_list.fits(values):
        return [None] * len(values)
    result = []
    for number in range(len(values)):
        lone = alone and kept.alone(values, number)  # asked before we hold it ourselves
        result.append(_keep(values[number], alone=lone))
    return result


def _keep(value: object, *, alone: bool) -> Kept | None:
    if value is None or type(value) in (bool, int, float, str, bytes, tuple):
        return kept.plain(value)
    for module in _ORDER:
        if module.accepts(value):
            try:
                found: Kept | None = module.keep(value, alone=alone) if module in _TABLES else None
            except Exception:  # noqa: BLE001 - a value that cannot be judged goes through the store
                return None
            return found
    return None


def is_table(value: object) -> bool:
    """Whether a value is stored as a table."""
    return any(module.accepts(value) for module in _TABLES)


def build(value: object) -> Built:
    """Make a table ready for being stored; of values that were kept as tables only."""
    found: Built = next(module for module in _TABLES if module.accepts(value)).build(value)
    return found


def write_built(built: Built, folder: Path, name: str) -> Output:
    """Store a table under a name.

    Raises:
        DiskFull: when there is no space left.
        StoreError: when the file system refuses.
    """
    return _written(built.write, Target(folder, name))


def read(folder: Path, output: Output) -> Any:
    """Read one value back.

    Raises:
        StoreError: when it cannot be read here.
    """
    module = _BY_NAME.get(output.format)
    if module is None:
        raise StoreError(f"{output.name} is stored as '{output.format}', which is not known here.")
    try:
        return module.read(folder, output)
    except (FileNotFoundError, ImportError) as error:
        raise StoreError(f"{output.name} ({output.type}) cannot be read: {error}.") from error


def read_all(folder: Path, outputs: Sequence[Output]) -> list[Any]:
    """Read the outputs of a block in Mage's order: by name, output_10 before output_2."""
    if len(outputs) == 1 and outputs[0].format == json_list.NAME:
        values = json_list.read(folder, outputs[0])
        return [values[number] for number in sorted(range(len(values)), key=str)]
    return [read(folder, output) for output in sorted(outputs, key=lambda item: item.name)]
