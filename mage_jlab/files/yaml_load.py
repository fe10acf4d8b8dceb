"""YAML 1.1 as Mage reads it, with limits: a file can be wrong but not harmful.

PyYAML's safe loader; bytes, depth, aliases and expanded nodes are capped by
a pass over the events before anything is built, so neither a bomb of aliases
nor a thousand nested lists reach the constructor.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml

from mage_jlab.errors import BrokenFile, UnsafeFile
from mage_jlab.files import places

MAX_BYTES = 4 * 1024 * 1024
MAX_DEPTH = 64
MAX_ALIASES = 500
MAX_NODES = 60_000
_Built = TypeVar("_Built")
_MERGE = "tag:yaml.org,2002:merge"
BOM = "\ufeff"
_CONFLICT = re.compile(r"^(<{7}|>{7}|\|{7})( |$)|^={7}$", re.MULTILINE)

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Loader(_Base):  # type: ignore[misc]  # the C loader has no stubs
    """The safe loader, and the few harmless ``!!python`` tags that Mage's dumps hold."""


def _sequence(loader: Any, node: yaml.Node) -> list[Any]:
    return list(loader.construct_sequence(node, deep=True))


Loader.add_constructor("tag:yaml.org,2002:python/tuple", _sequence)
Loader.add_constructor("tag:yaml.org,2002:python/list", _sequence)
for _tag, _kind in (
    ("str", "str"), ("unicode", "str"), ("none", "null"), ("bool", "bool"),
    ("int", "int"), ("long", "int"), ("float", "float"), ("dict", "map"),
):  # fmt: skip
    Loader.add_constructor(
        f"tag:yaml.org,2002:python/{_tag}",
        _Base.yaml_constructors[f"tag:yaml.org,2002:{_kind}"],
    )


@dataclass(frozen=True)
class Composed:
    """A document with the nodes it was built from; their marks point into the text."""

    node: yaml.Node | None
    document: Any
    keys: dict[int, Any]
    """id of a key node -> the key."""


def decode(data: bytes, file: str) -> str:
    """Return the text of a YAML file; a byte order mark stays at its head.

    Raises:
        BrokenFile: when it is not UTF-8.
        UnsafeFile: when it is too large.
    """
    if len(data) > MAX_BYTES:
        raise UnsafeFile(f"{file} has more than {MAX_BYTES:,} bytes; it is not loaded.", file=file)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BrokenFile(
            f"{file}, line {line}: this is not UTF-8 text.", file=file, line=line
        ) from error


def read(path: Path, file: str) -> str:
    """Return the text of a YAML file without a byte order mark.

    Raises:
        FileNotFoundError: when there is no regular file.
        BrokenFile: when it is not UTF-8 or too large.
    """
    return decode(places.read_bytes(path, MAX_BYTES), file).removeprefix(BOM)


def load(text: str, file: str) -> Any:
    """Return the document in a text.

    Raises:
        BrokenFile: when it is no YAML; the message and `detail` say the line.
        UnsafeFile: when it exceeds a limit.
    """
    return _guarded(text, file, _load)


def load_mapping(text: str, file: str) -> dict[Any, Any]:
    """Return the document in a text, which must be a mapping.

    Raises:
        BrokenFile: when it is something else, or no YAML.
    """
    return as_mapping(load(text, file), file)


def as_mapping(document: Any, file: str) -> dict[Any, Any]:
    """Return the document if it is a mapping.

    Raises:
        BrokenFile: when it is something else.
    """
    if isinstance(document, dict):
        return document
    found = "nothing" if document is None else "something else"
    raise BrokenFile(f"{file} should hold keys and values, but holds {found}.", file=file, line=1)


def compose(text: str, file: str) -> Composed:
    """Return the document in a text together with its nodes.

    Raises:
        BrokenFile: when it is no YAML; the message and `detail` say the line.
        UnsafeFile: when it exceeds a limit.
    """
    return _guarded(text, file, _build)


def _guarded(text: str, file: str, build: Callable[[str], _Built]) -> _Built:
    """Build something from a text, within the limits; say the line of what is wrong."""
    body = text.removeprefix(BOM)
    if len(body) > MAX_BYTES:
        raise UnsafeFile(f"{file} is too large to be loaded.", file=file)
    conflict = _CONFLICT.search(body)
    if conflict and body.count("<<<<<<<") and body.count(">>>>>>>"):
        line = body.count("\n", 0, conflict.start()) + 1
        raise BrokenFile(
            f"{file}, line {line}: there is an unresolved merge conflict.", file=file, line=line
        )
    try:
        _measure(body, file)
        return build(body)
    except yaml.MarkedYAMLError as error:
        raise _broken(error, file) from error
    except yaml.reader.ReaderError as error:
        line = body.count("\n", 0, error.position) + 1
        raise BrokenFile(
            f"{file}, line {line}: a character is not allowed in YAML.", file=file, line=line
        ) from error
    except (yaml.YAMLError, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise BrokenFile(f"{file} cannot be read: {_sentence(str(error))}", file=file) from error


def _load(text: str) -> Any:
    loader = Loader(text)
    try:
        return loader.get_single_data()
    finally:
        loader.dispose()


def _build(text: str) -> Composed:
    loader = Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return Composed(None, None, {})
        # The constructor flattens merge keys in place; the text has them unflattened.
        pairs = [(n, list(n.value)) for n in _mappings(node)]
        document = loader.construct_document(node)
        for mapping, value in pairs:
            mapping.value = value
        keys: dict[int, Any] = {}
        for _, value in pairs:
            for key, _child in value:
                if key.tag == _MERGE:
                    keys[id(key)] = key.value
                elif isinstance(key, yaml.ScalarNode):
                    keys[id(key)] = loader.construct_object(key, deep=True)
        return Composed(node, document, keys)
    finally:
        loader.dispose()


def _mappings(root: yaml.Node) -> Iterator[yaml.MappingNode]:
    seen: set[int] = set()
    stack = [root]
    while stack:
        node = stack.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            yield node
            for key, value in node.value:
                stack.extend((key, value))
        elif isinstance(node, yaml.SequenceNode):
            stack.extend(node.value)


def _measure(text: str, file: str) -> None:
    """Count depth, aliases and nodes as they would be after expansion."""
    sizes: dict[str, int] = {}
    open_nodes: list[list[Any]] = [[None, 0]]
    aliases = 0
    for event in yaml.parse(text, Loader=Loader):
        if isinstance(event, yaml.AliasEvent):
            aliases += 1
            # An alias inside its own anchor has no size yet: a circle.
            if event.anchor not in sizes and any(e[0] == event.anchor for e in open_nodes):
                raise _unsafe(file, event, "a value that contains itself")
            open_nodes[-1][1] += sizes.get(str(event.anchor), 1)
        elif isinstance(event, yaml.CollectionStartEvent):
            open_nodes.append([event.anchor, 1])
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, size = open_nodes.pop()
            open_nodes[-1][1] += size
            if anchor:
                sizes[anchor] = size
        elif isinstance(event, yaml.ScalarEvent):
            open_nodes[-1][1] += 1
            if event.anchor:
                sizes[event.anchor] = 1
        if len(open_nodes) > MAX_DEPTH:
            raise _unsafe(file, event, f"more than {MAX_DEPTH} nested levels")
        if aliases > MAX_ALIASES:
            raise _unsafe(file, event, f"more than {MAX_ALIASES} aliases")
        if open_nodes[-1][1] > MAX_NODES:
            raise _unsafe(file, event, f"more than {MAX_NODES:,} values")


def _unsafe(file: str, event: Any, what: str) -> UnsafeFile:
    line = event.start_mark.line + 1
    return UnsafeFile(f"{file}, line {line}: the file holds {what}.", file=file, line=line)


def _broken(error: yaml.MarkedYAMLError, file: str) -> BrokenFile:
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark is not None else None
    where = f"{file}, line {line}" if line else file
    problem = _sentence(error.problem or error.context or "the text is not valid YAML")
    return BrokenFile(f"{where}: {problem}", file=file, line=line)


def _sentence(text: str) -> str:
    line = text.strip().split("\n")[0][:300]
    return f"{line.rstrip('.')}."


def unshared(value: Any) -> Any:
    """Return a deep copy in which what an alias repeated is a value of its own."""
    if isinstance(value, dict):
        return {key: unshared(item) for key, item in value.items()}
    if isinstance(value, list):
        return [unshared(item) for item in value]
    return value


def plain(value: Any) -> Any:
    """Return the value as JSON knows it: dates as text, keys as text."""
    if isinstance(value, dict):
        return {plain_key(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted(str(item) for item in value)
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if value - value == 0 else str(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def plain_key(key: Any) -> str:
    """Return a mapping's key as text."""
    return key if isinstance(key, str) else str(plain(key))


def merged(current: Any, wanted: Any) -> Any:
    """Return `wanted` (plain data), with `current` kept wherever it says the same.

    So a date that went through JSON as text and came back unedited stays a date.
    """
    if same(plain(current), wanted):
        return current
    if isinstance(current, dict) and isinstance(wanted, dict):
        original = {plain_key(key): key for key in current}
        return {
            original.get(key, key): merged(current[original[key]], value)
            if key in original
            else value
            for key, value in wanted.items()
        }
    if isinstance(current, list) and isinstance(wanted, list) and len(current) == len(wanted):
        return [merged(a, b) for a, b in zip(current, wanted, strict=True)]
    return wanted


def same(one: Any, other: Any) -> bool:
    """Compare strictly: 1, 1.0, True and '1' all differ; NaN equals NaN."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(v, other[k]) for k, v in one.items())
    if isinstance(one, list):
        return len(one) == len(other) and all(same(a, b) for a, b in zip(one, other, strict=True))
    return bool(one == other) or (one != one and other != other)
