"""Takes over triggers, variables and runs from a Mage database (SQLite).

Old databases lack columns and write their states in capitals; whatever is
missing is left out. Taking over twice changes nothing: ids are made from what
the rows say.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, select

from mage_jlab import clock
from mage_jlab.db.roots import Root
from mage_jlab.db.session import Database
from mage_jlab.db.tables import runs, steps, triggers
from mage_jlab.errors import BadRequest
from mage_jlab.model.project import Project
from mage_jlab.model.run import (
    CANCELLED,
    COMPLETED,
    FAILED,
    INTERRUPTED,
    SKIPPED,
    UPSTREAM_FAILED,
)  # fmt: skip

MOST_RUNS = 5_000
_RUN_STATES = {"completed": COMPLETED, "failed": FAILED, "cancelled": CANCELLED}
_STEP_STATES = {
    **_RUN_STATES, "upstream_failed": UPSTREAM_FAILED, "condition_failed": SKIPPED,
}  # fmt: skip
_KINDS = {"time": "schedule", "api": "api", "event": "event"}
Row = Mapping[str, Any]


@dataclass
class ImportedHistory:
    """What was taken over from a Mage database."""

    triggers: int = 0
    runs: int = 0
    variables: int = 0
    notes: list[str] = field(default_factory=list)


def import_history(
    database: Database, root: Root, project: Project, path: Path, pipelines: Iterable[str]
) -> ImportedHistory:
    """Read a Mage database and write what it knows of a project's pipelines.

    Raises:
        BadRequest: when the file is no Mage database.
    """
    known = set(pipelines)
    result = ImportedHistory()
    with contextlib.closing(_open(path)) as source:
        schedules = _rows(source, "pipeline_schedule")
        past = _rows(source, "pipeline_run", f"ORDER BY id DESC LIMIT {MOST_RUNS}")
        wanted = {row["id"] for row in past}
        blocks: dict[Any, list[Row]] = {}
        for row in _rows(source, "block_run", "ORDER BY id"):
            if row.get("pipeline_run_id") in wanted:
                blocks.setdefault(row["pipeline_run_id"], []).append(row)
    missing = {str(row.get("pipeline_uuid")) for row in (*schedules, *past)} - known - {"None"}
    if missing:
        result.notes.append(
            "Pipelines of the database that are not in this project were left out: "
            f"{', '.join(sorted(missing)[:5])}{', …' if len(missing) > 5 else ''}."
        )
    if len(past) == MOST_RUNS:
        result.notes.append(f"Only the newest {MOST_RUNS:,} runs were taken over.")
    stored = root.stored(project.id)
    with database.write() as connection:
        names = _triggers(connection, stored, schedules, known, result)
        _runs(connection, stored, (past, blocks, names), known, result)
    if result.triggers:
        result.notes.append("The triggers are off; enable those that should run here.")
    return result


def _open(path: Path) -> sqlite3.Connection:
    if not path.is_file():
        raise BadRequest(f"There is no file {path.name}.")
    try:
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
        connection.row_factory = sqlite3.Row
        found = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    except sqlite3.DatabaseError as error:
        raise BadRequest(f"{path.name} is no SQLite database: {error}.") from error
    if "pipeline_schedule" not in found and "pipeline_run" not in found:
        connection.close()
        raise BadRequest(f"{path.name} is no Mage database: it has no table of pipeline runs.")
    return connection


def _rows(source: sqlite3.Connection, table: str, rest: str = "") -> list[Row]:
    try:
        found = source.execute(f"SELECT * FROM {table} {rest}").fetchall()  # noqa: S608 - constants
    except sqlite3.OperationalError:
        return []
    return [dict(row) for row in found]


def _triggers(
    connection: Connection, project: str, rows: Iterable[Row], known: set[str],
    result: ImportedHistory,
) -> dict[Any, tuple[str | None, str]]:  # fmt: skip
    """Write the triggers; return Mage's id -> (ours, name)."""
    at = clock.now()
    names: dict[Any, tuple[str | None, str]] = {}
    there = {
        (row.pipeline, row.name): str(row.id)
        for row in connection.execute(
            select(triggers.c.id, triggers.c.pipeline, triggers.c.name).where(
                triggers.c.project == project
            )
        )
    }
    for row in rows:
        pipeline = str(row.get("pipeline_uuid"))
        name = str(row.get("name") or f"Trigger {row['id']}")
        if pipeline not in known:
            continue
        if row.get("global_data_product_uuid"):
            continue
        settings = _mapping(row.get("settings"))
        if row.get("sla"):
            settings["sla"] = row["sla"]
        if (pipeline, name) not in there:
            kind = str(row.get("schedule_type") or "time").lower()
            skip = settings.get("skip_if_previous_running")
            trigger = f"mage-{_digest(project, 'trigger', row['id'], pipeline, name)}"
            connection.execute(
                insert(triggers).values(
                    id=trigger,
                    project=project,
                    pipeline=pipeline,
                    name=name,
                    kind=_KINDS.get(kind, "api"),
                    schedule=row.get("schedule_interval"),
                    zone="UTC",
                    enabled=False,
                    variables=_mapping(row.get("variables")),
                    settings=settings,
                    missed="latest",
                    overlap="skip" if skip else "allow",
                    start=_time(row.get("start_time")),
                    description=row.get("description"),
                    source="ui",
                    enabled_at=None,
                    created=_time(row.get("created_at")) or at,
                    updated=at,
                    anchor=at,
                )
            )
            there[pipeline, name] = trigger
            result.triggers += 1
            result.variables += len(_mapping(row.get("variables")))
        names[row["id"]] = (there[pipeline, name], name)
    return names


def _runs(
    connection: Connection, project: str,
    source: tuple[list[Row], dict[Any, list[Row]], dict[Any, tuple[str | None, str]]],
    known: set[str], result: ImportedHistory,
) -> None:  # fmt: skip
    past, blocks, names = source
    for row in past:
        pipeline = str(row.get("pipeline_uuid"))
        created = _time(row.get("created_at")) or _time(row.get("execution_date"))
        if pipeline not in known or created is None:
            continue
        run_id = f"{created:%Y%m%dT%H%M%S%f}-{_digest(project, 'run', row['id'], pipeline)[:8]}"
        if connection.execute(select(runs.c.id).where(runs.c.id == run_id)).first():
            continue
        trigger, name = names.get(row.get("pipeline_schedule_id"), (None, None))
        state = _RUN_STATES.get(str(row.get("status")).lower(), INTERRUPTED)
        done = blocks.get(row["id"], [])
        ended = _time(row.get("completed_at"))
        connection.execute(
            insert(runs).values(
                id=run_id,
                project=project,
                pipeline=pipeline,
                state=state,
                kind="schedule" if trigger else "api",
                trigger=trigger,
                trigger_name=name,
                fire_time=None,
                execution_date=_time(row.get("execution_date")),
                created=created,
                started=_time(row.get("started_at")) or _first(done) or created,
                ended=ended or _last(done) or created,
                updated=clock.now(),
                variables=_mapping(row.get("variables")),
                settings={},
                error=None if state == COMPLETED else "Taken over from Mage.",
                user=None,
                serial=False,
                steps_total=len(done),
                steps_done=len(done),
            )
        )
        _steps(connection, run_id, done)
        result.runs += 1


def _steps(connection: Connection, run_id: str, rows: list[Row]) -> None:
    seen: set[str] = set()
    for position, row in enumerate(rows):
        block = str(row.get("block_uuid"))[:255]
        if block in seen:
            continue
        seen.add(block)
        state = _STEP_STATES.get(str(row.get("status")).lower(), INTERRUPTED)
        connection.execute(
            insert(steps).values(
                run=run_id,
                block=block,
                attempt=1,
                position=position,
                name=block,
                type="custom",
                language="python",
                upstream=[],
                state=state,
                started=_time(row.get("started_at")),
                ended=_time(row.get("completed_at")),
                error=_error(row.get("metrics")),
                outputs=[],
            )
        )


def _error(metrics: Any) -> str | None:
    found = _mapping(metrics).get("error")
    if isinstance(found, Mapping):
        found = found.get("error") or found.get("message")
    return None if not found else str(found).strip().splitlines()[-1][:2000]


def _first(rows: list[Row]) -> datetime | None:
    return min((t for t in (_time(r.get("started_at")) for r in rows) if t), default=None)


def _last(rows: list[Row]) -> datetime | None:
    return max((t for t in (_time(r.get("completed_at")) for r in rows) if t), default=None)


def _time(value: Any) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value.strip().replace("Z", "+00:00"))
    except ValueError:
        return None
    return found.astimezone(timezone.utc) if found.tzinfo else found.replace(tzinfo=timezone.utc)


def _mapping(value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return {}
    return {str(key): item for key, item in value.items()} if isinstance(value, dict) else {}


def _digest(*parts: Any) -> str:
    return hashlib.sha256("\0".join(str(part) for part in parts).encode()).hexdigest()[:16]
