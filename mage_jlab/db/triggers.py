"""Triggers and their fire times, as they are remembered.

A fire time is dealt with once: its row is unique, and it is written in the
same transaction as the run it starts and as the trigger's new anchor.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from mage_jlab import clock
from mage_jlab.db.leases import still_held
from mage_jlab.db.roots import Root
from mage_jlab.db.rows import trigger_from
from mage_jlab.db.runs import NewRun, RunStore
from mage_jlab.db.session import Database
from mage_jlab.db.tables import fires, runs, triggers
from mage_jlab.errors import AlreadyExists, TriggerNotFound
from mage_jlab.model.run import ACTIVE
from mage_jlab.model.trigger import Trigger

Triggers = list[Trigger]
Ids = list[str]
_AT_ONCE = 500
_RESET = ("schedule", "zone", "enabled", "start", "kind")
"""Changes after which only fire times in the future count."""


@dataclass(frozen=True)
class Armed:
    """A trigger that may fire, and up to where its fire times are dealt with."""

    trigger: Trigger
    anchor: datetime


class TriggerStore:
    """The triggers of the projects below one root."""

    def __init__(self, database: Database, root: Root) -> None:
        """Keep the database and the root that project ids are relative to."""
        self._db = database
        self._root = root
        self._runs = RunStore(database, root)
        self._armed: dict[str, tuple[datetime, Armed]] = {}

    def get(self, trigger_id: str) -> Trigger:
        """Return a trigger.

        Raises:
            TriggerNotFound: when there is none.
        """
        query = select(triggers).where(triggers.c.id == trigger_id)
        with self._db.read() as connection:
            row = connection.execute(query).mappings().first()
        project = None if row is None else self._root.seen(row["project"])
        if row is None or project is None:
            raise TriggerNotFound(f"There is no trigger '{trigger_id}'.", trigger=trigger_id)
        return trigger_from(row, project)

    def list(self, project: str | None = None, pipeline: str | None = None) -> Triggers:
        """Return the triggers by project, pipeline and name."""
        query = select(triggers).order_by(
            triggers.c.project, triggers.c.pipeline, triggers.c.name, triggers.c.id
        )
        if project is None:
            query = query.where(self._root.below(triggers.c.project))
        else:
            query = query.where(triggers.c.project == self._root.stored(project))
        if pipeline is not None:
            query = query.where(triggers.c.pipeline == pipeline)
        with self._db.read() as connection:
            rows = connection.execute(query).mappings()
            return [trigger_from(row, self._root.seen(row["project"]) or "") for row in rows]

    def page(
        self, projects: Sequence[str], pipeline: str | None, offset: int, limit: int
    ) -> Triggers:
        """Return some of the triggers of projects, in the order of `list`."""
        stored = [self._root.stored(project) for project in projects]
        query = select(triggers).where(triggers.c.project.in_(stored))
        if pipeline is not None:
            query = query.where(triggers.c.pipeline == pipeline)
        query = query.order_by(
            triggers.c.project, triggers.c.pipeline, triggers.c.name, triggers.c.id
        )
        with self._db.read() as connection:
            rows = connection.execute(query.offset(offset).limit(limit)).mappings()
            return [trigger_from(row, self._root.seen(row["project"]) or "") for row in rows]

    def find(self, project: str, pipeline: str, name: str) -> Trigger | None:
        """Return the trigger of that name, or None."""
        return next((t for t in self.list(project, pipeline) if t.name == name), None)

    def armed(self) -> Sequence[Armed]:
        """Return the enabled schedule triggers with their anchors.

        This is asked at every tick: those that did not change since the last
        time are the same objects, and only the others are read in full.
        """
        here = and_(
            triggers.c.enabled, triggers.c.kind == "schedule", self._root.below(triggers.c.project)
        )
        query = select(triggers.c.id, triggers.c.updated, triggers.c.anchor).where(here)
        known, found = self._armed, dict[str, tuple[datetime, Armed]]()
        with self._db.read() as connection:
            stale = []
            for row in connection.execute(query):
                before = known.get(row.id)
                if before and (before[0], before[1].anchor) == (row.updated, row.anchor):
                    found[row.id] = before
                else:
                    stale.append(row.id)
            for begin in range(0, len(stale), _AT_ONCE):
                some = select(triggers).where(
                    here, triggers.c.id.in_(stale[begin : begin + _AT_ONCE])
                )
                for full in connection.execute(some).mappings():
                    trigger = trigger_from(full, self._root.seen(full["project"]) or "")
                    found[trigger.id] = (full["updated"], Armed(trigger, full["anchor"]))
        self._armed = found
        return [armed for _, armed in found.values()]

    def create(self, trigger: Trigger, *, since: datetime | None = None) -> Trigger:
        """Write a new trigger; its times and, unless it has one, its id are given here.

        Fire times count from now on, or from `since`.

        Raises:
            AlreadyExists: when the pipeline has one of that name.
        """
        at = clock.now()
        made = replace(
            trigger,
            id=trigger.id or secrets.token_hex(8),
            created=at,
            updated=at,
            enabled_at=at if trigger.enabled else None,
        )
        values = _values(made) | {
            "project": self._root.stored(trigger.project),
            "anchor": since or at,
        }
        try:
            with self._db.write() as connection:
                connection.execute(insert(triggers).values(**values))
        except IntegrityError as error:
            raise AlreadyExists(
                f"Pipeline '{trigger.pipeline}' has a trigger '{trigger.name}' already.",
                trigger=trigger.name,
            ) from error
        return made

    def change(
        self, trigger_id: str, changes: dict[str, Any], *, since: datetime | None = None
    ) -> Trigger:
        """Change a trigger; a change of its schedule counts from now on, or from `since`."""
        at = clock.now()
        before = self.get(trigger_id)
        after = replace(before, **changes, updated=at)
        if after.enabled and not before.enabled:
            after = replace(after, enabled_at=at)
        values = _values(after)
        if any(getattr(before, name) != getattr(after, name) for name in _RESET):
            values["anchor"] = since or at
        try:
            with self._db.write() as connection:
                connection.execute(
                    update(triggers).where(triggers.c.id == trigger_id).values(**values)
                )
        except IntegrityError as error:
            raise AlreadyExists(
                f"Pipeline '{before.pipeline}' has a trigger '{after.name}' already.",
                trigger=after.name,
            ) from error
        return after

    def delete(self, trigger_id: str) -> Trigger:
        """Forget a trigger; its runs stay in the history."""
        trigger = self.get(trigger_id)
        with self._db.write() as connection:
            connection.execute(delete(triggers).where(triggers.c.id == trigger_id))
        return trigger

    def fire(
        self,
        armed: Armed,
        plans: Sequence[tuple[datetime, NewRun]],
        anchor: datetime,
        *,
        owner: str,
        lease: tuple[str, int] | None = None,
        disable: bool = False,
    ) -> Ids:
        """Deal with fire times: their rows, their runs and the anchor, all or nothing.

        Returns the ids of the runs; none when the trigger changed meanwhile,
        somebody else dealt with the times, or the lease is no longer held.
        """
        at = clock.now()
        made: Ids = []
        try:
            with self._db.write() as connection:
                if lease is not None and not still_held(connection, lease[0], owner, lease[1]):
                    return []
                moved = connection.execute(
                    update(triggers)
                    .where(
                        triggers.c.id == armed.trigger.id,
                        triggers.c.anchor == armed.anchor,
                        triggers.c.enabled,
                    )
                    .values(anchor=anchor, **({"enabled": False} if disable else {}))
                )
                if moved.rowcount == 0:
                    return []
                for moment, new in plans:
                    if _dealt_with(connection, armed.trigger.id, moment):
                        continue  # the clock went back, or an edit did
                    run_id = self._runs.insert(connection, new, owner, at)
                    connection.execute(
                        insert(fires).values(
                            trigger=armed.trigger.id, fire_time=moment, run=run_id, created=at
                        )
                    )
                    made.append(run_id)
        except IntegrityError:
            return []
        return made

    def active_runs(self, trigger_id: str) -> Ids:
        """Return the runs of a trigger that have not ended, oldest first."""
        query = select(runs.c.id).where(runs.c.trigger == trigger_id, runs.c.state.in_(ACTIVE))
        with self._db.read() as connection:
            return [str(i) for i in connection.execute(query.order_by(runs.c.id)).scalars()]

    def last_runs(self, ids: Iterable[str]) -> dict[str, tuple[str, str]]:
        """Return trigger -> (id, state) of its newest run."""
        result: dict[str, tuple[str, str]] = {}
        with self._db.read() as connection:
            for trigger_id in ids:
                row = connection.execute(
                    select(runs.c.id, runs.c.state)
                    .where(runs.c.trigger == trigger_id)
                    .order_by(runs.c.id.desc())
                    .limit(1)
                ).first()
                if row is not None:
                    result[trigger_id] = (str(row.id), str(row.state))
        return result

    def rename_pipeline(self, project: str, old: str, new: str) -> None:
        """Let the triggers follow a pipeline's new name."""
        with self._db.write() as connection:
            where = and_(
                triggers.c.project == self._root.stored(project), triggers.c.pipeline == old
            )
            changes = {"pipeline": new, "updated": clock.now()}
            connection.execute(update(triggers).where(where).values(**changes))


def _dealt_with(connection: Connection, trigger: str, moment: datetime) -> bool:
    query = select(fires.c.run).where(fires.c.trigger == trigger, fires.c.fire_time == moment)
    return connection.execute(query).first() is not None


def _values(trigger: Trigger) -> dict[str, Any]:
    return {
        "id": trigger.id,
        "pipeline": trigger.pipeline,
        "name": trigger.name,
        "kind": trigger.kind,
        "schedule": trigger.schedule,
        "zone": trigger.zone,
        "enabled": trigger.enabled,
        "variables": dict(trigger.variables),
        "settings": dict(trigger.settings),
        "missed": trigger.missed,
        "overlap": trigger.overlap,
        "start": trigger.start,
        "description": trigger.description,
        "source": trigger.source,
        "enabled_at": trigger.enabled_at,
        "created": trigger.created,
        "updated": trigger.updated,
    }
