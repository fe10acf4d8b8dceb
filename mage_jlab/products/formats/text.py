"""Text, as UTF-8."""

from __future__ import annotations

from pathlib import Path

from mage_jlab.model.product import TEXT, Output
from mage_jlab.products import cells
from mage_jlab.products.formats.target import Target

NAME = "text"
SUFFIX = ".txt"


def accepts(value: object) -> bool:
    """Take exactly str; its subclasses go the general way."""
    return type(value) is str


def write(value: str, target: Target) -> Output:
    """Store a text."""
    target.write_text(SUFFIX, value)
    return target.output(
        value, TEXT, NAME, media_type="text/plain; charset=utf-8", preview=value[: cells.CELL_CHARS]
    )


def read(folder: Path, output: Output) -> str:
    """Read the text back, line ends as they were."""
    return (folder / f"{output.name}{SUFFIX}").read_bytes().decode("utf-8", "surrogatepass")
