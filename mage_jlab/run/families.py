"""The blocks of a run that run once for each item: which children they have, what each reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from mage_jlab.model.run import COMPLETED, FAILED, RUNNING, SKIPPED, Step
from mage_jlab.plan import dynamic
from mage_jlab.plan.build import Plan, PlannedStep
from mage_jlab.plan.dynamic import Above, Child, Fan, Member

Given = Mapping[str, tuple[Member, ...]]
"""Block outside the run -> its executions: the notebook's."""


class Families:
    """What is known of the children of a run; it learns more with every dynamic block."""

    def __init__(self, plan: Plan, given: Given | None = None) -> None:
        """Know the plan, and what blocks outside it left."""
        self._plan = plan
        self._blocks = {str(block.id): block for block in plan.pipeline.blocks}
        self._many = dynamic.many(plan.pipeline.blocks)
        self._planned = {step.id: step for step in plan.steps}
        self._given = dict(given or {})
        self._fans: dict[str, Fan] = {}
        self._children: dict[str, tuple[str, ...]] = {}
        self.openings = dynamic.openings(plan.pipeline.blocks, self._planned)

    def fans(self, step: PlannedStep) -> bool:
        """Whether what a step returns is items."""
        return dynamic.is_dynamic(step.block)

    def learn(self, step: str, said: Any) -> None:
        """A step of a dynamic block has ended; its kernel said this of its items."""
        self._fans[step] = Fan.of(said)

    def open(self, group: str, states: Mapping[str, str]) -> dict[str, PlannedStep]:
        """Return the children of a group whose time has come.

        Raises:
            InvalidPlan: when a block above has no items that make sense.
        """
        step = self._planned[group]
        made = dynamic.children(group, self._above(step, states))
        self._children[group] = tuple(child.id for child in made)
        return {
            child.id: replace(step, after=self._after(step, child), child=child) for child in made
        }

    def options(self, step: PlannedStep, states: Mapping[str, str]) -> dict[str, Any] | None:
        """Return what a kernel must be told of the inputs of a step, or None when it is nothing."""
        if step.child is not None:
            return {
                "block": step.block.id,
                "index": step.child.index,
                "inputs": dynamic.travelling(step.child.inputs),
            }
        inputs = dynamic.inputs(self._above(step, states))
        return {"inputs": dynamic.travelling(inputs)} if inputs else None

    def reads(self, step: PlannedStep) -> tuple[str, ...]:
        """Return the steps whose products a step reads; children that are not known yet are not."""
        if step.child is not None:
            return step.child.reads
        found: list[str] = []
        for block in step.block.upstream:
            found += self._children.get(block, (block,))
        return tuple(found)

    def _above(self, step: PlannedStep, states: Mapping[str, str]) -> list[Above]:
        found = []
        for name in step.block.upstream:
            block = self._blocks.get(name)
            if block is None:
                continue
            reduced, is_many = dynamic.reduces(block), name in self._many
            found.append(
                Above(
                    name,
                    self._members(name, states),
                    dynamic=dynamic.is_dynamic(block) and not reduced,
                    gathered=reduced and is_many,
                )
            )
        return found

    def _members(self, block: str, states: Mapping[str, str]) -> tuple[Member, ...]:
        if block not in self._planned:
            return self._given.get(block, (Member(block),))
        if block not in self._many:
            return (Member(block, fan=self._fans.get(block)),)
        return tuple(
            Member(child, fan=self._fans.get(child))
            for child in self._children.get(block, ())
            # What a skipped child would have returned is no item.
            if not (dynamic.is_dynamic(self._blocks[block]) and states.get(child) == SKIPPED)
        )

    def _after(self, step: PlannedStep, child: Child) -> tuple[str, ...]:
        """Return what a child waits for: the very children it reads, not their whole groups."""
        found: dict[str, None] = {}
        for name in step.after:
            item = child.inputs.get(name)
            if item is None or isinstance(item, tuple) or name not in self._many:
                found[name] = None
            else:
                found[item.step] = None
        return tuple(found)


def how_it_ended(state: str, children: Sequence[Step]) -> str | None:
    """Say in one line what became of the children of a step that did not complete."""
    if state in (RUNNING, COMPLETED):
        return None
    failed = [child for child in children if child.state == FAILED]
    if not failed:
        return f"None of its {len(children):,} children failed, but not all completed."
    first = f"{failed[0].name}: {failed[0].error or 'see its log'}"
    return f"{len(failed):,} of {len(children):,} children failed; {first}"
