"""Rows of steps: written, counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, and_, delete, func, insert, select, update

from mage_jlab.db.tables import runs, steps
from mage_jlab.model.run import ENDED_STEP, OutputSummary, Step

_SPACING = 100_000
"""Between the places of two planned steps, so that children fit in."""


def values(step: Step) -> dict[str, Any]:
    """Return the columns of a step."""
    return {
        "attempt": step.attempt,
        "name": step.name,
        "type": step.type,
        "language": step.language,
        "upstream": list(step.upstream),
        "state": step.state,
        "started": step.started,
        "ended": step.ended,
        "error": step.error,
        "code_hash": step.code_hash,
        "version": step.version,
        "outputs": [_output_values(item) for item in step.outputs],
    }


def _output_values(output: OutputSummary) -> dict[str, Any]:
    return {
        "name": output.name,
        "kind": output.kind,
        "rows": output.rows,
        "columns": output.columns,
        "bytes": output.bytes,
    }


def write(
    connection: Connection, run_id: str, planned: Sequence[Step], group: str | None = None
) -> None:
    """Write the steps of a plan that are not there yet, in its order; children after it."""
    found = connection.execute(
        select(steps.c.block, steps.c.position).where(steps.c.run == run_id)
    ).all()
    known = {str(row.block): int(row.position) for row in found}
    if group is None:
        places = range(0, len(planned) * _SPACING, _SPACING)
    else:
        first = known.get(group, 0) + 1
        places = range(first, first + len(planned))
    rows = [
        values(step) | {"run": run_id, "block": step.block, "position": place}
        for place, step in zip(places, planned, strict=True)
        if step.block not in known
    ]
    if rows:
        connection.execute(insert(steps), rows)


def renew(connection: Connection, run_id: str, fresh: Sequence[Step]) -> None:
    """Write fresh attempts of steps, each where the step stands."""
    found = connection.execute(
        select(steps.c.block, steps.c.position).where(steps.c.run == run_id)
    ).all()
    places = {str(row.block): int(row.position) for row in found}
    for step in fresh:
        where = and_(steps.c.run == run_id, steps.c.block == step.block)
        connection.execute(delete(steps).where(where, steps.c.attempt == step.attempt))
    rows = [
        values(step) | {"run": run_id, "block": step.block, "position": places[step.block]}
        for step in fresh
        if step.block in places
    ]
    if rows:
        connection.execute(insert(steps), rows)


def save(connection: Connection, run_id: str, step: Step) -> None:
    """Write one attempt of a step as it stands now."""
    said = values(step)
    where = and_(steps.c.run == run_id, steps.c.block == step.block)
    # Attempt 0 means "not begun"; the first attempt takes its row over.
    attempts = (0, step.attempt) if step.attempt <= 1 else (step.attempt,)
    result = connection.execute(
        update(steps).where(where, steps.c.attempt.in_(attempts)).values(**said)
    )
    if result.rowcount == 0:
        place = select(func.min(steps.c.position)).where(where)
        position = connection.execute(place).scalar() or 0
        row = said | {"run": run_id, "block": step.block, "position": position}
        connection.execute(insert(steps).values(**row))


def count(connection: Connection, run_id: str) -> None:
    """Count the steps of a run anew: all of them, and those that have ended."""
    rows = connection.execute(
        select(steps.c.block, steps.c.state)
        .where(steps.c.run == run_id)
        .order_by(steps.c.block, steps.c.attempt)
    ).all()
    newest = {str(row.block): str(row.state) for row in rows}
    done = sum(1 for state in newest.values() if state in ENDED_STEP)
    connection.execute(
        update(runs).where(runs.c.id == run_id).values(steps_total=len(newest), steps_done=done)
    )
