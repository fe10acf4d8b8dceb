"""Global data products: whether one is fresh, who makes it again, and what it hands on.

Whoever waits holds nothing but its turn on the loop. However many wait, in
whatever process, they agree on one run: an active run of the pipeline is
waited for, and a new one is asked for under a key that all who saw the same
newest run share. When the process that makes it ends in the middle, whoever
waits goes on in its place.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from mage_jlab import clock
from mage_jlab.db.runs import RunStore
from mage_jlab.errors import BadRequest, StepFailed
from mage_jlab.executors.recovery import Others
from mage_jlab.files import data_products
from mage_jlab.files.workspace import Workspace
from mage_jlab.model.data_product import DataProduct
from mage_jlab.model.project import Project
from mage_jlab.model.run import ACTIVE, COMPLETED, INTERRUPTED, QUEUED, Run
from mage_jlab.plan import freshness
from mage_jlab.plan.freshness import Freshness

TRIGGER_NAME = "global_data_product_trigger"
_PAUSE = 0.1
_LONGEST_PAUSE = 1.0
_MOST_RUNS = 1000


@dataclass(frozen=True)
class Asked:
    """A block that uses a product: where it stands, and what its configuration says."""

    project: str
    pipeline: str
    said: Mapping[str, Any]
    user: str | None = None


class DataProducts:
    """The products of all projects, as the engine knows their runs."""

    def __init__(
        self, workspace: Workspace, runs: RunStore, submit: Callable[..., Run], others: Others
    ) -> None:
        """Keep where products, runs, the desk and other processes' runs are."""
        self._workspace = workspace
        self._runs = runs
        self._submit = submit
        self._others = others

    def standing(self, project: Project, product: DataProduct) -> tuple[Freshness, Run | None]:
        """Return how fresh a product is, and the newest complete run of its pipeline."""
        newest = next(iter(self._complete(project, product.pipeline, 1)), None)
        last = None if newest is None else _date(newest)
        return freshness.judge(product, last, clock.now()), newest

    async def ready(self, asked: Asked) -> dict[str, Any]:
        """Wait until a product is fresh; return the runs whose outputs it hands on.

        Raises:
            StepFailed: when the run that makes it does not complete.
            NotFound: when there is no such product.
            BadRequest: when it would wait for itself.
        """
        loop = asyncio.get_running_loop()
        project, product = await loop.run_in_executor(None, self._find, asked)
        lines: list[str] = []
        while True:
            run, said = await loop.run_in_executor(None, self._begin, project, product, asked)
            lines.append(said)
            if run is not None:
                run = await self._ended(run)
            # What another process was stopped in is begun again; what this one was is not.
            if run is None or run.state != INTERRUPTED:
                break
            if not await loop.run_in_executor(None, self._others.carry, run.id):
                break
        if run is not None and run.state != COMPLETED:
            raise StepFailed(
                f"Run {run.id} of pipeline '{product.pipeline}', which makes the global data "
                f"product '{product.id}', ended {run.state}"
                f"{f': {run.error}' if run.error else '.'}",
            )
        if run is not None:
            lines.append(f"Run {run.id} of pipeline '{product.pipeline}' completed.")
        handed = await loop.run_in_executor(None, self.handed, project, product)
        return {"uuid": product.id, "pipeline": product.pipeline, "runs": handed, "lines": lines}

    async def _ended(self, run: Run) -> Run:
        """Wait for the end of a run, whoever carries it out."""
        loop = asyncio.get_running_loop()
        pause = _PAUSE
        while run.state in ACTIVE:
            await clock.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE)
            run = await loop.run_in_executor(None, self._runs.get, run.id)
            if run.state == QUEUED and pause == _LONGEST_PAUSE:
                await loop.run_in_executor(None, self._others.inherit, run.id)
        return run

    def _find(self, asked: Asked) -> tuple[Project, DataProduct]:
        project = self._workspace.project(asked.project)
        name = data_products.named_by({"global_data_product": asked.said})
        if name is None:
            raise BadRequest(
                "This block names no global data product; choose one in the settings of the block."
            )
        product = data_products.get(project, name).with_overrides(asked.said)
        if product.object_type != "pipeline" or not product.pipeline:
            raise BadRequest(f"The global data product '{name}' names no pipeline.")
        path = data_products.circle(self._workspace.reader, project, asked.pipeline, product)
        if path:
            raise BadRequest(
                f"The global data product '{name}' would wait for itself: {' → '.join(path)}; "
                "use another product here."
            )
        return project, product

    def _begin(
        self, project: Project, product: DataProduct, asked: Asked
    ) -> tuple[Run | None, str]:
        """Return the run to wait for, or None when none is needed; and why, in words."""
        # In this order: whatever ends in between is seen by the look that comes after it.
        active = [run for run in self._runs.active(project.id, product.pipeline) if _makes(run)]
        latest, _ = self._runs.list(project.id, product.pipeline, limit=1)
        active += [run for run in latest if run.state in ACTIVE and _makes(run)]
        standing, newest = self.standing(project, product)
        if not standing.outdated and newest is not None:
            return None, _fresh(product, newest, standing)
        if active:
            words = f"Global data product '{product.id}' is being made by run {active[0].id}"
            return active[0], f"{words} of pipeline '{product.pipeline}'."
        seen = latest[0].id if latest else "none"
        run = self._submit(
            project.id,
            product.pipeline,
            kind="api",
            trigger_name=TRIGGER_NAME,
            user=asked.user,
            idempotency_key=f"data-product/{project.id}/{product.id}/{seen}",
        )
        words = "has never been made" if newest is None else f"of {_at(newest)} is too old"
        return run, (
            f"Global data product '{product.id}' {words}; run {run.id} of pipeline "
            f"'{product.pipeline}' makes it."
        )

    def handed(self, project: Project, product: DataProduct) -> dict[str, list[str]]:
        """Return block -> the runs whose outputs are handed on, the newest first."""
        most = max([count or _MOST_RUNS for count in product.settings.values()], default=0)
        ids = [run.id for run in self._complete(project, product.pipeline, most)] if most else []
        return {block: ids[: count or _MOST_RUNS] for block, count in product.settings.items()}

    def _complete(self, project: Project, pipeline: str, most: int) -> list[Run]:
        """Return complete runs that make the product, by date, the newest first."""
        if not pipeline:
            return []
        found, _ = self._runs.list(project.id, pipeline, COMPLETED, limit=_MOST_RUNS)
        making = [run for run in found if _makes(run)]
        return sorted(making, key=_date, reverse=True)[:most]


def _makes(run: Run) -> bool:
    """Whether a run makes the product: of all blocks, with the pipeline's own variables."""
    return run.blocks is None and not run.variables


def _date(run: Run) -> datetime:
    found = run.execution_date or run.fire_time or run.created
    return found or datetime.min.replace(tzinfo=timezone.utc)


def _at(run: Run) -> str:
    return _date(run).astimezone(timezone.utc).strftime("%Y-%m-%d %H:%M UTC")


def _fresh(product: DataProduct, newest: Run, standing: Freshness) -> str:
    due = standing.due
    until = ""
    if due is not None and due > clock.now():
        until = f", until {due.astimezone(timezone.utc):%Y-%m-%d %H:%M} UTC"
    return f"Global data product '{product.id}' is fresh: run {newest.id} of {_at(newest)}{until}."
