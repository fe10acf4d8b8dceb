"""dbt for real: an environment of its own, a project in DuckDB or in PostgreSQL."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.databases import Address

HERE = Path(__file__).parent
sys.path += [str(HERE.parent / "flow" / "kernel"), str(HERE.parent / "flow")]

ENVIRONMENT = HERE.parents[1] / ".environments" / "dbt"


@pytest.fixture(scope="session")
def dbt_python() -> str:
    python = ENVIRONMENT / "bin" / "python"
    assert python.exists(), "bash scripts/environments.sh dbt makes the environment of these tests"
    return str(python)


@pytest.fixture(scope="session")
def postgres(postgresql: Callable[[str], Address]) -> dict[str, str]:
    return asdict(postgresql("dbt"))
