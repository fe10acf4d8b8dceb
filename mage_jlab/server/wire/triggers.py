"""Triggers and when they fire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from mage_jlab.server.wire.envelope import Name, Request


class Trigger(Struct):
    """A trigger. `words` says in words when it fires.

    `ignored` names settings of Mage that are kept in the file and do nothing here.
    """

    id: str
    project: str
    pipeline: str
    name: str
    kind: str
    enabled: bool
    schedule: str | None
    zone: str
    variables: dict[str, Any]
    settings: dict[str, Any]
    missed: str
    overlap: str
    source: str
    words: str
    description: str | None = None
    start: datetime | None = None
    next_fire: datetime | None = None
    last_run: str | None = None
    last_state: str | None = None
    ignored: list[str] = []


class TriggerCreate(Request):
    """Make a trigger. `project` is a slug, `pipeline` an id."""

    project: str
    pipeline: str
    name: Name
    kind: Literal["schedule", "api"] = "schedule"
    schedule: str | None = None
    zone: str = "UTC"
    enabled: bool = True
    variables: dict[str, Any] = {}
    settings: dict[str, Any] = {}
    missed: Literal["latest", "none", "all"] = "latest"
    overlap: Literal["skip", "queue", "allow", "replace"] = "skip"
    start: datetime | None = None
    description: str | None = None
    save_in_code: bool = False


class TriggerChange(Request):
    """Change a trigger. Editing never fires."""

    name: Name | UnsetType = UNSET
    schedule: str | UnsetType = UNSET
    zone: str | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    variables: dict[str, Any] | UnsetType = UNSET
    settings: dict[str, Any] | UnsetType = UNSET
    missed: Literal["latest", "none", "all"] | UnsetType = UNSET
    overlap: Literal["skip", "queue", "allow", "replace"] | UnsetType = UNSET
    start: datetime | UnsetType | None = UNSET
    description: str | UnsetType | None = UNSET
    save_in_code: bool | UnsetType = UNSET


class SchedulePreviewRequest(Request):
    """Ask what a schedule means before saving it."""

    schedule: str
    zone: str = "UTC"
    count: Annotated[int, Meta(ge=1, le=50)] = 5


class Fire(Struct):
    """A fire time: the instant, and the wall time in the schedule's zone."""

    utc: datetime
    wall: str


class SchedulePreview(Struct):
    """A schedule in words, its next fire times, and notes (clock changes)."""

    words: str
    fires: list[Fire]
    notes: list[str] = []
