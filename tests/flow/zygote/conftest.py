from __future__ import annotations

from collections.abc import Iterator

import pytest

from mage_jlab.executors.zygote import provisioner
from mage_jlab.executors.zygote.nursery import Nursery


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a slow machine, too, kernels are forked, not spawned because a zygote took its time."""
    monkeypatch.setattr(provisioner, "FORK_SECONDS", 100)


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    """Zygotes that the tests of a file share."""
    made = Nursery()
    yield made
    made.close()


@pytest.fixture(params=["forked", "spawned"])
def how(request: pytest.FixtureRequest, nursery: Nursery) -> Nursery | None:
    """Where a kernel comes from: whatever holds of a spawned one holds of a forked one."""
    return nursery if request.param == "forked" else None
