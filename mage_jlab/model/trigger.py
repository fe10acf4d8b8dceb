"""A trigger: a reason to run a pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

SCHEDULE = "schedule"
API = "api"
EVENT = "event"
MANUAL = "manual"
RUN_LIMIT = "pipeline_run_limit"
"""Setting of Mage: how many runs of the trigger may be active at once."""
INITIAL = "create_initial_pipeline_run"
"""Setting of Mage: when switched on, run at once for the period that has begun already."""
IGNORED = ("landing_time_enabled",)
"""Settings of Mage that are kept and do nothing."""
MISSED_POLICIES = ("latest", "none", "all")
OVERLAP_POLICIES = ("skip", "queue", "allow", "replace")


@dataclass(frozen=True)
class Trigger:
    """A trigger of one pipeline.

    `schedule` is a 5-field cron expression or one of Mage's intervals
    (``@once @hourly @daily @weekly @monthly``); it is kept as typed, with the
    IANA `zone` it is meant in. `source` is ``ui`` or ``file`` (found in
    ``triggers.yaml``); triggers from files start disabled on this machine.
    """

    id: str
    project: str
    pipeline: str
    name: str
    kind: str = SCHEDULE
    schedule: str | None = None
    zone: str = "UTC"
    enabled: bool = False
    variables: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    missed: str = "latest"
    overlap: str = "skip"
    start: datetime | None = None
    description: str | None = None
    source: str = "ui"
    enabled_at: datetime | None = None
    created: datetime | None = None
    updated: datetime | None = None


def positive(value: Any) -> float | None:
    """Return a setting that is a number above zero, None when it is anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if 0 < number < float("inf") else None


def ignored(trigger: Trigger) -> list[str]:
    """Return the settings that somebody set and that do nothing."""
    return [name for name in IGNORED if trigger.settings.get(name)]
