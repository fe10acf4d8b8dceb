"""Connections over REST: the form, its conflicts, and trying in a real kernel."""

from __future__ import annotations

import asyncio
import json
import socket
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from mage_jlab.executors import trial
from tests.conftest import write
from tests.server.conftest import P, until

C = (*P, "connections")
FILE = """\
version: 0.1.1
default:
  # where things lie
  SQLITE_DATABASE: shop.db
  POSTGRES_PASSWORD: canary-plain
  SNOWFLAKE_ACCOUNT: a
  SNOWFLAKE_USER: u
lost:
  POSTGRES_DBNAME: d
  POSTGRES_HOST: 127.0.0.1
  POSTGRES_PORT: 1
  POSTGRES_PASSWORD: "{{ mage_secret_var('pg') }}"
"""


@pytest.fixture(autouse=True)
def config(mage_project: Path) -> Path:
    write(mage_project, {"io_config.yaml": FILE})
    return mage_project / "io_config.yaml"


async def change(ask: Any, etag: str | None, **body: Any) -> Any:
    headers = {} if etag is None else {"If-Match": etag}
    body = {"profile": "default", **body}
    return await ask(*C, method="PATCH", body=body, headers=headers)


async def test_the_form_shows_no_secret_and_changes_one_key(ask: Any, config: Path) -> None:
    answer = await ask(*C)
    assert answer.status == 200 and b"canary" not in answer.body
    form = answer.json
    assert [profile["name"] for profile in form["profiles"]] == ["default", "lost"]
    values = {v["path"][0]: v for v in form["profiles"][1]["values"]}
    assert values["POSTGRES_PASSWORD"] == {
        "path": ["POSTGRES_PASSWORD"], "kind": "secret", "text": "pg", "secret": True,
        "connector": None, "known": False,
    }  # fmt: skip
    assert {c["id"] for c in form["connectors"]} >= {"postgres", "sqlite", "s3", "snowflake"}
    edit = {"path": ["POSTGRES_PASSWORD"], "kind": "env", "text": "PGPASS"}
    assert (await change(ask, None, changes=[edit])).status == 428
    done = await change(ask, form["etag"], changes=[edit])
    assert done.status == 200, done.body
    expected = FILE.replace("canary-plain", "\"{{ env_var('PGPASS') }}\"")
    assert config.read_text() == expected
    stale = await change(ask, form["etag"], changes=[edit])
    assert stale.status == 412 and stale.json["reason"] == "Changed"
    assert config.read_text() == expected
    made = await change(ask, done.json["etag"], profile="new", create=True)
    assert made.status == 200 and made.json["profiles"][-1] == {"name": "new", "values": []}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"changes": [{"path": ["POSTGRES_PASSWORD"], "kind": "text", "text": "clear"}]}, 400),
        ({"changes": [{"path": [], "kind": "text"}]}, 400),
        ({"changes": [{"path": ["A"], "kind": "run"}]}, 400),
        ({"changes": [{"path": ["A"], "kind": "secret", "text": "a'b"}]}, 400),
        ({"profile": "nope"}, 404),
        ({"profile": "version"}, 404),
        ({"profile": "default", "create": True}, 409),
    ],
)
async def test_what_is_refused_changes_nothing(
    ask: Any, config: Path, body: dict[str, Any], status: int
) -> None:
    answer = await change(ask, "*", **body)
    assert answer.status == status, answer.body
    assert config.read_text() == FILE


async def tried(ask: Any, connector: str, **more: Any) -> Any:
    body = {"connector": connector, **more}
    return await ask(*C, "test", method="POST", body=body)


async def test_trying_connections_in_the_kernel(
    ask: Any, jp_root_dir: Path, mage_project: Path, started: Any
) -> None:
    absent = (await tried(ask, "sqlite")).json
    # As blocks do, from their working folder: the parent of the project.
    assert absent["reason"] == "database" and str(jp_root_dir / "shop.db") in absent["message"]
    connection = sqlite3.connect(jp_root_dir / "shop.db")
    connection.execute("CREATE TABLE a (n)")
    connection.close()
    found = (await tried(ask, "sqlite")).json
    assert found["ok"], found
    await ask(*P, "secrets", method="POST", body={"name": "pg", "value": "canary-secret"})
    refused = await tried(ask, "postgres", profile="lost")
    assert refused.json["reason"] == "unreachable" and b"canary" not in refused.body
    driver = (await tried(ask, "snowflake")).json
    assert driver["reason"] == "missing_package", driver
    assert driver["missing_package"]["package"] == "snowflake-connector-python[pandas]"
    assert (await tried(ask, "sqlite", profile="nope")).status == 422
    assert (await tried(ask, "nothing")).status == 400
    assert (await tried(ask, "algolia")).status == 400
    assert (await tried(ask, "sqlite", kernel="no-such")).status == 500
    assert (await tried(ask, "sqlite", pipeline="no-such")).status == 404
    assert await no_kernels(started)


@pytest.fixture
def silent(config: Path) -> Iterator[None]:
    """The profile of a server that accepts and never speaks."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        config.write_text(
            f"default:\n  MYSQL_DATABASE: d\n  MYSQL_HOST: 127.0.0.1\n  MYSQL_PORT: {port}\n"
        )
        yield


async def test_a_trial_that_hangs_is_ended(
    ask: Any, silent: None, started: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time is bounded, and the kernel is gone."""
    monkeypatch.setattr(trial, "SECONDS", 3.0)
    found = (await tried(ask, "mysql")).json
    assert not found["ok"] and "given up" in found["message"], found
    assert await until(lambda: no_kernels(started))


async def test_hanging_up_ends_the_trial(ask: Any, silent: None, started: Any) -> None:
    loop = asyncio.get_running_loop()
    of = started.engine.workspace.projects()[0]
    future = await loop.run_in_executor(
        None, lambda: started.engine.try_connection(of, "default", "mysql")
    )
    await until(lambda: some_kernel(started))
    future.cancel()
    assert await until(lambda: no_kernels(started))


async def some_kernel(started: Any) -> bool:
    return not await no_kernels(started)


async def no_kernels(started: Any) -> bool:
    with started.engine.database.read() as connection:
        return bool(connection.execute(text("SELECT count(*) FROM mage_kernel")).scalar() == 0)


async def test_one_package_can_be_looked_for(ask: Any, mage_project: Path) -> None:
    said = (await ask(*P, "requirements", params={"package": "no-such-driver[x]"})).json
    assert said["items"][0]["state"] == "missing"
    assert "no-such-driver[x]" in said["install_command"]
    there = (await ask(*P, "requirements", params={"package": "pandas"})).json
    assert there["items"][0]["state"] == "met" and there["install_command"] is None
    wanted = "no_such.driver[x] >=1.2,<2"
    (mage_project / "requirements.txt").write_text(f"pandas\nno-such-driver\n{wanted}  # pinned\n")
    said = (await ask(*P, "requirements", params={"package": "no-such-driver[x]"})).json
    assert said["items"][0]["requirement"] == wanted and f"'{wanted}'" in said["install_command"]
    odd = (await ask(*P, "requirements", params={"package": "--index-url=http://x y"})).json
    assert odd["items"][0]["state"] == "unknown" and odd["install_command"] is None
    assert json.dumps(odd)
