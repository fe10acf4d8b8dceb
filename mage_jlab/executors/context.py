"""What a kernel is told before it runs blocks of a pipeline (the bundle's context)."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from mage_jlab import __version__
from mage_jlab.errors import InvalidTrigger
from mage_jlab.files import mage_data, yaml_load
from mage_jlab.ids import slug
from mage_jlab.kernel_side.wire import DATED
from mage_jlab.model.pipeline import Pipeline
from mage_jlab.model.project import Project
from mage_jlab.model.run import Run
from mage_jlab.model.trigger import SCHEDULE, Trigger

Interval = Callable[[str, str, datetime], tuple[datetime | None, datetime | None]]
"""(schedule, zone, fire time) -> end of the interval it starts, start of the one before."""


def base(
    project: Project, pipeline: Pipeline, *, store: Path, cwd: Path, scope: str,
    variables: Mapping[str, Any],
) -> dict[str, Any]:  # fmt: skip
    """Return what notebook and schedule have in common."""
    names = dict.fromkeys((project.root.name, project.name))
    return {
        "project": project.id,
        "project_slug": slug(project.id),
        "root": str(project.root),
        "pipeline": pipeline.id,
        "pipeline_slug": slug(pipeline.id),
        "scope": scope,
        "store": str(store),
        "cwd": str(cwd),
        "parent_on_path": True,
        "aliases": [name for name in names if name.isidentifier()],
        "variables": _dated(plain(variables), pipeline.document.get("variables")),
        "env": "dev",
        "execution_date": None,
        "trigger": {},
        "run": None,
        "sources": None,
        "channel": None,
        "mage_data": [str(folder) for folder in mage_data.folders(project)],
        "limits": {},
        "ours": ours(),
    }


def ours() -> dict[str, Any]:
    """Return how a kernel starts a process in our own environment."""
    return {"python": sys.executable, "path": [place for place in sys.path if place]}


_TEMPLATE = ("app_name", "use_custom_session", "custom_session_var_name")
"""Keys of Mage's template that say nothing of where Spark runs."""


def one_process(pipeline: Pipeline) -> bool:
    """Whether the blocks of a run share one process, as Mage's setting of that name says."""
    return pipeline.document.get("run_pipeline_in_one_process") is True


def spark(project: Project, pipeline: Pipeline) -> dict[str, Any]:
    """Return the settings of Spark: the pipeline's over the project's.

    Nearly every project has those of Mage's template, which count as not set.
    """
    given = [project.settings.get("spark_config"), pipeline.document.get("spark_config")]
    config: dict[str, Any] = {}
    for item in given:
        if isinstance(item, Mapping):
            config |= {str(k): v for k, v in item.items() if v is not None}
    chosen = {k: v for k, v in config.items() if v and k not in _TEMPLATE and v != "local"}
    wanted = pipeline.type == "pyspark" or pipeline.executor_type == "pyspark"
    is_set = bool(chosen) or bool(config.get("use_custom_session"))
    return {"config": plain(config), "set": is_set, "pipeline": wanted}


def nowhere(folder: Path) -> dict[str, Any]:
    """Return the context of a kernel that works for nobody yet."""
    names = dict.fromkeys(("key", "project", "project_slug", "pipeline", "pipeline_slug"), "")
    return {**names, "root": str(folder), "store": str(folder), "parent_on_path": False}


def of_run(
    context: Mapping[str, Any], run: Run, trigger: Trigger | None, interval: Interval
) -> dict[str, Any]:
    """Add what is known of a run: its date, its trigger, its interval."""
    moment = run.execution_date or run.fire_time or run.created
    return {
        **context,
        "env": "prod",
        "execution_date": iso(moment),
        "trigger": _trigger(run, trigger, moment, interval),
        "run": {
            "id": run.id,
            "kind": run.kind,
            "trigger": run.trigger,
            "trigger_name": run.trigger_name,
            "user": run.user,
            "created": iso(run.created),
            "started": iso(run.started),
            "fire_time": iso(run.fire_time),
            "partition": partition(run),
        },
    }


def with_key(context: Mapping[str, Any]) -> dict[str, Any]:
    """Add the key: it changes when the code or what is said of the pipeline changes."""
    said = {name: value for name, value in context.items() if name not in ("channel", "key")}
    text = json.dumps([__version__, said], sort_keys=True, default=str)
    return {**context, "key": hashlib.sha256(text.encode()).hexdigest()[:16]}


def plain(value: Any) -> Any:
    """Return a value as JSON has it; what JSON has no word for becomes text."""
    return json.loads(json.dumps(value, default=str))


def _dated(kept: Any, written: Any) -> Any:
    """Return variables with a mark at those that the pipeline's file has as dates or times.

    All else of the engine, and a run's record, knows them as text.
    """
    if isinstance(written, date):  # a datetime is one, too
        return {DATED: kept} if kept == yaml_load.plain(written) else kept
    if isinstance(kept, Mapping) and isinstance(written, Mapping):
        by_key = {yaml_load.plain_key(key): item for key, item in written.items()}
        return {key: _dated(item, by_key.get(key)) for key, item in kept.items()}
    if isinstance(kept, list) and isinstance(written, list) and len(kept) == len(written):
        return [_dated(*pair) for pair in zip(kept, written, strict=True)]
    return kept


def _trigger(
    run: Run, trigger: Trigger | None, moment: datetime | None, interval: Interval
) -> dict[str, Any]:
    if run.trigger is None and run.trigger_name is None:
        return {}
    facts: dict[str, Any] = {
        "id": run.trigger,
        "name": run.trigger_name,
        "kind": trigger.kind if trigger else run.kind,
        "schedule": trigger.schedule if trigger else None,
        "zone": trigger.zone if trigger else None,
    }
    if trigger is not None and moment is not None and trigger.kind == SCHEDULE:
        try:
            end, before = interval(trigger.schedule or "", trigger.zone, moment)
        except InvalidTrigger:
            end, before = None, None  # run by hand; its schedule makes no sense
        length: timedelta | None = None if end is None else end - moment
        facts |= {
            "interval_start": iso(moment),
            "interval_end": iso(end),
            "interval_seconds": None if length is None else length.total_seconds(),
            "interval_start_previous": iso(before),
        }
    return facts


def partition(run: Run) -> str:
    """Return Mage's name for what a run leaves: the trigger and the moment."""
    moment = run.execution_date or run.fire_time or run.created
    stamp = f"{moment:%Y%m%dT%H%M%S}" if moment else run.id
    return f"{run.trigger or run.id}/{stamp}"


def iso(moment: datetime | None) -> str | None:
    """Return a moment as JSON has it."""
    return None if moment is None else moment.isoformat()
