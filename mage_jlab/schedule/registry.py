"""Making, changing and removing triggers: in the database and, if asked, in the files."""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from mage_jlab import clock
from mage_jlab.db.triggers import TriggerStore
from mage_jlab.errors import (
    BadRequest,
    InvalidTrigger,
    MageError,
    PipelineNotFound,
    TriggerNotFound,
)
from mage_jlab.files.state import note_root
from mage_jlab.files.workspace import Workspace
from mage_jlab.ids import slug
from mage_jlab.model.project import Project
from mage_jlab.model.trigger import MISSED_POLICIES, OVERLAP_POLICIES, SCHEDULE, Trigger
from mage_jlab.run.desk import check_variables
from mage_jlab.run.events import EventBus
from mage_jlab.schedule import due
from mage_jlab.schedule.lease import ProjectLeases

log = logging.getLogger(__name__)
SYNC = 60.0
"""Seconds between two looks into the files."""
_EDITABLE = frozenset(
    {"name", "schedule", "zone", "enabled", "variables", "settings", "missed", "overlap", "start",
     "description"}
)  # fmt: skip
_FROM_FILE = (
    "schedule", "zone", "variables", "settings", "missed", "overlap", "start", "description",
)  # fmt: skip


class TriggerRegistry:
    """The triggers of a workspace."""

    def __init__(
        self, workspace: Workspace, store: TriggerStore, events: EventBus,
        leases: Callable[[], ProjectLeases | None], wake: Callable[[], None],
    ) -> None:  # fmt: skip
        """`wake` is called after every change, so that the next fire time is right."""
        self._workspace = workspace
        self._store = store
        self._events = events
        self._leases = leases
        self._wake = wake
        self._synced = float("-inf")

    def create(self, trigger: Trigger, *, save_in_code: bool = False) -> Trigger:
        """Write a new trigger.

        It fires at its next time, never at once, unless its settings ask for an initial run.

        Raises:
            InvalidTrigger: when its schedule or settings make no sense.
        """
        project = self._workspace.project(trigger.project)
        if trigger.pipeline not in self._workspace.pipelines(project):
            raise PipelineNotFound(f"There is no pipeline '{trigger.pipeline}'.")
        check(trigger)
        if trigger.enabled:
            self._claim(trigger.project)
        source = "file" if save_in_code else "ui"
        made = self._store.create(replace(trigger, source=source), since=due.begun(trigger))
        if save_in_code:
            try:
                self._workspace.write_trigger(project, made)
            except BaseException:
                self._store.delete(made.id)
                raise
        self._tell(made)
        return made

    def change(
        self, trigger_id: str, changes: Mapping[str, Any], *, save_in_code: bool | None = None
    ) -> Trigger:
        """Change a trigger. Editing never fires; what counts are the times after it.

        Only switching it on does, when its settings ask for an initial run.

        A trigger that stands in the files is changed there too, unless only
        its switch changes: that one is this machine's own.
        """
        unknown = set(changes) - _EDITABLE
        if unknown:
            raise BadRequest(f"A trigger has no {', '.join(sorted(unknown))} that can be changed.")
        before = self._store.get(trigger_id)
        wanted = replace(before, **changes)
        if set(changes) - {"enabled"} or wanted.enabled:
            check(wanted)
        if wanted.enabled and not before.enabled:
            self._claim(before.project)
        in_file = before.source == "file" and bool(set(changes) - {"enabled"})
        if save_in_code is not None:
            in_file = save_in_code
        values = dict(changes) | ({"source": "file"} if save_in_code else {})
        since = due.begun(wanted) if wanted.enabled and not before.enabled else None
        after = self._store.change(trigger_id, values, since=since)
        if in_file:
            self._workspace.write_trigger(self._workspace.project(after.project), after)
        self._tell(after)
        return after

    def delete(self, trigger_id: str) -> None:
        """Forget a trigger, in its file too; its runs stay."""
        trigger = self._store.delete(trigger_id)
        if trigger.source == "file":
            with contextlib.suppress(TriggerNotFound):
                self._workspace.remove_trigger(self._workspace.project(trigger.project), trigger)
        self._tell(trigger)

    def sync(self, project: Project) -> list[Trigger]:
        """Take over what is new or changed in triggers.yaml.

        New ones are off until somebody enables them here; the switch in the
        file is never followed.
        """
        result = []
        known = {(t.pipeline, t.name): t for t in self._store.list(project.id)}
        for found in self._workspace.file_triggers(project):
            here = known.get((found.pipeline, found.name))
            if here is None:
                made = self._store.create(replace(found, enabled=False, source="file"))
                self._tell(made)
                result.append(made)
            elif here.source == "file":
                changes = {
                    name: getattr(found, name)
                    for name in _FROM_FILE
                    if _differs(getattr(found, name), getattr(here, name))
                }
                if changes:
                    result.append(self._store.change(here.id, changes))
                    self._tell(result[-1])
        return result

    def sync_all(self) -> None:
        """Take over from the files of every project, when that is due again."""
        if clock.monotonic() - self._synced < SYNC:
            return
        self._synced = clock.monotonic()
        for project in self._workspace.projects():
            try:
                note_root(self._workspace.state(project), self._workspace.root)
                self.sync(project)
            except MageError as error:
                log.warning("The triggers of %s were not read: %s", project.name, error.message)

    def forget_pipeline(self, project: Project, pipeline_id: str) -> None:
        """Delete the triggers of a pipeline that is no more."""
        for trigger in self._store.list(project=project.id, pipeline=pipeline_id):
            self.delete(trigger.id)

    def _claim(self, project: str) -> None:
        leases = self._leases()
        if leases is not None:
            leases.claim_database(project)

    def _tell(self, trigger: Trigger) -> None:
        self._events.emit(
            "trigger", project=slug(trigger.project), pipeline=trigger.pipeline, trigger=trigger.id
        )
        self._wake()


def check(trigger: Trigger) -> None:
    """Check a trigger.

    Raises:
        InvalidTrigger: with a sentence that says what makes no sense.
    """
    if not trigger.name.strip():
        raise InvalidTrigger("A trigger needs a name.")
    if trigger.kind == SCHEDULE:
        due.validate(trigger.schedule, trigger.zone)
    if trigger.missed not in MISSED_POLICIES:
        raise InvalidTrigger(f"'missed' is one of {', '.join(MISSED_POLICIES)}.")
    if trigger.overlap not in OVERLAP_POLICIES:
        raise InvalidTrigger(f"'overlap' is one of {', '.join(OVERLAP_POLICIES)}.")
    check_variables(trigger.variables)


def _differs(one: Any, other: Any) -> bool:
    if isinstance(one, Mapping):
        return json.dumps(dict(one), sort_keys=True, default=str) != json.dumps(
            dict(other or {}), sort_keys=True, default=str
        )
    return bool(one != other)
