"""Global data products over REST."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.server.conftest import P

D = (*P, "data-products")


async def test_a_product_is_registered_changed_and_forgotten(ask: Any, jp_root_dir: Path) -> None:
    body = {
        "name": "Daily Numbers",
        "pipeline": "numbers",
        "outdated_after": {"seconds": 86400},
        "outdated_starting_at": {"hour_of_day": 6},
        "settings": {"double": 1},
    }
    made = await ask(*D, method="POST", body=body)
    assert made.status == 201, made.body
    assert made.json["id"] == "daily_numbers" and made.json["state"] == "never"
    assert made.json["words"] == (
        "Too old 1 day after its last run, but only from hour 6 of the day on (UTC)."
    )
    file = jp_root_dir / "demo" / "global_data_products.yaml"
    assert yaml.safe_load(file.read_text()) == {
        "daily_numbers": {
            "object_type": "pipeline",
            "object_uuid": "numbers",
            "outdated_after": {"seconds": 86400},
            "outdated_starting_at": {"hour_of_day": 6},
            "settings": {"double": {"partitions": 1}},
        }
    }
    assert (await ask(*D, method="POST", body=body)).status == 409
    # What a person or Mage wrote beside it stays.
    file.write_text("# ours\n" + file.read_text().replace("object_type", "extra: 1\n  object_type"))
    changed = await ask(
        *D, "daily_numbers", method="PATCH", body={"outdated_starting_at": {}, "settings": {}}
    )
    assert changed.status == 200, changed.body
    text = file.read_text()
    assert text.startswith("# ours\n") and "extra: 1" in text and "hour_of_day" not in text
    assert changed.json["words"] == "Too old 1 day after its last run."
    assert [item["id"] for item in (await ask(*D)).json["items"]] == ["daily_numbers"]
    assert (await ask(*D, "daily_numbers", method="DELETE")).status == 204
    assert (await ask(*D)).json["items"] == []
    assert (await ask(*D, "daily_numbers")).status == 404


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"pipeline": "nothing"}, "no pipeline 'nothing'"),
        ({"outdated_after": {"days": 1}}, "not 'days'"),
        ({"outdated_after": {"weeks": 0}}, "above 0"),
        ({"outdated_starting_at": {"hour_of_day": 24}}, "between 0 and 23"),
        ({"outdated_starting_at": {"noon": 1}}, "not 'noon'"),
        ({"settings": {"nobody": 1}}, "no block 'nobody'"),
        ({"settings": {"double": -1}}, "settings"),
        ({"name": "/"}, "cannot be used"),
    ],
)
async def test_what_makes_no_sense_is_refused(
    ask: Any, jp_root_dir: Path, change: Any, words: str
) -> None:
    body = {"name": "x", "pipeline": "numbers", **change}
    answer = await ask(*D, method="POST", body=body)
    assert answer.status == 400, answer.body
    assert words in answer.json["message"]
    assert not (jp_root_dir / "demo" / "global_data_products.yaml").exists()


async def test_a_broken_file_is_said(ask: Any, jp_root_dir: Path) -> None:
    file = jp_root_dir / "demo" / "global_data_products.yaml"
    file.write_text("a: [\n")
    assert (await ask(*D)).status == 422
    file.write_text("a: 1\nb: {object_uuid: nowhere, outdated_after: soon, settings: [1]}\n")
    (found,) = (await ask(*D)).json["items"]
    assert found["id"] == "b" and found["state"] == "broken"
    file.write_text("")
    assert (await ask(*D)).json["items"] == []


async def test_names_of_a_file_are_those_that_mage_makes_of_them(
    ask: Any, jp_root_dir: Path
) -> None:
    """A file that a person wrote, as the one that made it had it on another machine."""
    file = jp_root_dir / "demo" / "global_data_products.yaml"
    file.write_text(
        "Daily Numbers:\n  object_type: pipeline\n  object_uuid: numbers\n"
        "  project: elsewhere\n  repo_path: /home/src/elsewhere\n"
    )
    (found,) = (await ask(*D)).json["items"]
    assert (found["id"], found["state"]) == ("daily_numbers", "never")
    change = {"outdated_after": {"weeks": 1}}
    changed = await ask(*D, "daily_numbers", method="PATCH", body=change)
    assert changed.status == 200, changed.body
    said = yaml.safe_load(file.read_text())["Daily Numbers"]
    assert said["repo_path"] == "/home/src/elsewhere" and said["outdated_after"] == {"weeks": 1}
    again = await ask(*D, method="POST", body={"name": "daily numbers", "pipeline": "numbers"})
    assert again.status == 409
    assert (await ask(*D, "daily_numbers", method="DELETE")).status == 204
    assert yaml.safe_load(file.read_text()) == {}
