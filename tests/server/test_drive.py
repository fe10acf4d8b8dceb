"""The `mage` drive, as JupyterLab uses it."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import nbformat
import pytest

from tests.conftest import snapshot

DRIVE = ("mage", "contents")
BOOK = (*DRIVE, "demo", "numbers.ipynb")
FULL = {"content": 1, "hash": 1}


async def opened(ask: Any, *path: str) -> Any:
    answer = await ask(*(path or BOOK), params=FULL)
    assert answer.status == 200, answer.body
    return answer.json


async def saved(ask: Any, model: Any, *path: str) -> Any:
    body = {"type": "notebook", "format": "json", "content": model["content"]}
    return await ask(*(path or BOOK), method="PUT", body=body)


async def disk_hash(ask: Any) -> str:
    answer = await ask(*BOOK, params={"content": 0, "hash": 1})
    return str(answer.json["hash"])


async def test_folders(ask: Any) -> None:
    root = (await ask(*DRIVE)).json
    assert [(e["name"], e["type"]) for e in root["content"]] == [("demo", "directory")]
    demo = (await ask(*DRIVE, "demo")).json
    assert {(e["path"], e["type"]) for e in demo["content"]} == {
        ("demo/numbers.ipynb", "notebook"),
        ("demo/broken.ipynb", "notebook"),
    }
    assert (await ask(*DRIVE, "nothing")).status == 404
    assert (await ask(*DRIVE, "demo", "nothing.ipynb")).status == 404
    assert (await ask(*DRIVE, "demo", "metadata.yaml")).status == 404


async def test_opening_shows_the_blocks_and_runs_nothing(
    ask: Any, mage_project: Path, jp_serverapp: Any
) -> None:
    before = snapshot(mage_project)
    model = await opened(ask)
    book = nbformat.from_dict(model["content"])
    nbformat.validate(book)
    assert [cell.metadata.mage.uuid for cell in book.cells] == [
        "load_numbers",
        "double",
        "sub/count",
    ]
    assert [cell.id for cell in book.cells] == ["load_numbers", "double", "sub-scount"]
    assert book.metadata.mage.project == "demo"
    assert all(cell.metadata.trusted for cell in book.cells)
    assert model["hash"] == await disk_hash(ask)
    assert snapshot(mage_project) == before
    assert jp_serverapp.kernel_manager.list_kernel_ids() == []


async def test_saving_unchanged_changes_no_byte(ask: Any, mage_project: Path) -> None:
    before = snapshot(mage_project)
    model = await opened(ask)
    answer = await saved(ask, model)
    assert answer.status == 200, answer.body
    assert answer.json["hash"] == model["hash"], "no conflict at the next save"
    assert snapshot(mage_project) == before


async def test_an_edit_goes_into_its_file_only(ask: Any, mage_project: Path) -> None:
    before = snapshot(mage_project)
    model = await opened(ask)
    cell = model["content"]["cells"][1]
    cell["source"] = cell["source"].replace("* 2", "* 3")
    cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "noise"}]
    answer = await saved(ask, model)
    assert answer.status == 200 and answer.json["hash"] != model["hash"]
    after = snapshot(mage_project)
    assert {n for n in after if after[n] != before.get(n)} == {"transformers/double.py"}
    name = "transformers/double.py"
    assert after[name] == before[name].replace(b"* 2", b"* 3")


async def test_outputs_make_no_conflict_but_outside_edits_do(ask: Any, mage_project: Path) -> None:
    model = await opened(ask)
    noisy = copy.deepcopy(model)
    noisy["content"]["cells"][0]["outputs"] = [
        {"output_type": "stream", "name": "stdout", "text": "x"}
    ]
    noisy["content"]["cells"][0]["metadata"]["mage_state"] = {"state": "completed"}
    assert (await saved(ask, noisy)).json["hash"] == model["hash"]
    path = mage_project / "data_loaders/load_numbers.py"
    path.write_bytes(path.read_bytes() + b"\n# edited elsewhere\n")
    assert await disk_hash(ask) != model["hash"]
    again = await opened(ask)
    assert "# edited elsewhere" in again["content"]["cells"][0]["source"]


async def test_renaming(ask: Any, mage_project: Path) -> None:
    answer = await ask(*BOOK, method="PATCH", body={"path": "demo/More Numbers.ipynb"})
    assert answer.status == 200, answer.body
    assert answer.json["path"] == "demo/more_numbers.ipynb"
    assert (mage_project / "pipelines/more_numbers/metadata.yaml").is_file()
    assert not (mage_project / "pipelines/numbers").exists()
    assert (await ask(*BOOK)).status == 404
    assert len((await opened(ask, *DRIVE, "demo", "more_numbers.ipynb"))["content"]["cells"]) == 3
    taken = await ask(
        *DRIVE, "demo", "more_numbers.ipynb", method="PATCH", body={"path": "demo/broken.ipynb"}
    )
    assert taken.status == 409
    away = await ask(
        *DRIVE, "demo", "more_numbers.ipynb", method="PATCH", body={"path": "else/x.ipynb"}
    )
    assert away.status in (400, 404)


async def test_deleting_leaves_the_files_of_the_blocks(ask: Any, mage_project: Path) -> None:
    assert (await ask(*BOOK, method="DELETE")).status == 204
    assert not (mage_project / "pipelines/numbers").exists()
    assert (mage_project / "transformers/double.py").is_file()
    assert (await ask(*BOOK)).status == 404
    assert (await ask(*BOOK, method="DELETE")).status in (400, 404)


async def test_new_and_copied_notebooks_are_pipelines(ask: Any, mage_project: Path) -> None:
    made = await ask(*DRIVE, "demo", method="POST", body={"type": "notebook"})
    assert made.status == 201, made.body
    assert made.json["path"] == "demo/untitled.ipynb"
    assert (mage_project / "pipelines/untitled/metadata.yaml").is_file()
    copied = await ask(*DRIVE, "demo", method="POST", body={"copy_from": "demo/numbers.ipynb"})
    assert copied.status == 201, copied.body
    assert len((await opened(ask, *DRIVE, copied.json["path"]))["content"]["cells"]) == 3
    model = await opened(ask, *DRIVE, "demo", "untitled.ipynb")
    model["content"]["cells"] = [nbformat.v4.new_code_cell("print('hi')")]
    put = await saved(ask, model, *DRIVE, "demo", "brand new.ipynb")
    assert put.status == 201, put.body
    assert put.json["path"] == "demo/brand_new.ipynb"
    assert len((await opened(ask, *DRIVE, "demo", "brand_new.ipynb"))["content"]["cells"]) == 1
    folder = await ask(*DRIVE, "demo", method="POST", body={"type": "directory"})
    assert folder.status == 400


async def test_a_broken_pipeline_says_its_line_and_is_not_rewritten(
    ask: Any, mage_project: Path
) -> None:
    before = snapshot(mage_project)
    answer = await ask(*DRIVE, "demo", "broken.ipynb", params=FULL)
    assert answer.status == 422
    assert "line" in answer.json["message"] and answer.json["detail"]["line"]
    model = await opened(ask)
    put = await saved(ask, model, *DRIVE, "demo", "broken.ipynb")
    assert put.status == 422
    assert snapshot(mage_project) == before


@pytest.mark.parametrize(
    "content", [None, [], "x", {"cells": 1}, {"cells": [1]}, {"cells": [{}], "nbformat": 3}]
)
async def test_what_is_no_notebook_is_refused(ask: Any, mage_project: Path, content: Any) -> None:
    before = snapshot(mage_project)
    body = {"type": "notebook", "format": "json", "content": content}
    answer = await ask(*BOOK, method="PUT", body=body)
    assert answer.status == 400, answer.body
    assert snapshot(mage_project) == before
    text = await ask(*BOOK, method="PUT", body={"type": "file", "format": "text", "content": "x"})
    assert text.status == 400


async def test_checkpoints_are_accepted_and_never_there(ask: Any) -> None:
    made = await ask(*BOOK, "checkpoints", method="POST")
    assert made.status == 201 and json.loads(made.body)["id"]
    assert (await ask(*BOOK, "checkpoints")).json == []
    back = await ask(*BOOK, "checkpoints", "saved", method="POST")
    assert back.status == 409
