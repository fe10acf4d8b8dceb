"""Runs and their steps, as they are remembered.

A run belongs to the process (owner) that carries it out. Every change of an
active run names its owner, and a change by anybody else is refused: a process
that was taken for dead cannot overwrite what happened since.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, exists, func, insert, literal, select, update
from sqlalchemy.exc import IntegrityError

from mage_jlab import clock
from mage_jlab.db import step_rows
from mage_jlab.db.rows import run_from, step_from
from mage_jlab.db.run_upkeep import RunUpkeep
from mage_jlab.db.tables import fires, runs, steps
from mage_jlab.errors import Conflict, NotActive, RunNotFound, StillActive
from mage_jlab.model.run import (
    ACTIVE,
    CANCELLED,
    CANCELLING,
    COMPLETED,
    ENDED_STEP,
    QUEUED,
    RUNNING,
    Run,
    Step,
)  # fmt: skip

Ids = list[str]
Runs = list[Run]
Steps = list[Step]
USUAL_OF = 21
_RETRYABLE = "failed", "cancelled", "interrupted", "completed"


@dataclass(frozen=True)
class NewRun:
    """What is known of a run when it is asked for. `project` is an id."""

    project: str
    pipeline: str
    kind: str = "manual"
    state: str = QUEUED
    trigger: str | None = None
    trigger_name: str | None = None
    fire_time: datetime | None = None
    execution_date: datetime | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    blocks: tuple[str, ...] | None = None
    user: str | None = None
    error: str | None = None
    idempotency_key: str | None = None
    serial: bool = False
    steps: tuple[Step, ...] = ()


class LostRun(Conflict):
    """The run was taken over by another process; this one must let go of it."""


def new_id(moment: datetime) -> str:
    """Return a run id; ids sort by the time of their making."""
    return f"{moment:%Y%m%dT%H%M%S%f}-{secrets.token_hex(4)}"


class RunStore(RunUpkeep):
    """The runs of the projects below one root."""

    # ---- looking ---------------------------------------------------------

    def get(self, run_id: str) -> Run:
        """Return a run with its steps in plan order, each with its newest attempt.

        Raises:
            RunNotFound: when there is none.
        """
        with self._db.read() as connection:
            return self._get(connection, run_id)

    def _get(self, connection: Connection, run_id: str) -> Run:
        row = connection.execute(select(runs).where(runs.c.id == run_id)).mappings().first()
        project = None if row is None else self._root.seen(row["project"])
        if row is None or project is None:
            raise RunNotFound(f"There is no run '{run_id}'.", run=run_id)
        found = connection.execute(
            select(steps).where(steps.c.run == run_id).order_by(steps.c.position, steps.c.attempt)
        ).mappings()
        newest = {item["block"]: step_from(item) for item in found}
        return run_from(row, project, tuple(newest.values()))

    def attempts(self, run_id: str, block: str) -> Steps:
        """Return every attempt of a step, the first one first."""
        query = select(steps).where(steps.c.run == run_id, steps.c.block == block)
        with self._db.read() as connection:
            found = connection.execute(query.order_by(steps.c.attempt)).mappings()
            return [step_from(item) for item in found]

    def earlier(self, run_id: str) -> dict[str, Steps]:
        """Return block -> its attempts but the newest, the first one first."""
        query = select(steps).where(steps.c.run == run_id).order_by(steps.c.attempt)
        found: dict[str, Steps] = {}
        with self._db.read() as connection:
            for row in connection.execute(query).mappings():
                found.setdefault(row["block"], []).append(step_from(row))
        return {block: attempts[:-1] for block, attempts in found.items() if attempts[1:]}

    def list(
        self,
        project: str | None = None,
        pipeline: str | None = None,
        state: str | Iterable[str] | None = None,
        trigger: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> tuple[Runs, str | None]:
        """Return runs, newest first, without their steps, and the next cursor."""
        query = select(runs)
        if project is None:
            query = query.where(self._root.below(runs.c.project))
        else:
            query = query.where(runs.c.project == self._root.stored(project))
        if pipeline is not None:
            query = query.where(runs.c.pipeline == pipeline)
        if state is not None:
            query = query.where(
                runs.c.state.in_((state,) if isinstance(state, str) else tuple(state))
            )
        if trigger is not None:
            query = query.where(runs.c.trigger == trigger)
        if cursor is not None:
            query = query.where(runs.c.id < cursor)
        with self._db.read() as connection:
            rows = connection.execute(query.order_by(runs.c.id.desc()).limit(limit + 1)).mappings()
            found = [run_from(row, self._root.seen(row["project"]) or "") for row in rows]
        more = len(found) > limit
        return found[:limit], found[limit - 1].id if more else None

    def usual(self, project: str, pipeline: str) -> float | None:
        """Return the median duration of the last completed runs, in seconds."""
        query = (
            select(runs.c.started, runs.c.ended)
            .where(runs.c.project == self._root.stored(project), runs.c.pipeline == pipeline)
            .where(runs.c.state == COMPLETED, runs.c.started.is_not(None))
            .where(runs.c.ended.is_not(None))
            .order_by(runs.c.id.desc())
            .limit(USUAL_OF)
        )
        with self._db.read() as connection:
            times: list[float] = sorted(
                (b - a).total_seconds() for a, b in connection.execute(query)
            )
        if not times:
            return None
        middle = len(times) // 2
        return times[middle] if len(times) % 2 else (times[middle - 1] + times[middle]) / 2

    def active(self, project: str | None = None, pipeline: str | None = None) -> Runs:
        """Return the runs that have not ended."""
        return self.list(project, pipeline, ACTIVE, limit=10_000)[0]

    def count_active(self) -> int:
        """Return how many runs have not ended."""
        query = select(func.count()).select_from(runs)
        query = query.where(self._root.below(runs.c.project), runs.c.state.in_(ACTIVE))
        with self._db.read() as connection:
            return int(connection.execute(query).scalar_one())

    def changed_since(self, moment: datetime, owner: str) -> Runs:
        """Return runs that other processes changed after a moment."""
        query = select(runs).where(runs.c.updated > moment, self._root.below(runs.c.project))
        query = query.where(runs.c.owner.is_distinct_from(owner))
        with self._db.read() as connection:
            rows = connection.execute(query.order_by(runs.c.updated).limit(200)).mappings()
            return [run_from(row, self._root.seen(row["project"]) or "") for row in rows]

    # ---- making ----------------------------------------------------------

    def create(self, new: NewRun, owner: str) -> Run:
        """Write a new run; the same idempotency key gives the run that is there.

        A new run is returned as it was written, whatever became of it meanwhile.
        """
        try:
            with self._db.write() as connection:
                return self._get(connection, self.insert(connection, new, owner, clock.now()))
        except IntegrityError:
            return self.get(self._by_key(new.idempotency_key))

    def insert(self, connection: Connection, new: NewRun, owner: str | None, at: datetime) -> str:
        """Write a new run in a transaction that is open already; return its id."""
        run_id = new_id(at)
        connection.execute(
            insert(runs).values(
                id=run_id,
                project=self._root.stored(new.project),
                pipeline=new.pipeline,
                state=new.state,
                kind=new.kind,
                trigger=new.trigger,
                trigger_name=new.trigger_name,
                fire_time=new.fire_time,
                execution_date=new.execution_date,
                created=at,
                ended=None if new.state in ACTIVE else at,
                updated=at,
                variables=dict(new.variables),
                settings=dict(new.settings),
                blocks=None if new.blocks is None else list(new.blocks),
                error=new.error,
                user=new.user,
                idempotency_key=new.idempotency_key,
                owner=owner,
                serial=new.serial,
                steps_total=len(new.steps),
                steps_done=0,
            )
        )
        step_rows.write(connection, run_id, new.steps)
        return run_id

    def _by_key(self, key: str | None) -> str:
        with self._db.read() as connection:
            query = select(runs.c.id).where(runs.c.idempotency_key == key)
            return str(connection.execute(query).scalar_one())

    # ---- carrying out ----------------------------------------------------

    def next_queued(self, owner: str) -> str | None:
        """Return the oldest queued run of an owner that may start."""
        older = runs.alias("older")
        held = and_(
            runs.c.serial,
            exists().where(
                older.c.trigger == runs.c.trigger, older.c.state.in_(ACTIVE), older.c.id < runs.c.id
            ),
        )
        query = select(runs.c.id).where(runs.c.state == QUEUED, runs.c.owner == owner, ~held)
        with self._db.read() as connection:
            found = connection.execute(query.order_by(runs.c.id).limit(1)).scalar()
            return None if found is None else str(found)

    def take(self, owner: str) -> Run | None:
        """Start the oldest queued run of an owner; None when there is none to start."""
        while (run_id := self.next_queued(owner)) is not None:
            if self.start(run_id, owner):
                return self.get(run_id)
        return None

    def start(self, run_id: str, owner: str) -> bool:
        """Turn a queued run into a running one; False when it is not ours to start."""
        at = clock.now()
        began = literal(at, runs.c.started.type)
        with self._db.write() as connection:
            result = connection.execute(
                update(runs)
                .where(runs.c.id == run_id, runs.c.owner == owner, runs.c.state == QUEUED)
                .values(state=RUNNING, started=func.coalesce(runs.c.started, began), updated=at)
            )
            return result.rowcount == 1

    def plan(self, run_id: str, owner: str, planned: Sequence[Step], **facts: Any) -> None:
        """Replace the steps that never began by those of the plan.

        Facts of the run (code_hash, kernel, cwd) are noted with it.
        """
        with self._db.write() as connection:
            self._own(connection, run_id, owner)
            if facts:
                changed = {**facts, "updated": clock.now()}
                connection.execute(update(runs).where(runs.c.id == run_id).values(**changed))
            connection.execute(delete(steps).where(steps.c.run == run_id, steps.c.attempt == 0))
            step_rows.write(connection, run_id, planned)
            step_rows.count(connection, run_id)

    def add_children(self, run_id: str, owner: str, group: str, children: Sequence[Step]) -> None:
        """Write the children of a step that are not there yet, after it."""
        with self._db.write() as connection:
            self._own(connection, run_id, owner)
            step_rows.write(connection, run_id, children, group)
            step_rows.count(connection, run_id)

    def save_step(self, run_id: str, owner: str, step: Step) -> None:
        """Write one attempt of a step as it stands now."""
        self.save_steps(run_id, owner, [step])

    def save_steps(self, run_id: str, owner: str, saved: Sequence[Step]) -> None:
        """Write attempts of steps as they stand now, all or none."""
        at = clock.now()
        with self._db.write() as connection:
            self._own(connection, run_id, owner)
            for step in saved:
                step_rows.save(connection, run_id, step)
            if any(step.state in ENDED_STEP for step in saved):
                step_rows.count(connection, run_id)
            connection.execute(update(runs).where(runs.c.id == run_id).values(updated=at))

    def finish(self, run_id: str, owner: str, state: str, error: str | None = None) -> None:
        """Write the end of a run. Repeating it changes nothing."""
        at = clock.now()
        with self._db.write() as connection:
            result = connection.execute(
                update(runs)
                .where(runs.c.id == run_id, runs.c.owner == owner, runs.c.state.in_(ACTIVE))
                .values(state=state, error=error, ended=at, updated=at)
            )
            if result.rowcount == 0:
                found = connection.execute(
                    select(runs.c.state, runs.c.owner).where(runs.c.id == run_id)
                ).first()
                if found is None or found.owner != owner or found.state != state:
                    raise LostRun(f"Run '{run_id}' was ended by another process.", run=run_id)

    def ask_cancel(self, run_id: str) -> Run:
        """Ask for the end of a run; return it as it was written, however soon it ends.

        Raises:
            NotActive: when it has ended already.
        """
        at = clock.now()
        with self._db.write() as connection:
            here = runs.c.id == run_id
            unstarted = connection.execute(
                update(runs)
                .where(here, runs.c.state == QUEUED)
                .values(state=CANCELLED, ended=at, updated=at, error="Cancelled before it started.")
            )
            if unstarted.rowcount:
                connection.execute(
                    update(steps)
                    .where(steps.c.run == run_id, steps.c.state == QUEUED)
                    .values(state=CANCELLED)
                )
                return self._get(connection, run_id)
            asked = connection.execute(
                update(runs)
                .where(here, runs.c.state.in_((RUNNING, CANCELLING)))
                .values(state=CANCELLING, updated=at)
            )
            run = self._get(connection, run_id)
        if asked.rowcount == 0:
            raise NotActive(f"Run '{run_id}' has ended already: {run.state}.", run=run_id)
        return run

    def cancelling(self, owner: str) -> Ids:
        """Return the runs of an owner that somebody asked to cancel."""
        query = select(runs.c.id).where(runs.c.owner == owner, runs.c.state == CANCELLING)
        with self._db.read() as connection:
            return [str(item) for item in connection.execute(query).scalars()]

    def carried_by(self, owner: str) -> Ids:
        """Return the started runs of an owner that have not ended."""
        query = select(runs.c.id).where(
            runs.c.owner == owner, runs.c.state.in_((RUNNING, CANCELLING))
        )
        with self._db.read() as connection:
            return [str(item) for item in connection.execute(query).scalars()]

    def reopen(self, run_id: str, owner: str, again: Sequence[Step]) -> Run:
        """Queue an ended run again, with a fresh attempt of the given steps."""
        at = clock.now()
        run = self.get(run_id)
        with self._db.write() as connection:
            result = connection.execute(
                update(runs)
                .where(runs.c.id == run_id, runs.c.state.in_(_RETRYABLE))
                .values(
                    # Its time counts from now on: what was completed before is kept.
                    state=QUEUED,
                    owner=owner,
                    error=None,
                    started=None,
                    ended=None,
                    updated=at,
                    serial=False,
                )
            )
            if result.rowcount == 0:
                raise StillActive(f"Run '{run_id}' is {run.state}; it cannot be retried.")
            step_rows.renew(connection, run_id, again)
            step_rows.count(connection, run_id)
            return self._get(connection, run_id)

    # ---- keeping house ---------------------------------------------------

    def delete(self, run_id: str) -> Run:
        """Forget a run that has ended.

        Raises:
            StillActive: when it has not.
        """
        run = self.get(run_id)
        with self._db.write() as connection:
            result = connection.execute(
                delete(runs).where(runs.c.id == run_id, runs.c.state.not_in(ACTIVE))
            )
            if result.rowcount == 0:
                raise StillActive(f"Run '{run_id}' is {run.state}; cancel it first.", run=run_id)
        return run

    def fired(self, trigger: str) -> Sequence[datetime]:
        """Return the fire times of a trigger that have been dealt with."""
        query = select(fires.c.fire_time).where(fires.c.trigger == trigger)
        with self._db.read() as connection:
            return tuple(connection.execute(query.order_by(fires.c.fire_time)).scalars())

    def _own(self, connection: Connection, run_id: str, owner: str) -> None:
        row = connection.execute(
            select(runs.c.owner, runs.c.state).where(runs.c.id == run_id).with_for_update()
        ).first()
        if row is None or row.owner != owner or row.state not in ACTIVE:
            raise LostRun(f"Run '{run_id}' is no longer carried out by this process.", run=run_id)
