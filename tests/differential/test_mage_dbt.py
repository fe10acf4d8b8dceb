"""dbt blocks by mage-ai with dbt, and by us.

What mage-ai 0.9.80 with dbt-core 1.10 gave is recorded in ``recorded_dbt.json``; it is compared with
mage-ai itself where MAGE_AI_DBT_PYTHON names the Python of an environment with both. To make
the record anew: MAGE_AI_RECORD=1 MAGE_AI_DBT_PYTHON=… pytest tests/differential/test_mage_dbt.py
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from differential import models, ours
from differential.test_mage import by_mage, database, differences, shortened
from jupyter_client.kernelspec import KernelSpecManager

from mage_jlab.executors.settings import Kernels

__all__ = ["database"]
HERE = Path(__file__).parent
RECORD = HERE / "recorded_dbt.json"
PYTHON = HERE.parents[1] / ".environments" / "dbt" / "bin" / "python"
TYPES = "Mage's rows travel as CSV whose types are guessed; here a text of digits and a time stay what they are"
KNOWN = {"dbt_chain.dbt/chain/models/typed": TYPES, "dbt_chain.typed_below": TYPES}


def recorded() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(RECORD.read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def mine(
    tmp_path_factory: pytest.TempPathFactory, database: Callable[[str], None]
) -> dict[str, Any]:
    assert PYTHON.exists(), "bash scripts/environments.sh dbt makes the environment of these tests"
    database("ours")
    folder = tmp_path_factory.mktemp("ours")
    kernels = folder / "kernels" / "withdbt"
    kernels.mkdir(parents=True)
    arguments = [str(PYTHON), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": arguments, "display_name": "with dbt", "language": "python"}
    (kernels / "kernel.json").write_text(json.dumps(spec))
    root = folder / "root"
    root.mkdir()
    names = models.write(root)
    with (root / "shop" / "metadata.yaml").open("a") as file:
        file.write("kernel_name: withdbt\n")
    specs = KernelSpecManager(kernel_dirs=[str(kernels.parent)])
    return shortened(
        ours.run(root, folder / "state", names, kernels=Kernels(spares=0, specs=specs))
    )


@pytest.mark.timeout(1500)  # the first one runs all pipelines
@pytest.mark.parametrize("place", sorted(recorded()) if RECORD.exists() else [])
def test_ours_gives_what_mage_gave(mine: dict[str, Any], place: str) -> None:
    if place in KNOWN:
        assert list(differences(recorded()[place], mine[place])), "no difference any more"
        return
    assert list(differences(recorded()[place], mine[place], place)) == []


def test_nothing_is_left_out(mine: dict[str, Any]) -> None:
    assert mine.keys() == recorded().keys()


@pytest.mark.mage_ai("MAGE_AI_DBT_PYTHON")
@pytest.mark.timeout(600)
def test_mage_still_gives_what_is_recorded(
    tmp_path_factory: pytest.TempPathFactory, database: Callable[[str], None]
) -> None:
    database("theirs")
    folder = tmp_path_factory.mktemp("theirs")
    python = os.environ["MAGE_AI_DBT_PYTHON"]
    theirs = shortened(by_mage(folder, models.write(folder), python=python))
    if os.environ.get("MAGE_AI_RECORD"):
        RECORD.write_text(json.dumps(theirs, sort_keys=True, separators=(",", ":")) + "\n")
    assert list(differences(theirs, recorded())) == []
