"""The kinds of values, in the order in which they are asked whether a value is theirs."""

from __future__ import annotations

from collections.abc import Sequence
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
    numpy_array,
    pickled,
    plain_json,
    polars_frame,
    text,
)
from mage_jlab.products.formats.target import Target, storage_error

_ORDER: tuple[Any, ...] = (
    text, binary, frame, polars_frame, arrow_table, numpy_array, figure, plain_json, pickled
)  # fmt: skip
_BY_NAME: dict[str, Any] = {module.NAME: module for module in (*_ORDER, json_list)}


def write(value: object, folder: Path, name: str) -> Output:
    """Store one value under a name.

    Raises:
        Unstorable: when it cannot be stored; names the output and its type.
        DiskFull: when there is no space left.
        StoreError: when the file system refuses.
    """
    target = Target(folder, name)
    for module in _ORDER:
        if module.accepts(value):
            try:
                output: Output = module.write(value, target)
            except OSError as error:
                target.discard()
                raise storage_error(error, folder, name) from error
            except BaseException:
                target.discard()
                raise
            return output
    raise AssertionError("the last kind takes anything")


def write_all(values: Sequence[object], folder: Path) -> list[Output]:
    """Store the outputs of a block: one each, or many small plain ones together."""
    if json_list.fits(values):
        target = Target(folder, "output_0")
        try:
            return [json_list.write(list(values), target)]
        except OSError as error:
            target.discard()
            raise storage_error(error, folder, "output_0") from error
    return [write(value, folder, f"output_{number}") for number, value in enumerate(values)]


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
