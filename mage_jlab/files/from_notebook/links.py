"""What sections hand on: the last one that set a name gives it to those that read it."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from mage_jlab.files.from_notebook import names
from mage_jlab.files.from_notebook.cells import Cell, Section

IMPORT, CONSTANT, DEFINITION, BODY = "import", "constant", "definition", "body"


@dataclass
class Statement:
    """A top-level statement of a cell."""

    section: int
    cell: int
    node: ast.stmt
    kind: str
    does: names.Names
    """`reads` of a definition are all it will ever read."""
    text: str
    """As it is written, comments before it included."""

    @property
    def defines(self) -> set[str]:
        """Return the names that it brings."""
        return self.does.sets


@dataclass
class Part:
    """What a section has, takes and gives."""

    statements: list[Statement] = field(default_factory=list)
    repeated: list[Statement] = field(default_factory=list)
    """Imports, constants and definitions of earlier sections that it needs."""
    takes: dict[str, int] = field(default_factory=dict)
    """Name -> the section that gives it."""
    gives: list[str] = field(default_factory=list)
    last: str | None = None
    """The variable that was set last."""
    warnings: list[str] = field(default_factory=list)

    @property
    def sets(self) -> set[str]:
        """Return every name that it sets itself."""
        return {name for item in self.statements for name in item.defines}


def of(sections: list[Section]) -> list[Part]:
    """Return the parts of all sections, in order; skipped ones are empty."""
    parts = [Part() for _ in sections]
    constants = _constants(sections)
    for number, section in enumerate(sections):
        parts[number].statements = list(_statements(number, section, constants))
    latest: dict[str, Statement] = {}
    stars = False
    linkers: list[_Linker] = []
    for number, part in enumerate(parts):
        stars = stars or any(_star(item) for item in part.statements)
        linkers.append(_Linker(parts, number, latest, stars))
        linkers[-1].link()
    for part, linker in zip(reversed(parts), reversed(linkers), strict=True):
        for name in sorted(linker.perhaps & set(part.gives)):
            # Set in a branch only: when that is not taken, it is what it was before.
            linker.need(name, part.statements[-1], ours=True)
        for name, giver in part.takes.items():
            if name not in parts[giver].gives:
                parts[giver].gives.append(name)
    for part in parts:
        order = list(dict.fromkeys(n for s in part.statements for n in _set_order(s)))
        part.gives.sort(key=lambda name: order.index(name) if name in order else -1)
        _say_tied(part)
    return parts


def _statements(number: int, section: Section, constants: set[str]) -> Iterator[Statement]:
    for cell in section.cells:
        for node, text in segments(cell):
            does = names.of(node)
            kind = BODY
            if names.imported(node) is not None:
                kind = IMPORT
            elif names.definition(node) is not None:
                kind = DEFINITION
                does.reads = names.deep(node)
            elif names.constant(node) in constants:
                kind = CONSTANT
            # Of what is left out, others may still use what it imports and defines.
            if kind != BODY or not (section.skip or cell.skip):
                yield Statement(number, cell.number, node, kind, does, text)


def segments(cell: Cell) -> Iterator[tuple[ast.stmt, str]]:
    """Yield each top-level statement with its lines, comments before it included."""
    lines = cell.source.split("\n")
    body = cell.tree.body
    ends = [node.end_lineno or node.lineno for node in body]
    shared = any(_first(node) <= end for node, end in zip(body[1:], ends, strict=False))
    before = 0
    for node, end in zip(body, ends, strict=True):
        if shared:  # several on one line
            yield node, ast.unparse(node)
            continue
        stop = len(lines) if node is body[-1] else end
        yield node, "\n".join(lines[before:stop]).strip("\n")
        before = end


def _first(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(item.lineno for item in decorators)])


def _constants(sections: list[Section]) -> set[str]:
    """Return names that are set once in the whole notebook, to a plain value."""
    times: Counter[str] = Counter()
    plain: set[str] = set()
    for section in sections:
        for cell in section.cells:
            for node in cell.tree.body:
                does = names.of(node)
                times.update(does.sets)
                times.update(does.changes)
                name = names.constant(node)
                if name is not None:
                    plain.add(name)
    return {name for name in plain if times[name] == 1}


class _Linker:
    """Links one section to those before it."""

    def __init__(
        self, parts: list[Part], number: int, latest: dict[str, Statement], stars: bool
    ) -> None:
        self.parts = parts
        self.part = parts[number]
        self.number = number
        self.latest = latest
        self.stars = stars
        self.before = dict(latest)
        self.perhaps: set[str] = set()
        """Names that are set in branches only."""

    def link(self) -> None:
        there: set[str] = set()
        maybe: set[str] = set()
        for item in self.part.statements:
            for name in sorted(item.does.reads - there):
                # A function reads when it is called: what is set further down may be there by then.
                later = item.kind == DEFINITION and name in self.part.sets
                self.need(name, item, ours=later or name in maybe)
            there |= item.does.surely
            maybe |= item.defines
        self.perhaps = maybe - there
        self._remember()

    def need(self, name: str, by: Statement, *, ours: bool) -> None:
        giver = self.before.get(name)
        if giver is None:
            if not ours and name not in names.BUILTINS and not self.stars:
                self.part.warnings.append(self._undefined(name, by))
            return
        if giver.kind == BODY:
            self.part.takes[name] = giver.section
            return
        if giver in self.part.repeated:
            return
        self.part.repeated.append(giver)
        if giver.kind == DEFINITION:
            for inner in sorted(giver.does.reads):
                self.need(inner, giver, ours=True)

    def _undefined(self, name: str, by: Statement) -> str:
        for part in self.parts[self.number :]:
            for item in part.statements:
                if name in item.defines and item is not by:
                    return (
                        f"Cell {by.cell} reads '{name}', which only cell {item.cell} sets, further "
                        "down: the cells were run in another order."
                    )
        return f"Cell {by.cell} reads '{name}', which no cell before it sets."

    def _remember(self) -> None:
        part = self.part
        for item in part.statements:
            for name in item.defines:
                self.latest[name] = item
                if item.kind == BODY and not name.startswith("_"):
                    part.last = name if name in item.does.surely else part.last
            for name in sorted(item.does.changes - item.defines):
                self._changed(name, item)
            part.warnings += [text for text in names.remarks(item.node, item.cell)]
        part.repeated.sort(key=lambda item: (item.section, item.cell, item.node.lineno))
        part.warnings = list(dict.fromkeys(part.warnings))

    def _changed(self, name: str, item: Statement) -> None:
        """Note that a value is changed in place: from here on it comes from this section."""
        giver = self.latest.get(name)
        if giver is None:
            return
        if giver.kind != BODY:
            self.part.warnings.append(
                f"Cell {item.cell} changes '{name}' in place, for this block only: every block "
                "that needs it has its own."
            )
        elif giver.section != self.number:
            self.latest[name] = item
            self.part.last = name
            self.part.warnings.append(
                f"'{name}' is changed in place in cell {item.cell}; blocks further down get the "
                "changed one from this block."
            )


def _star(item: Statement) -> bool:
    return isinstance(item.node, ast.ImportFrom) and item.node.names[0].name == "*"


def _set_order(item: Statement) -> list[str]:
    found = [n.id for n in ast.walk(item.node) if isinstance(n, ast.Name) and n.id in item.defines]
    return [*found, *sorted(item.does.changes)]


def _say_tied(part: Part) -> None:
    for item in part.statements:
        for name in sorted(names.tied(item.node) & set(part.gives)):
            part.warnings.append(
                f"'{name}' (cell {item.cell}) looks like an open file, a connection or a figure, "
                "which cannot be handed on to another block; make it where it is used."
            )
