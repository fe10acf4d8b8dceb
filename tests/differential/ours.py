"""Runs the same pipelines by our engine and tells what came out in the same form."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from differential import together
from differential.plain import notes, plain
from flow.engine.projects import running

from mage_jlab.errors import MissingInput
from mage_jlab.model.trigger import API, Trigger
from mage_jlab.products import execution

STATES = {"skipped": "condition_failed"}


def run(
    root: Path, state: Path, pipelines: list[str], timeout: float = 300, **options: Any
) -> dict[str, Any]:
    """Run pipelines of the project ``shop`` one after the other."""
    found = {}
    with running(root, state, **options) as engine:
        name, value = together.SECRET
        engine.secrets(engine.workspace.project("shop")).put(name, value)
        store = engine.products(engine.workspace.project("shop"))
        for name in pipelines:
            trigger = engine.create_trigger(
                Trigger(name, "shop", name, "t", API, settings={"allow_blocks_to_fail": True})
            )
            ended = engine.wait(engine.submit("shop", name, trigger=trigger).id, timeout)
            steps = {}
            for step in ended.steps:
                values = None
                if step.state == "completed":
                    try:
                        read = execution.read_values(store.root, name, ended.id, step.block)
                        values = [plain(value) for value in read]
                    except MissingInput:
                        values = []
                steps[step.block] = {
                    "state": STATES.get(step.state, step.state),
                    "outputs": values,
                    "error": step.error,
                }
            found[name] = {"state": ended.state, "steps": steps}
    return {**found, "files": notes(root / "shop")}
