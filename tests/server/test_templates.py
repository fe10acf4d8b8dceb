"""Templates of a project and forms of its pipelines over REST."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.server.conftest import N, P


async def test_saving_and_using_templates(ask: Any) -> None:
    body = {"name": "Twice", "pipeline": "numbers", "block": "double", "description": "doubles"}
    made = await ask(*P, "templates", method="POST", body=body)
    assert made.status == 201, made.body
    assert (await ask(*P, "templates", method="POST", body=body)).status == 409
    listed = (await ask("mage", "api", "templates", params={"project": "demo"})).json["items"]
    (own,) = [item for item in listed if item["own"]]
    assert own["id"] == "custom/twice" and own["description"] == "doubles"
    missing = await ask(*P, "templates", method="POST", body={**body, "block": "nobody"})
    assert missing.status == 404
    whole = {"name": "Numbers again", "pipeline": "numbers"}
    made = await ask(*P, "templates", method="POST", body=whole)
    assert made.json["blocks"] >= 3
    assert [item["name"] for item in (await ask(*P, "templates")).json["items"]] == [
        "Numbers again"
    ]
    pipeline = await ask(
        *P, "pipelines", method="POST", body={"name": "third", "template": made.json["id"]}
    )
    assert pipeline.status == 201, pipeline.body
    assert pipeline.json["id"] == "third" and len(pipeline.json["blocks"]) >= 3
    wrong = await ask(*P, "pipelines", method="POST", body={"name": "x", "template": "no"})
    assert wrong.status == 400


async def test_forms_of_a_pipeline(ask: Any, jp_root_dir: Path) -> None:
    assert (await ask(*N, "interactions")).json["items"] == []
    (jp_root_dir / "demo/interactions").mkdir()
    (jp_root_dir / "demo/interactions/who.yaml").write_text(
        "inputs:\n  a: {type: switch}\nvariables:\n  loud: {input: a, types: [boolean]}\n"
    )
    (jp_root_dir / "demo/pipelines/numbers/interactions.yaml").write_text(
        "blocks:\n  double:\n  - uuid: who\n"
    )
    (form,) = (await ask(*N, "interactions")).json["items"]
    assert form["rows"][0][0]["input"] == "switch" and form["rows"][0][0]["types"] == ["boolean"]
