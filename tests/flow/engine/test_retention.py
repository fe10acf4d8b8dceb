"""What interactive work leaves is limited, without any run of the scheduler."""

from __future__ import annotations

from pathlib import Path

import pytest
from flow.engine.projects import custom, running, until, write_pipeline

from mage_jlab.executors import upkeep
from mage_jlab.products.manifest import FILE
from mage_jlab.products.retention import Retention

KEEP = Retention.versions


def test_old_interactive_versions_go(
    root: Path, mage_state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "TIDY", 0.0)
    write_pipeline(root / "p", "one", {"a": custom("return 1")})
    with running(root, mage_state) as engine:
        store = engine.products(engine.workspace.project("p"))
        for number in range(KEEP + 3):
            folder = store.execution("one", "interactive", "a", f"20260101T000000{number:06d}-aaaa")
            folder.mkdir(parents=True)
            (folder / FILE).write_text("{}")
        until(lambda: len(store.versions("one", "interactive", "a")) == KEEP)
        assert store.versions("one", "interactive", "a")[0].endswith(f"{KEEP + 2:06d}-aaaa")
