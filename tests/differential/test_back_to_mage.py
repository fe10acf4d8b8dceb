"""A project that was edited here still opens and runs in mage-ai 0.9.80.

The edits are made by our own code on files as Mage writes them; then mage-ai runs the pipelines
by its scheduler and by ``mage run``, as somebody would who goes back.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from differential.projects import block, load
from differential.test_mage import by_mage
from flow.engine.projects import write_pipeline

from mage_jlab.files.workspace import Workspace
from mage_jlab.model.project import Project
from mage_jlab.model.trigger import API, SCHEDULE, Trigger

SUM = "def f(a, *args, **kwargs):\n    return {'sum': sum(a), 'factor': kwargs.get('factor')}"
MORE = """@transformer
def more(numbers, *args, **kwargs):
    return [n * kwargs['factor'] for n in numbers]
"""


def original(folder: Path) -> None:
    """Two pipelines that share a block, and a trigger in code."""
    blocks = {
        "numbers": load("[1, 2, 3]"),
        "total": block("transformer", SUM, "numbers"),
        "gone": block("custom", "def f(*args, **kwargs):\n    return 1"),
    }
    write_pipeline(folder / "shop", "first", blocks, variables={"factor": 2})
    shared = {"numbers": load("[1, 2, 3]"), "other": block("transformer", SUM, "numbers")}
    write_pipeline(folder / "shop", "second", shared)
    root = folder / "shop"
    (root / "metadata.yaml").write_text(
        "project_type: standalone\nproject_uuid: abc\nhelp_improve_mage: false\n"
    )
    (root / "io_config.yaml").write_text("version: 0.1.1\ndefault: {}\n")
    (root / "__init__.py").touch()


def edited(folder: Path) -> tuple[Workspace, Project]:
    """Make every kind of edit there is."""
    workspace = Workspace(folder, folder / "state")
    project = workspace.project("shop")
    add: dict[str, Any] = {"type": "transformer", "name": "More numbers", "upstream": ["numbers"]}
    _, added = workspace.add_block(project, "first", add)
    path = next(b.path for b in workspace.load(project, "first").blocks if b.id == added)
    (folder / "shop" / str(path)).write_text(MORE)
    workspace.change_block(project, "first", "total", {"upstream": [added]})
    workspace.change_block(project, "second", "numbers", {"name": "the numbers"})
    workspace.remove_block(project, "first", "gone")
    workspace.change_pipeline(
        project, "first",
        {"order": ["total", "the_numbers", added], "variables": {"factor": 10, "word": "ü: x"},
         "tags": ["daily"], "description": "edited: here"},
    )  # fmt: skip
    workspace.change_pipeline(project, "second", {"name": "Second one"})
    workspace.create_pipeline(project, "copied", copy_of="first")
    for kind, name in ((SCHEDULE, "nightly"), (API, "called")):
        workspace.write_trigger(
            project,
            Trigger(name, project.id, "first", name, kind, "0 2 * * *" if kind == SCHEDULE else None,
                    variables={"factor": 3}, settings={"skip_if_previous_running": True}),
        )  # fmt: skip
    return workspace, project


def test_what_is_written_is_what_mage_reads(tmp_path: Path) -> None:
    original(tmp_path)
    workspace, project = edited(tmp_path)
    pipelines = sorted(str(item) for item in workspace.pipelines(project))
    assert pipelines == ["copied", "first", "second_one"]
    document = yaml.safe_load((tmp_path / "shop/pipelines/first/metadata.yaml").read_text())
    assert [entry["uuid"] for entry in document["blocks"]] == [
        "total",
        "the_numbers",
        "more_numbers",
    ]
    by_id = {entry["uuid"]: entry for entry in document["blocks"]}
    assert by_id["total"]["upstream_blocks"] == ["more_numbers"]
    assert by_id["the_numbers"]["downstream_blocks"] == ["more_numbers"]


@pytest.mark.mage_ai
@pytest.mark.timeout(300)
def test_mage_runs_it(tmp_path: Path) -> None:
    original(tmp_path)
    edited(tmp_path)
    found = by_mage(tmp_path, ["first", "second_one", "copied"])
    first = found["first"]["steps"]
    assert {name: run["state"] for name, run in found.items() if name != "files"} == {
        "first": "completed", "second_one": "completed", "copied": "completed",
    }  # fmt: skip
    assert first["more_numbers"]["outputs"] == [10, 20, 30]
    assert first["total"]["outputs"] == [{"sum": 60, "factor": 10}]
    assert found["second_one"]["steps"]["other"]["outputs"] == [{"sum": 6, "factor": None}]
    assert triggers_in_mage(tmp_path) == ["called api", "nightly time 0 2 * * *"]
    command = [str(Path(os.environ["MAGE_AI_PYTHON"]).with_name("mage")), "run", "shop", "first"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


def triggers_in_mage(folder: Path) -> list[str]:
    """The triggers of the pipeline as mage-ai reads them from its file."""
    program = (
        "import sys; sys.path.append('.')\n"
        "from mage_ai.settings.repo import set_repo_path; set_repo_path('shop')\n"
        "from mage_ai.data_preparation.models.triggers import get_triggers_by_pipeline\n"
        "for t in sorted(get_triggers_by_pipeline('first'), key=lambda t: t.name):\n"
        "    print('TRIGGER', t.name, t.schedule_type.value, t.schedule_interval or '')"
    )
    command = [os.environ["MAGE_AI_PYTHON"], "-c", program]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
    lines = [line for line in done.stdout.splitlines() if line.startswith("TRIGGER")]
    assert lines, done.stdout[-1000:] + done.stderr[-2000:]
    return [line.removeprefix("TRIGGER ").strip() for line in lines]
