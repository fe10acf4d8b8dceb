"""The one place that builds everything and introduces it to each other."""

from __future__ import annotations

import asyncio
import functools
import logging
import os
import shutil
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from mage_jlab import __version__, clock
from mage_jlab.db.history import ImportedHistory, import_history
from mage_jlab.db.leases import LeaseStore, Owner
from mage_jlab.db.roots import Root
from mage_jlab.db.runs import RunStore
from mage_jlab.db.session import Database
from mage_jlab.db.triggers import TriggerStore
from mage_jlab.errors import BadRequest, Conflict, DatabaseTooNew, NotReady, SecretsClosed
from mage_jlab.executors import bundle, context, process, sockets, step_logs
from mage_jlab.executors.channel import Asker, HostChannel
from mage_jlab.executors.data_products import DataProducts
from mage_jlab.executors.host import Host, Services
from mage_jlab.executors.launch import START_SECONDS, kernel_specs
from mage_jlab.executors.recovery import Others
from mage_jlab.executors.runner import Parts, Runner
from mage_jlab.executors.settings import Kernels, spares
from mage_jlab.executors.upkeep import Upkeep
from mage_jlab.executors.zygote.nursery import Nursery
from mage_jlab.files.state import state_folder
from mage_jlab.files.workspace import Workspace
from mage_jlab.ids import slug
from mage_jlab.model import connectors
from mage_jlab.model.product import INTERACTIVE
from mage_jlab.model.project import Project
from mage_jlab.model.run import Run
from mage_jlab.model.trigger import Trigger
from mage_jlab.plan.build import DEFAULT_KERNEL
from mage_jlab.products.retention import Retention
from mage_jlab.products.store import ProductStore
from mage_jlab.run.desk import Desk, Hands
from mage_jlab.run.driver import SENSOR_SECONDS
from mage_jlab.run.events import EventBus
from mage_jlab.run.housekeeping import Housekeeping
from mage_jlab.run.limits import Slots
from mage_jlab.schedule import due
from mage_jlab.schedule.firing import Firing
from mage_jlab.schedule.lease import ProjectLeases
from mage_jlab.schedule.registry import TriggerRegistry
from mage_jlab.schedule.ticker import Ticker
from mage_jlab.secrets.keyring import Keyring
from mage_jlab.secrets.store import SecretStore

log = logging.getLogger(__name__)
_BEAT = 5.0
_MEASURE = 60.0
_MEASURE_SHARE = 100
"""Looking at all that is stored may take a hundredth of the time."""


class Engine:
    """Everything behind the pages and the command line, in one process.

    All methods may be called from any thread.
    """

    start_seconds = START_SECONDS
    sensor_seconds = SENSOR_SECONDS

    def __init__(
        self, root: Path, state: Path | None = None, *, database_url: str | None = None,
        max_kernels: int = 4, kind: str = "server",
        retention: Retention | None = None, kernels: Kernels | None = None,
    ) -> None:  # fmt: skip
        """Build the parts; nothing is opened or started yet."""
        self.root = Path(root).resolve()
        self.state = Path(state or state_folder()).resolve()
        url = database_url or os.environ.get("MAGE_DATABASE_CONNECTION_URL")
        self.database = Database(url) if url else Database.file(self.state / "mage.db")
        self._here = Root(self.root)
        self.workspace = Workspace(self.root, self.state)
        self.workspace.renamed.append(self._secrets_follow)
        self._keyring = Keyring(self.state / "secrets")
        self.runs = RunStore(self.database, self._here)
        self.triggers = TriggerStore(self.database, self._here)
        self.events = EventBus()
        self._leases = LeaseStore(self.database)
        self._max_kernels = max_kernels
        self._kind = kind
        self._kernels = kernels or Kernels(spares=spares())
        self.nursery: Nursery | None = self._kernels.nursery
        if self.nursery is None and self._kernels.fork:
            self.nursery = Nursery(idle=self._kernels.idle_seconds)
        self._hands = Hands(
            me=lambda: self._me,
            lives=lambda: self._owner is not None,
            wake=self._wake_runner,
            stop=self._stop_run,
        )
        self.housekeeping = Housekeeping(self.workspace, self.runs, self.products, retention)
        self.desk = Desk(
            self.workspace, self.runs, self.triggers, self.events, self.housekeeping, self._hands
        )
        others = Others(self.runs, self._leases, lambda: self._owner, self._wake_runner)
        self.data_products = DataProducts(self.workspace, self.runs, self.submit, others)
        self._registry = TriggerRegistry(
            self.workspace, self.triggers, self.events, lambda: self._projects, self._wake
        )
        self._owner: Owner | None = None
        self._projects: ProjectLeases | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._runner: Runner | None = None
        self._ticker: Ticker | None = None
        self._upkeep: Upkeep | None = None
        self._channel: HostChannel | None = None
        self._sockets: Path | None = None
        self._ended = threading.Event()
        self._scheduler = False
        self._size: tuple[float, int] | None = None  # until when, how many bytes

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
        try:
            self._keyring.check()
        except SecretsClosed as error:
            log.error("%s", error.message)  # whoever asks for a secret is told, too
        self.workspace.recover()
        self._upkeep = Upkeep(
            self.runs, self._leases, self.housekeeping, self._owner, self.desk, self._hands,
            adopt=scheduler,
        )  # fmt: skip
        self._upkeep.recover()
        self._sockets = sockets.make_folder()
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
        if self.nursery is not None:
            self.nursery.close()
        if self._sockets is not None:
            shutil.rmtree(self._sockets, ignore_errors=True)
        self.database.close()

    # ---- runs ------------------------------------------------------------

    def submit(self, project_id: str, pipeline_id: str, **said: Any) -> Run:
        """Ask for a run: see `Desk.submit`."""
        return self.desk.submit(project_id, pipeline_id, **said)

    def cancel(self, run_id: str) -> Run:
        """Ask for the end of a run: see `Desk.cancel`."""
        return self.desk.cancel(run_id)

    def retry(self, run_id: str, *, from_block: str | None = None) -> Run:
        """Run again what did not complete: see `Desk.retry`."""
        return self.desk.retry(run_id, from_block=from_block)

    def wait(self, run_id: str, timeout: float | None = None) -> Run:
        """Wait for the end of a run, or until time is up; return the run either way."""
        return self.desk.wait(run_id, timeout)

    def delete_run(self, run_id: str) -> None:
        """Forget an ended run with all it left."""
        self.desk.delete(run_id)

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

    # ---- connections -----------------------------------------------------

    def try_connection(
        self, project: Project, profile: str, connector: str, *,
        pipeline: str = "", kernel: str | None = None, anywhere: bool = False,
    ) -> Future[dict[str, Any]]:  # fmt: skip
        """Try a connection in a kernel of the project; cancelling the future ends that kernel.

        Raises:
            BadRequest: when there is no such connector, or it cannot be tested.
            NotReady: when the engine has not started.
        """
        known = connectors.BY_ID.get(connector)
        if known is None or not known.testable:
            testable = ", ".join(item.id for item in connectors.BY_ID.values() if item.testable)
            raise BadRequest(
                f"There is no test of a connection for '{connector}'; there is one for {testable}."
            )
        if self._loop is None or self._runner is None:
            raise NotReady("The engine has not started.")
        chosen = project.settings.get("kernel_name")
        name = kernel or (chosen if isinstance(chosen, str) and chosen else DEFAULT_KERNEL)
        wanted = {"profile": profile, "connector": connector, "anywhere": anywhere}
        trying = self._runner.try_connection(project, name, Asker(project.id, pipeline), wanted)
        return asyncio.run_coroutine_threadsafe(trying, self._loop)

    # ---- secrets ---------------------------------------------------------

    def secrets(self, project: Project) -> SecretStore:
        """Return the store of a project's secrets."""
        return SecretStore(self.workspace.state(project) / "secrets", self._keyring)

    def _secrets_follow(
        self, project: Project, kind: str, _pipelines: Sequence[str], old: str, new: str
    ) -> None:
        if kind == "pipeline":
            self.secrets(project).follow(old, new)

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
        """Delete a pipeline with its triggers and its own secrets; block files and history stay.

        Raises:
            Changed: when `etag` is given and the pipeline is another by now.
        """
        self.workspace.delete_pipeline(project, pipeline_id, etag=etag)
        self._registry.forget_pipeline(project, pipeline_id)
        self.secrets(project).follow(pipeline_id, None)

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
            pipeline,
            store=self.products(project).root,
            cwd=self.workspace.cwd(project),
            scope=scope,
            variables=pipeline.variables,
        )
        if self._channel is not None:
            said["channel"] = self._channel.admit(Asker(project.id, pipeline.id))
        said["spark"] = context.spark(project, pipeline)
        said["limits"] = {"keep_versions": self.housekeeping.retention.versions}
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
        state = ("starting" if ticker is None else ticker.state) if self._scheduler else "stopped"
        return {
            "version": __version__,
            "scheduler": state,
            "scheduler_message": ticker.message if ticker is not None else None,
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
                data_products=self.data_products,
                tidy=self.housekeeping.after_run,
                start_seconds=self.start_seconds,
                sensor_seconds=self.sensor_seconds,
                nursery=self.nursery,
                kernels=self._kernels,
            ),
            slots,
        )
        services = Services(
            self.workspace,
            self.runs,
            self.triggers,
            self.submit,
            slots,
            self.secrets,
            self.data_products,
            lambda: (self._kernels.specs or kernel_specs()).get_all_specs(),
        )
        self._channel = HostChannel(self._sockets, Host(services).answer)
        await self._channel.start()
        self._runner.channel = self._channel
        self._ticker = self._clockwork(self._owner.id, self._runner)
        self._tasks = [
            asyncio.ensure_future(_supervised("runs", self._runner.serve)),
            asyncio.ensure_future(self._ticker.serve()),
        ]

    def _clockwork(self, owner: str, runner: Runner) -> Ticker:
        """Build the loop of the schedules; without the scheduler it only looks after things."""
        assert self._projects is not None and self._upkeep is not None  # noqa: S101 - by start()
        look = functools.partial(self._upkeep.look, runner.carries)
        if not self._scheduler:
            return Ticker(chores=[look])
        firing = Firing(self.triggers, self._projects, self.events, self.desk, owner, runner.wake)
        return Ticker(firing, chores=[look, self._registry.sync_all])

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

    def _stop_run(self, run_id: str, state: str, reason: str) -> None:
        if self._loop is not None and self._runner is not None:
            self._loop.call_soon_threadsafe(self._runner.stop_run, run_id, state, reason)

    def _wake(self) -> None:
        self._wake_runner()
        if self._loop is not None and self._ticker is not None:
            self._loop.call_soon_threadsafe(self._ticker.wake)

    def _wake_runner(self) -> None:
        if self._loop is not None and self._runner is not None:
            self._loop.call_soon_threadsafe(self._runner.wake)

    def _products_bytes(self) -> int:
        """Return what is stored; looked at again when that is cheap, else each minute."""
        now = clock.monotonic()
        if self._size is None or now >= self._size[0]:
            total = sum(self.products(project).size() for project in self.workspace.projects())
            took = clock.monotonic() - now
            self._size = now + min(_MEASURE, _MEASURE_SHARE * took), total
        return self._size[1]


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
