"""Carries a run out: asks the state machine what may start, starts it, writes it down."""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from mage_jlab import clock
from mage_jlab.errors import KernelError, MageError
from mage_jlab.model.block import SENSOR, Block
from mage_jlab.model.run import (
    CANCELLED,
    COMPLETED,
    FAILED,
    QUEUED,
    RUNNING,
    SKIPPED,
    UPSTREAM_FAILED,
    Step,
)  # fmt: skip
from mage_jlab.plan.build import Plan, PlannedStep
from mage_jlab.run.active import ActiveRun
from mage_jlab.run.book import Book
from mage_jlab.run.crew import Crew
from mage_jlab.run.ports import Outcome, Request, Started, Worker

log = logging.getLogger(__name__)
GRACE = 3.0
"""Seconds a step gets to end by itself after an interrupt."""
SENSOR_SECONDS = 60.0
Tell = Callable[[str, str | None, str], None]


@dataclass(frozen=True)
class Job:
    """All that is said of one run: its plan, the sources of its blocks, its settings."""

    run_id: str
    plan: Plan
    sources: Mapping[str, str | None]
    steps: Mapping[str, Step]
    """The rows as they stand: what completed in an earlier attempt stays."""
    keep_going: bool = False
    sensor_seconds: float = SENSOR_SECONDS


@dataclass(frozen=True)
class _Stop:
    state: str
    reason: str | None


class Driver:
    """One run being carried out, on the engine's loop."""

    def __init__(self, job: Job, book: Book, crew: Crew, tell: Tell) -> None:
        """Keep the parts. `tell(kind, block, state)` announces changes."""
        self._job = job
        self._book = book
        self._crew = crew
        self._tell = tell
        done = [block for block, step in job.steps.items() if step.state == COMPLETED]
        self._active = ActiveRun(job.plan.after, done=done, keep_going=job.keep_going)
        self._rows = dict(job.steps)
        self._tasks: dict[asyncio.Task[Outcome], PlannedStep] = {}
        self._storing: dict[str, asyncio.Task[Outcome]] = {}
        """Of steps that have ended: what they left, on its way to the disk."""
        self._makers: dict[str, Worker] = {}
        self._stop: asyncio.Future[_Stop] | None = None
        self._asked: _Stop | None = None
        self._failure: str | None = None

    def stop(self, state: str, reason: str | None = None) -> None:
        """Ask for the end of the run; it gets this state when its processes are gone."""
        self._asked = self._asked or _Stop(state, reason)
        if self._stop is not None and not self._stop.done():
            self._stop.set_result(self._asked)

    async def run(self) -> tuple[str, str | None]:
        """Carry the run out; return its state and, if it did not complete, why."""
        self._stop = asyncio.get_running_loop().create_future()
        if self._asked is not None:
            self._stop.set_result(self._asked)
        while not self._active.ended and not self._stop.done():
            self._begin_ready()
            waited: list[asyncio.Future[Any]] = [*self._tasks, self._stop]
            if self._book.writing is not None:
                waited.append(self._book.writing)
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            if self._book.writing is not None and self._book.writing.done():
                self._book.writing.result()  # another process has the run, or the disk is full
            for task in [item for item in self._tasks if item.done()]:
                self._ended(self._tasks.pop(task), task.result())
        if not self._active.ended:
            stop = self._stop.result()
            await self._halt(stop)
            return stop.state, stop.reason
        return self._active.outcome(), self._failure

    async def close(self) -> None:
        """End the processes of the run; returns when they are gone."""
        await self._end_tasks()
        await self._crew.close()

    def _begin_ready(self) -> None:
        for block in self._active.ready():
            self._active.started(block)
            step = self._job.plan.step(block)
            # Taken here, in the same turn, so that a chain keeps its kernel.
            worker = self._crew.pick(step)
            task = asyncio.get_running_loop().create_task(self._carry_out(step, worker))
            self._tasks[task] = step
        self._crew.trim(sum(1 for s in self._active.states.values() if s == QUEUED))

    async def _carry_out(self, step: PlannedStep, worker: Worker | None) -> Outcome:
        """Run one step with its retries; the worker given may be None."""
        attempt = max(self._rows[step.id].attempt, 1)
        waits = list(step.retry.delays())
        while True:
            outcome = await self._attempt(step, worker, attempt)
            worker = None
            if outcome.state != FAILED or not waits:
                break
            wait = waits.pop(0)
            self._save(step, outcome, attempt)
            await clock.sleep(wait)
            attempt += 1
            # The first row of the next attempt, so that the wait is seen.
            self._rows[step.id] = _blank(step, attempt)
        if step.callbacks and outcome.stored is not None:
            outcome = await outcome.stored()  # they are told how it really ended
        await self._callbacks(step, outcome)
        return outcome

    async def _attempt(self, step: PlannedStep, worker: Worker | None, attempt: int) -> Outcome:
        source = self._job.sources.get(step.id)
        if source is None:
            if worker is not None:
                await self._crew.release(worker)
            return Outcome(FAILED, error=f"The file of block '{step.id}' is missing.")
        while True:
            try:
                worker = worker or await self._crew.take(step)
            except KernelError as error:
                return Outcome(FAILED, ended=clock.now(), error=error.message)
            try:
                missing = await self._missing(step, worker)
                if missing is not None:
                    return missing
                if not await self._wanted(step, worker):
                    return Outcome(SKIPPED, ended=clock.now(), error="Its condition was false.")
                self._makers[step.id] = worker
                outcome = await worker.execute(
                    self._request(step, step.block, source, attempt),
                    lambda started: self._began(step, attempt, started),
                )
            finally:
                await self._crew.release(worker, step.id)
                worker = None
            waits = step.block.type == SENSOR and outcome.state == COMPLETED
            if not waits or outcome.result is None or outcome.result:
                return outcome
            await clock.sleep(self._job.sensor_seconds)

    async def _missing(self, step: PlannedStep, worker: Worker) -> Outcome | None:
        """Wait for inputs that another kernel is still storing; tell when one is lost."""
        for block in step.block.upstream:
            storing = self._storing.get(block)
            if storing is None or self._makers.get(block) is worker:
                continue
            await asyncio.wait([storing])
            if not storing.cancelled() and storing.result().state != COMPLETED:
                return Outcome(
                    UPSTREAM_FAILED, ended=clock.now(), error=_reason(UPSTREAM_FAILED, block)
                )
        return None

    async def _wanted(self, step: PlannedStep, worker: Worker) -> bool:
        """Ask the conditions of a step; one that fails counts as false."""
        for condition in step.conditionals:
            source = self._job.sources.get(condition.id)
            if source is None:
                return False
            attached = {"block": step.id, "inputs": list(step.block.upstream)}
            request = self._request(step, condition, source, 1, attached)
            outcome = await worker.execute(request, _unheard)
            if outcome.state != COMPLETED or not outcome.result:
                return False
        return True

    async def _callbacks(self, step: PlannedStep, outcome: Outcome) -> None:
        """Run the callbacks of a step; what they do never changes its state."""
        status = {COMPLETED: "success", FAILED: "failure"}.get(outcome.state)
        if status is None:
            return
        for callback in step.callbacks:
            source = self._job.sources.get(callback.id)
            if source is None:
                continue
            try:
                worker = await self._crew.take(step)
            except KernelError:
                return
            try:
                attached = {
                    "block": step.id,
                    "inputs": [step.id] if outcome.state == COMPLETED else [],
                    "status": status,
                    "error": outcome.error,
                }
                request = self._request(step, callback, source, 1, attached)
                await worker.execute(request, _unheard)
            finally:
                await self._crew.release(worker, step.id)

    def _request(
        self, step: PlannedStep, block: Block, source: str, attempt: int,
        attached: Mapping[str, Any] | None = None,
    ) -> Request:  # fmt: skip
        options: dict[str, Any] = {"attempt": attempt, "timeout": step.timeout}
        if attached is not None:
            options["attached"] = dict(attached)
        else:
            options["keep"] = self._keep(step)
        metadata = {
            "uuid": block.id,
            "name": block.name,
            "type": block.type,
            "language": block.language,
            "role": block.role,
            "upstream": list(block.upstream),
            "configuration": dict(block.configuration),
            "path": block.path,
            "options": options,
        }
        return Request(block.id, source, metadata, step.timeout)

    def _keep(self, step: PlannedStep) -> list[str]:
        """Name the blocks whose outputs are still wanted once a step has its inputs."""
        wanted = {step.id} if step.callbacks else set()
        for other in self._job.plan.steps:
            if other.id != step.id and self._active.states[other.id] in (QUEUED, RUNNING):
                wanted.update(other.block.upstream)
        return sorted(block for block in wanted if block == step.id or block in self._makers)

    def _began(self, step: PlannedStep, attempt: int, started: Started) -> None:
        row = replace(
            self._rows[step.id],
            state=RUNNING,
            attempt=attempt,
            started=started.at,
            ended=None,
            error=None,
            version=started.version,
        )
        self._note(row)

    def _note(self, row: Step) -> None:
        """Have a row written; it is announced when whoever asks would find it."""
        self._rows[row.block] = row
        self._book.note(row, functools.partial(self._tell, "step", row.block, row.state))

    def _ended(self, step: PlannedStep, outcome: Outcome) -> None:
        """A step ended, or has left its output in its kernel. Nothing is waited for here."""
        if outcome.stored is not None:
            if outcome.state == COMPLETED:
                self._active.handed(step.id)
            storing = asyncio.get_running_loop().create_task(_stored(outcome))
            self._storing[step.id] = storing
            self._tasks[storing] = step
            return
        if outcome.state == FAILED and self._failure is None:
            self._failure = f"Block '{step.id}' failed: {outcome.error or 'no reason given'}"
        changed = self._active.finished(step.id, outcome.state)
        self._save(step, outcome, max(self._rows[step.id].attempt, 1))
        for block, state in changed.items():
            if block != step.id:
                self._mark(block, state, _reason(state, step.id))

    def _save(self, step: PlannedStep, outcome: Outcome, attempt: int) -> None:
        before = self._rows[step.id]
        row = replace(
            before,
            state=outcome.state,
            attempt=attempt,
            started=outcome.started or before.started,
            ended=outcome.ended or clock.now(),
            error=outcome.error,
            version=outcome.version or before.version,
            code_hash=outcome.code_hash,
            outputs=outcome.outputs,
        )
        self._note(row)

    def _mark(self, block: str, state: str, error: str | None) -> None:
        self._note(replace(self._rows[block], state=state, error=error, ended=clock.now()))

    async def _halt(self, stop: _Stop) -> None:
        """Interrupt what runs, then kill it; only then write down how it ended."""
        if self._tasks:
            for worker in self._crew.workers:
                await worker.interrupt()
            await asyncio.wait(list(self._tasks), timeout=GRACE)
        await self._end_tasks()
        await self._crew.close(now=True)
        for block, state in self._active.stopped(stop.state).items():
            self._mark(block, state, stop.reason)

    async def _end_tasks(self) -> None:
        tasks = list(self._tasks)
        self._tasks.clear()
        for task in tasks:
            task.cancel()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(result, Exception) and not isinstance(result, MageError):
                log.error("A step ended badly.", exc_info=result)


async def _stored(outcome: Outcome) -> Outcome:
    if outcome.stored is None:
        return outcome
    return await outcome.stored()


def _unheard(_started: Started) -> None:
    """Conditions and callbacks are no steps; their beginning is not written down."""


def _blank(step: PlannedStep, attempt: int) -> Step:
    return Step(
        block=step.id,
        name=step.block.name,
        type=step.block.type,
        language=step.block.language,
        upstream=step.after,
        state=RUNNING,
        attempt=attempt,
    )


def _reason(state: str, block: str) -> str | None:
    return {
        UPSTREAM_FAILED: f"Not run, because block '{block}' failed.",
        CANCELLED: f"Not started, because block '{block}' failed.",
        SKIPPED: f"Skipped with block '{block}'.",
    }.get(state)
