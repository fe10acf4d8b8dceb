"""Where runs are asked for, ended, repeated, waited for and forgotten.

Only the memory of them is changed here; whoever carries runs out is woken.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from mage_jlab import clock
from mage_jlab.db.runs import NewRun, RunStore
from mage_jlab.db.triggers import TriggerStore
from mage_jlab.errors import BadRequest, MageError
from mage_jlab.files.workspace import Workspace
from mage_jlab.ids import PipelineId, slug
from mage_jlab.model.project import Project
from mage_jlab.model.run import ACTIVE, CANCELLED, QUEUED, Run
from mage_jlab.model.trigger import Trigger
from mage_jlab.plan.build import build
from mage_jlab.plan.resume import again
from mage_jlab.run.events import EventBus
from mage_jlab.run.housekeeping import Housekeeping

MAX_VARIABLES = 1_000_000
CANCELLED_REASON = "It was cancelled."


@dataclass
class Hands:
    """Those who carry runs out in this process, as far as the desk needs them."""

    me: Callable[[], str]
    """The id under which this process carries out runs; raises when it does not."""
    lives: Callable[[], bool]
    """Whether this process keeps a history at all."""
    wake: Callable[[], None]
    stop: Callable[[str, str, str], None]
    """Ends a run that is carried out here: its id, the state it gets, why."""


class Desk:
    """Takes what is asked about runs. All methods may be called from any thread."""

    def __init__(
        self, workspace: Workspace, runs: RunStore, triggers: TriggerStore, events: EventBus,
        housekeeping: Housekeeping, hands: Hands,
    ) -> None:  # fmt: skip
        """Listen to the events of runs, for those who wait, and to new names."""
        self._workspace = workspace
        self._runs = runs
        self._triggers = triggers
        self._events = events
        self._housekeeping = housekeeping
        self._hands = hands
        self._changed = threading.Condition()
        events.subscribe(self._notice)
        workspace.renamed.append(self._renamed)

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
        project = self._workspace.project(project_id)
        pipeline = self._workspace.load(project, pipeline_id)
        plan = build(pipeline, blocks=blocks, settings=project.settings)
        given = {**(trigger.variables if trigger else {}), **(variables or {})}
        check_variables(given)
        run = self._runs.create(
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
            self._hands.me(),
        )
        self.tell(run)
        self._hands.wake()
        return run

    def cancel(self, run_id: str) -> Run:
        """Ask for the end of a run; `cancelled` is written when its processes are gone.

        Raises:
            NotActive: when it has ended already.
        """
        run = self._runs.ask_cancel(run_id)
        self.tell(run)
        if run.state != CANCELLED:
            self._hands.stop(run_id, CANCELLED, CANCELLED_REASON)
        return run

    def cancel_all(self, run_ids: Sequence[str]) -> None:
        """Ask for the end of several runs, of which some may have ended meanwhile."""
        for run_id in run_ids:
            try:
                self.cancel(run_id)
            except MageError:
                continue  # it ended by itself meanwhile

    def retry(self, run_id: str, *, from_block: str | None = None) -> Run:
        """Run again what did not complete, or also a block and all below it.

        Raises:
            StillActive: when the run has not ended.
            InvalidPlan: when there is nothing to run again.
        """
        run = self._runs.get(run_id)
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
        run = self._runs.reopen(run_id, self._hands.me(), fresh)
        self.tell(run)
        self._hands.wake()
        return run

    def wait(self, run_id: str, timeout: float | None = None) -> Run:
        """Wait for the end of a run, or until time is up; return the run either way."""
        until = None if timeout is None else clock.monotonic() + timeout
        while True:
            with self._changed:
                run = self._runs.get(run_id)
                left = 0.5 if until is None else min(0.5, until - clock.monotonic())
                if run.state not in ACTIVE or left <= 0:
                    return run
                self._changed.wait(left)

    def delete(self, run_id: str) -> None:
        """Forget an ended run with its products, its logs and its snapshot."""
        run = self._runs.delete(run_id)
        project = self._workspace.project(run.project)
        self._housekeeping.forget(project, run.pipeline, run.id)
        self.tell(run)

    def tell(self, run: Run) -> None:
        """Tell whoever listens that a run changed."""
        self._events.emit(
            "run", project=slug(run.project), pipeline=run.pipeline, run=run.id,
            trigger=run.trigger, state=run.state,
        )  # fmt: skip

    def _notice(self, event: dict[str, Any]) -> None:
        if event["kind"] == "run":
            with self._changed:
                self._changed.notify_all()

    def _renamed(
        self, project: Project, kind: str, pipelines: list[PipelineId], old: str, new: str
    ) -> None:
        """Let products, history and triggers follow a new name."""
        self._housekeeping.renamed(project, kind, pipelines, old, new)
        if not self._hands.lives():
            return
        if kind == "pipeline":
            self._runs.rename_pipeline(project.id, old, new)
            self._triggers.rename_pipeline(project.id, old, new)
        else:
            self._runs.rename_block(project.id, pipelines, old, new)


def check_variables(variables: Mapping[str, Any]) -> None:
    """Check that variables are plain data of a bearable size.

    Raises:
        BadRequest: when they are not.
    """
    try:
        size = len(json.dumps(dict(variables), allow_nan=False))
    except (TypeError, ValueError) as error:
        raise BadRequest(f"Variables are plain data (as in JSON): {error}.") from error
    if size > MAX_VARIABLES:
        raise BadRequest(
            f"The variables take {size:,} characters; {MAX_VARIABLES:,} is the most. "
            "Hand large data on as a file."
        )
