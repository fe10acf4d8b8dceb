"""A notebook over REST: shown, edited, written once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.conftest import snapshot
from tests.notebooks import PENGUINS, notebook
from tests.server.conftest import P


async def show(ask: Any, **body: Any) -> Any:
    return await ask(*P, "notebook-draft", method="POST", body=body)


async def make(ask: Any, **body: Any) -> Any:
    return await ask(*P, "notebook-import", method="POST", body=body)


async def test_shown_edited_and_written(ask: Any, jp_root_dir: Path, mage_project: Path) -> None:
    (jp_root_dir / "work").mkdir()
    (jp_root_dir / "work" / "birds.ipynb").write_bytes(notebook(*PENGUINS))
    path = "work/birds.ipynb"
    before = snapshot(mage_project)
    draft = (await show(ask, path=path)).json
    assert draft["name"] == "birds" and len(draft["blocks"]) == 6
    assert draft["blocks"][4]["upstream"] == ["1", "2", "3"]
    edits = [{"key": "2", "name": "Tidy up", "type": "custom"}]
    edited = (await show(ask, path=path, blocks=edits, name="Birds!")).json
    assert edited["blocks"][2]["id"] == "tidy_up" and "@custom" in edited["blocks"][2]["code"]
    assert snapshot(mage_project) == before
    body = {"path": path, "blocks": edits, "name": "Birds!", "etag": draft["etag"]}
    made = await make(ask, **body)
    assert made.status == 201, made.body
    assert made.json["id"] == "birds_"
    assert (mage_project / "custom" / "tidy_up.py").is_file()
    assert (await make(ask, **body)).status == 409
    assert (await make(ask, **{**body, "name": "other", "etag": "old"})).status == 412


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"path": "../birds.ipynb"}, 400),
        ({"path": "/etc/passwd"}, 400),
        ({"path": "nothing.ipynb"}, 404),
        ({"path": "demo/metadata.yaml"}, 400),
        ({"path": "bad.ipynb"}, 422),
        ({"path": "good.ipynb", "blocks": [{"key": "77"}]}, 400),
        ({"path": "good.ipynb", "blocks": [{"key": "0", "type": "dbt"}]}, 400),
        ({"path": "good.ipynb", "blocks": [{"key": "0", "upstream": ["0"]}]}, 409),
        ({"path": "good.ipynb", "name": ".."}, 400),
    ],
)
async def test_bad_input_writes_nothing(
    ask: Any, jp_root_dir: Path, mage_project: Path, body: dict[str, Any], status: int
) -> None:
    (jp_root_dir / "bad.ipynb").write_bytes(notebook("x = (1"))
    (jp_root_dir / "good.ipynb").write_bytes(notebook("x = 1\nx += 1"))
    before = snapshot(mage_project)
    answer = await make(ask, **body)
    assert answer.status == status, answer.body
    assert snapshot(mage_project) == before
