"""A pipeline becomes a plan: the steps that would run, and what each waits for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mage_jlab.errors import BlockNotFound, InvalidPlan
from mage_jlab.model import graph
from mage_jlab.model.block import Block
from mage_jlab.model.pipeline import RUNNABLE_TYPES, Pipeline
from mage_jlab.model.run import Step
from mage_jlab.plan.dynamic import Child
from mage_jlab.plan.retry import RetryPolicy, merged

DEFAULT_KERNEL = "python3"


@dataclass(frozen=True)
class PlannedStep:
    """One block that would run.

    `after` are the planned blocks it waits for; its inputs are those of the
    block itself, which may lie outside the plan.
    """

    block: Block
    after: tuple[str, ...]
    kernel: str
    retry: RetryPolicy
    timeout: float | None
    conditionals: tuple[Block, ...] = ()
    callbacks: tuple[Block, ...] = ()
    extensions: tuple[Block, ...] = ()
    child: Child | None = None
    """Set for one of the children of a block that runs once for each item."""

    @property
    def id(self) -> str:
        """Return the id of the step: that of the block, or of the child."""
        return self.block.id if self.child is None else self.child.id

    @property
    def reads(self) -> tuple[str, ...]:
        """Return the steps whose products it reads, as far as that is known beforehand."""
        return self.block.upstream if self.child is None else self.child.reads

    def row(self) -> Step:
        """Return the step as it stands before anything began."""
        suffix = "" if self.child is None else self.id[len(self.block.id) :]
        return Step(
            block=self.id,
            name=f"{self.block.name}{suffix}",
            type=self.block.type,
            language=self.block.language,
            upstream=self.after,
        )


@dataclass(frozen=True)
class Plan:
    """The steps of a run in an order in which each follows what it waits for."""

    pipeline: Pipeline
    steps: tuple[PlannedStep, ...]

    def step(self, block: str) -> PlannedStep:
        """Return the step of a block."""
        return next(item for item in self.steps if item.id == block)

    @property
    def after(self) -> dict[str, tuple[str, ...]]:
        """Return block -> the blocks it waits for."""
        return {item.id: item.after for item in self.steps}

    def rows(self) -> tuple[Step, ...]:
        """Return the steps as they stand before anything began."""
        return tuple(item.row() for item in self.steps)


def build(
    pipeline: Pipeline,
    *,
    blocks: Iterable[str] | None = None,
    settings: Mapping[str, Any] | None = None,
) -> Plan:
    """Plan a pipeline, or only some of its blocks; `settings` are the project's.

    Raises:
        InvalidPlan: when it cannot be run as it is.
        CycleError: when the blocks form a circle.
        BlockNotFound: when one of `blocks` is not there.
    """
    settings = settings or {}
    if pipeline.type not in RUNNABLE_TYPES:
        raise InvalidPlan(
            f"Pipeline '{pipeline.id}' is of type '{pipeline.type}'; "
            f"only pipelines of type {' or '.join(RUNNABLE_TYPES)} can be run.",
            pipeline=pipeline.id,
        )
    runnable = [block for block in pipeline.blocks if block.scheduled]
    chosen = _chosen(pipeline, runnable, blocks)
    links = _links(pipeline, chosen)
    by_id: dict[str, Block] = {block.id: block for block in runnable}
    return Plan(
        pipeline,
        tuple(
            PlannedStep(
                block=by_id[block_id],
                after=links[block_id],
                kernel=kernel_of(pipeline, by_id[block_id], settings),
                retry=merged(_mapping(settings.get("retry_config")), by_id[block_id].retry_config),
                timeout=by_id[block_id].timeout or None,
                conditionals=_attached(pipeline, "conditional", block_id),
                callbacks=_attached(pipeline, "callback", block_id),
                extensions=_attached(pipeline, "extension", block_id),
            )
            for block_id in graph.order(links)
        ),
    )


def kernel_of(pipeline: Pipeline, block: Block, settings: Mapping[str, Any]) -> str:
    """Return the kernel of a block: its own, its pipeline's, its project's, python3."""
    named = (block.executor_config or {}).get("kernel_name")
    found = named or pipeline.kernel or settings.get("kernel_name") or DEFAULT_KERNEL
    return str(found)


def _chosen(
    pipeline: Pipeline, runnable: list[Block], blocks: Iterable[str] | None
) -> tuple[str, ...]:
    known = {block.id for block in runnable}
    if blocks is None:
        chosen = tuple(block.id for block in runnable)
        if not chosen:
            raise InvalidPlan(
                f"Pipeline '{pipeline.id}' has no block that can be run; add one first.",
                pipeline=pipeline.id,
            )
        return chosen
    wanted = dict.fromkeys(blocks)
    for item in wanted:
        if item not in pipeline.ids:
            raise BlockNotFound(f"Pipeline '{pipeline.id}' has no block '{item}'.", block=item)
        if item not in known:
            kind = pipeline.block(item).type
            raise InvalidPlan(f"Block '{item}' is a {kind}; those are no steps of a run.")
    if not wanted:
        raise InvalidPlan("No block was chosen to run.", pipeline=pipeline.id)
    return tuple(block.id for block in runnable if block.id in wanted)


def _links(pipeline: Pipeline, chosen: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Return what each chosen block waits for, seen through blocks that do not run."""
    upstream = graph.edges(pipeline.blocks)
    graph.order(upstream)
    kept = set(chosen)
    result: dict[str, tuple[str, ...]] = {}
    for block in chosen:
        found: dict[str, None] = {}
        seen: set[str] = set()
        stack = list(reversed(upstream[block]))
        while stack:
            parent = stack.pop()
            if parent in seen:
                continue
            seen.add(parent)
            if parent in kept:
                found[parent] = None
            else:
                stack.extend(reversed(upstream[parent]))
        result[block] = tuple(found)
    return result


def _attached(pipeline: Pipeline, role: str, block: str) -> tuple[Block, ...]:
    return tuple(item for item in pipeline.blocks if item.role == role and block in item.upstream)


def _mapping(value: Any) -> Mapping[str, Any] | None:
    return value if isinstance(value, Mapping) else None
