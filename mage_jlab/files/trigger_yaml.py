"""``triggers.yaml`` of a pipeline: read into triggers, written back key by key."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date, datetime, time, timezone
from pathlib import Path
from typing import Any

from mage_jlab.errors import BrokenFile, OutsideProject, TriggerNotFound
from mage_jlab.files import edit, pipeline_yaml, places, save, structure, yaml_dump, yaml_load
from mage_jlab.files.reader import Reader
from mage_jlab.ids import PipelineId
from mage_jlab.model.project import Project
from mage_jlab.model.trigger import (
    API,
    EVENT,
    MANUAL,
    MISSED_POLICIES,
    OVERLAP_POLICIES,
    Trigger,
    positive,
)
from mage_jlab.model.trigger import SCHEDULE as SCHEDULE

_KINDS = {"time": SCHEDULE, "api": API, "event": EVENT}
_TYPES = {SCHEDULE: "time", API: "api", EVENT: "event", MANUAL: "time"}
_OWN = "mage_jlab"
"""Key below `settings` for what Mage has no word for: zone, missed, overlap."""


def _name(pipeline_id: str) -> str:
    return f"{places.PIPELINES}/{pipeline_id}/{places.TRIGGERS}"


def found(reader: Reader, project: Project) -> list[Trigger]:
    """Return the triggers in the files of all pipelines; a broken file gives none."""
    result: list[Trigger] = []
    for pipeline_id in reader.pipelines(project):
        try:
            result.extend(read(reader, project, pipeline_id))
        except BrokenFile:
            continue
    return result


def read(reader: Reader, project: Project, pipeline_id: PipelineId) -> list[Trigger]:
    """Return the triggers in one pipeline's file.

    Raises:
        BrokenFile: when the file cannot be read.
    """
    text = _text(project, pipeline_id)
    if text is None:
        return []
    document = yaml_load.load(text, _name(pipeline_id))
    if document is None:
        return []
    items = yaml_load.as_mapping(document, _name(pipeline_id)).get("triggers")
    if not isinstance(items, list):
        return []
    triggers: dict[str, Trigger] = {}
    for item in items:
        if isinstance(item, Mapping) and pipeline_yaml.text_of(item.get("name")):
            trigger = _trigger(project, pipeline_id, item)
            triggers.setdefault(trigger.name, trigger)
    return list(triggers.values())


def _text(project: Project, pipeline_id: str) -> str | None:
    try:
        file = places.triggers_file(project.root, pipeline_id)
        data = places.read_bytes(file, yaml_load.MAX_BYTES)
        return yaml_load.decode(data, _name(pipeline_id))
    except FileNotFoundError:
        return None
    except OutsideProject as error:
        raise BrokenFile(error.message, file=_name(pipeline_id)) from error
    except OSError as error:
        raise BrokenFile(
            f"{_name(pipeline_id)} cannot be read: {error.strerror}.", file=_name(pipeline_id)
        ) from error


def trigger_id(project: Project, pipeline_id: str, name: str) -> str:
    """Return the id of a trigger found in a file: the same at every reading."""
    key = f"{project.root}\0{pipeline_id}\0{name}"
    return f"file-{hashlib.sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"


def _trigger(project: Project, pipeline_id: str, item: Mapping[Any, Any]) -> Trigger:
    name = pipeline_yaml.text_of(item.get("name")) or ""
    settings = pipeline_yaml.mapping(item.get("settings"))
    if positive(item.get("sla")) is not None:
        settings["sla"] = item["sla"]
    own = settings.pop(_OWN, None)
    own = own if isinstance(own, dict) else {}
    kind = str(item.get("schedule_type") or "time")
    skip = settings.get("skip_if_previous_running")
    overlap = own.get("overlap")
    missed = own.get("missed")
    return Trigger(
        id=trigger_id(project, pipeline_id, name),
        project=project.id,
        pipeline=pipeline_id,
        name=name,
        kind=_KINDS.get(kind, kind),
        schedule=pipeline_yaml.text_of(item.get("schedule_interval")),
        zone=str(own.get("zone") or "UTC"),
        enabled=item.get("status") == "active",
        variables=pipeline_yaml.mapping(item.get("variables")),
        settings=settings,
        missed=missed if missed in MISSED_POLICIES else "latest",
        overlap=overlap if overlap in OVERLAP_POLICIES else ("skip" if skip else "allow"),
        start=_moment(item.get("start_time")),
        description=pipeline_yaml.text_of(item.get("description")),
        source="file",
        enabled_at=_moment(item.get("last_enabled_at")),
    )


def _moment(value: Any) -> datetime | None:
    """Return a time of the file as an aware time in UTC, which Mage means."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip().replace("Z", "+00:00"))
        except ValueError:
            return None
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    if not isinstance(value, datetime):
        return None
    return value.astimezone(timezone.utc) if value.tzinfo else value.replace(tzinfo=timezone.utc)


def _said(value: datetime | None) -> datetime | None:
    """Return a time as Mage writes it: UTC without a zone."""
    return None if value is None else value.astimezone(timezone.utc).replace(tzinfo=None)


def written(reader: Reader, project: Project, trigger: Trigger) -> save.Change:
    """Return the change that writes a trigger into its pipeline's file."""
    pipeline_id = reader.resolve(project, trigger.pipeline)
    text = _text(project, pipeline_id)
    file = _name(pipeline_id)
    document = _document(text, file)
    items = document.setdefault("triggers", [])
    if not isinstance(items, list):
        items = document["triggers"] = []
    entry = _find(items, project, pipeline_id, trigger)
    if entry is None:
        entry = {}
        items.append(entry)
        fresh = True
    else:
        fresh = False
    _fill(entry, trigger, pipeline_id, fresh=fresh)
    return _change(project, pipeline_id, text, document)


def removed(reader: Reader, project: Project, trigger: Trigger) -> save.Change:
    """Return the change that takes a trigger out of its pipeline's file.

    Raises:
        TriggerNotFound: when the file does not hold it.
    """
    pipeline_id = reader.resolve(project, trigger.pipeline)
    text = _text(project, pipeline_id)
    document = _document(text, _name(pipeline_id))
    items = document.get("triggers")
    entry = _find(items if isinstance(items, list) else [], project, pipeline_id, trigger)
    if entry is None:
        raise TriggerNotFound(f"{_name(pipeline_id)} has no trigger '{trigger.name}'.")
    document["triggers"] = [item for item in document["triggers"] if item is not entry]
    return _change(project, pipeline_id, text, document)


def _document(text: str | None, file: str) -> structure.Document:
    loaded = yaml_load.load(text, file) if text is not None else None
    return structure.copied(yaml_load.as_mapping(loaded, file)) if loaded is not None else {}


def _find(
    items: list[Any], project: Project, pipeline_id: str, trigger: Trigger
) -> dict[Any, Any] | None:
    """Return the entry of a trigger: by the id of its name (it may be renamed), else by name."""
    for item in items:
        if isinstance(item, dict):
            name = pipeline_yaml.text_of(item.get("name")) or ""
            if trigger_id(project, pipeline_id, name) == trigger.id:
                return item
    for item in items:
        if isinstance(item, dict) and pipeline_yaml.text_of(item.get("name")) == trigger.name:
            return item
    return None


def _fill(entry: dict[Any, Any], trigger: Trigger, pipeline_id: str, *, fresh: bool) -> None:
    own: dict[str, Any] = {}
    if trigger.zone != "UTC":
        own["zone"] = trigger.zone
    if trigger.missed != "latest":
        own["missed"] = trigger.missed
    settings = {key: value for key, value in dict(trigger.settings).items() if key != _OWN}
    sla = settings.pop("sla", None)
    skips = bool(settings.get("skip_if_previous_running"))
    if trigger.overlap != ("skip" if skips else "allow"):
        own["overlap"] = trigger.overlap
    if own:
        settings[_OWN] = own
    values: dict[str, Any] = {
        "description": trigger.description,
        "envs": [],
        "last_enabled_at": _said(trigger.enabled_at),
        "name": trigger.name,
        "pipeline_uuid": pipeline_id,
        "schedule_interval": trigger.schedule,
        "schedule_type": _TYPES.get(trigger.kind, trigger.kind),
        "settings": settings,
        "sla": sla,
        "start_time": _said(trigger.start),
        "status": "active" if trigger.enabled else "inactive",
        "token": None,
        "variables": dict(trigger.variables),
    }
    if fresh:
        entry.update(values)
        return
    for key, value in values.items():
        # What a trigger of ours does not know stays as the file has it.
        if key in ("envs", "token") or (key == "sla" and not _says_sla(entry, sla)):
            continue
        if key in ("last_enabled_at", "start_time"):
            if _moment(entry.get(key)) != _moment(value):
                entry[key] = value
        else:
            structure.put(entry, key, value)


def _says_sla(entry: Mapping[Any, Any], sla: Any) -> bool:
    """Whether an entry's `sla` is ours to write: it is set here, or was one we understood."""
    return sla is not None or positive(entry.get("sla")) is not None


def _change(
    project: Project, pipeline_id: str, text: str | None, document: structure.Document
) -> save.Change:
    file: Path = places.triggers_file(project.root, pipeline_id)
    new = (
        yaml_dump.dump(document)
        if text is None
        else edit.rewrite(text, document, _name(pipeline_id))
    )
    change = save.Change()
    if new != text:
        change.writes[file] = new.encode("utf-8")
    return change
