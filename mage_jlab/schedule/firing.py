"""Writes what was decided about a trigger: fire times, runs, anchor, in one go."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mage_jlab.db.runs import NewRun
from mage_jlab.db.triggers import Armed, TriggerStore
from mage_jlab.ids import slug
from mage_jlab.model.run import QUEUED
from mage_jlab.model.trigger import Trigger
from mage_jlab.run.desk import Desk
from mage_jlab.run.events import EventBus
from mage_jlab.schedule.fires import Decision
from mage_jlab.schedule.lease import ProjectLeases


class Firing:
    """The hands of the ticker; what it calls in a thread."""

    def __init__(
        self, triggers: TriggerStore, projects: ProjectLeases, events: EventBus, desk: Desk,
        owner: str, wake: Callable[[], None],
    ) -> None:  # fmt: skip
        """`wake` makes whoever carries runs out look into the queue."""
        self._triggers = triggers
        self._projects = projects
        self._events = events
        self._desk = desk
        self._owner = owner
        self._wake = wake

    def armed(self) -> Sequence[Armed]:
        """Return the triggers that may fire."""
        return self._triggers.armed()

    def holds(self, project: str) -> bool:
        """Whether this process may fire the triggers of a project."""
        return self._projects.holds(project)

    def active(self, trigger_id: str) -> list[str]:
        """Return the active runs of a trigger."""
        return self._triggers.active_runs(trigger_id)

    def replace(self, active: list[str]) -> None:
        """Cancel the runs in whose place a new one comes."""
        self._desk.cancel_all(active)

    def fire(self, armed: Armed, decision: Decision) -> list[str]:
        """Write a decision under the lease; return the runs made, none when the lease is lost."""
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
        made = self._triggers.fire(
            armed, plans, decision.anchor, owner=self._owner,
            lease=self._projects.lease(trigger.project), disable=decision.disable,
        )  # fmt: skip
        if not made:
            self._projects.lost(trigger.project)
        return made

    def fired(self, trigger: Trigger, made: list[str]) -> None:
        """Tell of the runs that a trigger made, and have them carried out."""
        for run_id in made:
            self._events.emit(
                "run", project=slug(trigger.project), pipeline=trigger.pipeline, run=run_id,
                trigger=trigger.id, state=QUEUED,
            )  # fmt: skip
        self._wake()
