"""A notebook and the pipeline that is made of it give the same values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mage_jlab.errors import AlreadyExists, Changed, MageError
from mage_jlab.files.from_notebook.draft import Edit
from mage_jlab.files.workspace import Workspace
from tests.conftest import snapshot
from tests.flow.engine.projects import running
from tests.notebooks import PENGUINS, notebook


def run_cells(data: bytes, folder: Path) -> dict[str, Any]:
    """Run a notebook as plain Jupyter does, in a kernel; return what its cells set."""
    import nbformat
    from nbclient import NotebookClient

    document = nbformat.reads(data.decode(), as_version=4)
    names = "('summary', 'heaviest', 'names')"
    document.cells.append(
        nbformat.v4.new_code_cell(
            f"import json; print(json.dumps([globals()[n] for n in {names}]))"
        )
    )
    NotebookClient(document, timeout=120, resources={"metadata": {"path": str(folder)}}).execute()
    values = json.loads(document.cells[-1].outputs[0]["text"])
    return dict(zip(("summary", "heaviest", "names"), values, strict=True))


def test_the_pipeline_gives_what_the_notebook_gave(tmp_path: Path, mage_state: Path) -> None:
    data = notebook(*PENGUINS)
    expected = run_cells(data, tmp_path)
    root = tmp_path / "root"
    root.mkdir()
    with running(root, mage_state) as engine:
        project = engine.workspace.create_project("p")
        made = engine.workspace.import_notebook(project, data, "penguins.ipynb")
        assert made.id == "penguins"
        assert not [item for item in engine.workspace.check(project) if item.severity == "error"]
        run = engine.wait(engine.submit("p", made.id).id, 120)
        logs = {step.block: engine.step_log(run.id, step.block)[0] for step in run.steps}
        assert run.state == "completed", (run.error, logs)
        files = list((mage_state / "projects").rglob("*.json"))
        stored = [json.loads(f.read_text()) for f in files if f.name.startswith("output_0")]
        assert expected["summary"] in stored, stored


def test_nothing_is_written_when_it_cannot_be_made(tmp_path: Path, mage_state: Path) -> None:
    workspace = Workspace(tmp_path, mage_state)
    project = workspace.create_project("p")
    data = notebook(*PENGUINS)
    draft = workspace.propose_import(project, data, "penguins.ipynb")
    before = snapshot(project.root)
    for bad, more in (
        (notebook("x = 1", "y ="), {}),
        (data + b" ", {"etag": draft.etag}),
        (data, {"name": ".."}),
        (data, {"edits": [Edit(str(n), skip=True) for n in range(6)]}),
        (data, {"edits": [Edit("1", type="chart")]}),
    ):
        with pytest.raises(MageError) as caught:
            workspace.import_notebook(project, bad, "penguins.ipynb", **more)
        assert caught.value.status < 500
        assert snapshot(project.root) == before
    with pytest.raises(Changed):
        workspace.import_notebook(project, data + b" ", "penguins.ipynb", etag=draft.etag)
    workspace.import_notebook(project, data, "penguins.ipynb", etag=draft.etag)
    with pytest.raises(AlreadyExists):
        workspace.import_notebook(project, data, "penguins.ipynb")
    again = workspace.import_notebook(project, data, "penguins.ipynb", name="other")
    assert "clean_2" in again.ids
