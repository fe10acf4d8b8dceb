"""What is done to many runs at once: after a death, to keep house, for a new name."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import and_, delete, select, update

from mage_jlab import clock
from mage_jlab.db.roots import Root
from mage_jlab.db.session import Database
from mage_jlab.db.tables import runs, steps
from mage_jlab.model.run import ACTIVE, INTERRUPTED, QUEUED, RUNNING

Ids = list[str]


class RunUpkeep:
    """The part of the run store that looks after many runs."""

    def __init__(self, database: Database, root: Root) -> None:
        """Keep the database and the root that project ids are relative to."""
        self._db = database
        self._root = root

    # ---- recovering ------------------------------------------------------

    def interrupt_all(self, owner: str, reason: str, *, queued: bool) -> Ids:
        """Mark the active runs of an owner that is gone; return their ids."""
        states = ACTIVE if queued else ACTIVE - {QUEUED}
        at = clock.now()
        with self._db.write() as connection:
            where = and_(runs.c.owner == owner, runs.c.state.in_(states))
            rows = connection.execute(select(runs.c.id, runs.c.state).where(where)).all()
            found = [str(row.id) for row in rows]
            if not found:
                return []
            connection.execute(
                update(runs)
                .where(runs.c.id.in_(found))
                .values(state=INTERRUPTED, ended=at, updated=at, error=reason)
            )
            connection.execute(
                update(steps)
                .where(steps.c.run.in_(found), steps.c.state == RUNNING)
                .values(state=INTERRUPTED, ended=at, error=reason)
            )
            connection.execute(
                update(steps)
                .where(steps.c.run.in_(found), steps.c.state == QUEUED)
                .values(state=INTERRUPTED)
            )
        return found

    def adopt(self, dead: str, owner: str) -> Ids:
        """Take over the queued runs of an owner that is gone (not those of a terminal)."""
        with self._db.write() as connection:
            where = and_(runs.c.owner == dead, runs.c.state == QUEUED, runs.c.kind != "cli")
            where = and_(where, self._root.below(runs.c.project))
            found = [str(i) for i in connection.execute(select(runs.c.id).where(where)).scalars()]
            connection.execute(update(runs).where(where).values(owner=owner))
        return found

    def owner(self, run_id: str) -> str | None:
        """Return who carries a run out, or None."""
        with self._db.read() as connection:
            found = connection.execute(select(runs.c.owner).where(runs.c.id == run_id)).scalar()
            return None if found is None else str(found)

    def take_over(self, run_id: str, dead: str, owner: str) -> bool:
        """Take over one queued run of an owner that is gone; False when it is not there."""
        where = and_(runs.c.id == run_id, runs.c.owner == dead, runs.c.state == QUEUED)
        with self._db.write() as connection:
            return connection.execute(update(runs).where(where).values(owner=owner)).rowcount == 1

    # ---- keeping house -------------------------------------------------------

    def prune(self, project: str, pipeline: str, keep: int) -> Ids:
        """Forget all but the newest ended runs of a pipeline; return their ids."""
        here = and_(
            runs.c.project == self._root.stored(project),
            runs.c.pipeline == pipeline,
            runs.c.state.not_in(ACTIVE),
        )
        old = select(runs.c.id).where(here).order_by(runs.c.id.desc()).offset(keep).limit(500)
        with self._db.write() as connection:
            found = [str(item) for item in connection.execute(old).scalars()]
            if found:
                connection.execute(delete(runs).where(runs.c.id.in_(found)))
        return found

    def ended(self, project: str, pipeline: str) -> list[tuple[str, str]]:
        """Return the ended runs of a pipeline and their states, newest first."""
        query = (
            select(runs.c.id, runs.c.state)
            .where(
                runs.c.project == self._root.stored(project),
                runs.c.pipeline == pipeline,
                runs.c.state.not_in(ACTIVE),
            )
            .order_by(runs.c.id.desc())
        )
        with self._db.read() as connection:
            return [(str(row.id), str(row.state)) for row in connection.execute(query)]

    def drop(self, run_ids: Sequence[str]) -> Ids:
        """Forget runs, but none that is active again; return those forgotten."""
        if not run_ids:
            return []
        where = and_(runs.c.id.in_(tuple(run_ids)), runs.c.state.not_in(ACTIVE))
        with self._db.write() as connection:
            found = [str(i) for i in connection.execute(select(runs.c.id).where(where)).scalars()]
            connection.execute(delete(runs).where(runs.c.id.in_(found)))
        return found

    def rename_pipeline(self, project: str, old: str, new: str) -> None:
        """Let the history follow a pipeline's new name."""
        with self._db.write() as connection:
            where = and_(runs.c.project == self._root.stored(project), runs.c.pipeline == old)
            connection.execute(update(runs).where(where).values(pipeline=new))

    def rename_block(self, project: str, pipelines: Sequence[str], old: str, new: str) -> None:
        """Let the history follow a block's new name."""
        with self._db.write() as connection:
            where = and_(
                runs.c.project == self._root.stored(project), runs.c.pipeline.in_(tuple(pipelines))
            )
            ids = select(runs.c.id).where(where)
            connection.execute(
                update(steps)
                .where(steps.c.run.in_(ids), steps.c.block == old)
                .values(block=new, name=new)
            )
            found = connection.execute(
                select(steps.c.run, steps.c.block, steps.c.attempt, steps.c.upstream).where(
                    steps.c.run.in_(ids)
                )
            ).all()
            for row in found:
                if old in row.upstream:
                    key = and_(steps.c.run == row.run, steps.c.block == row.block)
                    links = [new if item == old else item for item in row.upstream]
                    connection.execute(
                        update(steps)
                        .where(key, steps.c.attempt == row.attempt)
                        .values(upstream=links)
                    )
