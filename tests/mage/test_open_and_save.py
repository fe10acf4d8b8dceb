"""Projects in Mage's format open, and saving without an edit changes no byte."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from odd_projects import PIPELINES, READABLE, contents, write_shop

from mage_jlab.errors import BrokenFile
from mage_jlab.files.workspace import Workspace
from mage_jlab.model.project import Project


@pytest.fixture(params=[(False, True), (True, True), (False, False), (True, False)])
def shop(tmp_path: Path, request: pytest.FixtureRequest) -> tuple[Workspace, Project]:
    crlf, final_newline = request.param
    write_shop(tmp_path / "root", crlf=crlf, final_newline=final_newline)
    workspace = Workspace(tmp_path / "root", tmp_path / "state")
    return workspace, workspace.project("shop")


def browsed(nb: Any) -> Any:
    """Return a notebook as it comes back from a browser: through JSON, with outputs."""
    nb = nbformat.from_dict(json.loads(json.dumps(nb)))
    for cell in nb.cells:
        if cell.cell_type == "code":
            cell.execution_count = 3
            cell.outputs = [nbformat.v4.new_output("stream", text="hello\n")]
        cell.metadata["mage_state"] = {"state": "completed"}
        cell.metadata["trusted"] = True
    return nb


def test_every_pipeline_opens_and_saves_byte_for_byte(
    shop: tuple[Workspace, Project], tmp_path: Path
) -> None:
    workspace, project = shop
    before = contents(tmp_path / "root")
    for pipeline_id in READABLE:
        nb = workspace.open_notebook(project, pipeline_id)
        nbformat.validate(nb)
        etag = workspace.etag(project, pipeline_id)
        workspace.save_notebook(project, pipeline_id, browsed(nb), etag=etag)
        assert workspace.etag(project, pipeline_id) == etag
        assert workspace.notebook_hash(browsed(nb)) == workspace.notebook_hash(nb)
    assert contents(tmp_path / "root") == before


def test_settings_that_say_the_same_change_no_byte(
    shop: tuple[Workspace, Project], tmp_path: Path
) -> None:
    workspace, project = shop
    before = contents(tmp_path / "root")
    for pipeline_id in READABLE:
        pipeline = workspace.load(project, pipeline_id)
        workspace.change_pipeline(
            project,
            pipeline_id,
            {
                "name": pipeline.name,
                "description": pipeline.description,
                "tags": list(pipeline.tags),
                "variables": dict(pipeline.variables),
                "kernel": pipeline.kernel,
                "executor_type": pipeline.executor_type,
                "retry_config": pipeline.retry_config,
                "concurrency": dict(pipeline.concurrency),
                "order": [block.id for block in pipeline if block.role == "block"],
            },
        )
        for block in pipeline:
            workspace.change_block(
                project,
                pipeline_id,
                block.id,
                {
                    "name": block.name,
                    "upstream": list(block.upstream),
                    "configuration": dict(block.configuration),
                    "retry_config": block.retry_config,
                    "timeout": block.timeout,
                    "executor_type": block.executor_type,
                    "executor_config": block.executor_config,
                    "color": block.color,
                    "language": block.language,
                },
            )
    assert contents(tmp_path / "root") == before


def test_a_broken_pipeline_disables_only_itself_and_says_its_line(
    shop: tuple[Workspace, Project],
) -> None:
    workspace, project = shop
    assert set(workspace.pipelines(project)) == set(PIPELINES)
    for pipeline_id, line in (("broken", 4), ("conflict", 2), ("empty", 1), ("a_list", 1)):
        with pytest.raises(BrokenFile) as caught:
            workspace.load(project, pipeline_id)
        assert caught.value.detail["line"] == line
        assert caught.value.detail["file"] == f"pipelines/{pipeline_id}/metadata.yaml"
        problems = workspace.check(project, pipeline_id)
        assert [(p.severity, p.line) for p in problems] == [("error", line)]


def test_a_broken_file_is_never_rewritten(shop: tuple[Workspace, Project], tmp_path: Path) -> None:
    workspace, project = shop
    before = contents(tmp_path / "root")
    for call in (
        lambda: workspace.change_pipeline(project, "broken", {"tags": ["x"]}),
        lambda: workspace.add_block(project, "broken", {"name": "x", "type": "custom"}),
        lambda: workspace.save_notebook(project, "broken", {"cells": [], "metadata": {}}),
    ):
        with pytest.raises(BrokenFile):
            call()
    assert contents(tmp_path / "root") == before
