"""Carries a run out: asks the state machine what may start, starts it, writes it down."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mage_jlab import clock
from mage_jlab.errors import InvalidPlan, KernelError, MageError
from mage_jlab.model.block import GLOBAL_DATA_PRODUCT, SENSOR, Block
from mage_jlab.model.run import (
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
from mage_jlab.run.families import Families, Given
from mage_jlab.run.ports import Outcome, Request, Started, Worker
from mage_jlab.run.requests import Readers, extension, request
from mage_jlab.run.rows import Rows, Tell, reason
from mage_jlab.run.sensors import Asking
from mage_jlab.run.waiting import Waiting

log = logging.getLogger(__name__)
GRACE = 3.0
"""Seconds a step gets to end by itself after an interrupt."""
SENSOR_SECONDS = 60.0


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
    given: Given = field(default_factory=dict)
    """What blocks outside the plan left for it: the notebook's children."""
    fans: Mapping[str, Any] = field(default_factory=dict)
    """What dynamic steps of an earlier attempt said of their items."""
    rested: Callable[[], None] = lambda: None
    """Called when the run begins to wait without a kernel."""
    product: Callable[[Block], Awaitable[dict[str, Any]]] | None = None
    """Waits until the global data product of a block is fresh; says what it hands on."""


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
        self._families = Families(job.plan, job.given)
        for block, said in job.fans.items():
            self._families.learn(block, said)
        self._active = ActiveRun(
            job.plan.after,
            done=[block for block in done if block in job.plan.after],
            keep_going=job.keep_going,
            groups=self._families.openings,
        )
        self._steps = {step.id: step for step in job.plan.steps}
        self._readers = Readers(job.plan.steps)
        self._working: set[str] = set()
        """Steps that have a kernel, or will take the next one."""
        self._rows = Rows(job.steps, self._active, book, tell)
        self._tasks: dict[asyncio.Task[Outcome], PlannedStep] = {}
        self._storing: dict[str, asyncio.Task[Outcome]] = {}
        """Of steps that have ended: what they left, on its way to the disk."""
        self._makers: dict[str, Worker] = {}
        self._kept: dict[str, Worker] = {}  # by steps that have callbacks, until those have run
        self._stop: asyncio.Future[_Stop] | None = None
        self._asked: _Stop | None = None
        self._failure: str | None = None

    @property
    def resting(self) -> bool:
        """Whether the run holds no kernel and only waits: for a sensor, before a retry."""
        return bool(self._tasks) and not self._working

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
            await self._open_groups()
            self._begin_ready()
            await self._something(self._stop)
        if not self._active.ended:
            stop = self._stop.result()
            await self._halt(stop)
            return stop.state, stop.reason
        return self._active.outcome(), self._failure

    async def _something(self, stop: asyncio.Future[_Stop]) -> None:
        """Wait until something happened, and note it."""
        if self._active.ended:
            return
        waited: list[asyncio.Future[Any]] = [*self._tasks, stop]
        if self._book.writing is not None:
            waited.append(self._book.writing)
        await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        if self._book.writing is not None and self._book.writing.done():
            self._book.writing.result()  # another process has the run, or the disk is full
        for task in [item for item in self._tasks if item.done()]:
            self._ended(self._tasks.pop(task), task.result())

    async def close(self) -> None:
        """End the processes of the run; returns when they are gone."""
        await self._end_tasks()
        await self._crew.close()

    async def _open_groups(self) -> None:
        """Give the blocks that run once for each item their children, once these are known."""
        while found := self._active.openable():
            for group in found:
                await self._open(group)

    async def _open(self, group: str) -> None:
        try:
            children = self._families.open(group, self._active.states)
        except InvalidPlan as error:
            self._failure = self._failure or error.message
            changed = self._active.refused(group)
            self._rows.mark(group, changed.pop(group), error.message)
            self._rows.follow(changed, group)
            return
        self._steps |= children
        self._readers.add(children.values())
        done = await self._rows.children(group, children.values())
        after = {name: child.after for name, child in children.items()}
        self._rows.follow(self._active.opened(group, after, done), group)

    def _begin_ready(self) -> None:
        children = sum(1 for step in self._working if self._steps[step].child is not None)
        for block in self._active.ready():
            step = self._steps[block]
            if step.child is not None:
                if children >= self._crew.limit:
                    break  # all that are ready after it are children, too
                children += 1
            self._active.started(block)
            self._working.add(block)
            # Taken here, in the same turn, so that a chain keeps its kernel.
            worker = self._crew.pick(step)
            task = asyncio.get_running_loop().create_task(self._carry_out(step, worker))
            self._tasks[task] = step
        self._trim()

    def _trim(self) -> None:
        """Let go of the kernels that nothing waits for; a step that rests needs none."""
        states = self._active.states.values()
        self._crew.trim(sum(1 for s in states if s == QUEUED) if self._working else 0)

    async def _rest(
        self, step: PlannedStep, seconds: float | None, awaited: asyncio.Future[Any] | None = None
    ) -> Outcome | None:
        """Wait without a kernel; return how the step ends if the run is stopped meanwhile."""
        self._working.discard(step.id)
        await self._let_go(step)
        self._trim()
        if not self._working:
            self._job.rested()
        stopping = self._stop or asyncio.get_running_loop().create_future()
        waited = [stopping] if awaited is None else [stopping, awaited]
        await asyncio.wait(waited, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        self._working.add(step.id)
        if not stopping.done():
            return None
        stop = stopping.result()
        return Outcome(stop.state, ended=clock.now(), error=stop.reason)

    async def _carry_out(self, step: PlannedStep, worker: Worker | None) -> Outcome:
        """Run one step with its retries; the worker given may be None."""
        attempt = self._rows.attempt(step.id)
        waits = list(step.retry.delays())
        while True:
            outcome = await self._attempt(step, worker, attempt)
            worker = None
            if outcome.state != FAILED or not waits:
                break
            wait = waits.pop(0)
            self._rows.save(step.id, outcome, attempt)
            stopped = await self._rest(step, wait)
            if stopped is not None:
                return stopped
            attempt += 1
            # The first row of the next attempt, so that the wait is seen.
            self._rows.again(step, attempt)
        if step.callbacks and outcome.stored is not None:
            outcome = await outcome.stored()  # they are told how it really ended
        await self._callbacks(step, outcome, attempt)
        await self._let_go(step)
        return outcome

    async def _let_go(self, step: PlannedStep) -> None:
        """Give away the kernel that a step kept for its callbacks."""
        worker = self._kept.pop(step.id, None)
        if worker is not None:
            await self._crew.release(worker, step.id)

    async def _attempt(self, step: PlannedStep, worker: Worker | None, attempt: int) -> Outcome:
        source = self._job.sources.get(step.block.id)
        if source is None:
            if worker is not None:
                await self._crew.release(worker)
            file = f"file {step.block.path}" if step.block.path else "file"
            return Outcome(FAILED, error=f"The {file} of block '{step.block.id}' is missing.")
        if step.block.type == SENSOR:
            return await self._ask(step, worker, source, attempt)
        if step.block.type == GLOBAL_DATA_PRODUCT:
            return await self._product(step, worker, attempt)
        options = {"attempt": attempt, "timeout": step.timeout}
        return await self._once(step, worker, source, options)

    async def _ask(
        self, step: PlannedStep, worker: Worker | None, source: str, attempt: int
    ) -> Outcome:
        """Ask a sensor until it is true; between two questions it holds no kernel."""
        asking = Asking(step, self._job.sensor_seconds)
        while True:
            options = {"attempt": attempt, **asking.options()}
            outcome = await self._once(step, worker, source, options)
            worker = None
            if outcome.state != COMPLETED or outcome.result is None or outcome.result:
                return asking.ended(outcome)
            asking.heard(outcome)
            if self._rows.state(step.id) != RUNNING and outcome.version is not None:
                # The word that it began may come after the word that it ended.
                self._rows.began(step.id, attempt, Started(outcome.version, asking.started))
            stopped = await self._rest(step, asking.pause)
            if stopped is not None or asking.late:
                return asking.ended(stopped or asking.too_late())

    async def _product(self, step: PlannedStep, worker: Worker | None, attempt: int) -> Outcome:
        """Wait without a kernel until a data product is fresh, then have it handed on."""
        waiting = Waiting(step)
        if step.conditionals:
            try:
                worker = worker or await self._crew.take(step)
                unwanted = await self._unwanted(step, worker)
                if unwanted is not None:
                    return Outcome(SKIPPED, ended=clock.now(), error=unwanted)
            except KernelError as error:
                return Outcome(FAILED, ended=clock.now(), error=error.message)
            finally:
                if worker is not None:
                    await self._crew.release(worker)
        elif worker is not None:
            await self._crew.release(worker)
        self._rows.began(step.id, attempt, Started(waiting.version, waiting.started))
        if self._job.product is None:
            return waiting.failed("There is no engine here that makes data products.")
        awaited = asyncio.ensure_future(self._job.product(step.block))
        try:
            stopped = await self._rest(step, waiting.left, awaited)
            if stopped is not None:
                return waiting.ended(stopped)
            if not awaited.done():
                return waiting.too_late()
            told = awaited.result()
        except MageError as error:
            return waiting.failed(error.message)
        finally:
            awaited.cancel()
        options = {"attempt": attempt, **waiting.options(), "data_product": told}
        return waiting.ended(await self._once(step, None, "", options))

    async def _once(
        self, step: PlannedStep, worker: Worker | None, source: str, options: dict[str, Any]
    ) -> Outcome:
        """Run a step once in a kernel; the worker given may be None."""
        again = "version" in options
        try:
            worker = worker or await self._crew.take(step)
        except KernelError as error:
            return Outcome(FAILED, ended=clock.now(), error=error.message)
        try:
            missing = await self._missing(step, worker)
            if missing is not None:
                return missing
            unwanted = None if again else await self._unwanted(step, worker)
            if unwanted is not None:
                return Outcome(SKIPPED, ended=clock.now(), error=unwanted)
            self._makers[step.id] = worker
            attempt = int(options["attempt"])
            return await worker.execute(
                self._request(step, step.block, source, self._options(step, options)),
                _unheard if again else lambda started: self._rows.began(step.id, attempt, started),
            )
        finally:
            if step.callbacks:
                self._kept[step.id] = worker  # what the block left in `context` is there
            else:
                await self._crew.release(worker, step.id)

    async def _missing(self, step: PlannedStep, worker: Worker) -> Outcome | None:
        """Wait for inputs that another kernel is still storing; tell when one is lost."""
        for block in self._families.reads(step):
            storing = self._storing.get(block)
            if storing is None or self._makers.get(block) is worker:
                continue
            await asyncio.wait([storing])
            if not storing.cancelled() and storing.result().state != COMPLETED:
                return Outcome(
                    UPSTREAM_FAILED, ended=clock.now(), error=reason(UPSTREAM_FAILED, block)
                )
        return None

    async def _unwanted(self, step: PlannedStep, worker: Worker) -> str | None:
        """Ask the conditions of a step; say why it does not run. One that fails counts as false."""
        for condition in step.conditionals:
            source = self._job.sources.get(condition.id)
            if source is None:
                return f"The file of its condition '{condition.id}' is missing."
            attached = _parent(step) | {"inputs": list(step.block.upstream)}
            options = {"attempt": 1, "timeout": step.timeout, "attached": attached}
            request = self._request(step, condition, source, options)
            outcome = await worker.execute(request, _unheard)
            if outcome.state != COMPLETED:
                return f"Its condition '{condition.id}' failed: {outcome.error or outcome.state}"
            if not outcome.result:
                return f"Its condition '{condition.id}' was false."
        return None

    async def _callbacks(self, step: PlannedStep, outcome: Outcome, attempt: int) -> None:
        """Run the callbacks of a step; what they do never changes its state."""
        status = {COMPLETED: "success", FAILED: "failure"}.get(outcome.state)
        if status is None:
            return
        for callback in step.callbacks:
            source = self._job.sources.get(callback.id)
            if source is None:
                continue
            try:
                if step.id in self._kept and not self._kept[step.id].alive:
                    await self._let_go(step)
                worker = self._kept.pop(step.id, None) or await self._crew.take(step)
            except KernelError:
                return
            try:
                attached = _parent(step) | {
                    "block": step.block.id,
                    "inputs": [step.id] if outcome.state == COMPLETED else [],
                    "status": status,
                    "error": outcome.error,
                    "log": {"block": step.id, "version": outcome.version},
                }
                options = {"attempt": attempt, "timeout": step.timeout, "attached": attached}
                request = self._request(step, callback, source, options)
                await worker.execute(request, _unheard)
            finally:
                self._kept[step.id] = worker

    def _options(self, step: PlannedStep, options: dict[str, Any]) -> dict[str, Any]:
        """Add what is kept in memory, and the extension blocks that check the output."""
        found = {**options, "keep": self._keep(step)}
        checks = [extension(block, self._job.sources) for block in step.extensions]
        return {**found, "extensions": checks} if checks else found

    def _request(
        self, step: PlannedStep, block: Block, source: str, options: dict[str, Any]
    ) -> Request:
        told = self._families.options(step, self._active.states)
        if told is not None:
            options = {**options, "dynamic": told}
        return request(step, block, source, options, options.get("timeout"))

    def _keep(self, step: PlannedStep) -> list[str]:
        """Name the blocks whose outputs are still wanted once a step has its inputs."""
        states = self._active.states
        wanted = [b for b in self._makers if self._readers.wanted(b, step.id, states)]
        # Nobody reads the others any more; there may be thousands.
        self._makers = {b: at for b, at in self._makers.items() if b in wanted or b == step.id}
        if step.callbacks and step.id not in wanted:
            wanted.append(step.id)
        return sorted(wanted)

    def _ended(self, step: PlannedStep, outcome: Outcome) -> None:
        """A step ended, or has left its output in its kernel. Nothing is waited for here."""
        self._working.discard(step.id)
        if outcome.state == COMPLETED and self._families.fans(step):
            said = outcome.result if isinstance(outcome.result, Mapping) else {}
            self._families.learn(step.id, said.get("fan"))
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
        self._rows.save(step.id, outcome, self._rows.attempt(step.id))
        changed.pop(step.id)
        self._rows.follow(changed, step.id)

    async def _halt(self, stop: _Stop) -> None:
        """Interrupt what runs, then kill it; only then write down how it ended."""
        if self._tasks:
            for worker in self._crew.workers:
                await worker.interrupt()
            await asyncio.wait(list(self._tasks), timeout=GRACE)
        await self._end_tasks()
        await self._crew.close(now=True)
        for block, state in self._active.stopped(stop.state).items():
            self._rows.mark(block, state, stop.reason)

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


def _parent(step: PlannedStep) -> dict[str, Any]:
    """Return what conditions and callbacks are told of the block they belong to."""
    return {"block": step.id, "step": step.id, "configuration": dict(step.block.configuration)}


def _unheard(_started: Started) -> None:
    """Conditions and callbacks are no steps; their beginning is not written down."""
