"""A pipeline's notebook with a real kernel: the way JupyterLab does it."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client import AsyncKernelClient

from tests.conftest import snapshot
from tests.server.conftest import N, until

BOOK = ("mage", "contents", "demo", "numbers.ipynb")


@contextlib.asynccontextmanager
async def kernel_of(
    ask: Any, jp_serverapp: Any, killed: bool = False
) -> AsyncIterator[AsyncKernelClient]:
    """A session for the pipeline's notebook, as JupyterLab opens it, with our code started."""
    session = await ask(
        "api", "sessions", method="POST",
        body={"path": "mage:demo/numbers.ipynb", "type": "notebook", "name": "numbers.ipynb",
              "kernel": {"name": "python3"}},
    )  # fmt: skip
    assert session.status == 201, session.body
    kernel_id = session.json["kernel"]["id"]
    client = jp_serverapp.kernel_manager.get_kernel(kernel_id).client()
    client.start_channels()
    try:
        await client.wait_for_ready(timeout=60)
        start = (await ask(*N, "kernel")).json
        reply, _ = await execute(client, start["code"], silent=True)
        assert reply["status"] == "ok", reply
        yield client
    finally:
        client.stop_channels()
        # As the server ends it when the user does, what is being stored is stored first.
        await jp_serverapp.kernel_manager.shutdown_kernel(kernel_id, now=killed)


async def execute(
    client: AsyncKernelClient, code: str, metadata: Any = None, silent: bool = False
) -> tuple[Any, list[Any]]:
    content = {
        "code": code,
        "silent": silent,
        "store_history": not silent,
        "user_expressions": {},
        "allow_stdin": False,
        "stop_on_error": True,
    }
    message = client.session.msg("execute_request", content, metadata=metadata or {})
    client.shell_channel.send(message)
    mine = message["header"]["msg_id"]
    published = []
    while True:
        said = await client.get_iopub_msg(timeout=60)
        if said["parent_header"].get("msg_id") != mine:
            continue
        if said["msg_type"] == "status" and said["content"]["execution_state"] == "idle":
            break
        published.append(said)
    while True:
        reply = await client.get_shell_msg(timeout=60)
        if reply["parent_header"].get("msg_id") == mine:
            return reply["content"], published


async def test_outputs_of_the_last_run_are_there_on_opening(
    ask: Any, mage_project: Path, jp_serverapp: Any, jp_root_dir: Path
) -> None:
    before = snapshot(mage_project)
    async with kernel_of(ask, jp_serverapp) as client:
        _, said = await execute(client, "import os; print(os.getcwd())")
        printed = "".join(m["content"]["text"] for m in said if m["msg_type"] == "stream")
        assert Path(printed.strip()) == jp_root_dir, "the project's parent lies inside the root"

        book = (await ask(*BOOK)).json["content"]
        for cell in book["cells"][:2]:
            reply, said = await execute(client, cell["source"], cell["metadata"])
            assert reply["status"] == "ok", reply
            finished = [
                m["content"]
                for m in said
                if m["msg_type"] == "mage_step" and m["content"]["event"] == "finished"
            ]
            assert finished and finished[0]["state"] == "completed", finished

    model = (await ask(*BOOK, params={"content": 1, "hash": 1})).json
    cells = model["content"]["cells"]
    assert "loading" in json.dumps(cells[0]["outputs"])
    assert cells[0]["metadata"]["mage_state"]["state"] == "completed"
    preview = [
        output["data"]["application/vnd.mage.preview+json"]
        for output in cells[1]["outputs"]
        if "application/vnd.mage.preview+json" in output.get("data", {})
    ]
    assert preview[0]["rows"] == 2500 and preview[0]["block"] == "double"
    assert cells[2]["outputs"] == []
    assert cells[0]["metadata"]["trusted"]

    # The same by REST, for the canvas; and the grid's window into the whole table.
    outputs = (await ask(*N, "outputs")).json["items"]
    assert [item["block"] for item in outputs] == ["load_numbers", "double"]
    assert outputs[0]["state"]["state"] == "completed"
    rows = await ask(
        "mage", "api", "products", preview[0]["project"], preview[0]["pipeline"],
        preview[0]["block_slug"], preview[0]["output"], "rows",
        params={"version": preview[0]["version"], "offset": 2400, "limit": 1},
    )  # fmt: skip
    assert rows.json["rows"] == [[2400, "w6", 4800]]

    # Outputs neither change a file nor count as a change.
    put = await ask(*BOOK, method="PUT", body={"type": "notebook", "content": model["content"]})
    assert put.json["hash"] == model["hash"]
    assert snapshot(mage_project) == before


async def test_what_is_shown_stays_readable_when_its_block_is_renamed(
    ask: Any, jp_serverapp: Any
) -> None:
    products = ("mage", "api", "products", "demo", "numbers")
    async with kernel_of(ask, jp_serverapp) as client:
        for cell in (await ask(*BOOK)).json["content"]["cells"][:2]:
            await execute(client, cell["source"], cell["metadata"])
    version = (await ask(*products, "double")).json["version"]
    etag = (await ask(*N)).headers["ETag"]
    renamed = await ask(
        *N, "blocks", "double", method="PATCH",
        body={"name": "twice"}, headers={"If-Match": etag},
    )  # fmt: skip
    assert renamed.status == 200, renamed.body

    product = (await ask(*products, "twice")).json
    assert (product["block"], product["version"]) == ("twice", version)
    window = {"version": version, "offset": 2400, "limit": 1}
    # By the new name, and by the one that an open notebook still has.
    for name in ("twice", "double"):
        rows = await ask(*products, name, "output_0", "rows", params=window)
        assert rows.json["rows"] == [[2400, "w6", 4800]], name
    assert (await ask(*products, "double")).status == 404, "only what was shown before"


async def test_the_table_of_a_block_that_is_not_saved_yet_is_there(
    ask: Any, jp_serverapp: Any
) -> None:
    """A block is added and run before anybody saves; its table is more than the first rows."""
    cell = {"mage": {"uuid": "new", "name": "new", "type": "data_loader", "language": "python",
                     "role": "block", "upstream": [], "configuration": {}}}  # fmt: skip
    code = (
        "import pandas as pd\n@data_loader\ndef f(*args, **kwargs):\n"
        "    return pd.DataFrame({'n': range(500)})\n"
    )
    async with kernel_of(ask, jp_serverapp) as client:
        _, said = await execute(client, code, cell)
    version = next(m["content"]["version"] for m in said if m["msg_type"] == "mage_step")
    products = ("mage", "api", "products", "demo", "numbers", "new")
    window = {"version": version, "offset": 400, "limit": 1}
    rows = await ask(*products, "output_0", "rows", params=window)
    assert rows.status == 200 and rows.json["rows"] == [[400]], rows.body
    assert (await ask(*products)).status == 404, "only what is shown"


@pytest.mark.parametrize("killed", [True, False], ids=["killed", "shut down"])
async def test_a_tab_closed_in_mid_run_loses_nothing(
    ask: Any, mage_project: Path, jp_serverapp: Any, started: Any, killed: bool
) -> None:
    slow = (
        "import time\n@data_loader\ndef load_numbers(*args, **kwargs):\n"
        "    print('so far', flush=True)\n    time.sleep(600)\n"
    )
    (mage_project / "data_loaders/load_numbers.py").write_text(slow)
    async with kernel_of(ask, jp_serverapp, killed=killed) as client:
        cell = (await ask(*BOOK)).json["content"]["cells"][0]
        running = asyncio.ensure_future(execute(client, cell["source"], cell["metadata"]))

        async def shown() -> Any:
            seen = (await ask(*BOOK)).json["content"]["cells"][0]
            return seen if seen["outputs"] else None

        opened = await until(shown, 60)
        assert "so far" in json.dumps(opened["outputs"])
        assert opened["metadata"]["mage_state"]["state"] == "running"
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running

    async def ended() -> Any:
        seen = (await ask(*BOOK)).json["content"]["cells"][0]
        return seen if seen["metadata"]["mage_state"]["state"] != "running" else None

    after = await until(ended, 60)
    assert after["metadata"]["mage_state"]["state"] == "interrupted"
    assert "so far" in json.dumps(after["outputs"])
