"""`mage-jlab runs`: what ran, how it went, what it printed."""

from __future__ import annotations

from argparse import Namespace

from mage_jlab.cli import opening
from mage_jlab.cli.output import Output, span, when
from mage_jlab.errors import BlockNotFound
from mage_jlab.model.run import Run


def ls(arguments: Namespace, output: Output) -> int:
    """List runs, the newest first."""
    runs, _, root = opening.everywhere()
    project = None
    if arguments.project is not None:
        _, found = opening.project(arguments.project)
        project = root.seen(str(found.root))
    items, following = runs.list(
        project, arguments.pipeline, arguments.state, limit=arguments.limit
    )
    output.give({"items": [_summary(item) for item in items], "next": following})
    output.table(
        ("run", "pipeline", "state", "kind", "created", "took", "steps"),
        [
            (
                item.id, item.pipeline, item.state, item.trigger_name or item.kind,
                when(item.created), span(item.started, item.ended),
                f"{item.steps_done}/{item.steps_total}",
            )
            for item in items
        ],
    )  # fmt: skip
    if not items:
        output.say("No runs yet. Start one with: mage-jlab run PROJECT PIPELINE")
    return 0


def show(arguments: Namespace, output: Output) -> int:
    """Show one run with its steps."""
    runs, _, _ = opening.everywhere()
    run = runs.get(arguments.run)
    output.give(run)
    output.say(f"Run {run.id} of {run.pipeline}: {run.state}")
    for name, value in (
        ("project", f"/{run.project}"), ("because of", run.trigger_name or run.kind),
        ("by", run.user), ("date", when(run.execution_date)), ("began", when(run.started)),
        ("took", span(run.started, run.ended)), ("kernel", run.kernel), ("folder", run.cwd),
        ("code", run.code_hash), ("error", run.error),
    ):  # fmt: skip
        if value:
            output.say(f"  {name + ':':<12}{value}")
    for key, value in run.variables.items():
        output.say(f"  {key} = {value!r}")
    output.say()
    output.table(
        ("block", "state", "attempt", "took", "error"),
        [(s.block, s.state, s.attempt, span(s.started, s.ended), s.error) for s in run.steps],
    )
    return 0


def logs(arguments: Namespace, output: Output) -> int:
    """Print the logs of a run, or of one block."""
    runs, _, _ = opening.everywhere()
    run = runs.get(arguments.run)
    engine, _ = opening.of_stored(run.project)
    engine.open()
    if arguments.block is not None and arguments.block not in {s.block for s in run.steps}:
        raise BlockNotFound(f"Run '{run.id}' has no step '{arguments.block}'.")
    steps = [s for s in run.steps if arguments.block in (None, s.block)]
    found = []
    for step in steps:
        offset, complete, records = 0, False, []
        while True:
            piece, following, complete, _ = engine.step_log(run.id, step.block, offset)
            records += piece
            if complete or following == offset:
                break
            offset = following
        found.append({"block": step.block, "state": step.state, "records": records})
        output.say(f"== {step.block} ({step.state})")
        for record in records:
            output.say(f"{(record['time'] or '')[:19]:<19} {record['level']:<7} {record['text']}")
    output.give({"run": run.id, "steps": found})
    return 0


def _summary(run: Run) -> dict[str, object]:
    return {
        "id": run.id,
        "project": f"/{run.project}",
        "pipeline": run.pipeline,
        "state": run.state,
        "kind": run.kind,
        "trigger": run.trigger_name,
        "fire_time": run.fire_time,
        "created": run.created,
        "started": run.started,
        "ended": run.ended,
        "error": run.error,
        "steps_total": run.steps_total,
        "steps_done": run.steps_done,
    }
