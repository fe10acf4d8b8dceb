"""`mage-jlab trigger`: what runs by itself, and when."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from mage_jlab.cli import opening
from mage_jlab.cli.output import Output, plain, when
from mage_jlab.cli.values import moment, variable
from mage_jlab.db.roots import Root
from mage_jlab.errors import InvalidTrigger
from mage_jlab.model.trigger import SCHEDULE, Trigger
from mage_jlab.schedule import due


def ls(arguments: Namespace, output: Output) -> int:
    """List triggers; those new in triggers.yaml are taken over first (switched off)."""
    _, triggers, root = opening.everywhere()
    project = None
    if arguments.project is not None:
        engine, found = opening.project(arguments.project)
        engine.open()
        engine.sync_file_triggers(found)
        project = root.seen(str(found.root))
    items = triggers.list(project)
    output.give({"items": [_said(item, root) for item in items], "next": None})
    output.table(
        ("id", "pipeline", "name", "on", "schedule", "next"),
        [
            (
                item.id, item.pipeline, item.name, "on" if item.enabled else "off",
                due.words(item.schedule, item.zone) if _valid(item) else item.schedule,
                when(due.coming(item)),
            )
            for item in items
        ],
    )  # fmt: skip
    if not items:
        output.say("No triggers yet. Add one with: mage-jlab trigger add PROJECT PIPELINE NAME")
    return 0


def add(arguments: Namespace, output: Output) -> int:
    """Add a trigger. It fires at its next time, never at once."""
    engine, project = opening.project(arguments.project, arguments.root)
    pipeline = opening.pipeline(engine, project, arguments.pipeline)
    engine.open()
    made = engine.create_trigger(
        Trigger(
            id="",
            project=project.id,
            pipeline=pipeline,
            name=arguments.name,
            kind=SCHEDULE,
            schedule=arguments.schedule,
            zone=arguments.zone,
            enabled=not arguments.disabled,
            variables=dict(variable(item) for item in arguments.var),
            missed=arguments.missed,
            overlap=arguments.overlap,
            start=moment(arguments.start),
            description=arguments.description,
        ),
        save_in_code=arguments.save_in_code,
    )
    return _answer(made, output, "Added")


def enable(arguments: Namespace, output: Output) -> int:
    """Switch a trigger on."""
    return _switch(arguments, output, enabled=True)


def disable(arguments: Namespace, output: Output) -> int:
    """Switch a trigger off."""
    return _switch(arguments, output, enabled=False)


def rm(arguments: Namespace, output: Output) -> int:
    """Remove a trigger; its runs stay."""
    _, triggers, _ = opening.everywhere()
    trigger = triggers.get(arguments.trigger)
    engine, _ = opening.of_stored(trigger.project)
    engine.open()
    engine.delete_trigger(trigger.id)
    output.give({"removed": trigger.id})
    output.say(f"Removed trigger {trigger.name}.")
    return 0


def _switch(arguments: Namespace, output: Output, *, enabled: bool) -> int:
    _, triggers, _ = opening.everywhere()
    trigger = triggers.get(arguments.trigger)
    engine, _ = opening.of_stored(trigger.project)
    engine.open()
    changed = engine.change_trigger(trigger.id, {"enabled": enabled})
    return _answer(changed, output, "Switched on" if enabled else "Switched off")


def _answer(trigger: Trigger, output: Output, done: str) -> int:
    output.give(_said(trigger, None))
    output.say(f"{done}: {trigger.name} ({trigger.id})")
    if trigger.schedule and _valid(trigger):
        output.say(f"  {due.words(trigger.schedule, trigger.zone)}")
        for note in due.notes(trigger.schedule, trigger.zone):
            output.say(f"  {note}")
    following = due.coming(trigger)
    if following is not None:
        output.say(f"  Next: {when(following)} (while a Jupyter server with mage-jlab runs)")
    return 0


def _said(trigger: Trigger, root: Root | None) -> dict[str, Any]:
    said: dict[str, Any] = plain(trigger)
    if root is not None:
        said["project"] = f"/{trigger.project}"
    return said | {
        "words": due.words(trigger.schedule, trigger.zone) if _valid(trigger) else None,
        "next_fire": plain(due.coming(trigger)),
    }


def _valid(trigger: Trigger) -> bool:
    try:
        due.validate(trigger.schedule, trigger.zone)
    except InvalidTrigger:
        return False
    return True
