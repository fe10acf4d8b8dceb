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
