"""triggers.yaml read and written; the snapshot a run works on."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

import pytest
import yaml
from shops import changed, contents, make

from mage_jlab.errors import TriggerNotFound
from mage_jlab.model.trigger import Trigger

TRIGGERS = """\
# By hand.
triggers:
- name: nightly
  pipeline_uuid: orders
  schedule_type: time
  schedule_interval: '0 2 * * *'   # two o'clock
  start_time: 2024-05-01 00:00:00
  status: active
  last_enabled_at: 2024-05-01 08:00:00
  sla: 3600
  variables: {country: ES}
  settings: {skip_if_previous_running: true, timeout: 7200}
  envs: [prod]
  description: null
  token: null
- name: called
  schedule_type: api
  status: inactive
  token: 0123456789abcdef
- just text
- {schedule_type: time}
"""


def test_triggers_are_read(tmp_path: Path) -> None:
    workspace, project = make(tmp_path)
    (project.root / "pipelines/orders/triggers.yaml").write_text(TRIGGERS)
    nightly, called = workspace.file_triggers(project)
    assert nightly == workspace.file_triggers(project)[0]
    assert (nightly.name, nightly.kind, nightly.schedule) == ("nightly", "schedule", "0 2 * * *")
    assert (nightly.zone, nightly.enabled, nightly.source) == ("UTC", True, "file")
    assert nightly.start == datetime(2024, 5, 1, tzinfo=timezone.utc)
    assert nightly.enabled_at == datetime(2024, 5, 1, 8, tzinfo=timezone.utc)
    assert nightly.variables == {"country": "ES"}
    assert nightly.settings == {
        "skip_if_previous_running": True, "timeout": 7200, "sla": 3600,
    }  # fmt: skip
    assert nightly.overlap == "skip"
    assert (called.kind, called.enabled, called.overlap) == ("api", False, "allow")
    assert nightly.id != called.id


@pytest.mark.parametrize("text", ["triggers: [", "- 1\n", "", "triggers: text\n", "{}\n"])
def test_a_broken_file_gives_no_triggers_and_is_named(tmp_path: Path, text: str) -> None:
    workspace, project = make(tmp_path)
    (project.root / "pipelines/orders/triggers.yaml").write_text(text)
    (project.root / "pipelines/other/triggers.yaml").write_text(TRIGGERS)
    assert [t.pipeline for t in workspace.file_triggers(project)] == ["other", "other"]
    named = [p for p in workspace.check(project) if p.file and p.file.endswith("triggers.yaml")]
    assert bool(named) == (text in ("triggers: [", "- 1\n"))


def test_writing_an_unchanged_trigger_changes_no_byte(tmp_path: Path) -> None:
    workspace, project = make(tmp_path)
    file = project.root / "pipelines/orders/triggers.yaml"
    file.write_bytes(TRIGGERS.replace("\n", "\r\n").encode())
    before = contents(project.root)
    workspace.write_trigger(project, workspace.file_triggers(project)[0])
    assert changed(before, contents(project.root)) == {}


def test_a_changed_trigger_touches_its_lines(tmp_path: Path) -> None:
    workspace, project = make(tmp_path)
    file = project.root / "pipelines/orders/triggers.yaml"
    file.write_text(TRIGGERS)
    nightly = workspace.file_triggers(project)[0]
    workspace.write_trigger(
        project,
        dataclasses.replace(nightly, schedule="0 3 * * *", enabled=False, zone="Europe/Madrid"),
    )
    text = file.read_text()
    assert "schedule_interval: 0 3 * * *   # two o'clock" in text
    assert "status: inactive\n  last_enabled_at" in text
    assert "envs: [prod]" in text
    again = workspace.file_triggers(project)[0]
    assert (again.schedule, again.enabled, again.zone) == ("0 3 * * *", False, "Europe/Madrid")
    assert again.id == nightly.id


def test_a_renamed_trigger_keeps_its_entry(tmp_path: Path) -> None:
    workspace, project = make(tmp_path)
    file = project.root / "pipelines/orders/triggers.yaml"
    file.write_text(TRIGGERS)
    nightly = workspace.file_triggers(project)[0]
    workspace.write_trigger(project, dataclasses.replace(nightly, name="at night"))
    assert [t.name for t in workspace.file_triggers(project)] == ["at night", "called"]
    assert "sla: 3600" in file.read_text()
    assert nightly.settings["sla"] == 3600
    stricter = dataclasses.replace(
        workspace.file_triggers(project)[0], settings={**nightly.settings, "sla": 60}
    )
    workspace.write_trigger(project, stricter)
    assert "sla: 60\n" in file.read_text() and "sla: 3600" not in file.read_text()


def test_a_new_trigger_and_its_removal(tmp_path: Path) -> None:
    workspace, project = make(tmp_path)
    trigger = Trigger(
        id="t1",
        project="shop",
        pipeline="orders",
        name="hourly",
        schedule="@hourly",
        zone="Europe/Berlin",
        enabled=True,
        variables={"a": 1},
        settings={"timeout": 5},
        missed="none",
        overlap="queue",
        start=datetime(2024, 1, 1, 12, tzinfo=timezone.utc),
        enabled_at=datetime(2024, 1, 2, tzinfo=timezone.utc),
    )
    workspace.write_trigger(project, trigger)
    file = project.root / "pipelines/orders/triggers.yaml"
    entry = yaml.safe_load(file.read_text())["triggers"][0]
    assert entry["pipeline_uuid"] == "orders"
    assert entry["schedule_type"] == "time"
    assert entry["start_time"] == datetime(2024, 1, 1, 12)
    (back,) = workspace.file_triggers(project)
    for key in ("name", "schedule", "zone", "enabled", "variables", "settings", "missed",
                "overlap", "start", "enabled_at"):  # fmt: skip
        assert getattr(back, key) == getattr(trigger, key), key
    workspace.write_trigger(project, dataclasses.replace(trigger, name="second", id="t2"))
    workspace.remove_trigger(project, trigger)
    assert [t.name for t in workspace.file_triggers(project)] == ["second"]
    with pytest.raises(TriggerNotFound):
        workspace.remove_trigger(project, trigger)


def test_a_snapshot_holds_the_code_and_not_the_data(tmp_path: Path) -> None:
    workspace, project = make(tmp_path)
    for relative in ("utils/tools.py", "data/big.csv", "venv/lib.py", ".git/x.py", "secrets/k.py"):
        file = project.root / relative
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("value = 1\n")
    (tmp_path / "outside.py").write_text("secret = 1\n")
    (project.root / "utils/link.py").symlink_to(tmp_path / "outside.py")
    snapshot = workspace.snapshot(project, "orders", tmp_path / "snap")
    assert snapshot.root == tmp_path / "snap/shop"
    found = set(contents(snapshot.root))
    assert {"utils/tools.py", "data_loaders/load.py", "metadata.yaml", "markdowns/notes.md",
            "pipelines/orders/metadata.yaml"} <= found  # fmt: skip
    assert not [n for n in found if n.split("/")[0] in ("data", "venv", ".git", "secrets")]
    assert "utils/link.py" not in found
    assert snapshot.sources["clean"] == "cleaned = 1\nmore = 2"
    (project.root / "transformers/clean.py").write_text("other = 1\n")
    (project.root / "utils/tools.py").write_text("value = 2\n")
    again = workspace.snapshot(project, "orders", tmp_path / "again")
    assert again.code_hash != snapshot.code_hash
    code = "from shop.utils.tools import value; print(value)"
    for target, value in (("snap", "1"), ("again", "2")):
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path / target, capture_output=True, text=True
        )
        assert done.stdout.strip() == value


def test_a_snapshot_of_a_pipeline_with_a_missing_file(tmp_path: Path) -> None:
    workspace, project = make(tmp_path)
    (project.root / "data_loaders/load.py").unlink()
    snapshot = workspace.snapshot(project, "orders", tmp_path / "snap")
    assert "load" not in snapshot.sources
    assert snapshot.pipeline.block("load").path == "data_loaders/load.py"
