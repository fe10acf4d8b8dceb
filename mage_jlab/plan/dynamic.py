"""Dynamic blocks: which blocks run once for each item, and with what.

A *dynamic* block returns items; each block directly below it becomes a group
of *children*, one for each item, and so does all below them until one says
`reduce_output`: what follows that gets one list. Several such inputs make
every combination of them, the last one changing fastest, as in Mage.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Union

from mage_jlab.errors import InvalidPlan
from mage_jlab.model import graph
from mage_jlab.model.block import Block

MOST = 10_000
"""More children than this are taken for a mistake."""
_LONGEST_NAME = 100


def is_dynamic(block: Block) -> bool:
    """Whether what a block returns is items, one for each child."""
    return block.configuration.get("dynamic") is True


def reduces(block: Block) -> bool:
    """Whether the outputs of a block's children arrive below it as one list."""
    return block.configuration.get("reduce_output") is True


def many(blocks: Iterable[Block]) -> frozenset[str]:
    """Return the blocks that run once for each item of what is above them."""
    listed = {str(block.id): block for block in blocks}
    links = graph.edges(listed.values())
    found: set[str] = set()
    for block in graph.order(links):
        above = [listed[item] for item in links[block]]
        if any((is_dynamic(up) or up.id in found) and not reduces(up) for up in above):
            found.add(block)
    return frozenset(found)


@dataclass(frozen=True)
class Opening:
    """When the children of a block can be told: what must have ended, which groups be open."""

    ended: tuple[str, ...] = ()
    opened: tuple[str, ...] = ()


def openings(blocks: Iterable[Block], planned: Iterable[str]) -> dict[str, Opening]:
    """Return, for each planned block that runs once for each item, when that can begin."""
    listed = list(blocks)
    by_id = {str(block.id): block for block in listed}
    groups, chosen = many(listed), set(planned)
    found = {}
    for block in listed:
        if block.id not in groups or block.id not in chosen:
            continue
        above = [by_id[item] for item in block.upstream if item in chosen]
        ended = tuple(up.id for up in above if is_dynamic(up) and not reduces(up))
        opened = tuple(up.id for up in above if up.id in groups and up.id not in ended)
        found[str(block.id)] = Opening(ended, opened)
    return found


@dataclass(frozen=True)
class Fan:
    """What one execution of a dynamic block left: so many items, and names for their children."""

    count: int
    names: tuple[str | None, ...] = ()
    problem: str | None = None
    """Why what it returned is no list of items."""

    @classmethod
    def of(cls, said: Any) -> Fan:
        """Read what the kernel said of it; whatever else it said has no items."""
        if not isinstance(said, Mapping) or not isinstance(said.get("count"), int):
            problem = said.get("problem") if isinstance(said, Mapping) else None
            return cls(0, problem=str(problem or "its items are no longer stored; run it again."))
        names = said.get("names") or ()
        return cls(
            said["count"],
            tuple(None if name is None else str(name)[:_LONGEST_NAME] for name in names),
        )

    def name(self, item: int) -> str | None:
        """Return what the metadata calls the child of an item."""
        return self.names[item] if item < len(self.names) else None


@dataclass(frozen=True)
class Source:
    """Where an input is read: the product of a step, a part of it, an item in that.

    `part` is the share of one child in a product that a notebook made of all
    children; `item` is a place in what a dynamic block returned.
    """

    step: str
    part: int | None = None
    item: int | None = None

    def said(self) -> dict[str, Any]:
        """Return it as it travels to a kernel."""
        places = {"part": self.part, "item": self.item}
        return {"step": self.step, **{k: at for k, at in places.items() if at is not None}}

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Source:
        """Read it as it travelled."""
        return cls(str(said["step"]), said.get("part"), said.get("item"))


Input = Union[Source, tuple[Source, ...]]  # noqa: UP007 - this code also runs in Python 3.9
"""One input of a child; a tuple arrives as one list."""


@dataclass(frozen=True)
class Member:
    """One execution of a block above: the block itself, or one of its children."""

    step: str
    part: int | None = None
    fan: Fan | None = None


@dataclass(frozen=True)
class Above:
    """A block above, with all its executions."""

    block: str
    members: tuple[Member, ...]
    dynamic: bool = False
    gathered: bool = False
    """Whether its executions arrive as one list."""


@dataclass(frozen=True)
class Child:
    """One execution of a block among several: its step's id, its place, its inputs."""

    id: str
    block: str
    index: int
    inputs: Mapping[str, Input] = field(default_factory=dict)

    @property
    def reads(self) -> tuple[str, ...]:
        """Return the steps whose products it reads."""
        return reads(self.inputs)


def reads(inputs: Mapping[str, Input]) -> tuple[str, ...]:
    """Return the steps whose products some inputs read."""
    found: dict[str, None] = {}
    for item in inputs.values():
        for source in item if isinstance(item, tuple) else (item,):
            found[source.step] = None
    return tuple(found)


def children(block: str, above: Sequence[Above]) -> tuple[Child, ...]:
    """Return the children of a block: every combination of what is above it.

    Raises:
        InvalidPlan: when a block above has no items, or there are far too many.
    """
    choices = [_choices(block, item) for item in above]
    total = 1
    for choice in choices:
        total *= len(choice)
    if total > MOST:
        raise InvalidPlan(
            f"Block '{block}' would run {total:,} times; {MOST:,} is the most. "
            "Let each item stand for more work.",
            block=block,
        )
    found: dict[str, Child] = {}
    for index, combination in enumerate(itertools.product(*choices)):
        named = [name for _, name in combination if name]
        identity = _unique(f"{block}:{named[-1] if named else index}", index, found)
        given = {item.block: one[0] for item, one in zip(above, combination)}  # noqa: B905
        found[identity] = Child(identity, block, index, given)
    return tuple(found.values())


def travelling(given: Mapping[str, Input]) -> dict[str, Any]:
    """Return inputs as they travel to a kernel."""
    return {
        block: [one.said() for one in item] if isinstance(item, tuple) else item.said()
        for block, item in given.items()
    }


def inputs(above: Sequence[Above]) -> dict[str, Input]:
    """Return the inputs of a block that runs once, below blocks of which some ran many times."""
    return {
        item.block: tuple(Source(one.step, one.part) for one in item.members)
        for item in above
        if item.gathered
    }


def _choices(block: str, above: Above) -> list[tuple[Input, str | None]]:
    if above.gathered:
        return [(tuple(Source(one.step, one.part) for one in above.members), None)]
    if not above.dynamic:
        return [(Source(one.step, one.part), None) for one in above.members]
    found: list[tuple[Input, str | None]] = []
    for one in above.members:
        fan = one.fan or Fan.of(None)
        if fan.problem is not None:
            raise InvalidPlan(
                f"Block '{block}' cannot run for each item of '{one.step}': {fan.problem}",
                block=block,
            )
        found += [(Source(one.step, one.part, item), fan.name(item)) for item in range(fan.count)]
    return found


def _unique(identity: str, index: int, taken: Mapping[str, Child]) -> str:
    """Return a name nobody has: metadata may give one twice, where Mage loses children."""
    while identity in taken:
        identity = f"{identity}:{index}"
    return identity
