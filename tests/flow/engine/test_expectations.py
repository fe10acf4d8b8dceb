"""Extension blocks in runs: expectations are tests of the step, inside the retry loop."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flow.engine.projects import block, running, step, write_pipeline

from tests.flow.kernel import environments

pytestmark = pytest.mark.timeout(900)

LOAD = """
import pandas as pd

@data_loader
def load(*args, **kwargs):
    return pd.DataFrame({'id': [kwargs['retry']['attempts'], None]})
"""
CHECK = """
@extension('great_expectations')
def validate(validator, *args, **kwargs):
    validator.expect_column_max_to_be_between('id', min_value=2)
"""


def pipeline(root: Path, **document: object) -> None:
    project = root / "p"
    said = [{"uuid": "check", "name": "check", "type": "extension", "language": "python",
             "upstream_blocks": ["load"]}]  # fmt: skip
    write_pipeline(
        project,
        "etl",
        {"load": block("data_loader", LOAD, retry_config={"retries": 2, "delay": 0.01})},
        extensions={"great_expectations": {"blocks": said}},
        **document,
    )
    (project / "extensions").mkdir(exist_ok=True)
    (project / "extensions" / "check.py").write_text(CHECK)


def test_a_run_tries_again_until_the_expectations_are_met(
    root: Path, mage_state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = environments.made(environments.expectations()[0])
    spec = tmp_path / "jupyter" / "kernels" / "checks"
    spec.mkdir(parents=True)
    argv = [python, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    said = {"argv": argv, "display_name": "checks", "language": "python"}
    (spec / "kernel.json").write_text(json.dumps(said))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    pipeline(root, executor_config={"kernel_name": "checks"})
    with running(root, mage_state) as engine:
        run = engine.wait(engine.submit("p", "etl").id, 120)
        assert run.state == "completed", run.error
        assert step(run, "load").attempt == 2
        first = engine.runs.earlier(run.id)["load"][0]
        assert "check: expect_column_max_to_be_between" in str(first.error)
        assert "found 1" in str(first.error)
        text = "\n".join(str(r["text"]) for r in engine.step_log(run.id, "load")[0])
        assert "1 test passed" in text


def test_a_run_without_the_package_names_it(root: Path, mage_state: Path) -> None:
    pipeline(root)
    with running(root, mage_state) as engine:
        run = engine.wait(engine.submit("p", "etl").id, 60)
        assert run.state == "failed"
        assert "pip install great_expectations" in str(step(run, "load").error)
