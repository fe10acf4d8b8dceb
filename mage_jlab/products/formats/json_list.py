"""Many small plain outputs (a list of hundreds of dictionaries) in one file.

Mage makes one output of each item of a returned list. A folder with a file for
each of ten thousand dictionaries would cost minutes of disk time.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mage_jlab.model.product import JSON, Output
from mage_jlab.products import cells
from mage_jlab.products.formats import plain_json
from mage_jlab.products.formats.target import Target

NAME = "json-list"
SUFFIX = ".json"
SEPARATE = 20
"""Up to so many outputs of a block keep a file each."""


def fits(values: Sequence[object]) -> bool:
    """Whether the outputs of a block are better kept together."""
    return len(values) > SEPARATE and all(plain_json.is_exact(value) for value in values)


def write(values: list[object], target: Target) -> Output:
    """Store all outputs in one file."""
    target.write_json(SUFFIX, values)
    preview = json.dumps(values[:3], ensure_ascii=False)[: cells.CELL_CHARS]
    return target.output(
        values,
        JSON,
        NAME,
        media_type="application/json",
        preview=preview,
        options={"outputs": len(values)},
    )


def read(folder: Path, output: Output) -> list[Any]:
    """Read all outputs back, in the order in which they were returned."""
    result: list[Any] = json.loads((folder / f"{output.name}{SUFFIX}").read_text("utf-8"))
    return result
