from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flow.engine.projects import running

from mage_jlab.assembly import Engine


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    return folder


@pytest.fixture
def engine(root: Path, mage_state: Path) -> Iterator[Engine]:
    with running(root, mage_state) as started:
        yield started
