"""Runs, their steps, attempts and logs."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

from mage_jlab.server.wire.envelope import Request
from mage_jlab.server.wire.pipelines import OutputSummary

RunState = Literal[
    "queued", "running", "cancelling", "completed", "failed",
    "cancelled", "interrupted", "missed", "skipped",
]  # fmt: skip

StepState = Literal[
    "queued", "running", "completed", "failed",
    "upstream_failed", "skipped", "cancelled", "interrupted",
]  # fmt: skip


class Attempt(Struct):
    """One try of a block that was followed by another."""

    attempt: int
    state: StepState
    started: datetime | None
    ended: datetime | None
    error: str | None


class Step(Struct):
    """One block in one run: its newest attempt. `earlier` are the ones before, oldest first.

    `group` is the block of which the step is one child of many.
    """

    block: str
    slug: str
    name: str
    type: str
    language: str
    upstream: list[str]
    state: StepState
    attempt: int
    started: datetime | None
    ended: datetime | None
    error: str | None
    outputs: list[OutputSummary]
    earlier: list[Attempt] = []
    group: str | None = None


class RunSummary(Struct):
    """A run in a list. `usual` is the median duration of completed runs, in seconds."""

    id: str
    project: str
    pipeline: str
    state: RunState
    kind: str
    trigger: str | None
    trigger_name: str | None
    fire_time: datetime | None
    created: datetime | None
    started: datetime | None
    ended: datetime | None
    error: str | None
    steps_total: int
    steps_done: int
    usual: float | None = None
    late: bool = False


class Run(Struct):
    """A run with its steps. `why` says why it is in its state, in words.

    `late`: it took or takes longer than the trigger's setting `sla` allows, counted from its
    fire time. `user` is `token` for whoever has but the server's token.
    """

    id: str
    project: str
    pipeline: str
    state: RunState
    kind: str
    trigger: str | None
    trigger_name: str | None
    fire_time: datetime | None
    created: datetime | None
    started: datetime | None
    ended: datetime | None
    error: str | None
    why: str | None
    variables: dict[str, Any]
    blocks: list[str] | None
    code_hash: str | None
    kernel: str | None
    cwd: str | None
    user: str | None
    retry_of: str | None
    steps: list[Step]
    late: bool = False


class RunCreate(Request):
    """Start a run. `project` is a slug, `pipeline` and `blocks` are ids."""

    project: str
    pipeline: str
    variables: dict[str, Any] = {}
    blocks: list[str] | None = None
    execution_date: datetime | None = None
    trigger: str | None = None


class RunRetry(Request):
    """Run again what did not complete, or a block and all below it."""

    from_block: str | None = None


class LogRecord(Struct):
    """One record of a step's log.

    `kind` is stream | display | error | system; `output` is the nbformat
    output it came from (rich outputs and errors).
    """

    time: datetime | None
    kind: str
    level: str
    text: str
    output: dict[str, Any] | None = None


class Log(Struct):
    """A piece of a step's log; `next` is the offset to continue at while it grows."""

    records: list[LogRecord]
    next: int
    complete: bool
    truncated: int = 0
