"""The extension as a part of the Jupyter server: start, stop, events, activity."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from mage_jlab.server.app import EVENT_SCHEMA
from tests.server.conftest import run_to_end, until


async def test_stopping_twice_and_without_a_start_is_harmless(jp_serverapp: Any) -> None:
    app = jp_serverapp.extension_manager.extension_points["mage_jlab"].app
    await app.stop_extension()
    await app.stop_extension()


async def test_changes_reach_the_event_stream(
    ask: Any, jp_serverapp: Any, jp_ws_fetch: Any
) -> None:
    socket = await jp_ws_fetch("api", "events", "subscribe")
    heard: list[dict[str, Any]] = []

    async def listen() -> None:
        while True:
            message = await socket.read_message()
            if message is None:
                return
            event = json.loads(message)
            if event["schema_id"] == EVENT_SCHEMA:
                heard.append(event)

    listening = asyncio.ensure_future(listen())
    made = await ask(
        "mage", "api", "projects", "demo", "pipelines", method="POST", body={"name": "fresh"}
    )
    assert made.status == 201
    run = await run_to_end(ask, blocks=["load_numbers"])

    async def completed() -> Any:
        return [
            e for e in heard
            if e["kind"] == "run" and e["run"] == run["id"] and e["state"] == "completed"
        ]  # fmt: skip

    await until(completed, 20)
    assert [e for e in heard if e["kind"] == "pipeline" and e["pipeline"] == "fresh"]
    assert [e for e in heard if e["kind"] == "step" and e.get("block") == "load_numbers"]
    numbers = [e["seq"] for e in heard]
    assert numbers == sorted(set(numbers))
    assert all(e["project"] == "demo" for e in heard)
    socket.close()
    await listening


async def test_an_engine_that_cannot_start_leaves_the_server_alive(
    jp_serverapp: Any, jp_fetch: Any, mage_state: Path
) -> None:
    from tornado.httpclient import HTTPClientError

    mage_state.write_text("a file where the folder should be")
    await jp_serverapp.extension_manager.start_all_extensions()
    assert (await jp_fetch("api", "status")).code == 200
    try:
        await jp_fetch("mage", "api", "health")
    except HTTPClientError as error:
        assert error.code == 503
        said = json.loads(error.response.body)
        assert said["message"] and "Traceback" not in said["message"]
    else:
        raise AssertionError("it should have said that it is not ready")


async def test_state_lies_in_the_state_folder(ask: Any, mage_state: Path) -> None:
    assert (await ask("mage", "api", "projects")).status == 200
    assert (mage_state / "mage.db").is_file()
    assert os.environ["MAGE_JLAB_STATE_DIR"] == str(mage_state)


def test_every_setting_of_the_server_is_documented() -> None:
    from mage_jlab.server.app import MageApp

    guide = (Path(__file__).parents[2] / "docs/server.md").read_text(encoding="utf-8")
    for name in MageApp.class_own_traits(config=True):
        assert f"`MageApp.{name}`" in guide


def test_what_shows_tables_is_loaded_when_a_project_has_some(tmp_path: Path) -> None:
    code = """
import sys, threading
from pathlib import Path
from mage_jlab.products.store import ProductStore
from mage_jlab.server.app import MageApp

app, store = MageApp(), ProductStore(Path(sys.argv[1]))
def loaded():
    for thread in threading.enumerate():
        if thread.name == 'mage-warm-up':
            thread.join()
    return 'duckdb' in sys.modules
app.warm_up(store)
print(loaded())
store.root.mkdir()
app.warm_up(store)
print(loaded())
"""
    said = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "products")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert said.stdout.split() == ["False", "True"]
