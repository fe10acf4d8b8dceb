"""Removes what is not kept any longer: whole runs, and old executions in notebooks."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from mage_jlab.db.runs import RunStore
from mage_jlab.files.workspace import Workspace
from mage_jlab.model.project import Project
from mage_jlab.model.run import COMPLETED
from mage_jlab.products.retention import Retention, outgrown
from mage_jlab.products.store import ProductStore

Sizes = dict[str, int]


class Housekeeping:
    """Keeps to a retention. All methods may be called from any thread."""

    def __init__(
        self, workspace: Workspace, runs: RunStore, products: Callable[[Project], ProductStore],
        retention: Retention | None = None,
    ) -> None:  # fmt: skip
        """Nothing is removed yet."""
        self._workspace = workspace
        self._runs = runs
        self._products = products
        self.retention = retention or Retention()
        self._sizes: dict[tuple[str, str], dict[str, Sizes]] = {}
        self._lock = threading.Lock()

    def after_run(self, project_id: str, pipeline: str) -> None:
        """Forget the oldest runs of a pipeline when there are too many or too large ones."""
        project = self._workspace.project(project_id)
        kept = self.retention
        for run_id in self._runs.prune(project_id, pipeline, kept.runs):
            self.forget(project, pipeline, run_id)
        ended = self._runs.ended(project_id, pipeline)
        sizes = self._measured(project, pipeline, [run_id for run_id, _ in ended])
        well = [(run_id, state == COMPLETED) for run_id, state in ended]
        for run_id in self._runs.drop(outgrown(well, sizes, kept.run_bytes)):
            self.forget(project, pipeline, run_id)

    def look(self) -> None:
        """Look at what interactive work left, in every project."""
        for project in self._workspace.projects():
            self._products(project).retain(self.retention)

    def forget(self, project: Project, pipeline: str, run_id: str) -> None:
        """Remove the products, the logs and the snapshot of a run."""
        self._products(project).delete_scope(pipeline, run_id)
        shutil.rmtree(self._snapshots(project) / run_id, ignore_errors=True)

    def renamed(
        self, project: Project, kind: str, pipelines: Sequence[str], old: str, new: str
    ) -> None:
        """Let the products follow the new name of a block or a pipeline."""
        store = self._products(project)
        if kind == "pipeline":
            store.rename_pipeline(old, new)
        for pipeline in pipelines if kind == "block" else ():
            store.rename_block(pipeline, old, new)

    def _snapshots(self, project: Project) -> Path:
        return self._workspace.state(project) / "snapshots"

    def _measured(self, project: Project, pipeline: str, runs: list[str]) -> dict[str, Sizes]:
        """Return the sizes of ended runs; the newest, which may have been retried, anew."""
        store = self._products(project)
        with self._lock:
            known = self._sizes.get((project.id, pipeline), {})
            found = {
                run: known[run] if run in known and number else store.block_sizes(pipeline, run)
                for number, run in enumerate(runs)
            }
            self._sizes[project.id, pipeline] = found
        return found
