"""Takes runs from the queue and has them carried out, on the engine's loop."""

from __future__ import annotations

import asyncio
import functools
import logging
import os
import shutil
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from mage_jlab.db.leases import LeaseStore, LeftKernel
from mage_jlab.db.runs import LostRun, RunStore
from mage_jlab.db.triggers import TriggerStore
from mage_jlab.errors import KernelError, MageError, TriggerNotFound
from mage_jlab.executors import context, earlier, trial
from mage_jlab.executors.channel import Asker, HostChannel
from mage_jlab.executors.data_products import Asked, DataProducts
from mage_jlab.executors.kernel import Kernel
from mage_jlab.executors.launch import START_SECONDS, Surroundings
from mage_jlab.executors.settings import Kernels
from mage_jlab.executors.spares import Spares
from mage_jlab.executors.zygote.nursery import Nursery
from mage_jlab.files.snapshot import Snapshot
from mage_jlab.files.workspace import Workspace
from mage_jlab.ids import slug
from mage_jlab.model.block import GLOBAL_DATA_PRODUCT, Block
from mage_jlab.model.product import INTERACTIVE
from mage_jlab.model.project import Project
from mage_jlab.model.run import (
    CANCELLED,
    COMPLETED,
    FAILED,
    INTERRUPTED,
    QUEUED,
    RUNNING,
    Run,
    Step,
)  # fmt: skip
from mage_jlab.model.trigger import Trigger
from mage_jlab.plan.build import Plan, build
from mage_jlab.products.store import ProductStore
from mage_jlab.run.book import Book
from mage_jlab.run.crew import Crew
from mage_jlab.run.driver import SENSOR_SECONDS, Driver, Job
from mage_jlab.run.events import EventBus
from mage_jlab.run.limits import Slots

log = logging.getLogger(__name__)
_R = TypeVar("_R")


@dataclass
class Parts:
    """What the runner works with."""

    workspace: Workspace
    runs: RunStore
    triggers: TriggerStore
    leases: LeaseStore
    events: EventBus
    products: Callable[[Project], ProductStore]
    owner: str
    host: str
    sockets: Path
    interval: context.Interval
    data_products: DataProducts
    tidy: Callable[[str, str], None]
    """Forgets what is not kept of a pipeline any longer, given its project and id."""
    start_seconds: float = START_SECONDS
    sensor_seconds: float = SENSOR_SECONDS
    nursery: Nursery | None = None
    kernels: Kernels = field(default_factory=Kernels)


class Executor:
    """Opens kernels for the steps of one run."""

    def __init__(self, spares: Spares, around: Surroundings) -> None:
        """Keep what every kernel of the run gets."""
        self._spares = spares
        self._around = around

    async def open(self, kernel: str) -> Kernel:
        """Return a kernel that is ready to run blocks.

        Raises:
            KernelError: when there is none of that name or it does not start.
        """
        return await self._spares.open(kernel, self._around)


class Runner:
    """Carries out the queued runs of this process, a few at a time."""

    def __init__(self, parts: Parts, slots: Slots) -> None:
        """Begin idle."""
        self._parts = parts
        self._slots = slots
        self._drivers: dict[str, Driver] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._asked: dict[str, tuple[str, str | None]] = {}
        self._tidying: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._stopping = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="mage-book")
        self.channel: HostChannel | None = None
        self._spares = Spares(
            parts.kernels.spares, parts.kernels.idle_seconds, self._spare_surroundings
        )

    @property
    def active(self) -> int:
        """Return how many runs are being carried out."""
        return len(self._tasks)

    def carries(self, run_id: str) -> bool:
        """Whether a run is being carried out here."""
        return run_id in self._tasks

    def wake(self) -> None:
        """Look into the queue: something may start."""
        self._wake.set()

    async def serve(self) -> None:
        """Take runs from the queue for ever."""
        while not self._stopping:
            self._wake.clear()
            while self._room() and not self._stopping:
                run = await self._write(self._parts.runs.take, self._parts.owner)
                if run is None:
                    break
                before = self._tasks.get(run.id)
                task = asyncio.get_running_loop().create_task(self._guarded(run, before))
                self._tasks[run.id] = task
                self._asked.pop(run.id, None)
                await asyncio.sleep(0)  # it goes first, then the next one
            await self._wake.wait()

    def _room(self) -> bool:
        """Whether another run may begin; one that only waits for a sensor takes no place."""
        resting = sum(1 for driver in self._drivers.values() if driver.resting)
        return len(self._tasks) - resting < self._slots.size

    def stop_run(self, run_id: str, state: str = CANCELLED, reason: str | None = None) -> bool:
        """Ask for the end of a run that is carried out here."""
        if run_id not in self._tasks:
            return False
        self._asked.setdefault(run_id, (state, reason))
        driver = self._drivers.get(run_id)
        if driver is not None:
            driver.stop(state, reason)
        return True

    async def stop(self, timeout: float) -> None:
        """Interrupt every run; returns when their processes are gone or time is up."""
        self._stopping = True
        self._wake.set()
        for run_id in list(self._tasks):
            self.stop_run(run_id, INTERRUPTED, "The server was stopped while it ran.")
        if self._tasks:
            await asyncio.wait(list(self._tasks.values()), timeout=timeout)
        rest = [*self._tasks.values(), *self._tidying]
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        await self._spares.close()
        self._thread.shutdown(wait=False)

    # ---- one run ---------------------------------------------------------

    async def _guarded(self, run: Run, before: asyncio.Task[None] | None) -> None:
        """Carry a run out; `before` still ends its kernels when it is retried at once."""
        run_id = run.id
        try:
            if before is not None:
                await asyncio.wait([before])
            self._tell(run, RUNNING)
            await self._carry_out(run)
        except LostRun:
            log.warning("Run %s was taken over by another process.", run_id)
        except MageError as error:
            await self._give_up(run_id, error.message)
        except Exception as error:  # the run must end, whatever went wrong
            log.exception("Run %s ended by a fault of mage-jlab.", run_id)
            await self._give_up(run_id, f"A fault in mage-jlab: {type(error).__name__}: {error}")
        finally:
            self._drivers.pop(run_id, None)
            if self._tasks.get(run_id) is asyncio.current_task():
                del self._tasks[run_id]
                self._asked.pop(run_id, None)
            self._wake.set()
            if not self._stopping:
                task = asyncio.get_running_loop().create_task(self._tidy(run))
                self._tidying.add(task)
                task.add_done_callback(self._tidying.discard)

    async def _carry_out(self, run: Run) -> None:
        project, snapshot, plan = await self._call(self._look, run)
        variables = {**snapshot.pipeline.variables, **run.variables}
        run = replace(run, variables=context.plain(variables))
        book = Book(self._parts.runs, run.id, self._parts.owner, self._thread)
        rows, trigger = await book.write(self._note, run, project, snapshot, plan)
        if run.blocks is not None:
            await self._call(_borrow, self._parts.products(project), plan, run)
        driver = self._driver(run, project, snapshot, plan, rows, trigger, book)
        self._drivers[run.id] = driver
        if run.id in self._asked:
            driver.stop(*self._asked[run.id])
        alarm = self._alarm(run, driver)
        try:
            state, error = await driver.run()
            await book.finish(state, error)
            self._tell(run, state)
        finally:
            if alarm is not None:
                alarm.cancel()
            await driver.close()

    def _look(self, run: Run) -> tuple[Project, Snapshot, Plan]:
        """Read what is to be run, as it is now."""
        project = self._parts.workspace.project(run.project)
        snapshot = self._snapshot(project, run)
        return (
            project,
            snapshot,
            build(snapshot.pipeline, blocks=run.blocks, settings=project.settings),
        )

    def _note(
        self, run: Run, project: Project, snapshot: Snapshot, plan: Plan
    ) -> tuple[dict[str, Step], Trigger | None]:
        """Write down what is to be run; return the steps as they stand, and the trigger."""
        parts = self._parts
        parts.runs.plan(
            run.id,
            parts.owner,
            plan.rows(),
            code_hash=snapshot.code_hash,
            kernel=", ".join(sorted({step.kernel for step in plan.steps})),
            cwd=str(parts.workspace.cwd(project)),
            variables=run.variables,
        )
        rows = {step.block: step for step in parts.runs.get(run.id).steps}
        return rows, self._trigger(run)

    def _driver(
        self, run: Run, project: Project, snapshot: Snapshot, plan: Plan,
        rows: dict[str, Step], trigger: Trigger | None, book: Book,
    ) -> Driver:  # fmt: skip
        parts = self._parts
        asker = Asker(project.id, run.pipeline, run.id)
        said = context.base(
            project,
            snapshot.pipeline,
            store=parts.products(project).root,
            cwd=parts.workspace.cwd(project),
            scope=run.id,
            variables=run.variables,
        )
        said = context.of_run(said, run, trigger, parts.interval) | {"sources": str(snapshot.root)}
        said["spark"] = context.spark(project, snapshot.pipeline)
        said["one_process"] = context.one_process(snapshot.pipeline)
        if self.channel is not None:
            said["channel"] = self.channel.admit(asker)
        said = context.with_key(said)
        around = self._surroundings(parts.workspace.cwd(project), said, run.id)
        executor = Executor(self._spares, around)
        job = Job(
            run_id=run.id,
            plan=plan,
            sources={block.id: _source(snapshot, block) for block in snapshot.pipeline},
            steps=rows,
            keep_going=bool(run.settings.get("allow_blocks_to_fail")),
            sensor_seconds=parts.sensor_seconds,
            given=earlier.given(parts.products(project), plan, run),
            fans=earlier.fans(parts.products(project), plan, run, rows),
            rested=self._wake.set,
            product=functools.partial(self._product, run),
        )
        keep = context.one_process(snapshot.pipeline)
        crew = Crew(executor, self._slots, _limit(snapshot), keep=keep)
        return Driver(job, book, crew, functools.partial(self._tell_step, run))

    async def _product(self, run: Run, block: Block) -> dict[str, Any]:
        """Wait until the global data product of a block is fresh."""
        said = block.configuration.get("global_data_product")
        user = f"{run.pipeline} ({run.id})"
        asked = Asked(run.project, run.pipeline, said if isinstance(said, Mapping) else {}, user)
        return await self._parts.data_products.ready(asked)

    def _surroundings(self, cwd: Path, said: Mapping[str, Any], run: str | None) -> Surroundings:
        parts = self._parts
        return Surroundings(
            cwd=cwd,
            sockets=parts.sockets,
            said=said,
            opened=functools.partial(self._opened, run),
            closed=self._closed,
            specs=parts.kernels.specs,
            start_seconds=parts.start_seconds,
            nursery=parts.nursery,
        )

    async def try_connection(
        self, project: Project, kernel: str, asker: Asker, wanted: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Try a connection in a kernel of its own; see `trial.connection`."""
        if self.channel is None:
            raise KernelError("The engine is not ready; try again in a moment.")
        cwd = self._parts.workspace.cwd(project)
        around = self._surroundings(cwd, context.nowhere(cwd), None)
        return await trial.connection(kernel, around, self.channel.admit(asker), wanted)

    def _spare_surroundings(self) -> Surroundings:
        nowhere = self._parts.sockets
        return self._surroundings(nowhere, context.nowhere(nowhere), None)

    def _snapshot(self, project: Project, run: Run) -> Snapshot:
        target = self._snapshots(project) / run.id
        if target.exists():
            # A retry runs the files as they are now.
            shutil.rmtree(target)
        target.mkdir(parents=True)
        return self._parts.workspace.snapshot(project, run.pipeline, target)

    def _snapshots(self, project: Project) -> Path:
        return self._parts.workspace.state(project) / "snapshots"

    def _trigger(self, run: Run) -> Trigger | None:
        if run.trigger is None:
            return None
        try:
            return self._parts.triggers.get(run.trigger)
        except TriggerNotFound:
            return None

    def _alarm(self, run: Run, driver: Driver) -> asyncio.TimerHandle | None:
        """Set the run's own timeout, which Mage keeps in the trigger's settings."""
        try:
            seconds = float(run.settings.get("timeout") or 0)
        except (TypeError, ValueError):
            return None
        if seconds <= 0:
            return None
        state = CANCELLED if run.settings.get("timeout_status") == CANCELLED else FAILED
        reason = f"The run took longer than its timeout of {seconds:g} s."
        return asyncio.get_running_loop().call_later(seconds, driver.stop, state, reason)

    async def _give_up(self, run_id: str, reason: str) -> None:
        state, why = self._asked.get(run_id, (FAILED, None))
        try:
            for step in (await self._write(self._parts.runs.get, run_id)).steps:
                if step.state in (QUEUED, RUNNING):
                    ended = replace(step, state=CANCELLED)
                    await self._write(self._parts.runs.save_step, run_id, self._parts.owner, ended)
            await self._write(
                self._parts.runs.finish, run_id, self._parts.owner, state, why or reason
            )
            self._tell(await self._write(self._parts.runs.get, run_id), state)
        except MageError as error:
            log.warning("Run %s could not be ended: %s", run_id, error.message)

    async def _tidy(self, run: Run) -> None:
        """Let go of the run, and of the oldest ones of its pipeline."""
        if self.channel is not None:
            self.channel.dismiss(Asker(run.project, run.pipeline, run.id))
        try:
            await self._call(self._parts.tidy, run.project, run.pipeline)
        except Exception:  # housekeeping must not end the engine
            log.exception("Old runs of %s could not be removed.", run.pipeline)

    # ---- bookkeeping -----------------------------------------------------

    async def _opened(self, run_id: str | None, kernel: str, pid: int, mark: str) -> None:
        left = LeftKernel(kernel, self._parts.owner, self._parts.host, pid, mark)
        await self._write(self._parts.leases.add_kernel, left, run_id)

    async def _closed(self, kernel: str) -> None:
        await self._write(self._parts.leases.drop_kernels, [kernel])

    def _tell(self, run: Run, state: str) -> None:
        self._parts.events.emit(
            "run",
            project=slug(run.project),
            pipeline=run.pipeline,
            run=run.id,
            state=state,
            trigger=run.trigger,
        )

    def _tell_step(self, run: Run, kind: str, block: str | None, state: str) -> None:
        self._parts.events.emit(
            kind,
            project=slug(run.project),
            pipeline=run.pipeline,
            run=run.id,
            block=block,
            state=state,
        )
        if state == COMPLETED and kind == "step":
            self._parts.events.emit(
                "product",
                project=slug(run.project),
                pipeline=run.pipeline,
                run=run.id,
                block=block,
            )

    async def _write(self, action: Callable[..., _R], *args: Any) -> _R:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, functools.partial(action, *args))

    async def _call(self, action: Callable[..., _R], *args: Any) -> _R:
        return await asyncio.to_thread(action, *args)


def _borrow(store: ProductStore, plan: Plan, run: Run) -> None:
    """Give a run of some blocks the notebook's outputs of those it does not run.

    Linked into the run's own scope: the run keeps its inputs, whatever the
    notebook does later. What is not there is missed by the step itself.
    """
    made = {step.id for step in plan.steps}
    for block in {item for step in plan.steps for item in step.block.upstream} - made:
        if store.versions(run.pipeline, run.id, block):
            continue
        found = store.latest(run.pipeline, INTERACTIVE, block)
        if found is None:
            continue
        source = store.execution(run.pipeline, INTERACTIVE, block, found.version)
        target = store.execution(run.pipeline, run.id, block, found.version)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copytree(source, target, copy_function=os.link)
        except OSError:
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(source, target)


def _source(snapshot: Snapshot, block: Block) -> str | None:
    """Return the text of a block; a global data product has none and needs none."""
    without = "" if block.type == GLOBAL_DATA_PRODUCT else None
    return snapshot.sources.get(block.id, without)


def _limit(snapshot: Snapshot) -> int | None:
    if context.one_process(snapshot.pipeline):
        return 1
    value = snapshot.pipeline.concurrency.get("block_run_limit")
    return int(value) if isinstance(value, int) and value > 0 else None
