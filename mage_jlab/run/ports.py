"""What the driver needs from the rest: where steps run, where runs are remembered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from mage_jlab.model.run import OutputSummary, Step


@dataclass(frozen=True)
class Request:
    """One execution of a block: its source and what is said of it (`metadata.mage`)."""

    block: str
    source: str
    metadata: Mapping[str, Any]
    timeout: float | None = None


@dataclass(frozen=True)
class Started:
    """A kernel began with a block: the version of its execution."""

    version: str
    at: datetime


@dataclass(frozen=True)
class Outcome:
    """How the execution of a block ended.

    `lost` says that the kernel is gone, so that nothing of it can be used.
    `result` is what the block gave back when it is plain (conditions, sensors).
    `stored`, when it is there, waits until what the block left is on disk, and
    says how the step ended for good. Blocks in the same kernel may have it before.
    """

    state: str
    version: str | None = None
    started: datetime | None = None
    ended: datetime | None = None
    error: str | None = None
    code_hash: str | None = None
    outputs: tuple[OutputSummary, ...] = ()
    lost: bool = False
    result: Any = field(default=None)
    stored: Callable[[], Awaitable[Outcome]] | None = field(default=None, compare=False)


class Worker(Protocol):
    """A kernel in which steps run one after the other."""

    kernel: str

    @property
    def alive(self) -> bool:
        """Whether it can take a step."""

    async def execute(self, request: Request, began: Callable[[Started], None]) -> Outcome:
        """Run a block; never raises for what the block does."""

    async def settled(self) -> None:
        """Wait until everything its blocks left is on disk, or lost."""

    async def interrupt(self) -> None:
        """Ask the block that runs to stop, as Ctrl-C does."""

    async def close(self, *, now: bool = False) -> None:
        """End the process and everything it started; returns when all of it is gone."""


class Executor(Protocol):
    """Where steps run."""

    async def open(self, kernel: str) -> Worker:
        """Start a worker.

        Raises:
            KernelError: when it does not start.
        """


class RunBook(Protocol):
    """Where the happenings of a run are written down."""

    def plan(self, run_id: str, owner: str, planned: Sequence[Step]) -> None:
        """Replace the steps that never began by those of the plan."""

    def add_children(self, run_id: str, owner: str, group: str, children: Sequence[Step]) -> None:
        """Write the children of a step that are not there yet, after it."""

    def save_steps(self, run_id: str, owner: str, steps: Sequence[Step]) -> None:
        """Write attempts of steps as they stand now, all or none."""

    def finish(self, run_id: str, owner: str, state: str, error: str | None = None) -> None:
        """Write the end of a run."""
