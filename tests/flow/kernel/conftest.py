"""One kernel for many tests; a fresh one for tests that kill or change it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from kernels import Kernel, running


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    with running(tmp_path_factory.mktemp("k")) as started:
        answer = started.start()
        assert answer.steps == [{"event": "ready", "key": "k1"}], answer.traceback
        yield started


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Kernel]:
    with running(tmp_path) as started:
        started.start()
        yield started
