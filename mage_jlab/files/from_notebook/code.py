"""The text of a block: Mage's decorated function around what the cells of a section do."""

from __future__ import annotations

import ast
import io
import keyword
import re
import tokenize
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mage_jlab.files.from_notebook import links, names
from mage_jlab.files.from_notebook.cells import Cell, Section
from mage_jlab.files.from_notebook.links import Part, Statement

_MANY = 10
"""With more outputs than these their order is not that of the code (`output_10`, `output_2`)."""
_SHOWN_ALREADY = frozenset({"print", "display", "exec", "show"})


@dataclass(frozen=True)
class Upstream:
    """A block above: its id, what it gives, and what is taken of it."""

    id: str
    gives: Sequence[str]
    takes: frozenset[str]


def scratchpad(section: Section, part: Part, pipeline: str, given: Sequence[Upstream]) -> str:
    """Return the cells as they are, with the imports they need and the stored outputs they read."""
    head = [ast.unparse(item.node) for item in part.repeated]
    if any(item.takes for item in given):
        head.append("from mage_ai.data_preparation.variable_manager import get_variable")
    for item in given:
        many = len(item.gives) > _MANY
        for number, name in enumerate(item.gives):
            if name in item.takes:
                output = f"output_{0 if many else number}"
                call = f"get_variable({pipeline!r}, {item.id!r}, {output!r})"
                head.append(f"{name} = {call}[{name!r}]" if many else f"{name} = {call}")
    cells = [cell.source.strip("\n") for cell in section.cells]
    return "\n\n\n".join(["\n".join(head), *cells] if head else cells)


def block(kind: str, block_id: str, section: Section, part: Part, above: Sequence[Upstream]) -> str:
    """Return the text of a block of Python."""
    split = _split(part)
    body = _Body(section, part, split)
    parameters, unpacking = _inputs(above, part)
    lines = [
        *unpacking,
        *(line for item in split.kept for line in item.text.split("\n")),
        *body.lines(),
        *_returned(part.gives, body.value, part.last),
    ]
    head = list(dict.fromkeys(ast.unparse(item.node) for item in split.imports))
    if body.displays:
        head.append("from IPython.display import display")
    top = "\n".join(sorted(head, key=_import_order))
    guard = (
        f"if '{kind}' not in globals():\n    from mage_ai.data_preparation.decorators import {kind}"
    )
    constants = "\n".join(item.text for item in split.constants)
    folded = _comment(section.text)
    name = _identifier(block_id)
    signature = ", ".join([*parameters, "*args", "**kwargs"])
    function = "\n".join(
        [*folded, f"@{kind}", f"def {name}({signature}):", *_indented(_something(lines))]
    )
    whole = [item.text.strip("\n") for item in split.hoisted]
    parts = [top, f"{guard}\n\n{constants}".rstrip(), *whole, function]
    text = f"{parts[0]}\n\n{parts[1]}" if top else parts[1]
    return "\n\n\n".join([text, *parts[2:]])


@dataclass
class _Split:
    """Where the statements of a block go: to its head, or into its function."""

    imports: list[Statement]
    constants: list[Statement]
    hoisted: list[Statement]
    kept: list[Statement]
    """Repeated definitions that read variables: at the head of the function."""
    inside: list[Statement]


def _split(part: Part) -> _Split:
    """Put to the head what reads no variable of the notebook."""
    every = [*part.repeated, *part.statements]
    variables = {n for item in part.statements if item.kind == links.BODY for n in item.defines}
    variables |= set(part.takes)
    # What is defined twice means the one or the other, depending on where it is asked.
    times = Counter(name for item in every for name in item.defines)
    variables |= {n for i in every if i.kind == links.DEFINITION for n in i.defines if times[n] > 1}
    plain = [i for i in every if i.kind in (links.IMPORT, links.CONSTANT)]
    heads = [i for i in plain if not i.defines & variables]
    known = {n for item in heads for n in item.defines} | names.BUILTINS
    definitions = [i for i in every if i.kind == links.DEFINITION and not i.defines & variables]
    again = True
    hoisted: list[Statement] = []
    while again:
        # A function may call one that is found to be free only later.
        together = known | {n for item in definitions for n in item.defines}
        fitting = [item for item in definitions if item.does.reads <= together]
        again = len(fitting) < len(definitions)
        definitions = hoisted = fitting
    top = {id(item) for item in [*heads, *hoisted]}
    own = {id(item) for item in part.statements}
    return _Split(
        imports=[i for i in heads if i.kind == links.IMPORT],
        constants=[i for i in heads if i.kind == links.CONSTANT],
        hoisted=hoisted,
        kept=[i for i in part.repeated if id(i) not in top],
        inside=[i for i in every if id(i) in own and id(i) not in top],
    )


class _Body:
    """The statements of a section that stay in the function, as they are written."""

    def __init__(self, section: Section, part: Part, split: _Split) -> None:
        self.value: str | None = None
        """What the last cell shows, when nothing is handed on: it becomes the result."""
        self.displays = False
        self._cells = section.cells
        self._inside = {id(item.node) for item in split.inside}
        self._gives = bool(part.gives)

    def lines(self) -> list[str]:
        """Return the lines; finds `value` and `displays` on the way."""
        found: list[str] = []
        for cell in self._cells:
            last = cell is self._cells[-1]
            texts = [text for text in self._cell(cell, last) if text.strip()]
            if texts:
                found += ([""] if found else []) + "\n".join(texts).split("\n")
        return found

    def _cell(self, cell: Cell, last: bool) -> Iterator[str]:
        for node, text in links.segments(cell):
            if id(node) not in self._inside:
                continue
            if isinstance(node, ast.Pass):
                yield text.removesuffix("pass").replace("pass  #", "#", 1)
            elif node is cell.tree.body[-1] and isinstance(node, ast.Expr):
                yield self._shown(cell, node, text, last)
            else:
                yield text

    def _shown(self, cell: Cell, node: ast.Expr, text: str, last: bool) -> str:
        """Return the last expression of a cell, which a notebook shows."""
        shown = node.value
        called = shown.func if isinstance(shown, ast.Call) else None
        word = getattr(called, "attr", getattr(called, "id", ""))
        quiet = isinstance(shown, ast.Constant) or word in _SHOWN_ALREADY
        if quiet or cell.source.rstrip().endswith(";"):
            return text
        source = ast.get_source_segment(cell.source, shown) or ast.unparse(shown)
        comment = text[: text.rfind(source)] if source in text else ""
        if last and not self._gives:
            self.value = source
            return comment
        self.displays = True
        return f"{comment}display({source})"


def _inputs(above: Sequence[Upstream], part: Part) -> tuple[list[str], list[str]]:
    """Return the parameters, and the lines that take several outputs apart."""
    used = part.sets | set(part.takes) | {n for s in part.statements for n in s.does.reads}
    parameters: list[str] = []
    unpacking: list[str] = []
    for item in above:
        if len(item.gives) == 1 and item.takes:
            parameters.append(item.gives[0])
            continue
        name = _identifier(item.id)
        while name in used or name in parameters:
            name = f"{name}_output"
        parameters.append(name)
        if not item.takes:
            continue
        if len(item.gives) > _MANY:
            unpacking += [f"{taken} = {name}['{taken}']" for taken in sorted(item.takes)]
        else:
            targets = [given if given in item.takes else "_" for given in item.gives]
            unpacking.append(f"{', '.join(targets)} = {name}")
    return parameters, unpacking


def _returned(gives: Sequence[str], value: str | None, last: str | None) -> list[str]:
    if len(gives) > _MANY:
        return [f"return {{{', '.join(f'{name!r}: {name}' for name in gives)}}}"]
    if len(gives) > 1:
        return [f"return {', '.join(gives)}"]
    # A list of one is one output, whatever its type: a list by itself would be one for each item.
    if gives:
        return [f"return [{gives[0]}]"]
    if value is not None:
        return [f"return [{value}]"]
    return [f"return [{last}]"] if last else []


def _import_order(line: str) -> tuple[bool, str]:
    return not line.startswith("from __future__"), ""


def _something(lines: list[str]) -> list[str]:
    """Return the lines, with one that does nothing when there are but comments."""
    text = "\n".join(lines)
    return lines if ast.parse(text).body else [*lines, "pass"]


def _comment(texts: Sequence[str]) -> list[str]:
    return [f"# {line}".rstrip() for text in texts for line in text.split("\n")]


def _identifier(block_id: str) -> str:
    name = re.sub(r"\W", "_", block_id)
    return f"{name}_" if keyword.iskeyword(name) or not name.isidentifier() else name


def _indented(lines: Sequence[str]) -> list[str]:
    """Indent code; lines within a text of several lines stay as they are."""
    flat = "\n".join(lines).split("\n")
    inside: set[int] = set()
    opened: list[int] = []
    starts = {getattr(tokenize, name, -1) for name in ("FSTRING_START", "TSTRING_START")}
    ends = {getattr(tokenize, name, -1) for name in ("FSTRING_END", "TSTRING_END")}
    for token in tokenize.generate_tokens(io.StringIO("\n".join(flat) + "\n").readline):
        if token.type == tokenize.STRING:
            inside.update(range(token.start[0] + 1, token.end[0] + 1))
        elif token.type in starts:
            opened.append(token.start[0])
        elif token.type in ends and opened:
            inside.update(range(opened.pop() + 1, token.end[0] + 1))
    return [
        line if number in inside or not line.strip() else f"    {line}"
        for number, line in enumerate(flat, 1)
    ]


def proposed(part: Part, section: Section, *, first: bool) -> str:
    """Return the type of block that a section looks like."""
    if section.type:
        return section.type
    called = {
        node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        for item in part.statements
        for node in ast.walk(item.node)
        if isinstance(node, ast.Call)
    }
    writes = any(
        word.startswith(("to_csv", "to_parquet", "to_sql", "to_excel", "to_json", "to_feather"))
        or word in ("export", "savefig", "dump", "write_csv", "write_parquet", "upload_file")
        for word in called
    )
    if part.takes:
        return "data_exporter" if writes and not part.gives else "transformer"
    reads = any(word.startswith(("read_", "load", "get", "fetch", "scan_")) for word in called)
    return "data_loader" if reads or part.gives or first else "custom"
