"""An ``.ipynb`` as sections: the cells that become one block each, magics taken out."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mage_jlab.errors import BrokenFile, UnsafeFile
from mage_jlab.model.block import CUSTOM, DATA_EXPORTER, DATA_LOADER, SCRATCHPAD, TRANSFORMER

MAX_BYTES = 64 * 1024 * 1024
MAX_CELLS = 2000
_HEADING = re.compile(r"^(#{1,6})\s+(.+?)\s*#*\s*$", re.MULTILINE)
_FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
_LINE_MAGIC = re.compile(r"^(\s*)([%!?]|[A-Za-z_][\w.]*\s*=\s*[%!]).*$|^\s*[\w.]+\?{1,2}\s*$")
_KEPT_CELL_MAGICS = ("%%time", "%%timeit", "%%capture", "%%prun", "%%memit")
_PIP = re.compile(r"^\s*[%!]\s*(?:python\d?\s+-m\s+)?pip3?\s+install\s+(.*)$")
CODE_TYPES = (DATA_LOADER, TRANSFORMER, DATA_EXPORTER, CUSTOM, SCRATCHPAD)
_SHORT = {"loader": DATA_LOADER, "exporter": DATA_EXPORTER}


@dataclass(frozen=True)
class Cell:
    """A code cell: its number in the notebook (from 1), its text without magics, its tree."""

    number: int
    source: str
    tree: ast.Module
    skip: bool = False
    """Tagged to be left out: only what it defines for others stays."""


@dataclass
class Section:
    """What becomes one block."""

    name: str
    cells: list[Cell] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    """Markdown that belongs to it."""
    type: str | None = None
    """By a tag; else it is proposed."""
    skip: bool = False
    warnings: list[str] = field(default_factory=list)


def read(data: bytes, name: str) -> dict[str, Any]:
    """Return a notebook of Python.

    Raises:
        BrokenFile: when it is no notebook, or one of another language.
        UnsafeFile: when it is too large.
    """
    if len(data) > MAX_BYTES:
        raise UnsafeFile(f"{name} has more than {MAX_BYTES:,} bytes; it is not imported.")
    import nbformat

    try:
        text = data.decode("utf-8")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # cells without ids are no matter here
            found = nbformat.reads(text, as_version=4)
            nbformat.validate(found, relax_add_props=True)
    except Exception as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else ""
        raise BrokenFile(f"{name} is no Jupyter notebook: {first[:200]}.", file=name) from error
    metadata = found.get("metadata") or {}
    language = (metadata.get("kernelspec") or {}).get("language") or (
        metadata.get("language_info") or {}
    ).get("name", "python")
    if str(language).lower() != "python":
        raise BrokenFile(
            f"{name} is written in {language}; only notebooks in Python become pipelines.",
            file=name,
        )
    if len(found["cells"]) > MAX_CELLS:
        raise UnsafeFile(f"{name} has more than {MAX_CELLS:,} cells; it is not imported.")
    return dict(found)


def sections(notebook: Mapping[str, Any], name: str) -> list[Section]:
    """Return the sections of a notebook, by tags when it has some, else by its headings.

    Raises:
        BrokenFile: when a cell is no Python; names the cell and the line.
    """
    cells = notebook["cells"]
    tags = {_tag(cell) for cell in cells if cell["cell_type"] == "code"}
    tagged = bool(tags - {None, "skip"})
    headed = any(_heading(cell) for cell in cells if cell["cell_type"] == "markdown")
    found = list(_sections(cells, name, tagged=tagged, headed=headed))
    return [item for item in found if item.cells or item.text]


def _sections(
    cells: list[Mapping[str, Any]], name: str, *, tagged: bool, headed: bool
) -> Iterator[Section]:
    current: Section | None = None
    title = ""
    for number, cell in enumerate(cells, 1):
        source = str(cell["source"])
        if cell["cell_type"] == "markdown":
            heading = _heading(cell)
            if heading:
                title = heading
                if current is not None:
                    yield current
                current = Section(heading)
            elif current is None:
                current = Section("introduction")
            if source.strip():
                current.text.append(source.strip())
            continue
        if cell["cell_type"] != "code" or not source.strip():
            continue
        tag = _tag(cell)
        begins = tag not in (None, "skip") if tagged else not headed
        if current is None or (begins and current.cells):
            if current is not None:
                yield current
            current = Section(_name(source, title if tagged else "", number))
        _take(current, number, source, tag, name)
    if current is not None:
        yield current


def _take(section: Section, number: int, source: str, tag: str | None, name: str) -> None:
    text, said = without_magics(source, number)
    skip = tag == "skip"
    if skip:
        section.warnings.append(
            f"Cell {number} is tagged to be skipped: only imports and functions of it are used."
        )
    else:
        section.warnings += said
        section.type = section.type or tag
    section.cells.append(Cell(number, text, parsed(text, number, name), skip))


def parsed(text: str, number: int, name: str) -> ast.Module:
    """Return the tree of a cell.

    Raises:
        BrokenFile: when it is no Python, or waits at its top level.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
            compile(tree, name, "exec")
    except (SyntaxError, ValueError, RecursionError) as error:
        line = getattr(error, "lineno", None)
        where = f"cell {number}" + (f", line {line}" if line else "")
        words = getattr(error, "msg", None) or str(error)
        if "await" in text and "outside" in str(words):
            words = "it awaits outside of a function, which a block cannot"
        raise BrokenFile(f"{name}, {where}: {words}.", file=name, cell=number, line=line) from error
    return tree


def without_magics(source: str, number: int) -> tuple[str, list[str]]:
    """Return a cell with its magics as comments, and what is to be said about them."""
    said: list[str] = []
    first = source.lstrip().split("\n", 1)[0]
    if first.startswith("%%"):
        magic = first.split()[0]
        if magic not in _KEPT_CELL_MAGICS:
            said.append(
                f"Cell {number} is written for the magic {magic}, which blocks do not have; it is "
                "kept as a comment."
            )
            return "\n".join([*(f"# {line}" for line in source.splitlines()), "pass"]), said
        said.append(f"The magic {magic} of cell {number} is left out.")
        source = source.lstrip().partition("\n")[2]
    if _is_python(source):
        return source, said
    lines = source.split("\n")
    for index, line in enumerate(lines):
        if not _LINE_MAGIC.match(line):
            continue
        indent = line[: len(line) - len(line.lstrip())]
        pip = _PIP.match(line)
        if pip:
            said.append(
                f"Cell {number} installs packages ({pip[1].strip()}); name them in "
                "requirements.txt instead."
            )
        else:
            said.append(f"'{line.strip()[:60]}' of cell {number} is a magic and is left out.")
        # A line that does nothing: it may have been all there was in a block.
        lines[index] = f"{indent}pass  # {line.strip()}"
    return "\n".join(lines), said


def _is_python(source: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(source)
    except (SyntaxError, ValueError):
        return False
    return True


def _tag(cell: Mapping[str, Any]) -> str | None:
    """Return the block type that a cell's tags name, ``skip``, or None."""
    for tag in (cell.get("metadata") or {}).get("tags") or ():
        word = str(tag).strip().lower().removeprefix("mage:").replace("-", "_")
        word = _SHORT.get(word, word)
        if word == "skip" or word in CODE_TYPES:
            return word
    return None


def _heading(cell: Mapping[str, Any]) -> str | None:
    text = _FENCE.sub("", str(cell["source"]))
    found = _HEADING.search(text)
    return re.sub(r"[*_`]|\[([^\]]*)\]\([^)]*\)", r"\1", found[2]).strip() if found else None


def _name(source: str, title: str, number: int) -> str:
    """Return a name for a cell that has no heading: its first comment, else its number."""
    first = source.lstrip().split("\n", 1)[0]
    if first.startswith("#") and any(char.isalnum() for char in first):
        return first.lstrip("#% ").strip()[:60]
    return title or f"cell {number}"
