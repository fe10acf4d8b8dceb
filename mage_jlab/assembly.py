"""The one place that builds everything and introduces it to each other."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from jupyter_core.paths import jupyter_data_dir

from mage_jlab.db.roots import Root
from mage_jlab.db.runs import RunStore
from mage_jlab.db.session import Database
from mage_jlab.db.triggers import TriggerStore
from mage_jlab.files.workspace import Workspace
from mage_jlab.model.project import Project
from mage_jlab.model.run import Run
from mage_jlab.model.trigger import Trigger
from mage_jlab.products.store import ProductStore
from mage_jlab.run.events import EventBus


def state_folder() -> Path:
    """Return the folder of our own state: `MAGE_JLAB_STATE_DIR` or Jupyter's data folder."""
    given = os.environ.get("MAGE_JLAB_STATE_DIR")
    return Path(given).expanduser() if given else Path(jupyter_data_dir()) / "mage_jlab"


@dataclass(frozen=True)
class ImportedHistory:
    """What was taken over from a Mage database."""

    triggers: int
    runs: int
    variables: int
    notes: list[str]


class Engine:
    """Everything behind the pages and the command line, in one process.

    All methods may be called from any thread.
    """

    def __init__(
        self,
        root: Path,
        state: Path | None = None,
        *,
        database_url: str | None = None,
        kernel_specs: Any = None,
        max_kernels: int = 4,
    ) -> None:
        """Build the parts; nothing is opened or started yet."""
        self.root = root.resolve()
        self.state = (state or state_folder()).resolve()
        url = database_url or os.environ.get("MAGE_DATABASE_CONNECTION_URL")
        self.database = Database(url) if url else Database.file(self.state / "mage.db")
        here = Root(self.root)
        self.workspace = Workspace(self.root, self.state)
        self.runs = RunStore(self.database, here)
        self.triggers = TriggerStore(self.database, here)
        self.events = EventBus()

    def products(self, project: Project) -> ProductStore:
        """Return the store of a project's products."""
        return ProductStore(self.workspace.state(project) / "products")

    def start(self, *, scheduler: bool = True) -> None:
        """Recover, migrate, start the engine's own thread."""
        self.database.prepare()

    def stop(self, timeout: float = 10) -> None:
        """Interrupt the runs and stop."""

    def submit(  # noqa: PLR0913 - all that can be said of a run
        self,
        project_id: str,
        pipeline_id: str,
        *,
        variables: Mapping[str, Any] | None = None,
        blocks: Sequence[str] | None = None,
        kind: str = "manual",
        trigger: Trigger | None = None,
        fire_time: datetime | None = None,
        execution_date: datetime | None = None,
        user: str | None = None,
        idempotency_key: str | None = None,
    ) -> Run:
        """Ask for a run; it starts as soon as there is room."""
        raise NotImplementedError

    def cancel(self, run_id: str) -> Run:
        """Ask for the end of a run."""
        raise NotImplementedError

    def retry(self, run_id: str, *, from_block: str | None = None) -> Run:
        """Run again what did not complete, or a block and all below it."""
        raise NotImplementedError

    def wait(self, run_id: str, timeout: float | None = None) -> Run:
        """Wait for the end of a run."""
        raise NotImplementedError

    def delete_run(self, run_id: str) -> None:
        """Forget an ended run with its products, its log and its snapshot."""
        raise NotImplementedError

    def step_log(
        self, run_id: str, block_id: str, offset: int = 0
    ) -> tuple[list[dict[str, Any]], int, bool, int]:
        """Return log records, the next offset, whether it is complete, what was dropped."""
        raise NotImplementedError

    def create_trigger(self, trigger: Trigger, *, save_in_code: bool = False) -> Trigger:
        """Write a new trigger (its id and times are given here)."""
        raise NotImplementedError

    def change_trigger(
        self, trigger_id: str, changes: Mapping[str, Any], *, save_in_code: bool | None = None
    ) -> Trigger:
        """Change a trigger; `changes` by field name. Editing never fires."""
        raise NotImplementedError

    def delete_trigger(self, trigger_id: str) -> None:
        """Forget a trigger."""
        raise NotImplementedError

    def run_trigger(
        self,
        trigger_id: str,
        *,
        variables: Mapping[str, Any] | None = None,
        user: str | None = None,
    ) -> Run:
        """Run the pipeline of a trigger now, with its variables."""
        raise NotImplementedError

    def sync_file_triggers(self, project: Project) -> list[Trigger]:
        """Take over new triggers from triggers.yaml; they are off until enabled here."""
        raise NotImplementedError

    def next_fire(self, trigger: Trigger) -> datetime | None:
        """Return when a trigger fires next, or None."""
        raise NotImplementedError

    def import_history(self, project: Project, path: Path) -> ImportedHistory:
        """Take over triggers, variables and runs from a Mage database file."""
        raise NotImplementedError

    def kernel_start(
        self, project: Project, pipeline_id: str, *, scope: str = "interactive"
    ) -> tuple[str, str]:
        """Return the code that makes a kernel run blocks of a pipeline, and its key."""
        raise NotImplementedError

    def health(self) -> dict[str, Any]:
        """Return version, scheduler, scheduler_message, database, active_runs."""
        raise NotImplementedError
