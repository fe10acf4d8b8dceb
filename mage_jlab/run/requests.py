"""What a kernel is told of a step: its block, its inputs, what to keep in memory after it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mage_jlab.model.block import Block
from mage_jlab.model.run import ENDED_STEP
from mage_jlab.plan.build import PlannedStep
from mage_jlab.plan.dynamic import Source
from mage_jlab.run.ports import Request


def request(
    step: PlannedStep, block: Block, source: str, options: Mapping[str, Any],
    timeout: float | None = None,
) -> Request:  # fmt: skip
    """Return the request that runs the block of a step, or a condition or callback of it."""
    name = step.id if block is step.block else block.id
    metadata = {
        "uuid": name,
        "name": block.name,
        "type": block.type,
        "language": block.language,
        "role": block.role,
        "upstream": list(block.upstream),
        "configuration": dict(block.configuration),
        "path": block.path,
        "options": dict(options),
    }
    return Request(name, source, metadata, timeout)


def extension(block: Block, sources: Mapping[str, str | None]) -> dict[str, Any]:
    """Return what a kernel is told of an extension block that checks a step's output."""
    return {
        "uuid": block.id,
        "source": sources.get(block.id) or "",
        "path": block.path,
        "configuration": dict(block.configuration),
    }


class Readers:
    """Who still reads what: so long is it kept in the memory of the kernel that made it."""

    def __init__(self, steps: Iterable[PlannedStep]) -> None:
        """Begin with the steps of the plan."""
        self._readers: dict[str, set[str]] = {}
        for step in steps:
            for block in step.block.upstream:
                self._readers.setdefault(block, set()).add(step.id)

    def add(self, children: Iterable[PlannedStep]) -> None:
        """Learn of children; what they read of blocks without children, their group reads."""
        for step in children:
            inputs = {} if step.child is None else step.child.inputs
            for item in inputs.values():
                if isinstance(item, Source) and item.step not in step.block.upstream:
                    self._readers.setdefault(item.step, set()).add(step.id)

    def wanted(self, block: str, besides: str, states: Mapping[str, str]) -> bool:
        """Whether a step besides one has not ended and reads what a block left.

        A list of all children is read from the disk: it could fill the memory.
        """
        readers = self._readers.get(block)
        if not readers:
            return False
        readers.difference_update([item for item in readers if states.get(item) in ENDED_STEP])
        return bool(readers - {besides})
