"""Hostile addresses and parameters: 400 or 404, and nothing outside is touched."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from tornado.httpclient import HTTPClientError

from tests.conftest import make_project, snapshot

HOSTILE = [
    "..",
    "../demo",
    "../../etc/passwd",
    "/etc/passwd",
    "demo/../../secret",
    "..%2f..%2fsecret",
    "%2e%2e",
    "%252e%252e%252fsecret",
    "demo\0",
    "demo%00",
    "C:\\Windows",
    "\\\\host\\share",
    "demo2",
    "DEMO",
    "-root",
    "$(touch secret)",
    "a" * 3000,
    "<script>alert(1)</script>",
    "ａ",
    "\u202edemo",
]
PLACES = [
    "projects/{}",
    "projects/{}/problems",
    "projects/{}/requirements",
    "projects/{}/pipelines",
    "projects/demo/pipelines/{}",
    "projects/demo/pipelines/{}/kernel",
    "projects/demo/pipelines/{}/outputs",
    "projects/demo/pipelines/{}/export",
    "projects/demo/pipelines/{}/blocks",
    "projects/demo/pipelines/numbers/blocks/{}",
    "triggers/{}",
    "runs/{}",
    "runs/{}/steps/x/log",
    "products/{}/numbers/double",
    "products/demo/{}/double",
    "products/demo/numbers/{}",
    "products/demo/numbers/double/{}/rows",
    "products/demo/numbers/double/{}/statistics",
    "products/demo/numbers/double/{}/download",
    "products/demo/numbers/double/{}/content",
    "products/demo/numbers/double?scope={}",
    "products/demo/numbers/double?version={}",
    "products/demo/numbers/double/output_0/rows?version={}",
    "runs?project={}",
    "runs?state={}",
    "triggers?project={}",
]


@pytest.fixture
def outside(jp_root_dir: Path, mage_project: Path) -> Path:
    """Things beside the project and beside the root that nobody may reach."""
    (jp_root_dir.parent / "secret").mkdir()
    (jp_root_dir.parent / "secret" / "metadata.yaml").write_text("secret: canary-4711\n")
    make_project(jp_root_dir.parent / "root_dir2")
    return jp_root_dir.parent


async def test_hostile_ids_are_not_found_and_nothing_is_touched(
    outside: Path, started: Any, http_server_client: Any, jp_auth_header: Any, jp_base_url: str
) -> None:
    before = snapshot(outside / "root_dir") | snapshot(outside / "secret")
    for place in PLACES:
        for value in HOSTILE:
            for coded in {quote(value, safe=""), quote(quote(value, safe=""), safe="")}:
                url = f"{jp_base_url}mage/api/{place.format(coded)}"
                try:
                    said = await http_server_client.fetch(
                        url, headers=dict(jp_auth_header), follow_redirects=False
                    )
                except HTTPClientError as error:
                    assert error.code in (400, 404), (place, value, error.code)
                    body = error.response.body if error.response else b""
                    assert b"Traceback" not in body and b"canary" not in body
                    assert str(outside).encode() not in body
                else:
                    pytest.fail(f"{place} {value!r} answered {said.code}")
    assert snapshot(outside / "root_dir") | snapshot(outside / "secret") == before


@pytest.mark.parametrize("value", HOSTILE)
async def test_hostile_paths_on_the_drive(
    value: str,
    outside: Path,
    started: Any,
    http_server_client: Any,
    jp_auth_header: Any,
    jp_base_url: str,
) -> None:
    before = snapshot(outside / "root_dir")
    for place in ("{}", "{}/numbers.ipynb", "demo/{}", "demo/{}.ipynb", "demo/numbers.ipynb/{}"):
        for coded in {quote(value, safe=""), quote(value, safe="/")}:
            for method in ("GET", "DELETE"):
                url = f"{jp_base_url}mage/contents/{place.format(coded)}"
                with pytest.raises(HTTPClientError) as caught:
                    await http_server_client.fetch(
                        url, method=method, headers=dict(jp_auth_header), follow_redirects=False
                    )
                assert caught.value.code in (301, 302, 400, 404, 405), (place, value)
    assert snapshot(outside / "root_dir") == before


async def test_hostile_names_in_bodies(ask: Any, outside: Path) -> None:
    api = ("mage", "api")
    names = ["../x", "a/../../b", "a\0b", ".", "..", "", " ", "x" * 300, "con"]
    for name in names:
        made = await ask(*api, "projects", "demo", "pipelines", method="POST", body={"name": name})
        assert made.status == 400 or "/" not in made.json["id"].replace(".", "/"), name
        block = {"name": name, "type": "transformer"}
        added = await ask(
            *api, "projects", "demo", "pipelines", "numbers", "blocks",
            method="POST", body=block, headers={"If-Match": "*"},
        )  # fmt: skip
        assert added.status == 400 or ".." not in added.json["id"], name
    for existing in ("../../secret/metadata.yaml", "/etc/passwd", "transformers/../../x.py"):
        block = {"name": "b", "type": "transformer", "existing": existing}
        added = await ask(
            *api, "projects", "demo", "pipelines", "numbers", "blocks",
            method="POST", body=block, headers={"If-Match": "*"},
        )  # fmt: skip
        assert added.status in (400, 404), existing
    for project in ("../secret", "demo/../demo", "/", "\0"):
        run = await ask(
            *api, "runs", method="POST", body={"project": project, "pipeline": "numbers"}
        )
        assert run.status == 404, project
    for pipeline in ("../numbers", "numbers/../numbers", "nümbers", ""):
        run = await ask(*api, "runs", method="POST", body={"project": "demo", "pipeline": pipeline})
        assert run.status == 404, pipeline
    assert not list(outside.glob("x*")) and not list(outside.glob("b*"))


async def test_a_link_out_of_the_project_is_not_followed(
    ask: Any, outside: Path, mage_project: Path
) -> None:
    target = outside / "secret" / "block.py"
    target.write_text("canary = 4711\n")
    (mage_project / "transformers/double.py").unlink()
    (mage_project / "transformers/double.py").symlink_to(target)
    block = await ask("mage", "api", "projects", "demo", "pipelines", "numbers", "blocks", "double")
    assert b"canary" not in block.body
    packed = await ask(
        "mage", "api", "projects", "demo", "pipelines", "numbers", "export",
        params={"format": "zip"},
    )  # fmt: skip
    assert b"canary" not in packed.body
    book = await ask("mage", "contents", "demo", "numbers.ipynb")
    assert b"canary" not in book.body
    assert target.read_text() == "canary = 4711\n"
