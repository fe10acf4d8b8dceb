"""The one place that builds everything and introduces it to each other."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import tempfile
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from jupyter_core.paths import jupyter_data_dir

from mage_jlab import __version__, clock
from mage_jlab.db.history import ImportedHistory, import_history
from mage_jlab.db.leases import LeaseStore, Owner
from mage_jlab.db.roots import Root
from mage_jlab.db.runs import NewRun, RunStore
from mage_jlab.db.session import Database
from mage_jlab.db.triggers import Armed, TriggerStore
from mage_jlab.errors import Conflict, DatabaseTooNew, MageError
from mage_jlab.executors import bundle, context, process, step_logs
from mage_jlab.executors.channel import Asker, HostChannel
from mage_jlab.executors.host import Host, Services
from mage_jlab.executors.kernel import START_SECONDS
from mage_jlab.executors.recovery import recover
from mage_jlab.executors.runner import Parts, Runner
from mage_jlab.files.places import state_name
from mage_jlab.files.workspace import Workspace
from mage_jlab.ids import PipelineId, slug
from mage_jlab.model.product import INTERACTIVE
from mage_jlab.model.project import Project
from mage_jlab.model.run import ACTIVE, CANCELLED, INTERRUPTED, QUEUED, Run
from mage_jlab.model.trigger import SCHEDULE, Trigger
from mage_jlab.plan.build import build
from mage_jlab.plan.resume import again
from mage_jlab.products.store import ProductStore
from mage_jlab.run.driver import SENSOR_SECONDS
from mage_jlab.run.events import EventBus
from mage_jlab.run.limits import Slots
from mage_jlab.schedule import due
from mage_jlab.schedule.fires import Decision
from mage_jlab.schedule.lease import ProjectLeases
from mage_jlab.schedule.registry import TriggerRegistry, check_variables
from mage_jlab.schedule.ticker import Ticker, Work

log = logging.getLogger(__name__)
_BEAT = 5.0
_SYNC = 60.0
_TIDY = 300.0
"""Seconds between two looks at what interactive work left."""
_LONGEST_FOLDER = 80


def state_folder() -> Path:
    """Return the folder of our own state: `MAGE_JLAB_STATE_DIR` or Jupyter's data folder."""
    given = os.environ.get("MAGE_JLAB_STATE_DIR")
    return Path(given).expanduser() if given else Path(jupyter_data_dir()) / "mage_jlab"


def known_root(state: Path, project: Path) -> Path | None:
    """Return the root from which a server last saw a project, None when none did."""
    try:
        text = (state / "projects" / state_name(project) / "root").read_text("utf-8")
    except OSError:
        return None
    return Path(text.strip())


class Engine:
    """Everything behind the pages and the command line, in one process.

    All methods may be called from any thread.
    """

    start_seconds = START_SECONDS
    sensor_seconds = SENSOR_SECONDS

    def __init__(
        self, root: Path, state: Path | None = None, *, database_url: str | None = None,
        kernel_specs: Any = None, max_kernels: int = 4, kind: str = "server",
    ) -> None:  # fmt: skip
        """Build the parts; nothing is opened or started yet."""
        self.root = Path(root).resolve()
        self.state = Path(state or state_folder()).resolve()
        url = database_url or os.environ.get("MAGE_DATABASE_CONNECTION_URL")
        self.database = Database(url) if url else Database.file(self.state / "mage.db")
        self._here = Root(self.root)
        self.workspace = Workspace(self.root, self.state)
        self.runs = RunStore(self.database, self._here)
        self.triggers = TriggerStore(self.database, self._here)
        self.events = EventBus()
        self._leases = LeaseStore(self.database)
        self._specs = kernel_specs
        self._max_kernels = max_kernels
        self._kind = kind
        self._registry = TriggerRegistry(
            self.workspace, self.triggers, self.events, lambda: self._projects, self._wake
        )
        self._owner: Owner | None = None
        self._projects: ProjectLeases | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._runner: Runner | None = None
        self._ticker: Ticker | None = None
        self._channel: HostChannel | None = None
        self._sockets: Path | None = None
        self._ended = threading.Event()
        self._scheduler = False
        self._looked = clock.now()
        self._synced = float("-inf")
        self._tidied = clock.monotonic()
        self._orphans: set[str] = set()
        self._size: tuple[float, int] | None = None
        self._changed = threading.Condition()
        self.events.subscribe(self._notice)
        self.workspace.renamed.append(self._renamed)

    # ---- life ------------------------------------------------------------

    def open(self) -> None:
        """Open the database only: for looking, and for changing triggers.

        Raises:
            DatabaseTooNew: when newer code wrote it.
        """
        self.database.prepare()
        self._projects = ProjectLeases(
            self._leases, self.database, "", self._here.stored, self._state_of
        )

    def start(self, *, scheduler: bool = True) -> None:
        """Migrate, recover, start the engine's own thread; nothing of the user's runs yet.

        A database of a newer mage-jlab is left alone: then nothing is started,
        and whatever needs it says so (`DatabaseTooNew`).
        """
        try:
            self.database.prepare()
        except DatabaseTooNew as error:
            log.error("%s", error.message)
            return
        mark = process.mark(os.getpid()) or ""
        self._owner = self._leases.register(process.host(), os.getpid(), mark, self._kind)
        self._projects = ProjectLeases(
            self._leases, self.database, self._owner.id, self._here.stored, self._state_of
        )
        self._scheduler = scheduler
        self.workspace.recover()
        recover(self.runs, self._leases, self._owner, adopt=scheduler)
        self._sockets = _socket_folder()
        self._ended.clear()
        ready: Future[None] = Future()
        self._thread = threading.Thread(
            target=self._live, args=(ready,), name="mage-engine", daemon=True
        )
        self._thread.start()
        ready.result(30)
        threading.Thread(target=self._beat, name="mage-heartbeat", daemon=True).start()

    def stop(self, timeout: float = 10) -> None:
        """Interrupt the runs, mark them so, let go of everything."""
        if self._loop is None or self._thread is None:
            return
        loop, thread = self._loop, self._thread
        self._ended.set()
        try:
            asyncio.run_coroutine_threadsafe(self._shut_down(timeout - 2), loop).result(timeout)
        except TimeoutError:
            log.error("The engine did not stop in %g s.", timeout)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(2)
        self._loop = self._thread = None
        if self._owner is not None:
            reason = "The server was stopped while it ran."
            self.runs.interrupt_all(self._owner.id, reason, queued=False)
            queued = self.runs.next_queued(self._owner.id)
            if queued is None:
                self._leases.leave(self._owner.id)
        if self._sockets is not None:
            shutil.rmtree(self._sockets, ignore_errors=True)
        self.database.close()

    # ---- runs ------------------------------------------------------------

    def submit(  # noqa: PLR0913 - all that can be said of a run
        self, project_id: str, pipeline_id: str, *,
        variables: Mapping[str, Any] | None = None, blocks: Sequence[str] | None = None,
        kind: str = "manual", trigger: Trigger | None = None, trigger_name: str | None = None,
        fire_time: datetime | None = None, execution_date: datetime | None = None,
        user: str | None = None, idempotency_key: str | None = None,
    ) -> Run:  # fmt: skip
        """Ask for a run; it starts as soon as there is room.

        Raises:
            InvalidPlan: when the pipeline cannot be run as it is.
        """
        project = self.workspace.project(project_id)
        pipeline = self.workspace.load(project, pipeline_id)
        plan = build(pipeline, blocks=blocks, settings=project.settings)
        given = {**(trigger.variables if trigger else {}), **(variables or {})}
        check_variables(given)
        run = self.runs.create(
            NewRun(
                project=project.id,
                pipeline=pipeline.id,
                kind=kind,
                trigger=trigger.id if trigger else None,
                trigger_name=trigger.name if trigger else trigger_name,
                fire_time=fire_time,
                execution_date=execution_date or fire_time or clock.now(),
                variables=given,
                settings=dict(trigger.settings) if trigger else {},
                blocks=None if blocks is None else tuple(blocks),
                user=user,
                idempotency_key=idempotency_key,
                steps=plan.rows(),
            ),
            self._me,
        )
        self._tell(run)
        self._wake()
        return run

    def cancel(self, run_id: str) -> Run:
        """Ask for the end of a run; `cancelled` is written when its processes are gone.

        Raises:
            NotActive: when it has ended already.
        """
        state = self.runs.ask_cancel(run_id)
        run = self.runs.get(run_id)
        self._tell(run)
        if state != CANCELLED and self._loop is not None and self._runner is not None:
            self._loop.call_soon_threadsafe(
                self._runner.stop_run, run_id, CANCELLED, "It was cancelled."
            )
        return run

    def retry(self, run_id: str, *, from_block: str | None = None) -> Run:
        """Run again what did not complete, or also a block and all below it.

        Raises:
            StillActive: when the run has not ended.
            InvalidPlan: when there is nothing to run again.
        """
        run = self.runs.get(run_id)
        states = {step.block: step.state for step in run.steps}
        after = {step.block: step.upstream for step in run.steps}
        blocks = again(after, states, from_block)
        fresh = [
            replace(
                step, state=QUEUED, attempt=step.attempt + 1 if step.attempt else 0,
                started=None, ended=None, error=None, version=None, code_hash=None, outputs=(),
            )
            for step in run.steps
            if step.block in blocks
        ]  # fmt: skip
        run = self.runs.reopen(run_id, self._me, fresh)
        self._tell(run)
        self._wake()
        return run

    def wait(self, run_id: str, timeout: float | None = None) -> Run:
        """Wait for the end of a run, or until time is up; return the run either way."""
        until = None if timeout is None else clock.monotonic() + timeout
        while True:
            with self._changed:
                run = self.runs.get(run_id)
                left = 0.5 if until is None else min(0.5, until - clock.monotonic())
                if run.state not in ACTIVE or left <= 0:
                    return run
                self._changed.wait(left)

    def delete_run(self, run_id: str) -> None:
        """Forget an ended run with its products, its logs and its snapshot."""
        run = self.runs.delete(run_id)
        project = self.workspace.project(run.project)
        self.products(project).delete_scope(run.pipeline, run.id)
        snapshot = self.workspace.state(project) / "snapshots" / run.id
        shutil.rmtree(snapshot, ignore_errors=True)
        self._tell(run)

    def step_log(
        self, run_id: str, block_id: str, offset: int = 0
    ) -> tuple[list[dict[str, Any]], int, bool, int]:
        """Return log records, the next offset, whether it is complete, what was dropped."""
        run = self.runs.get(run_id)
        store = self.products(self.workspace.project(run.project))
        return step_logs.read(store, run, block_id, offset)

    def products(self, project: Project) -> ProductStore:
        """Return the store of a project's products."""
        return ProductStore(self.workspace.state(project) / "products")

    # ---- triggers --------------------------------------------------------

    def create_trigger(self, trigger: Trigger, *, save_in_code: bool = False) -> Trigger:
        """Write a new trigger (its id and times are given here)."""
        return self._registry.create(trigger, save_in_code=save_in_code)

    def change_trigger(
        self, trigger_id: str, changes: Mapping[str, Any], *, save_in_code: bool | None = None
    ) -> Trigger:
        """Change a trigger; `changes` by field name. Editing never fires."""
        return self._registry.change(trigger_id, changes, save_in_code=save_in_code)

    def delete_trigger(self, trigger_id: str) -> None:
        """Forget a trigger; its runs stay."""
        self._registry.delete(trigger_id)

    def delete_pipeline(
        self, project: Project, pipeline_id: str, *, etag: str | None = None
    ) -> None:
        """Delete a pipeline and its triggers; block files and history stay.

        Raises:
            Changed: when `etag` is given and the pipeline is another by now.
        """
        self.workspace.delete_pipeline(project, pipeline_id, etag=etag)
        for trigger in self.triggers.list(project=project.id, pipeline=pipeline_id):
            self.delete_trigger(trigger.id)

    def run_trigger(
        self, trigger_id: str, *, variables: Mapping[str, Any] | None = None,
        user: str | None = None,
    ) -> Run:  # fmt: skip
        """Run the pipeline of a trigger now, with its variables."""
        trigger = self.triggers.get(trigger_id)
        return self.submit(
            trigger.project, trigger.pipeline, variables=variables, trigger=trigger, user=user
        )

    def sync_file_triggers(self, project: Project) -> list[Trigger]:
        """Take over new triggers from triggers.yaml; they are off until enabled here."""
        return self._registry.sync(project)

    def next_fire(self, trigger: Trigger) -> datetime | None:
        """Return when a trigger fires next, or None."""
        if not trigger.enabled or trigger.kind != SCHEDULE or not trigger.schedule:
            return None
        try:
            following = due.next_fires(
                trigger.schedule, trigger.zone, clock.now(), 1, start=trigger.start
            )
        except MageError:
            return None
        return following[0] if following else None

    def import_history(self, project: Project, path: Path) -> ImportedHistory:
        """Take over triggers, variables and runs from a Mage database file."""
        known = self.workspace.pipelines(project)
        found = import_history(self.database, self._here, project, path, known)
        self.events.emit("project", project=slug(project.id))
        return found

    # ---- kernels ---------------------------------------------------------

    def kernel_start(
        self, project: Project, pipeline_id: str, *, scope: str = INTERACTIVE
    ) -> tuple[str, str]:
        """Return the code that makes a kernel run blocks of a pipeline, and its key."""
        pipeline = self.workspace.load(project, pipeline_id)
        said = context.base(
            project,
            pipeline.id,
            store=self.products(project).root,
            cwd=self.workspace.cwd(project),
            scope=scope,
            variables=pipeline.variables,
        )
        if self._channel is not None:
            said["channel"] = self._channel.admit(Asker(project.id, pipeline.id))
        said = context.with_key(said)
        return bundle.start_code(said), str(said["key"])

    def health(self) -> dict[str, Any]:
        """Return whether the parts live: see `wire.Health`."""
        problem = self.database.problem
        if problem is not None:
            return {
                "version": __version__,
                "scheduler": "failed",
                "scheduler_message": problem.message,
                "database": problem.message,
                "active_runs": 0,
                "products_bytes": None,
            }
        ticker = self._ticker.health if self._ticker is not None else None
        runs = self._scheduler and ticker is not None
        return {
            "version": __version__,
            "scheduler": ticker.state if runs and ticker else "stopped",
            "scheduler_message": ticker.message if runs and ticker else None,
            "database": self.database.name,
            "active_runs": self.runs.count_active() if self._owner is not None else 0,
            "products_bytes": self._products_bytes(),
        }

    # ---- inside ----------------------------------------------------------

    @property
    def _me(self) -> str:
        if self.database.problem is not None:
            raise self.database.problem
        if self._owner is None:
            raise Conflict("The engine is not started.")
        return self._owner.id

    def _state_of(self, project_id: str) -> Path:
        return self.workspace.state(self.workspace.project(project_id))

    def _live(self, ready: Future[None]) -> None:
        """Be the engine's thread: one loop for runs, schedules and the host channel."""
        loop = asyncio.SelectorEventLoop()
        asyncio.set_event_loop(loop)
        self._loop = loop
        try:
            loop.run_until_complete(self._build())
            ready.set_result(None)
        except Exception as error:  # noqa: BLE001 - told to whoever called start()
            ready.set_exception(error)
            return
        try:
            loop.run_forever()
        finally:
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()

    async def _build(self) -> None:
        assert self._sockets is not None and self._owner is not None  # noqa: S101 - set by start()
        slots = Slots(self._max_kernels)
        self._runner = Runner(
            Parts(
                workspace=self.workspace,
                runs=self.runs,
                triggers=self.triggers,
                leases=self._leases,
                events=self.events,
                products=self.products,
                owner=self._owner.id,
                host=self._owner.host,
                sockets=self._sockets,
                interval=due.interval,
                specs=self._specs,
                start_seconds=self.start_seconds,
                sensor_seconds=self.sensor_seconds,
            ),
            slots,
        )
        services = Services(self.workspace, self.runs, self.triggers, self.submit, slots)
        self._channel = HostChannel(self._sockets, Host(services).answer)
        await self._channel.start()
        self._runner.channel = self._channel
        self._ticker = Ticker(self._work())
        self._tasks = [
            asyncio.ensure_future(_supervised("runs", self._runner.serve)),
            asyncio.ensure_future(self._ticker.serve()),
        ]

    def _work(self) -> Work:
        def nothing() -> list[Any]:
            return []

        projects = self._projects
        assert projects is not None  # noqa: S101 - set by start()
        return Work(
            armed=(lambda: list(self.triggers.armed())) if self._scheduler else nothing,
            holds=projects.holds,
            active=self.triggers.active_runs,
            fire=self._fire,
            replace=self._replace,
            reap=self._reap,
            fired=self._fired,
        )

    def _fire(self, armed: Any, decision: Decision) -> list[str]:
        """Write what a look at a trigger decided: fire times, runs, anchor, in one go."""
        assert isinstance(armed, Armed) and self._projects is not None  # noqa: S101
        trigger = armed.trigger
        plans = [
            (
                fire.time,
                NewRun(
                    project=trigger.project,
                    pipeline=trigger.pipeline,
                    kind="schedule",
                    state=fire.state,
                    trigger=trigger.id,
                    trigger_name=trigger.name,
                    fire_time=fire.time,
                    execution_date=fire.time,
                    variables=trigger.variables,
                    settings=trigger.settings,
                    error=fire.error,
                    serial=fire.serial,
                ),
            )
            for fire in decision.fires
        ]
        made = self.triggers.fire(
            armed, plans, decision.anchor, owner=self._me,
            lease=self._projects.lease(trigger.project), disable=decision.disable,
        )  # fmt: skip
        if not made:
            self._projects.lost(trigger.project)
        return made

    def _fired(self, trigger: Trigger, made: list[str]) -> None:
        for run_id in made:
            self.events.emit(
                "run", project=slug(trigger.project), pipeline=trigger.pipeline, run=run_id,
                trigger=trigger.id, state=QUEUED,
            )  # fmt: skip
        if self._runner is not None:
            self._runner.wake()

    def _replace(self, active: list[str]) -> None:
        for run_id in active:
            try:
                self.cancel(run_id)
            except MageError:
                continue  # it ended by itself meanwhile

    def _reap(self) -> None:
        """Look after what other processes did, or no longer do."""
        assert self._owner is not None  # noqa: S101 - set by start()
        found = recover(self.runs, self._leases, self._owner, adopt=self._scheduler)
        for run_id in self.runs.cancelling(self._owner.id):
            if self._loop is not None and self._runner is not None:
                self._loop.call_soon_threadsafe(
                    self._runner.stop_run, run_id, CANCELLED, "It was cancelled."
                )
        self._end_orphans(self._owner.id)
        looked, self._looked = self._looked, clock.now()
        for run in self.runs.changed_since(looked, self._owner.id):
            self._tell(run)
        if found.adopted or self.runs.next_queued(self._owner.id) is not None:
            self._wake_runner()
        if clock.monotonic() - self._tidied > _TIDY:
            self._tidied = clock.monotonic()
            for project in self.workspace.projects():
                self.products(project).retain()
        if self._scheduler and clock.monotonic() - self._synced > _SYNC:
            self._synced = clock.monotonic()
            for project in self.workspace.projects():
                try:
                    (self.workspace.state(project) / "root").write_text(str(self.root), "utf-8")
                    self._registry.sync(project)
                except MageError as error:
                    log.warning("The triggers of %s were not read: %s", project.name, error.message)

    def _end_orphans(self, owner: str) -> None:
        """End runs that are ours and that nobody carries out: a fault of ours lost them.

        Only what was so at two looks: a run may just be beginning.
        """
        if self._runner is None:
            return
        lost = {item for item in self.runs.carried_by(owner) if not self._runner.carries(item)}
        for run_id in lost & self._orphans:
            try:
                self.runs.finish(run_id, owner, INTERRUPTED, "mage-jlab lost track of this run.")
                self._tell(self.runs.get(run_id))
            except MageError as error:
                log.warning("Run %s could not be ended: %s", run_id, error.message)
        self._orphans = lost

    def _beat(self) -> None:
        """Say "I live" from a thread of its own: a busy loop must not look like death."""
        assert self._owner is not None  # noqa: S101 - set by start()
        while not self._ended.wait(_BEAT):
            try:
                self._leases.beat(self._owner, self._kind)
            except Exception:  # the database may be away; the next beat tells
                log.warning("The heartbeat could not be written.", exc_info=True)

    async def _shut_down(self, timeout: float) -> None:
        for task in self._tasks[1:]:
            task.cancel()
        if self._runner is not None:
            await self._runner.stop(timeout)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._channel is not None:
            await self._channel.stop()

    def _tell(self, run: Run) -> None:
        self.events.emit(
            "run", project=slug(run.project), pipeline=run.pipeline, run=run.id,
            trigger=run.trigger, state=run.state,
        )  # fmt: skip

    def _notice(self, event: dict[str, Any]) -> None:
        if event["kind"] == "run":
            with self._changed:
                self._changed.notify_all()

    def _wake(self) -> None:
        self._wake_runner()
        if self._loop is not None and self._ticker is not None:
            self._loop.call_soon_threadsafe(self._ticker.wake)

    def _wake_runner(self) -> None:
        if self._loop is not None and self._runner is not None:
            self._loop.call_soon_threadsafe(self._runner.wake)

    def _renamed(
        self, project: Project, kind: str, pipelines: list[PipelineId], old: str, new: str
    ) -> None:
        """Let products, history and triggers follow a new name."""
        store = self.products(project)
        if kind == "pipeline":
            store.rename_pipeline(old, new)
            if self._owner is not None:
                self.runs.rename_pipeline(project.id, old, new)
                self.triggers.rename_pipeline(project.id, old, new)
        else:
            for pipeline in pipelines:
                store.rename_block(pipeline, old, new)
            if self._owner is not None:
                self.runs.rename_block(project.id, pipelines, old, new)

    def _products_bytes(self) -> int:
        if self._size is None or clock.monotonic() - self._size[0] > _SYNC:
            total = sum(self.products(project).size() for project in self.workspace.projects())
            self._size = (clock.monotonic(), total)
        return self._size[1]


def _socket_folder() -> Path:
    """Make a folder only we can enter, with a path short enough for sockets in it."""
    base = tempfile.gettempdir()
    if len(base) > _LONGEST_FOLDER - 20 and Path("/tmp").is_dir():  # noqa: S108 - mkdtemp is safe
        base = "/tmp"  # noqa: S108
    return Path(tempfile.mkdtemp(prefix="mage-", dir=base))


async def _supervised(name: str, serve: Any) -> None:
    """Start a loop again when it raises."""
    while True:
        try:
            await serve()
            return
        except asyncio.CancelledError:
            raise
        except Exception:  # it must go on
            log.exception("The loop of %s failed; it starts again.", name)
            await clock.sleep(1)
