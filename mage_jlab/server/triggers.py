"""Triggers: list, make, change, delete, preview, run now."""

from __future__ import annotations

from datetime import datetime, timezone
from zoneinfo import ZoneInfo

from mage_jlab import clock
from mage_jlab.model.trigger import Trigger
from mage_jlab.schedule import due
from mage_jlab.server import lookup, views, wire
from mage_jlab.server.base import PAGING, MageHandler, Query, operation
from mage_jlab.server.pipelines import given

TRIGGERS = "mage_triggers"


class TriggersHandler(MageHandler):
    """All triggers."""

    @operation(
        "read",
        TRIGGERS,
        answer=wire.Page[wire.Trigger],
        query=(
            Query("project", str, "slug of a project"),
            Query("pipeline", str, "id of a pipeline"),
            *PAGING,
        ),
        errors=(404,),
    )
    def get(self) -> wire.Page[wire.Trigger]:
        """List triggers with their next fire time and last run."""
        wanted = self.text("project")
        projects = (
            [lookup.project(self.engine, wanted)] if wanted else self.engine.workspace.projects()
        )
        pipeline = self.text("pipeline")
        ids = [of.id for of in projects]
        page = self.page_of(
            lambda start, limit: self.engine.triggers.page(ids, pipeline, start, limit)
        )
        return wire.Page(views.triggers(self.engine, page.items), page.next)

    @operation(
        "write",
        TRIGGERS,
        answer=wire.Trigger,
        body=wire.TriggerCreate,
        status=201,
        errors=(404, 409),
    )
    def post(self) -> wire.Trigger:
        """Make a trigger. It fires at its next time, never at once."""
        wanted = self.read(wire.TriggerCreate)
        self.sized(wanted.variables)
        of = lookup.project(self.engine, wanted.project)
        trigger = Trigger(
            id="",
            project=of.id,
            pipeline=lookup.named_pipeline(self.engine, of, wanted.pipeline),
            name=wanted.name,
            kind=wanted.kind,
            schedule=wanted.schedule,
            zone=wanted.zone,
            enabled=wanted.enabled,
            variables=wanted.variables,
            settings=wanted.settings,
            missed=wanted.missed,
            overlap=wanted.overlap,
            start=lookup.aware(wanted.start),
            description=wanted.description,
        )
        made = self.engine.create_trigger(trigger, save_in_code=wanted.save_in_code)
        return views.triggers(self.engine, [made])[0]


class TriggerHandler(MageHandler):
    """One trigger."""

    @operation("read", TRIGGERS, answer=wire.Trigger, errors=(404,))
    def get(self, trigger: str) -> wire.Trigger:
        """Read a trigger."""
        return views.triggers(self.engine, [self.engine.triggers.get(trigger)])[0]

    @operation("write", TRIGGERS, answer=wire.Trigger, body=wire.TriggerChange, errors=(404, 409))
    def patch(self, trigger: str) -> wire.Trigger:
        """Change a trigger. Editing never fires."""
        item = self.engine.triggers.get(trigger)
        changes = given(self.read(wire.TriggerChange))
        self.sized(changes.get("variables", {}))
        if "start" in changes:
            changes["start"] = lookup.aware(changes["start"])
        in_code = changes.pop("save_in_code", None)
        changed = self.engine.change_trigger(item.id, changes, save_in_code=in_code)
        return views.triggers(self.engine, [changed])[0]

    @operation("write", TRIGGERS, status=204, errors=(404,))
    def delete(self, trigger: str) -> None:
        """Delete a trigger; its runs stay."""
        self.engine.delete_trigger(self.engine.triggers.get(trigger).id)


class TriggerRunHandler(MageHandler):
    """Running a trigger's pipeline now."""

    @operation("execute", TRIGGERS, answer=wire.Run, status=202, errors=(404, 422))
    def post(self, trigger: str) -> wire.Run:
        """Run a trigger's pipeline now, with the trigger's variables."""
        item = self.engine.triggers.get(trigger)
        return views.run(self.engine.run_trigger(item.id, user=self.user))


class PreviewHandler(MageHandler):
    """What a schedule means."""

    @operation("read", TRIGGERS, answer=wire.SchedulePreview, body=wire.SchedulePreviewRequest)
    def post(self) -> wire.SchedulePreview:
        """Say in words when a schedule fires, and its next fire times."""
        wanted = self.read(wire.SchedulePreviewRequest)
        due.validate(wanted.schedule, wanted.zone)
        fires = due.next_fires(wanted.schedule, wanted.zone, clock.now(), wanted.count)
        zone = ZoneInfo(wanted.zone)
        return wire.SchedulePreview(
            words=due.words(wanted.schedule, wanted.zone),
            fires=[
                wire.Fire(_utc(fire), f"{fire.astimezone(zone):%Y-%m-%d %H:%M}") for fire in fires
            ],
            notes=list(due.notes(wanted.schedule, wanted.zone)),
        )


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(timezone.utc)
