"""Which names statements read, set and change: found in the tree, nothing is run."""

from __future__ import annotations

import ast
import builtins
import symtable
from collections.abc import Iterator
from dataclasses import dataclass, field

BUILTINS = frozenset(dir(builtins)) | {
    "__name__", "__file__", "__doc__", "display", "get_ipython", "In", "Out", "_", "__", "___",
}  # fmt: skip
_CHANGING = frozenset({
    "append", "extend", "insert", "remove", "pop", "clear", "sort", "reverse", "update",
    "setdefault", "popitem", "add", "discard", "intersection_update", "difference_update",
    "appendleft", "extendleft",
})  # fmt: skip
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_LONG = 80
_STATE = {
    "seed": "sets the seed of random numbers",
    "set_option": "sets an option of a package",
    "filterwarnings": "sets what is warned about",
    "set_theme": "sets how plots look",
    "simplefilter": "sets what is warned about",
}
_TIED = frozenset({"open", "connect", "create_engine", "cursor", "subplots", "figure", "Session"})


@dataclass
class Names:
    """What a statement does to names of the notebook."""

    reads: set[str] = field(default_factory=set)
    """Read before the statement (certainly) sets them; functions it defines read later."""
    sets: set[str] = field(default_factory=set)
    """Set, perhaps only in a branch."""
    surely: set[str] = field(default_factory=set)
    changes: set[str] = field(default_factory=set)
    """Changed in place."""


def of(statement: ast.stmt) -> Names:
    """Return what one top-level statement does."""
    found = Names()
    _Walk(found).statement(statement, sure=True)
    found.changes = set(_changed(statement))
    found.reads |= found.changes - found.surely
    return found


def deep(node: ast.stmt) -> set[str]:
    """Return every name that a definition reads from around it, now or when it is called."""
    table = symtable.symtable(ast.unparse(node), "<cell>", "exec")
    found: set[str] = set()
    stack = [table]
    while stack:
        item = stack.pop()
        top = item.get_type() == "module"
        for symbol in item.get_symbols():
            if symbol.is_referenced() and (top or symbol.is_global()):
                found.add(symbol.get_name())
        stack += item.get_children()
    return found - _defined(node)


def _defined(node: ast.stmt) -> set[str]:
    return {node.name} if isinstance(node, ast.FunctionDef | ast.ClassDef) else set()


def imported(statement: ast.stmt) -> set[str] | None:
    """Return the names that an import brings, or None for anything else.

    An import that is tried (``try: import x``, else something in its place) counts as one.
    """
    if isinstance(statement, ast.Import):
        return {(item.asname or item.name.partition(".")[0]) for item in statement.names}
    if isinstance(statement, ast.ImportFrom):
        return {item.asname or item.name for item in statement.names}
    if isinstance(statement, ast.Try) and any(
        isinstance(item, ast.Import | ast.ImportFrom) for item in statement.body
    ):
        return of(statement).sets
    return None


def constant(statement: ast.stmt) -> str | None:
    """Return the name that a statement sets to a plain value, or None."""
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        return None
    target = statement.targets[0]
    if not isinstance(target, ast.Name):
        return None
    if isinstance(statement.value, ast.Lambda):
        return None
    try:
        value = ast.literal_eval(statement.value)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return None
    # What can be changed in place is no constant, whatever it holds now.
    if isinstance(value, str | bytes | tuple) and (
        len(value) > _LONG or statement.lineno != statement.end_lineno
    ):
        return None  # better handed on than repeated
    plain = isinstance(value, str | int | float | bool | bytes | complex | type(None))
    return target.id if plain or isinstance(value, tuple) else None


def definition(statement: ast.stmt) -> str | None:
    """Return the name of the function, class or lambda that a statement defines, or None."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return statement.name
    if (
        isinstance(statement, ast.Assign)
        and isinstance(statement.value, ast.Lambda)
        and len(statement.targets) == 1
        and isinstance(statement.targets[0], ast.Name)
    ):
        return statement.targets[0].id
    return None


def remarks(statement: ast.stmt, number: int) -> Iterator[str]:
    """Yield what acts differently in a block than in a notebook."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Global):
            yield (
                f"A function in cell {number} says 'global {', '.join(node.names)}'; in a block "
                "that is not the variable of the cell."
            )
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        if isinstance(called, ast.Name) and called.id in ("globals", "locals", "exec", "vars"):
            yield f"Cell {number} calls {called.id}(), which sees other names in a block."
        if isinstance(called, ast.Attribute) and called.attr in _STATE:
            yield (
                f"{ast.unparse(called)}(…) in cell {number} {_STATE[called.attr]} for this block "
                "only: blocks may run in processes of their own."
            )


def tied(statement: ast.stmt) -> set[str]:
    """Return names that are set to what cannot be handed on: files, connections, figures."""
    if not isinstance(statement, ast.Assign) or not isinstance(statement.value, ast.Call):
        return set()
    called = statement.value.func
    word = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    return of(statement).sets if word in _TIED else set()


def _changed(statement: ast.stmt) -> Iterator[str]:
    """Yield names whose values are changed in place, outside of definitions."""
    stack: list[ast.AST] = [statement]
    while stack:
        node = stack.pop()
        if isinstance(node, _SCOPES):
            continue
        stack += ast.iter_child_nodes(node)
        if isinstance(node, ast.Subscript | ast.Attribute) and isinstance(
            node.ctx, ast.Store | ast.Del
        ):
            yield from _root(node)
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            yield node.target.id
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            inplace = any(
                item.arg == "inplace" and not _false(item.value) for item in node.keywords
            )
            if node.func.attr in _CHANGING or inplace:
                yield from _root(node.func.value)


def _false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def _root(node: ast.AST) -> Iterator[str]:
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    if isinstance(node, ast.Name):
        yield node.id


class _Walk:
    """Goes through a statement in the order in which it is executed."""

    def __init__(self, names: Names) -> None:
        self.names = names

    def load(self, name: str) -> None:
        if name not in self.names.surely:
            self.names.reads.add(name)

    def store(self, name: str, sure: bool) -> None:
        self.names.sets.add(name)
        if sure:
            self.names.surely.add(name)

    def statement(self, node: ast.stmt, *, sure: bool) -> None:
        """Go through a statement; `sure` says that it is certainly executed."""
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for name in deep(node):
                self.load(name)
            self.store(node.name, sure)
        elif isinstance(node, ast.If | ast.While):
            self.expression(node.test)
            self._branches(node.body, node.orelse)
        elif isinstance(node, ast.For | ast.AsyncFor):
            self._loop(node)
        elif isinstance(node, ast.With | ast.AsyncWith):
            for item in node.items:
                self.expression(item.context_expr)
                if item.optional_vars is not None:
                    self.target(item.optional_vars, sure)
            self._all(node.body, sure)
        elif isinstance(node, ast.Try):
            self._try(node, sure)
        elif isinstance(node, ast.Match):
            self._match(node)
        else:
            self._simple(node, sure)

    def _all(self, body: list[ast.stmt], sure: bool) -> None:
        for inner in body:
            self.statement(inner, sure=sure)

    def _loop(self, node: ast.For | ast.AsyncFor) -> None:
        self.expression(node.iter)
        before = set(self.names.surely)
        self.target(node.target, sure=True)
        self._branches(node.body, node.orelse)
        self.names.surely = before

    def _try(self, node: ast.Try, sure: bool) -> None:
        for handler in node.handlers:
            if handler.type is not None:
                self.expression(handler.type)
        handled = [part for handler in node.handlers for part in handler.body]
        bound = {handler.name for handler in node.handlers if handler.name}
        before = set(self.names.surely)
        self.names.surely |= bound
        self._branches(node.body, handled, node.orelse)
        self.names.surely = before
        self._all(node.finalbody, sure)

    def _match(self, node: ast.Match) -> None:
        self.expression(node.subject)
        for case in node.cases:
            bound = {
                part.name
                for part in ast.walk(case.pattern)
                if isinstance(part, ast.MatchAs | ast.MatchStar) and part.name
            }
            before = set(self.names.surely)
            self.names.surely |= bound
            self._branches(case.body)
            self.names.surely = before
            self.names.sets |= bound

    def _simple(self, node: ast.stmt, sure: bool) -> None:
        if isinstance(node, ast.Assign):
            self.expression(node.value)
            for target in node.targets:
                self.target(target, sure)
        elif isinstance(node, ast.AugAssign):
            if isinstance(node.target, ast.Name):
                self.load(node.target.id)
            self.expression(node.value)
            self.target(node.target, sure)
        elif isinstance(node, ast.AnnAssign):
            if node.value is not None:
                self.expression(node.value)
                self.target(node.target, sure)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            for name in imported(node) or ():
                self.store(name, sure)
        else:
            for child in ast.iter_child_nodes(node):
                if isinstance(child, ast.expr):
                    self.expression(child)

    def _branches(self, *branches: list[ast.stmt]) -> None:
        before = set(self.names.surely)
        for branch in branches:
            self.names.surely = set(before)
            for inner in branch:
                # Within its own branch what is set is set.
                self.statement(inner, sure=True)
        self.names.surely = before

    def target(self, node: ast.AST, sure: bool) -> None:
        if isinstance(node, ast.Name):
            self.store(node.id, sure)
        elif isinstance(node, ast.Tuple | ast.List):
            for item in node.elts:
                self.target(item, sure)
        elif isinstance(node, ast.Starred):
            self.target(node.value, sure)
        elif isinstance(node, ast.expr):
            self.expression(node)

    def expression(self, node: ast.AST, bound: frozenset[str] = frozenset()) -> None:
        if isinstance(node, ast.Name):
            if node.id not in bound:
                self.load(node.id)
        elif isinstance(node, ast.NamedExpr):
            self.expression(node.value, bound)
            self.store(node.target.id, sure=False)
        elif isinstance(node, ast.Lambda):
            arguments = node.args
            own = {item.arg for item in ast.walk(arguments) if isinstance(item, ast.arg)}
            for default in [*arguments.defaults, *arguments.kw_defaults]:
                if default is not None:
                    self.expression(default, bound)
            self.expression(node.body, bound | own)
        elif isinstance(node, _COMPREHENSIONS):
            inner = bound
            for part in node.generators:
                self.expression(part.iter, inner)
                inner |= {i.id for i in ast.walk(part.target) if isinstance(i, ast.Name)}
                for condition in part.ifs:
                    self.expression(condition, inner)
            values = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
            for value in values:
                self.expression(value, inner)
        else:
            for child in ast.iter_child_nodes(node):
                self.expression(child, bound)
