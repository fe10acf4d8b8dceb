"""Outputs that are no tables: shown safely, never unpickled by the server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import write
from tests.server.conftest import run_to_end

API = ("mage", "api")
PIPELINE = "name: kinds\ntype: python\nuuid: kinds\nblocks:\n"
BLOCK = """\
- uuid: {0}
  name: {0}
  type: data_loader
  language: python
  upstream_blocks: []
"""
SOURCES = {
    "odd": """
        class Odd:
            def __reduce__(self):
                return (open, (CANARY, 'w'))

        @data_loader
        def odd(*args, **kwargs):
            return Odd()
        """,
    "figure": """
        @data_loader
        def figure(*args, **kwargs):
            from matplotlib.figure import Figure
            made = Figure()
            made.add_subplot().plot([1, 2, 3])
            return made
        """,
    "words": """
        @data_loader
        def words(*args, **kwargs):
            return '<script>alert(1)</script>'
        """,
    "formula": """
        import pandas as pd

        @data_loader
        def formula(*args, **kwargs):
            return pd.DataFrame({'cell': ['=1+1', 'plain']})
        """,
}


@pytest.fixture
def canary(mage_project: Path, tmp_path: Path) -> Path:
    """A file that comes to be when somebody unpickles the odd block's output."""
    path = tmp_path / "unpickled"
    text = PIPELINE + "".join(BLOCK.format(name) for name in SOURCES)
    files = {
        f"data_loaders/{n}.py": s.replace("CANARY", repr(str(path))) for n, s in SOURCES.items()
    }
    write(mage_project, {"pipelines/kinds/metadata.yaml": text, **files})
    return path


async def test_each_kind_is_handed_out_safely(ask: Any, canary: Path) -> None:
    run = await run_to_end(ask, pipeline="kinds")
    assert run["state"] == "completed", run
    scope = {"scope": run["id"]}
    canary.unlink(missing_ok=True)  # whatever the user's own kernel did when it stored the value

    async def product(block: str) -> Any:
        return (await ask(*API, "products", "demo", "kinds", block, params=scope)).json

    async def content(block: str) -> Any:
        path = (*API, "products", "demo", "kinds", block, "output_0", "content")
        answer = await ask(*path, params=scope)
        assert answer.status == 200, answer.body
        assert answer.headers["Content-Security-Policy"].startswith("sandbox")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        return answer

    assert (await product("odd"))["outputs"][0]["kind"] == "pickle"
    odd = await content("odd")
    assert odd.headers["Content-Type"] == "application/octet-stream"
    assert odd.headers["Content-Disposition"].startswith("attachment; filename=")
    for page in ("rows", "statistics", "download"):
        refused = await ask(
            *API, "products", "demo", "kinds", "odd", "output_0", page, params=scope
        )
        assert refused.status == 400, page
    assert not canary.exists(), "the server unpickled it"

    figure = await content("figure")
    assert figure.headers["Content-Type"].startswith("image/")
    assert "Content-Disposition" not in figure.headers
    words = await content("words")
    assert words.headers["Content-Type"].startswith(("text/plain", "application/json"))
    assert b"<script>" in words.body

    table = (*API, "products", "demo", "kinds", "formula", "output_0", "download")
    plain = await ask(*table, params={**scope, "format": "csv"})
    assert b"\n=1+1\n" in plain.body
    safe = await ask(*table, params={**scope, "format": "csv", "safe": 1})
    assert b"\n'=1+1\n" in safe.body
    log = (await ask(*API, "runs", run["id"], "steps", "figure", "log")).json
    assert json.dumps(log)
