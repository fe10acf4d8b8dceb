"""Trying connections on real servers: what works, and the one sentence for what does not."""

from __future__ import annotations

import json
import socket
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from mage_jlab.errors import BadRequest
from mage_jlab.io import addresses, probe

CANARY = "canary-secret-9"


def tried(
    connector: str, settings: dict[str, Any], *, anywhere: bool = False, **changed: Any
) -> dict[str, Any]:
    found = {**settings, **changed}
    said = probe.run(connector, found, [CANARY], anywhere)
    assert CANARY not in said
    result: dict[str, Any] = json.loads(said)
    return result


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture
def silent() -> Iterator[int]:
    """A port whose queue is full: it neither accepts nor refuses."""
    with socket.socket() as listener, socket.socket() as first, socket.socket() as second:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for client in (first, second):
            client.setblocking(False)
            client.connect_ex(listener.getsockname())
        yield int(listener.getsockname()[1])


def test_postgres(postgres_profile: dict[str, Any]) -> None:
    assert tried("postgres", postgres_profile)["ok"]
    gone = tried("postgres", postgres_profile, POSTGRES_DBNAME="no_such")
    assert (gone["reason"], gone["ok"]) == ("database", False)
    assert "no_such" in gone["message"]
    other = tried("postgres", postgres_profile, POSTGRES_USER="nobody", POSTGRES_PASSWORD=CANARY)
    assert other["reason"] == "password", other
    unset = tried("postgres", postgres_profile, POSTGRES_DBNAME="None")
    assert unset["reason"] == "settings" and "POSTGRES_DBNAME" in unset["message"]


def test_mysql(mysql_profile: dict[str, Any]) -> None:
    assert tried("mysql", mysql_profile)["ok"]
    refused = tried("mysql", mysql_profile, MYSQL_PASSWORD=CANARY)
    assert refused["reason"] == "password", refused
    assert tried("mysql", mysql_profile, MYSQL_DATABASE="nope")["reason"] == "database"
    closed = tried("mysql", mysql_profile, MYSQL_PORT=free_port())
    assert closed["reason"] == "unreachable" and "Nobody listens" in closed["message"]


def test_s3(s3_profile: dict[str, Any]) -> None:
    found = tried("s3", s3_profile)
    assert found["ok"] and "bucket" in found["message"], found
    away = tried("s3", s3_profile, AWS_ENDPOINT=f"http://127.0.0.1:{free_port()}")
    assert away["reason"] == "unreachable", away


def test_files(tmp_path: Path) -> None:
    for connector, key, make in (
        ("sqlite", "SQLITE_DATABASE", sqlite3.connect),
        ("duckdb", "DUCKDB_DATABASE", duckdb.connect),
    ):
        file = tmp_path / f"x.{connector}"
        absent = tried(connector, {key: str(file)})
        assert absent["reason"] == "database" and not file.exists(), absent
        connection = make(str(file))
        connection.execute("CREATE TABLE a (n INTEGER)")
        connection.close()
        assert tried(connector, {key: str(file)})["ok"]
        file.write_bytes(b"this is no database" * 100)
        assert tried(connector, {key: str(file)})["reason"] == "other"
        assert "no folder" in tried(connector, {key: str(tmp_path / "no" / "x")})["message"]
    assert tried("duckdb", {})["ok"], "without a file DuckDB is in memory"


def test_an_unknown_host_and_one_that_does_not_answer(
    silent: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe, "_SECONDS", 1)
    named = {"POSTGRES_DBNAME": "d", "POSTGRES_HOST": "no-such-host.invalid"}
    found = tried("postgres", named)
    assert found["reason"] == "unreachable" and "not known" in found["message"]
    found = tried("postgres", named, POSTGRES_HOST="127.0.0.1", POSTGRES_PORT=silent)
    assert found["reason"] == "unreachable" and "within 1 s" in found["message"]
    found = tried("postgres", named, POSTGRES_PORT="five")
    assert found["reason"] == "settings" and "'five'" in found["message"]


@pytest.mark.parametrize(
    "host",
    ["169.254.169.254", "[fe80::1]", "0.0.0.0", "::ffff:169.254.169.254", "100.100.100.200"],
)
def test_metadata_and_link_local_addresses_are_not_visited(host: str) -> None:
    plain = host.strip("[]")
    with pytest.raises(BadRequest, match="do not go there"):
        addresses.allowed(plain, 80)
    found = tried("postgres", {"POSTGRES_DBNAME": "d", "POSTGRES_HOST": plain})
    assert found["reason"] == "address", found
    url = f"http://{host if host.startswith('[') or ':' not in host else f'[{host}]'}/x"
    assert tried("s3", {"AWS_ENDPOINT": url})["reason"] == "address"


def test_loopback_is_allowed_and_the_server_may_allow_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert addresses.allowed("127.0.0.1", 80) == ["127.0.0.1"]
    visited: list[Any] = []

    def visit(place: Any, timeout: float) -> Any:
        visited.append(place)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", visit)
    settings = {"POSTGRES_DBNAME": "d", "POSTGRES_HOST": "169.254.169.254"}
    assert tried("postgres", settings)["reason"] == "address" and not visited
    assert tried("postgres", settings, anywhere=True)["reason"] == "unreachable"
    assert visited == [("169.254.169.254", 5432)]


def test_a_missing_driver_is_said_to_people_and_programs() -> None:
    settings = {"SNOWFLAKE_ACCOUNT": "a", "SNOWFLAKE_USER": "u", "SNOWFLAKE_PASSWORD": CANARY}
    found = tried("snowflake", settings)
    assert found["reason"] == "missing_package"
    assert found["missing_package"]["package"] == "snowflake-connector-python[pandas]"
    assert found["missing_package"]["environment"] in found["message"]
