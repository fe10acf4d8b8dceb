"""Spark for real: an environment of its own, one local session for all tests of cells."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path += [str(HERE.parent / "flow" / "kernel"), str(HERE.parent / "flow")]

ENVIRONMENT = HERE.parents[1] / ".environments" / "spark"


@pytest.fixture(scope="session")
def spark_python() -> str:
    python = ENVIRONMENT / "bin" / "python"
    assert python.exists(), (
        "bash scripts/environments.sh spark makes the environment of these tests"
    )
    return str(python)


@pytest.fixture(scope="session")
def spark_home(spark_python: str) -> Path:
    found = next(
        (Path(os.path.realpath(ENVIRONMENT)) / "lib").glob("python*/site-packages/pyspark")
    )
    return found
