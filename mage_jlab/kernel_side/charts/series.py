"""What a chart is drawn of: values that the code gives, or columns of a frame."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mage_jlab.errors import StepFailed
from mage_jlab.products.formats.target import comes_from

_LISTED = (list, tuple, range)


@dataclass
class Given:
    """What the code of a chart gave: a frame, or values of its own."""

    frame: Any = None
    x: Any = None
    y: Any = None
    index: Any = None
    columns: Any = None
    x_name: str = "x"
    y_name: str = "y"


def frame_of(value: Any) -> Any:
    """Return a value as a pandas frame, or None when it is no table."""
    if comes_from(value, "pandas", "DataFrame"):
        return value
    if comes_from(value, "pandas", "Series"):
        return value.to_frame()
    if hasattr(value, "to_pandas"):
        found = value.to_pandas()
        return found if comes_from(found, "pandas", "DataFrame") else None
    plain = isinstance(value, list) and value and all(isinstance(item, dict) for item in value)
    if plain or (isinstance(value, dict) and any(isinstance(v, _LISTED) for v in value.values())):
        try:
            return importlib.import_module("pandas").DataFrame(value)
        except (ImportError, ValueError):
            return None
    return None


def first_frame(values: Sequence[Any]) -> Any:
    """Return the first frame among values, or None."""
    for value in values:
        for item in value if isinstance(value, list) and frame_of(value) is None else [value]:
            found = frame_of(item)
            if found is not None:
                return found
    return None


def listed(value: Any) -> list[Any]:
    """Return whatever holds values as a list."""
    if value is None:
        return []
    if isinstance(value, Mapping):
        return list(value.values())
    if hasattr(value, "tolist"):
        found = value.tolist()
        return found if isinstance(found, list) else [found]
    return list(value)


def lines_of(given: Given) -> dict[str, list[Any]]:
    """Return each y by its name: y may be a list of values or a list of such lists."""
    y = given.y
    if isinstance(y, Mapping):
        return {str(name): listed(values) for name, values in y.items()}
    if comes_from(y, "pandas", "DataFrame"):
        return {str(name): y[name].tolist() for name in y.columns}
    values = listed(y)
    nested = values and all(isinstance(v, (list, tuple)) or hasattr(v, "tolist") for v in values)
    if nested and not all(_scalar(value) for value in values):
        if len(values) == 1:
            return {given.y_name: listed(values[0])}
        return {f"{given.y_name} {at}": listed(v) for at, v in enumerate(values, 1)}
    return {given.y_name: values}


def _scalar(value: Any) -> bool:
    return getattr(value, "shape", None) == ()


def check_columns(block: str, frame: Any, names: Sequence[str]) -> None:
    """Raise when a frame lacks a column.

    Raises:
        StepFailed: naming the column and those that are there.
    """
    for name in names:
        if name not in frame.columns:
            raise StepFailed(
                f"Chart '{block}' uses column '{name}', which the data does not have; it has "
                f"{', '.join(map(str, list(frame.columns)[:20]))}.",
                block=block,
            )
