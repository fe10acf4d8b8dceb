"""Taking over from a Mage database, also from an old one, and twice."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from mage_jlab.db.history import import_history
from mage_jlab.db.roots import Root
from mage_jlab.db.runs import RunStore
from mage_jlab.db.session import Database
from mage_jlab.db.triggers import TriggerStore
from mage_jlab.errors import BadRequest
from mage_jlab.ids import ProjectId
from mage_jlab.model.project import Project

OLD = """
CREATE TABLE pipeline_schedule (id INTEGER PRIMARY KEY, created_at DATETIME, updated_at DATETIME,
  name VARCHAR, pipeline_uuid VARCHAR, schedule_type VARCHAR, start_time DATETIME,
  schedule_interval VARCHAR, status VARCHAR, variables JSON, sla INTEGER, token VARCHAR,
  repo_path VARCHAR, settings JSON);
CREATE TABLE pipeline_run (id INTEGER PRIMARY KEY, created_at DATETIME, pipeline_schedule_id INTEGER,
  pipeline_uuid VARCHAR, execution_date DATETIME, status VARCHAR, completed_at DATETIME,
  variables JSON);
CREATE TABLE block_run (id INTEGER PRIMARY KEY, created_at DATETIME, pipeline_run_id INTEGER,
  block_uuid VARCHAR, status VARCHAR, started_at DATETIME, completed_at DATETIME, metrics JSON);
INSERT INTO pipeline_schedule VALUES (1, '2023-01-01 00:00:00', NULL, 'daily', 'one', 'TIME',
  '2023-01-01 00:00:00', '@daily', 'ACTIVE', '{"x": 1}', NULL, 'secret-token', '/p',
  '{"skip_if_previous_running": true}');
INSERT INTO pipeline_schedule VALUES (2, '2023-01-01 00:00:00', NULL, 'other', 'gone', 'API', NULL,
  NULL, 'ACTIVE', NULL, NULL, NULL, '/p', NULL);
INSERT INTO pipeline_run VALUES (10, '2023-01-02 00:00:01.5', 1, 'one', '2023-01-02 00:00:00',
  'COMPLETED', '2023-01-02 00:01:00', '{}');
INSERT INTO pipeline_run VALUES (11, '2023-01-03 00:00:01', 1, 'one', '2023-01-03 00:00:00',
  'FAILED', NULL, NULL);
INSERT INTO pipeline_run VALUES (12, '2023-01-04 00:00:01', 1, 'one', '2023-01-04 00:00:00',
  'RUNNING', NULL, NULL);
INSERT INTO block_run VALUES (1, NULL, 10, 'load', 'COMPLETED', '2023-01-02 00:00:02',
  '2023-01-02 00:00:30', NULL);
INSERT INTO block_run VALUES (2, NULL, 11, 'load', 'FAILED', '2023-01-03 00:00:02',
  '2023-01-03 00:00:30', '{"error": {"error": "ValueError: bad"}}');
INSERT INTO block_run VALUES (3, NULL, 11, 'save', 'UPSTREAM_FAILED', NULL, NULL, NULL);
"""


def test_an_old_database_twice(tmp_path: Path) -> None:
    file = tmp_path / "mage-ai.db"
    connection = sqlite3.connect(file)
    connection.executescript(OLD)
    connection.close()
    before = file.read_bytes()
    root = Root(tmp_path)
    database = Database.file(tmp_path / "mage.db")
    database.prepare()
    project = Project(ProjectId("p"), "p", tmp_path / "p")
    found = import_history(database, root, project, file, ["one"])
    assert (found.triggers, found.runs, found.variables) == (1, 3, 1)
    assert any("gone" in note for note in found.notes)
    again = import_history(database, root, project, file, ["one"])
    assert (again.triggers, again.runs) == (0, 0)
    assert file.read_bytes() == before
    trigger = TriggerStore(database, root).list()[0]
    assert (trigger.name, trigger.schedule, trigger.enabled) == ("daily", "@daily", False)
    assert trigger.overlap == "skip" and trigger.variables == {"x": 1}
    runs = RunStore(database, root)
    listed, _ = runs.list("p")
    assert [run.state for run in listed] == ["interrupted", "failed", "completed"]
    assert {run.trigger for run in listed} == {trigger.id}
    assert runs.usual("p", "one") == 58
    failed = runs.get(listed[1].id)
    assert [(s.block, s.state, s.error) for s in failed.steps] == [
        ("load", "failed", "ValueError: bad"), ("save", "upstream_failed", None),
    ]  # fmt: skip
    database.close()


def test_something_else_is_refused(tmp_path: Path) -> None:
    database = Database.file(tmp_path / "mage.db")
    database.prepare()
    project = Project(ProjectId("p"), "p", tmp_path / "p")
    text = tmp_path / "x.db"
    text.write_text("hello")
    for file in (text, tmp_path / "absent.db", tmp_path / "mage.db"):
        with pytest.raises(BadRequest):
            import_history(database, Root(tmp_path), project, file, [])
    database.close()
