"""Models as the wire says them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from mage_jlab import clock
from mage_jlab.errors import MageError
from mage_jlab.ids import slug
from mage_jlab.model import check
from mage_jlab.model import run as runs
from mage_jlab.model.block import Block
from mage_jlab.model.pipeline import Pipeline
from mage_jlab.model.project import Project
from mage_jlab.model.run import Run, Step
from mage_jlab.model.trigger import SCHEDULE, Trigger, ignored, positive
from mage_jlab.schedule import due
from mage_jlab.server import lookup, wire
from mage_jlab.server.base import plain, user_name

if TYPE_CHECKING:
    from mage_jlab.assembly import Engine
    from mage_jlab.files.templates import Template


def problem(item: check.Problem) -> wire.Problem:
    """Say what is wrong."""
    severity: Any = item.severity
    return wire.Problem(severity, item.message, item.pipeline, item.block, item.file, item.line)


def project(engine: Engine, item: Project, problems: Iterable[check.Problem] = ()) -> wire.Project:
    """Say what a project is."""
    return wire.Project(
        slug=slug(item.id),
        id=item.id,
        name=item.name,
        path=str(item.root),
        pipelines=len(engine.workspace.pipelines(item)),
        problems=[problem(found) for found in problems],
    )


def block(engine: Engine, of: Project, pipe: Pipeline, item: Block) -> wire.Block:
    """Say what a block is, its source included."""
    used = engine.workspace.users_of(of, item) if item.path else []
    kernel = (item.executor_config or {}).get("kernel_name")
    return wire.Block(
        slug=slug(item.id),
        id=item.id,
        name=item.name,
        type=item.type,
        language=item.language,
        role=item.role,
        upstream=list(item.upstream),
        downstream=[other.id for other in pipe.blocks if item.id in other.upstream],
        path=item.path,
        source=engine.workspace.source(of, item),
        configuration=plain(item.configuration),
        retry_config=_mapping(item.retry_config),
        timeout=item.timeout,
        executor_type=item.executor_type,
        executor_config=_mapping(item.executor_config),
        color=item.color,
        kernel=kernel if isinstance(kernel, str) else None,
        used_in=[user for user in used if user != pipe.id],
    )


def pipeline(engine: Engine, of: Project, item: Pipeline) -> wire.Pipeline:
    """Say what a pipeline is, in full."""
    return wire.Pipeline(
        project=slug(of.id),
        slug=slug(item.id),
        id=item.id,
        name=item.name,
        type=item.type,
        path=lookup.drive_path(of, item.id),
        etag=engine.workspace.etag(of, item.id),
        description=item.description,
        tags=list(item.tags),
        variables=plain(item.variables),
        kernel=item.kernel,
        blocks=[block(engine, of, item, one) for one in item.blocks],
        problems=[problem(found) for found in engine.workspace.check(of, item.id)],
        executor_type=item.executor_type,
        retry_config=_mapping(item.retry_config),
        concurrency=plain(item.concurrency),
    )


def template(item: Template) -> wire.BlockTemplate:
    """Say what a template is."""
    return wire.BlockTemplate(
        id=item.id,
        name=item.name,
        type=item.type,
        language=item.language,
        description=item.description,
        source=item.source,
        configuration=plain(item.configuration),
        color=item.color,
        own=item.own,
    )


def triggers(engine: Engine, items: Sequence[Trigger]) -> list[wire.Trigger]:
    """Say what triggers are, when they fire, and how they last went."""
    last = engine.triggers.last_runs([item.id for item in items])
    return [_trigger(engine, item, *last.get(item.id, (None, None))) for item in items]


def _trigger(
    engine: Engine, item: Trigger, last_run: str | None, last_state: str | None
) -> wire.Trigger:
    return wire.Trigger(
        id=item.id,
        project=slug(item.project),
        pipeline=item.pipeline,
        name=item.name,
        kind=item.kind,
        enabled=item.enabled,
        schedule=item.schedule,
        zone=item.zone,
        variables=plain(item.variables),
        settings=plain(item.settings),
        missed=item.missed,
        overlap=item.overlap,
        source=item.source,
        words=_words(item),
        description=item.description,
        start=item.start,
        next_fire=due.coming(item),
        ignored=ignored(item),
        last_run=last_run,
        last_state=last_state,
    )


def step(item: Step, earlier: Sequence[Step] = (), group: str | None = None) -> wire.Step:
    """Say how a block fared in a run, or one child of the block `group`."""
    state: Any = item.state
    return wire.Step(
        block=item.block,
        slug=slug(item.block),
        name=item.name,
        type=item.type,
        language=item.language,
        upstream=list(item.upstream),
        state=state,
        attempt=item.attempt,
        started=item.started,
        ended=item.ended,
        error=item.error,
        outputs=[
            wire.OutputSummary(out.name, out.kind, out.rows, out.columns, out.bytes)
            for out in item.outputs
        ],
        earlier=[_attempt(one) for one in earlier],
        group=group,
    )


def _attempt(item: Step) -> wire.Attempt:
    state: Any = item.state
    return wire.Attempt(item.attempt, state, item.started, item.ended, item.error)


def run(item: Run, earlier: Mapping[str, Sequence[Step]] | None = None) -> wire.Run:
    """Say what a run is, with its steps; `earlier` are their attempts but the newest."""
    known = {one.block for one in item.steps}
    state: Any = item.state
    return wire.Run(
        id=item.id,
        project=slug(item.project),
        pipeline=item.pipeline,
        state=state,
        kind=item.kind,
        trigger=item.trigger,
        trigger_name=item.trigger_name,
        fire_time=item.fire_time,
        created=item.created,
        started=item.started,
        ended=item.ended,
        error=item.error,
        why=why(item),
        variables=plain(item.variables),
        blocks=None if item.blocks is None else list(item.blocks),
        code_hash=item.code_hash,
        kernel=item.kernel,
        cwd=item.cwd,
        user=user_name(item.user),
        retry_of=item.retry_of,
        late=late(item),
        steps=[
            step(one, (earlier or {}).get(one.block, ()), runs.group_of(one.block, known))
            for one in item.steps
        ],
    )


def run_page(
    engine: Engine, found: Sequence[Run], following: str | None
) -> wire.Page[wire.RunSummary]:
    """Say what runs are, in short."""
    usual: dict[tuple[str, str], float | None] = {}
    for item in found:
        key = item.project, item.pipeline
        if key not in usual:
            usual[key] = engine.runs.usual(*key)
    items = [_summary(item, usual[item.project, item.pipeline]) for item in found]
    return wire.Page(items, following)


def _summary(item: Run, usual: float | None) -> wire.RunSummary:
    state: Any = item.state
    return wire.RunSummary(
        id=item.id,
        project=slug(item.project),
        pipeline=item.pipeline,
        state=state,
        kind=item.kind,
        trigger=item.trigger,
        trigger_name=item.trigger_name,
        fire_time=item.fire_time,
        created=item.created,
        started=item.started,
        ended=item.ended,
        error=item.error,
        steps_total=item.steps_total,
        steps_done=item.steps_done,
        usual=usual,
        late=late(item),
    )


def late(item: Run) -> bool:
    """Whether a run took or takes longer than the seconds of its trigger's `sla`."""
    allowed = positive(item.settings.get("sla"))
    since = item.fire_time or item.created
    if allowed is None or since is None or item.state in (runs.MISSED, runs.SKIPPED):
        return False
    return ((item.ended or clock.now()) - since).total_seconds() > allowed


def record(item: Mapping[str, Any]) -> wire.LogRecord:
    """Say what a step printed, displayed or raised; an error with its whole trace."""
    output = item.get("output")
    text = str(item.get("text", ""))
    if isinstance(output, Mapping):
        trace = output.get("traceback")
        text = "\n".join(str(line) for line in trace) if trace else text
        text = _ANSI.sub("", text)
    return wire.LogRecord(
        when(item.get("time")),
        str(item.get("kind", "system")),
        str(item.get("level", "INFO")),
        text,
        dict(output) if isinstance(output, Mapping) else None,
    )


def when(text: Any) -> datetime | None:
    """Return the moment that a stored ISO text says."""
    return None if not text else msgspec.convert(text, datetime)


_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_WHY: Mapping[str, str] = {
    runs.QUEUED: "It waits for a free kernel or for an earlier run.",
    runs.CANCELLING: "It was cancelled; its processes are ending.",
    runs.CANCELLED: "It was cancelled.",
    runs.INTERRUPTED: "The server ended while it was active.",
    runs.MISSED: "Its time passed while no scheduler was there.",
    runs.SKIPPED: "The run before it was still active.",
}


def why(item: Run) -> str | None:
    """Say in words why a run is in its state."""
    if item.error:
        return item.error
    if item.state == runs.FAILED:
        failed = [one for one in item.steps if one.state == runs.FAILED]
        if failed:
            first = failed[0]
            return f"Block '{first.name}' failed: {first.error or 'see its log'}"
    return _WHY.get(item.state)


def _words(item: Trigger) -> str:
    if item.kind != SCHEDULE or not item.schedule:
        return "Started by a request" if item.kind != SCHEDULE else "No schedule"
    try:
        return due.words(item.schedule, item.zone)
    except MageError:  # found in a file: whatever somebody typed there
        return item.schedule


def _mapping(value: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if value is None else plain(value)
