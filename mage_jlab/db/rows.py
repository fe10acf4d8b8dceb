"""Rows of the database turned into models."""

from __future__ import annotations

from sqlalchemy import RowMapping

from mage_jlab.model.run import OutputSummary, Run, Step
from mage_jlab.model.trigger import Trigger


def run_from(row: RowMapping, project: str, steps: tuple[Step, ...] = ()) -> Run:
    """Return the run of a row, as seen from a root."""
    blocks = row["blocks"]
    return Run(
        id=row["id"],
        project=project,
        pipeline=row["pipeline"],
        state=row["state"],
        kind=row["kind"],
        trigger=row["trigger"],
        trigger_name=row["trigger_name"],
        fire_time=row["fire_time"],
        created=row["created"],
        started=row["started"],
        ended=row["ended"],
        variables=row["variables"],
        blocks=None if blocks is None else tuple(blocks),
        error=row["error"],
        code_hash=row["code_hash"],
        kernel=row["kernel"],
        cwd=row["cwd"],
        user=row["user"],
        retry_of=row["retry_of"],
        steps=steps,
        execution_date=row["execution_date"],
        settings=row["settings"],
        steps_total=row["steps_total"],
        steps_done=row["steps_done"],
    )


def step_from(row: RowMapping) -> Step:
    """Return the step of a row."""
    return Step(
        block=row["block"],
        name=row["name"],
        type=row["type"],
        language=row["language"],
        upstream=tuple(row["upstream"]),
        state=row["state"],
        attempt=row["attempt"],
        started=row["started"],
        ended=row["ended"],
        error=row["error"],
        code_hash=row["code_hash"],
        version=row["version"],
        outputs=tuple(OutputSummary(**item) for item in row["outputs"]),
    )


def trigger_from(row: RowMapping, project: str) -> Trigger:
    """Return the trigger of a row, as seen from a root."""
    return Trigger(
        id=row["id"],
        project=project,
        pipeline=row["pipeline"],
        name=row["name"],
        kind=row["kind"],
        schedule=row["schedule"],
        zone=row["zone"],
        enabled=row["enabled"],
        variables=row["variables"],
        settings=row["settings"],
        missed=row["missed"],
        overlap=row["overlap"],
        start=row["start"],
        description=row["description"],
        source=row["source"],
        enabled_at=row["enabled_at"],
        created=row["created"],
        updated=row["updated"],
    )
