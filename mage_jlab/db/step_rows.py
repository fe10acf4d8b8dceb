"""Rows of steps: written, counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, insert, select, update

from mage_jlab.db.tables import runs, steps
from mage_jlab.model.run import ENDED_STEP, OutputSummary, Step


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


def write(connection: Connection, run_id: str, planned: Sequence[Step]) -> None:
    """Write the steps of a plan that are not there yet, in its order."""
    known = {
        str(item)
        for item in connection.execute(select(steps.c.block).where(steps.c.run == run_id)).scalars()
    }
    for position, step in enumerate(planned):
        if step.block not in known:
            said = values(step) | {"run": run_id, "block": step.block}
            connection.execute(insert(steps).values(**said, position=position))


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
