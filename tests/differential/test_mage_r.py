"""R blocks by mage-ai with Rscript, and by us.

What mage-ai 0.9.80 gave is recorded in ``recorded_r.json``. To make the record anew:
MAGE_AI_RECORD=1 MAGE_AI_PYTHON=… pytest tests/differential/test_mage_r.py
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from differential import ours, r_blocks
from differential.test_mage import by_mage, differences, shortened

RECORD = Path(__file__).parent / "recorded_r.json"
KNOWN = {
    "r_chain.vector_r": "what is no data frame is plain data; Mage makes a frame of it",
    "r_chain.spaced_r": "columns keep their names; Mage's go through R's read.csv",
}


def recorded() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(RECORD.read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def mine(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("ours")
    root = folder / "root"
    root.mkdir()
    return shortened(ours.run(root, folder / "state", r_blocks.write(root)))


@pytest.mark.timeout(1500)  # the first one runs all pipelines
@pytest.mark.parametrize("place", sorted(recorded()) if RECORD.exists() else [])
def test_ours_gives_what_mage_gave(mine: dict[str, Any], place: str) -> None:
    if place in KNOWN:
        assert list(differences(recorded()[place], mine[place])), "no difference any more"
        return
    assert list(differences(recorded()[place], mine[place], place)) == []


def test_nothing_is_left_out(mine: dict[str, Any]) -> None:
    assert mine.keys() == recorded().keys()


@pytest.mark.mage_ai
@pytest.mark.timeout(600)
def test_mage_still_gives_what_is_recorded(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("theirs")
    theirs = shortened(by_mage(folder, r_blocks.write(folder)))
    if os.environ.get("MAGE_AI_RECORD"):
        RECORD.write_text(json.dumps(theirs, sort_keys=True, separators=(",", ":")) + "\n")
    assert list(differences(theirs, recorded())) == []
