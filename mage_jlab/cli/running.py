"""`mage-jlab run`: a pipeline in the terminal, with live progress."""

from __future__ import annotations

import queue
import signal
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mage_jlab.assembly import Engine
from mage_jlab.cli import opening
from mage_jlab.cli.output import Output, span
from mage_jlab.cli.values import moment, variable
from mage_jlab.errors import MageError
from mage_jlab.model.project import Project
from mage_jlab.model.run import (
    ACTIVE,
    CANCELLED,
    COMPLETED,
    FAILED,
    QUEUED,
    RUNNING,
    SKIPPED,
    UPSTREAM_FAILED,
    Run,
    Step,
)  # fmt: skip

_SIGNS = {COMPLETED: "✓", FAILED: "✗", RUNNING: "▸", SKIPPED: "–", UPSTREAM_FAILED: "–"}
_TAIL = 20


def run(arguments: Namespace, output: Output) -> int:
    """Run a pipeline, or some of its blocks; 0 when it completed, 1 when not."""
    engine, project = opening.project(arguments.project, arguments.root)
    pipeline = opening.pipeline(engine, project, arguments.pipeline)
    variables = dict(variable(item) for item in arguments.var)
    with started(engine):
        events: queue.Queue[dict[str, Any]] = queue.Queue()
        engine.events.subscribe(events.put)
        asked = engine.submit(
            project.id,
            pipeline,
            variables=variables,
            blocks=arguments.block or None,
            kind="cli",
            execution_date=moment(arguments.date),
            user=arguments.user,
        )
        output.say(f"Run {asked.id} of {pipeline}")
        ended = _follow(engine, asked, events, output)
        if engine.nursery is not None:
            engine.nursery.retire()
        output.give(ended)
        _conclude(engine, project, ended, output)
    return 0 if ended.state == COMPLETED else 1


@contextmanager
def started(engine: Engine) -> Iterator[None]:
    """Start an engine without a scheduler; stop it whatever happens."""
    previous = signal.signal(signal.SIGTERM, _interrupt)
    engine.start(scheduler=False)
    try:
        yield
    finally:
        engine.stop()
        signal.signal(signal.SIGTERM, previous)


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _follow(engine: Engine, asked: Run, events: queue.Queue[dict[str, Any]], output: Output) -> Run:
    """Print what happens until the run has ended; Ctrl-C cancels it."""
    told: dict[str, tuple[str, int]] = {}
    while True:
        try:
            current = engine.runs.get(asked.id)
            for step in current.steps:
                _tell(step, told, output)
            if current.state not in ACTIVE:
                return current
            try:
                events.get(timeout=1)
            except queue.Empty:
                continue
        except KeyboardInterrupt:
            output.say("Cancelling …")
            try:
                engine.cancel(asked.id)
            except MageError:
                continue  # it ended meanwhile


def _tell(step: Step, told: dict[str, tuple[str, int]], output: Output) -> None:
    now = (step.state, step.attempt)
    if told.get(step.block, (QUEUED, 0)) == now or step.state == QUEUED:
        return
    told[step.block] = now
    sign = _SIGNS.get(step.state, "•")
    parts = [f"{sign} {step.block}"]
    if step.state == RUNNING:
        parts.append("runs" if step.attempt <= 1 else f"runs again (attempt {step.attempt})")
    else:
        parts.append("" if step.state == COMPLETED else step.state)
        parts.append(", ".join(_size(item) for item in step.outputs))
        parts.append(span(step.started, step.ended))
    if step.error and step.state == FAILED:
        parts.append(f"— {step.error}")
    output.say("  " + "  ".join(part for part in parts if part))


def _size(item: Any) -> str:
    if item.rows is not None and item.columns is not None:
        return f"{item.rows:,} rows × {item.columns} columns"
    return item.kind if item.kind != "none" else ""


def _conclude(engine: Engine, project: Project, ended: Run, output: Output) -> None:
    for step in ended.steps:
        if step.state != FAILED:
            continue
        records, _, _, _ = engine.step_log(ended.id, step.block)
        output.say(f"\nThe log of {step.block}:")
        for record in records[-_TAIL:]:
            output.say("  " + str(record["text"]).replace("\n", "\n  "))
    took = span(ended.started, ended.ended)
    output.say(f"\n{ended.state.capitalize()}{f' in {took}' if took else ''}.")
    if ended.error:
        output.say(ended.error)
    output.say(f"Read what it printed: mage-jlab runs logs {ended.id}")
    if ended.state == COMPLETED:
        output.say(
            f"Look at the data: mage-jlab product show {project.root} {ended.pipeline} "
            f"BLOCK --run {ended.id}"
        )
    elif ended.state == CANCELLED:
        output.say("All its processes are gone.")
