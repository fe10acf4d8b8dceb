"""Dictionaries, lists and scalars: JSON.

What JSON keeps exactly is read back from JSON. What it does not (tuples, numpy
numbers, dates, frames inside a dictionary) is shown from JSON and read back
from a pickle beside it: type in = type out.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from mage_jlab.model.product import JSON, Output
from mage_jlab.products import cells
from mage_jlab.products.formats import pickled
from mage_jlab.products.formats.target import Target

NAME = "json"
SUFFIX = ".json"
_DEPTH = 200


def accepts(value: object) -> bool:
    """Take scalars, lists and dictionaries, and numpy's scalars."""
    if value is None or isinstance(value, (bool, int, float, dict, list, tuple, set, frozenset)):
        return True
    return getattr(value, "shape", None) == () and hasattr(value, "item")


def is_exact(value: object, depth: int = 0) -> bool:
    """Whether JSON gives this value back as it is."""
    if value is None or type(value) in (bool, int, str):
        return not isinstance(value, str) or _encodable(value)
    if type(value) is float:
        return math.isfinite(value)
    if depth > _DEPTH:
        return False
    if isinstance(value, list) and type(value) is list:
        return all(is_exact(item, depth + 1) for item in value)
    if isinstance(value, dict) and type(value) is dict:
        return all(
            type(key) is str and _encodable(key) and is_exact(item, depth + 1)
            for key, item in value.items()
        )
    return False


def _encodable(text: str) -> bool:
    return text.isascii() or text.encode("utf-8", "ignore").decode("utf-8") == text


def write(value: object, target: Target) -> Output:
    """Store a value as JSON, with a pickle beside it when JSON would change it."""
    exact = is_exact(value)
    shown = value if exact else cells.tree(value)
    target.write_json(SUFFIX, shown)
    if not exact:
        pickled.dump(target, value)
    preview = json.dumps(shown, ensure_ascii=False)[: cells.CELL_CHARS]
    return target.output(
        value,
        JSON,
        NAME,
        media_type="application/json",
        preview=preview,
        options={} if exact else {"restore": "pickle"},
    )


def read(folder: Path, output: Output) -> Any:
    """Read the value back."""
    if output.options.get("restore") == "pickle":
        return pickled.load(folder, output)
    return json.loads((folder / f"{output.name}{SUFFIX}").read_text(encoding="utf-8"))


def shown(folder: Path, output: Output) -> Any:
    """Return what a person sees of the value; never opens the pickle."""
    return json.loads((folder / f"{output.name}{SUFFIX}").read_text(encoding="utf-8"))
