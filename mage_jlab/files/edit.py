"""Editing YAML text in place: only the lines of what changed are touched.

The wanted document is compared with the file's nodes; each difference becomes
a splice at the marks of its node. The result is parsed again and must be
exactly the wanted document, else nothing is written (`EditRefused`).
Comments, order, quoting, indentation, line ends and a missing final newline
stay. New values are YAML 1.1 in the block style that Mage writes.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import yaml

from mage_jlab.errors import BrokenFile, EditRefused
from mage_jlab.files.yaml_dump import dump, flow
from mage_jlab.files.yaml_load import BOM, Composed, compose, same


@dataclass(frozen=True)
class _Splice:
    start: int
    end: int
    text: str


class _CannotSplice(Exception):  # a signal within this module, not an error
    """This node has a form that is not edited in part; its parent replaces it whole."""


def rewrite(text: str, wanted: Mapping[Any, Any], file: str) -> str:
    """Return the text changed so that it holds the wanted document.

    A document that is the same already gives back the very same text.

    Raises:
        BrokenFile: when the text is no YAML.
        EditRefused: when the change cannot be written so that it reads back as meant.
    """
    mark = BOM if text.startswith(BOM) else ""
    body = text.removeprefix(BOM)
    composed = compose(body, file)
    if same(composed.document, dict(wanted)):
        return text
    newline = "\r\n" if body.count("\r\n") * 2 > body.count("\n") else "\n"
    if composed.document is None and composed.node is None:
        return mark + body + dump(dict(wanted)).replace("\n", newline)
    ended = body.endswith("\n")
    work = body if ended else body + newline
    if not ended:
        # Only the nodes are of interest; a text at the very end may read otherwise.
        composed = replace(compose(work, file), document=composed.document)
    result = _spliced(work, composed, composed.document, dict(wanted), newline)
    if not ended:
        result = result.removesuffix(newline)
    _prove(result, dict(wanted), file)
    return mark + result


def _prove(text: str, wanted: dict[Any, Any], file: str) -> None:
    try:
        found = compose(text, file).document
    except BrokenFile as error:
        raise EditRefused(
            f"This change cannot be written into {file} without damage ({error.message}) "
            "Edit the file by hand.",
            file=file,
        ) from error
    if not same(found, wanted):
        raise EditRefused(
            f"This change to {file} would not read back as meant, so nothing was written. "
            "Edit the file by hand.",
            file=file,
        )


def _spliced(text: str, composed: Composed, have: Any, wanted: dict[Any, Any], newline: str) -> str:
    editor = _Editor(text, composed, newline)
    node = composed.node
    if not isinstance(node, yaml.MappingNode) or not isinstance(have, dict):
        raise EditRefused("The file holds no keys and values, so it cannot be changed in part.")
    try:
        if node.flow_style:
            editor.flow_value(node, have, wanted)
        else:
            editor.collection(node, have, wanted)
    except _CannotSplice as error:
        raise EditRefused("This file has a form that cannot be edited in part.") from error
    return editor.apply(0, len(text))


class _Editor:
    def __init__(self, text: str, composed: Composed, newline: str) -> None:
        self.text = text
        self.keys = composed.keys
        self.newline = newline
        self.splices: list[_Splice] = []
        self.indented = _indented(composed.node)

    # -- places in the text ------------------------------------------------

    def line_start(self, index: int) -> int:
        return self.text.rfind("\n", 0, index) + 1

    def line_end(self, index: int) -> int:
        """Return the index behind the newline that ends the line of `index`."""
        found = self.text.find("\n", index)
        return len(self.text) if found < 0 else found + 1

    def end(self, node: yaml.Node) -> int:
        """Return the index behind the last character of a node."""
        if isinstance(node, yaml.ScalarNode):
            end = int(node.end_mark.index)
            if node.style in ("|", ">"):
                end = min(end, len(self.text))
                # The mark stands behind following comments and blank lines in some cases.
                while end > node.start_mark.index and self.text[end - 1] in " \r\n\t":
                    end -= 1
                head = self.text[node.start_mark.index : self.line_end(node.start_mark.index)]
                return int(node.end_mark.index) - 1 if "+" in head.split("#")[0] else end
            return end
        if not isinstance(node, yaml.CollectionNode):
            raise _CannotSplice
        if node.flow_style or not node.value:
            return int(node.end_mark.index)
        if isinstance(node, yaml.MappingNode):
            key, value = node.value[-1]
            return self.value_end(key, value)
        last = node.value[-1]
        if last.start_mark.index < node.start_mark.index:
            raise _CannotSplice
        return self.end(last)

    def value_end(self, key: yaml.Node, value: yaml.Node) -> int:
        """Return where a mapping's value ends; an alias ends where its name does."""
        alias = self.alias(key, value)
        return alias[1] if alias else self.end(value)

    def colon(self, key: yaml.Node) -> int:
        """Return the index behind the colon of a key."""
        found = self.text.find(":", key.end_mark.index)
        if found < 0 or self.text[key.end_mark.index : found].strip():
            raise _CannotSplice
        return found + 1

    def alias(self, key: yaml.Node, value: yaml.Node) -> tuple[int, int] | None:
        """Return the span of an alias that stands for the value, or None."""
        if value.start_mark.index >= key.end_mark.index:
            return None
        start = self.colon(key)
        while self.text[start] in " \t":
            start += 1
        if self.text[start] != "*":
            raise _CannotSplice
        end = start
        while end < len(self.text) and self.text[end] not in " \t\r\n,]}":
            end += 1
        return start, end

    def own_line(self, index: int) -> bool:
        """Whether only spaces stand before this index on its line."""
        return not self.text[self.line_start(index) : index].strip(" ")

    # -- differences ------------------------------------------------------

    def collection(self, node: yaml.Node, have: Any, wanted: Any) -> None:
        """Add the splices that turn one collection into another, or refuse to."""
        if not have or not wanted or type(have) is not type(wanted):
            raise _CannotSplice
        if isinstance(node, yaml.MappingNode) and isinstance(have, dict):
            if node.flow_style:
                self.flow_mapping(node, have, wanted)
            else:
                self.block_mapping(node, have, wanted)
        elif isinstance(node, yaml.SequenceNode) and isinstance(have, list):
            if node.flow_style:
                self.flow_sequence(node, have, wanted)
            else:
                self.block_sequence(node, have, wanted)
        else:
            raise _CannotSplice

    def pairs(self, node: yaml.MappingNode) -> dict[Any, tuple[yaml.Node, yaml.Node]]:
        found: dict[Any, tuple[yaml.Node, yaml.Node]] = {}
        for key, value in node.value:
            if id(key) not in self.keys:
                raise _CannotSplice
            if key.tag == "tag:yaml.org,2002:merge":
                continue
            name = self.keys[id(key)]
            if key.start_mark.index < node.start_mark.index:
                raise _CannotSplice
            found.pop(name, None)  # of a key that is there twice the last one counts
            found[name] = (key, value)
        return found

    def flow_mapping(self, node: yaml.MappingNode, have: Any, wanted: Any) -> None:
        pairs = self.pairs(node)
        if set(pairs) != set(wanted) or set(pairs) != set(have):
            raise _CannotSplice
        for name, (key, value) in pairs.items():
            if not same(have[name], wanted[name]):
                if value.start_mark.index < key.end_mark.index:
                    raise _CannotSplice
                self.flow_value(value, have[name], wanted[name])

    def flow_sequence(self, node: yaml.SequenceNode, have: Any, wanted: Any) -> None:
        if len(node.value) != len(wanted) or len(have) != len(wanted):
            raise _CannotSplice
        before = node.start_mark.index
        for item, old, new in zip(node.value, have, wanted, strict=True):
            if item.start_mark.index < before:
                raise _CannotSplice
            before = item.start_mark.index
            if not same(old, new):
                self.flow_value(item, old, new)

    def flow_value(self, node: yaml.Node, have: Any, wanted: Any) -> None:
        mark = len(self.splices)
        try:
            self.collection(node, have, wanted)
        except _CannotSplice:
            del self.splices[mark:]
            self.splices.append(_Splice(node.start_mark.index, node.end_mark.index, flow(wanted)))

    def block_mapping(self, node: yaml.MappingNode, have: Any, wanted: Any) -> None:
        pairs = self.pairs(node)
        kept = [name for name in pairs if name in wanted]
        added = [name for name in wanted if name not in have]
        if not kept:
            raise _CannotSplice
        # A key that came through a merge is overridden by a key of its own.
        added += [
            name
            for name in wanted
            if name in have and name not in pairs and not same(have[name], wanted[name])
        ]
        self.remove_keys(pairs, [name for name in pairs if name not in wanted], kept)
        for name in kept:
            if not same(have[name], wanted[name]):
                key, value = pairs[name]
                self.replace_value(key, value, have[name], wanted[name])
        for name in added:
            self.insert_key(pairs, kept, name, wanted[name])

    def remove_keys(
        self, pairs: dict[Any, tuple[yaml.Node, yaml.Node]], gone: Sequence[Any], kept: Any
    ) -> None:
        names = sorted(pairs, key=lambda name: pairs[name][0].start_mark.index)
        first = pairs[names[0]][0].start_mark.index
        left = 0
        if not self.own_line(first):
            # The keys beside a dash go up to the first one that stays, which takes their place.
            left = next(place for place, name in enumerate(names) if name in kept)
            if left:
                stays = pairs[names[left]][0].start_mark.index
                self.splices.append(_Splice(first, stays, ""))
        for name in names[left:]:
            if name in gone:
                start = self.line_start(pairs[name][0].start_mark.index)
                self.splices.append(_Splice(start, self.line_end(self.value_end(*pairs[name])), ""))

    def replace_value(self, key: yaml.Node, value: yaml.Node, have: Any, wanted: Any) -> None:
        alias = self.alias(key, value)
        mark = len(self.splices)
        if alias is None:
            try:
                self.collection(value, have, wanted)
                return
            except _CannotSplice:
                del self.splices[mark:]
        if alias:
            start, end = alias
        else:
            start, end = value.start_mark.index, self.end(value)
        after = self.line_end(end)
        inline = bool(getattr(value, "flow_style", False)) and bool(have)
        if isinstance(wanted, dict | list) and wanted and not inline:
            lines = self.block(wanted, self.column(key), listed=isinstance(wanted, list))
            if self.own_line(start) and not alias:
                # A block below its key: the lines of the old one go, the new ones come.
                first = self.line_start(start)
                self.splices.append(_Splice(first, after, lines))
                return
            colon = self.colon(key)
            self.splices.append(_Splice(colon, end, ""))
            self.splices.append(_Splice(after, after, lines))
            return
        text = flow(wanted)
        if isinstance(wanted, str) and "\n" in wanted and not self.text[end:after].strip():
            parts = dump(wanted).removesuffix("\n").split("\n")
            pad = " " * self.column(key)
            text = self.newline.join([parts[0], *(f"{pad}{x}" if x else x for x in parts[1:])])
        if start == end or self.own_line(start) or "\n" in self.text[self.colon(key) : start]:
            start = self.colon(key)
            text = f" {text}"
        self.splices.append(_Splice(start, end, text))

    def insert_key(
        self,
        pairs: dict[Any, tuple[yaml.Node, yaml.Node]],
        kept: Sequence[Any],
        name: Any,
        value: Any,
    ) -> None:
        """Put a key where the alphabet wants it if the keys are sorted, else last."""
        names = list(pairs)
        is_sorted = all(isinstance(n, str) for n in [*names, name]) and names == sorted(names)
        before = [n for n in kept if n < name] if is_sorted else list(kept)
        column = self.column(pairs[kept[0]][0])
        lines = self.block({name: value}, column, listed=False, own=True)
        if before:
            place = self.line_end(self.value_end(*pairs[before[-1]]))
            self.splices.append(_Splice(place, place, lines))
            return
        first = pairs[names[0]][0].start_mark.index
        if self.own_line(first):
            place = self.line_start(first)
            self.splices.append(_Splice(place, place, lines))
        else:
            text = lines.removeprefix(" " * column) + " " * column
            self.splices.append(_Splice(first, first, text))

    def block_sequence(self, node: yaml.SequenceNode, have: Any, wanted: Any) -> None:
        if len(node.value) != len(have):
            raise _CannotSplice
        spans = self.items(node)
        column = spans[0][0] - self.line_start(spans[0][0])
        before, after = _identities(have), _identities(wanted)
        texts: dict[int, str] = {}

        def text_of(position: int) -> str:
            """Return the lines of a wanted item: its old ones, edited, if it was there."""
            if after[position] in before:
                index = before.index(after[position])
                if index not in texts:
                    texts[index] = self.edited(
                        node.value[index], spans[index], have[index], wanted[position]
                    )
                return texts[index]
            return self.block([wanted[position]], column, listed=True, own=True)

        matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
        for kind, i1, i2, j1, j2 in matcher.get_opcodes():
            if kind == "equal":
                for index, position in zip(range(i1, i2), range(j1, j2), strict=True):
                    if not same(have[index], wanted[position]):
                        self.item(node.value[index], spans[index], have[index], wanted[position])
                continue
            new = "".join(text_of(position) for position in range(j1, j2))
            place = spans[i1][0] if i1 < len(spans) else spans[-1][1]
            place = self.line_start(place) if i1 < len(spans) else place
            if i1 > 0 and kind == "insert":
                place = spans[i1 - 1][1]
            if new:
                self.splices.append(_Splice(place, place, new))
            for start, end in spans[i1:i2]:
                self.splices.append(_Splice(self.line_start(start), end, ""))

    def items(self, node: yaml.SequenceNode) -> list[tuple[int, int]]:
        """Return (index of the dash, index behind the last line) of each item."""
        spans: list[tuple[int, int]] = []
        low = node.start_mark.index
        for item in node.value:
            start = item.start_mark.index
            dash = self.text.rfind("-", low, max(start, low + 1))
            if dash < 0 or start < low or not self.own_line(dash):
                raise _CannotSplice
            end = self.line_end(max(self.end(item), dash))
            spans.append((dash, end))
            low = end
        return spans

    def item(self, node: yaml.Node, span: tuple[int, int], have: Any, wanted: Any) -> None:
        """Edit an item in place, or write it anew."""
        mark = len(self.splices)
        try:
            self.collection(node, have, wanted)
        except _CannotSplice:
            del self.splices[mark:]
            start = self.line_start(span[0])
            lines = self.block([wanted], span[0] - start, listed=True, own=True)
            self.splices.append(_Splice(start, span[1], lines))

    def edited(self, node: yaml.Node, span: tuple[int, int], have: Any, wanted: Any) -> str:
        """Return the lines of an item with its own edits, for an item that moves."""
        outer, self.splices = self.splices, []
        try:
            if not same(have, wanted):
                self.item(node, span, have, wanted)
            return self.apply(self.line_start(span[0]), span[1])
        finally:
            self.splices = outer

    # -- text -----------------------------------------------------------------

    def column(self, node: yaml.Node) -> int:
        return int(node.start_mark.index) - self.line_start(node.start_mark.index)

    def block(self, value: Any, column: int, *, listed: bool, own: bool = False) -> str:
        """Return a value as lines for below a key at `column` (or at it, when `own`)."""
        if own:
            pad = column
        elif listed:
            pad = column + 2 if self.indented else column
        else:
            pad = column + 2
        text = dump(value, indented=self.indented)
        if own and listed and self.indented:
            lines = text.removesuffix("\n").split("\n")
            shift = len(lines[0]) - len(lines[0].lstrip(" "))
            text = "\n".join(line[shift:] for line in lines) + "\n"
        if not own and listed and self.indented:
            lines = text.removesuffix("\n").split("\n")
            shift = len(lines[0]) - len(lines[0].lstrip(" "))
            pad -= shift
        lines = text.removesuffix("\n").split("\n")
        return "".join(f"{' ' * pad if line else ''}{line}{self.newline}" for line in lines)

    def apply(self, start: int, end: int) -> str:
        """Return the text between two places with the splices made."""
        parts: list[str] = []
        place = start
        # What is put in at a place stands before what is taken away from there.
        ordered = sorted(
            enumerate(self.splices), key=lambda s: (s[1].start, s[1].end > s[1].start, s[0])
        )
        for _, splice in ordered:
            if splice.start < place:
                raise EditRefused("Two changes meet in one line, so nothing was written.")
            parts.append(self.text[place : splice.start])
            parts.append(splice.text)
            place = splice.end
        parts.append(self.text[place:end])
        return "".join(parts)


def _identities(items: Sequence[Any]) -> list[str]:
    """Return what tells each item apart: a block's uuid, else the value itself."""
    result: list[str] = []
    for item in items:
        if isinstance(item, dict) and item.get("uuid") is not None:
            name = f"uuid:{item['uuid']}"
        elif isinstance(item, dict) and item.get("name") is not None:
            name = f"name:{item['name']}"
        else:
            name = f"value:{item!r}"
        # The same twice: numbered, so that each is matched once.
        number = sum(1 for known in result if known == name or known.startswith(f"{name}\0"))
        result.append(f"{name}\0{number}" if number else name)
    return result


def _indented(root: yaml.Node | None) -> bool:
    """Whether lists in this file stand indented below their key."""
    if not isinstance(root, yaml.MappingNode):
        return False
    stack: list[tuple[yaml.Node, yaml.Node]] = list(root.value)
    while stack:
        key, value = stack.pop(0)
        if isinstance(value, yaml.SequenceNode) and not value.flow_style and value.value:
            return bool(value.start_mark.column > key.start_mark.column)
        if isinstance(value, yaml.MappingNode):
            stack.extend(value.value)
    return False
