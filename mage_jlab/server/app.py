"""The Jupyter server extension: its settings, its start and its end."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import inspect
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_server.extension.application import ExtensionApp
from traitlets import Bool, Float, Integer, Unicode, default

from mage_jlab import clock
from mage_jlab.errors import MageError, NotReady
from mage_jlab.executors.settings import IDLE_SECONDS, Kernels, spares
from mage_jlab.ids import slug
from mage_jlab.loading import uncollected

if TYPE_CHECKING:
    from mage_jlab.assembly import Engine
    from mage_jlab.model.project import Project
    from mage_jlab.products.store import ProductStore

EVENT_SCHEMA = "https://mage-jlab.readthedocs.io/events/change/v1"
_PULSE = 30.0
_START_LIMIT = 60.0


class MageApp(ExtensionApp):
    """Mage pipelines in a Jupyter server."""

    name = "mage_jlab"
    description = "Build, run, schedule and watch Mage data pipelines inside JupyterLab"

    root = Unicode(
        help="Folder below which projects are looked for; by default the server's root."
    ).tag(config=True)
    state_dir = Unicode(
        help="Folder for run history and data products; by default MAGE_JLAB_STATE_DIR, "
        "else `mage_jlab` in Jupyter's data folder."
    ).tag(config=True)
    database_url = Unicode(
        help="Database of runs and triggers; by default MAGE_DATABASE_CONNECTION_URL, "
        "else SQLite in the state folder."
    ).tag(config=True)
    max_kernels = Integer(4, min=1, help="How many kernels scheduled runs may use at once.").tag(
        config=True
    )
    fork_kernels = Bool(
        True, help="Whether kernels of pipelines are forked from one that has imported pandas."
    ).tag(config=True)
    spare_kernels = Integer(
        min=0, help="How many unused kernels of each kind are kept ready for runs, once one ran."
    ).tag(config=True)
    idle_seconds = Float(
        IDLE_SECONDS, min=0, help="How long spare kernels and what kernels are forked from stay."
    ).tag(config=True)
    scheduler = Bool(True, help="Whether this server fires schedules.").tag(config=True)

    test_any_address = Bool(
        False,
        help="Whether connection tests may go to link-local addresses and metadata services.",
    ).tag(config=True)

    keep_versions = Integer(
        5, min=1, help="How many executions of a block in notebooks are kept."
    ).tag(config=True)
    keep_version_bytes = Integer(
        2 * 1024**3, min=0, help="Bytes that the executions of a block in notebooks may take."
    ).tag(config=True)
    keep_runs = Integer(200, min=1, help="How many ended runs of a pipeline are kept.").tag(
        config=True
    )
    keep_run_bytes = Integer(
        10 * 1024**3,
        min=0,
        help="Bytes that a block may take over all runs of its pipeline; the oldest runs go.",
    ).tag(config=True)

    @default("spare_kernels")
    def _default_spares(self) -> int:
        return spares()

    @default("root")
    def _default_root(self) -> str:
        return str(self.jupyter.root_dir)

    def __init__(self, **kwargs: Any) -> None:
        """Prepare; nothing is read or started yet."""
        super().__init__(**kwargs)
        self.pool = ThreadPoolExecutor(max_workers=8, thread_name_prefix="mage-rest")
        self._built: Engine | None = None
        self._fault: MageError | None = None
        self._lock = threading.Lock()
        self._started = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pulse: asyncio.Task[None] | None = None
        self._unsubscribe: Callable[[], None] | None = None
        self._undo_forks: Callable[[], None] = lambda: None
        self._tasks: set[asyncio.Task[None]] = set()
        self._active = 0
        self._warm = False

    @property
    def jupyter(self) -> Any:
        """The Jupyter server that this is a part of."""
        return self.serverapp

    @property
    def local_specs(self) -> Any:
        """The kernels of this machine; those of a gateway cannot be started or asked by us."""
        specs = self.jupyter.kernel_spec_manager
        return None if inspect.iscoroutinefunction(specs.get_kernel_spec) else specs

    # Jupyter's hooks

    def initialize_settings(self) -> None:
        """Register the event schema and the contents of the drive."""
        with uncollected():
            from mage_jlab.server.contents import MageContents

        schema = Path(__file__).parent / "event_schemas" / "change.v1.yaml"
        self.jupyter.event_logger.register_event_schema(schema)
        self.settings["mage_contents_manager"] = MageContents(parent=self.serverapp, app=self)

    def initialize_handlers(self) -> None:
        """Add the routes."""
        with uncollected():
            from mage_jlab.server.routes import handlers

        self.handlers.extend(handlers())

    async def _start_jupyter_server_extension(self, serverapp: Any) -> None:
        self._loop = asyncio.get_running_loop()
        # Not in our own pool: its threads may all be waiting for this very start.
        await self._loop.run_in_executor(None, self._start)
        self._fork_notebooks()
        self._pulse = self._loop.create_task(self._keep_alive())

    async def stop_extension(self) -> None:
        """Stop the engine; harmless when it never started."""
        if self._pulse is not None:
            self._pulse.cancel()
            self._pulse = None
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
        self._undo_forks()
        self._loop = None
        built, self._built = self._built, None
        self._fault = NotReady("The server is stopping.")
        self._started.set()
        if built is not None:
            await asyncio.get_running_loop().run_in_executor(None, built.stop)
        self.pool.shutdown(wait=False, cancel_futures=True)

    def current_activity(self) -> int | None:
        """Tell Jupyter how many runs are active, so it does not shut down in the midst."""
        return self._active or None

    # The engine

    @property
    def engine(self) -> Engine:
        """The engine, built at first need. Ask only in a thread: it may wait for the start.

        Raises:
            NotReady: when the engine could not start.
        """
        if not self._started.wait(_START_LIMIT):
            raise NotReady("The engine is still starting; try again in a moment.")
        return self._engine()

    def _engine(self) -> Engine:
        if self._fault is not None:
            raise self._fault
        with self._lock:
            if self._built is None:
                with uncollected():
                    from mage_jlab.assembly import Engine
                    from mage_jlab.products.retention import Retention

                self._built = Engine(
                    Path(self.root),
                    Path(self.state_dir) if self.state_dir else None,
                    database_url=self.database_url or None,
                    max_kernels=self.max_kernels,
                    kernels=Kernels(
                        fork=self.fork_kernels,
                        spares=self.spare_kernels,
                        idle_seconds=self.idle_seconds,
                        specs=self.local_specs,
                    ),
                    retention=Retention(
                        versions=self.keep_versions,
                        version_bytes=self.keep_version_bytes,
                        runs=self.keep_runs,
                        run_bytes=self.keep_run_bytes,
                    ),
                )
            return self._built

    def _start(self) -> None:
        try:
            engine = self._engine()
            engine.start(scheduler=self.scheduler)
            self._unsubscribe = engine.events.subscribe(self._heard)
        except MageError as error:
            self._fault = error
            self.log.error("mage-jlab could not start: %s", error.message)
        except Exception as error:
            self._fault = NotReady(f"mage-jlab could not start: {error}")
            self.log.exception("mage-jlab could not start")
        finally:
            self._started.set()

    def _fork_notebooks(self) -> None:
        nursery = None if self._built is None else self._built.nursery
        if nursery is not None and self._fault is None and self.local_specs is not None:
            from mage_jlab.server.kernels import fork_notebooks

            self._undo_forks = fork_notebooks(self.jupyter, nursery)

    def warm_up(self, store: ProductStore) -> None:
        """Import what shows tables, aside and once: somebody is about to look at some."""
        if self._warm or not store.root.is_dir():
            return
        self._warm = True

        def load() -> None:
            importlib.import_module("mage_jlab.preview.page")

        threading.Thread(target=load, name="mage-warm-up", daemon=True).start()

    # Events and activity

    def tell(self, kind: str, of: Project, pipeline: str = "", **facts: str | None) -> None:
        """Tell the browsers that something was changed by a request."""
        self._engine().events.emit(kind, project=slug(of.id), pipeline=pipeline, **facts)

    def _heard(self, event: dict[str, Any]) -> None:
        """Take an event from any thread to the server's loop."""
        loop = self._loop
        if loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop closed in between
                loop.call_soon_threadsafe(self._emit, event)

    def _emit(self, event: dict[str, Any]) -> None:
        if event.get("kind") in ("run", "step"):
            self._touch()
        if event.get("kind") == "run" and self._loop is not None:
            task = self._loop.create_task(self._refresh())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self.jupyter.event_logger.emit(schema_id=EVENT_SCHEMA, data=event)

    def _touch(self) -> None:
        # Jupyter counts any setting of such a name as activity; so do hubs that cull.
        self.jupyter.web_app.settings["mage_jlab_last_activity"] = clock.now()

    async def _keep_alive(self) -> None:
        while True:
            await self._refresh()
            await clock.sleep(_PULSE)

    async def _refresh(self) -> None:
        """Count the active runs anew; while there are any, the server is not idle."""
        loop = asyncio.get_running_loop()
        try:
            self._active = await loop.run_in_executor(self.pool, self._count)
        except Exception:
            # A database that is away, or a pool that is shut down, must not end the pulse.
            self.log.debug("Could not count the active runs", exc_info=True)
        if self._active:
            self._touch()

    def _count(self) -> int:
        return 0 if self._fault else self._engine().runs.count_active()
