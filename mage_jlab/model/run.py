"""A run: one happening of a pipeline; a step: one block in one run."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

QUEUED = "queued"
RUNNING = "running"
COMPLETED = "completed"
FAILED = "failed"
CANCELLED = "cancelled"
INTERRUPTED = "interrupted"
"""The server ended (or died) while the run was active."""
MISSED = "missed"
"""A fire time passed while no scheduler was there; nothing ran."""
SKIPPED = "skipped"
UPSTREAM_FAILED = "upstream_failed"
CANCELLING = "cancelling"

RUN_STATES = (
    QUEUED, RUNNING, CANCELLING, COMPLETED, FAILED, CANCELLED, INTERRUPTED, MISSED, SKIPPED
)  # fmt: skip
STEP_STATES = (
    QUEUED, RUNNING, COMPLETED, FAILED, UPSTREAM_FAILED, SKIPPED, CANCELLED, INTERRUPTED
)  # fmt: skip
ACTIVE = frozenset({QUEUED, RUNNING, CANCELLING})
"""States of a run that has not ended."""
ENDED_STEP = frozenset({COMPLETED, FAILED, UPSTREAM_FAILED, SKIPPED, CANCELLED, INTERRUPTED})
"""States of a step that will not change without a retry."""


def group_of(block: str, known: Container[str]) -> str | None:
    """Return the block a step is a child of (``block:name``), or None when it is none.

    `known` are the steps of the run; a block's own id may contain a colon, too.
    """
    at = block.find(":")
    while at != -1:
        if block[:at] in known:
            return block[:at]
        at = block.find(":", at + 1)
    return None


@dataclass(frozen=True)
class OutputSummary:
    """What a step left, in short: one per output, in order."""

    name: str
    kind: str
    """table | json | text | image | media | pickle | none"""
    rows: int | None = None
    columns: int | None = None
    bytes: int | None = None


@dataclass(frozen=True)
class Step:
    """One block in one run, or one child of a block that runs once for each item.

    `log` is told apart by `attempt`.
    """

    block: str
    name: str
    type: str
    language: str
    upstream: tuple[str, ...] = ()
    state: str = QUEUED
    attempt: int = 0
    started: datetime | None = None
    ended: datetime | None = None
    error: str | None = None
    """First line of the failure, for lists."""
    code_hash: str | None = None
    outputs: tuple[OutputSummary, ...] = ()
    version: str | None = None
    """The execution in the product store: its record and its outputs."""


@dataclass(frozen=True)
class Run:
    """One happening of a pipeline, with its steps in plan order."""

    id: str
    project: str
    pipeline: str
    state: str
    kind: str = "manual"
    """manual | schedule | api | event | cli | backfill"""
    trigger: str | None = None
    trigger_name: str | None = None
    fire_time: datetime | None = None
    created: datetime | None = None
    started: datetime | None = None
    ended: datetime | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    blocks: tuple[str, ...] | None = None
    """The blocks asked for, or None for all."""
    error: str | None = None
    code_hash: str | None = None
    kernel: str | None = None
    cwd: str | None = None
    user: str | None = None
    retry_of: str | None = None
    steps: tuple[Step, ...] = ()
    execution_date: datetime | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Settings of the trigger as they were when it fired."""
    steps_total: int = 0
    steps_done: int = 0
