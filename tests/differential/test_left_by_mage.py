"""Outputs that mage-ai 0.9.80 stored are read here, and ours are written in its layout.

``left_by_mage`` is what one notebook run of mage-ai left (the value of each block stands in
VALUES), without its statistics and samples.
"""

from __future__ import annotations

import datetime
import json
import os
import subprocess
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from flow.engine.projects import running
from flow.engine.projects import write_pipeline as pipeline

from mage_jlab.cli.main import main
from mage_jlab.errors import StoreError
from mage_jlab.files import mage_data
from mage_jlab.ids import ProjectId
from mage_jlab.kernel_side import mage_outputs
from mage_jlab.model.project import Project

LEFT = Path(__file__).parent / "left_by_mage"
FRAME = pd.DataFrame(
    {
        "n": [3, 1, None],
        "i": [1, 2, 3],
        "word": ["c", "a", None],
        "when": pd.to_datetime(["2024-01-01", "2024-01-02", None]),
        "cat": pd.Categorical(["x", "y", "x"]),
    },
    index=["p", "q", "r"],
)
VALUES: dict[str, list[Any]] = {
    "plain": [{"a": [1, 2, {"b": None}], "t": "é"}],
    "text": ["hello"],
    "listed": [1, "two", None],
    "path": [Decimal("1.50")],
}


def left(block: str) -> Any:
    return mage_outputs.values([LEFT], "p", block)


@pytest.mark.parametrize("block", VALUES)
def test_a_value_that_mage_stored_is_read(block: str) -> None:
    assert left(block) == VALUES[block]


def test_a_frame_keeps_its_types_and_index() -> None:
    (frame,) = left("frame")
    frame["when"] = frame["when"].astype(FRAME["when"].dtype)
    pd.testing.assert_frame_equal(
        frame, FRAME, check_dtype=False, check_index_type=False, check_categorical=False
    )
    assert str(frame["cat"].dtype) == "category"
    assert frame["when"].dtype.kind == "M"


def test_cells_that_hold_more_than_a_value_come_back() -> None:
    (frame,) = left("nested")
    assert [item.get("a") for item in frame["d"]] == [1, None]
    assert list(frame["l"]) == [[1, 2], []]


def test_a_series_comes_back() -> None:
    (series,) = left("series")
    assert list(series) == [1.5, 2.5]


def test_a_dictionary_of_mixed_things_comes_back() -> None:
    (found,) = left("mixed")
    assert found["when"] == datetime.datetime(2024, 1, 2, 3, 4)
    assert found["pair"] == (1, 2)


def test_the_layout_of_old_projects_is_read(tmp_path: Path) -> None:
    block = tmp_path / "pipelines" / "p" / ".variables" / "old"
    block.mkdir(parents=True)
    (block / "output_0.json").write_text('{"a": 1}')
    (block / "output_1").mkdir()
    (block / "output_1" / "data.csv").write_text("a,b\n1,x\n")
    values = mage_outputs.values([tmp_path], "p", "old")
    assert values is not None
    assert values[0] == {"a": 1}
    assert values[1].to_dict("list") == {"a": [1], "b": ["x"]}


def test_the_children_of_a_dynamic_block_come_as_a_list(tmp_path: Path) -> None:
    for number in range(11):
        folder = tmp_path / "pipelines" / "p" / ".variables" / "child" / str(number) / "output_0"
        folder.mkdir(parents=True)
        (folder / "data.json").write_text(str(number))
    assert mage_outputs.values([tmp_path], "p", "child") == list(range(11))


def test_what_mage_does_not_have_is_none(tmp_path: Path) -> None:
    assert mage_outputs.values([LEFT, tmp_path], "p", "absent") is None
    assert mage_outputs.values([LEFT], "p", "plain", "../..") is None


def test_a_value_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "pipelines" / "p" / ".variables" / "broken" / "output_0"
    folder.mkdir(parents=True)
    (folder / "data.parquet").write_bytes(b"no parquet")
    with pytest.raises(StoreError, match="output_0 of broken, as Mage stored it"):
        mage_outputs.values([tmp_path], "p", "broken")


def test_the_data_folder_is_found_as_mage_finds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, data, home = tmp_path / "shop", tmp_path / "data", tmp_path / "home"
    for folder in (root, data / "shop", home / ".mage_data" / "shop"):
        (folder / "pipelines").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("MAGE_DATA_DIR", raising=False)
    author = Project(ProjectId(""), "shop", root, {"variables_dir": "/home/src/mage_data"})
    assert mage_data.folders(author) == [home / ".mage_data" / "shop", root]
    monkeypatch.setenv("MAGE_DATA_DIR", str(data))
    assert mage_data.folders(author)[0] == data / "shop"


# ---- ours, for Mage --------------------------------------------------------

OURS = {
    "frame": "pd.DataFrame({'n': [3, 1, None], 'word': ['c', 'a', None]}, index=['p', 'q', 'r'])",
    "nested": "pd.DataFrame({'d': [{'a': 1}, {'a': 2}], 'l': [[1, 2], []]})",
    "plain": "{'a': [1, 2, {'b': None}], 't': 'é'}",
    "text": "'hello'",
    "listed": "[1, 'two', None]",
    "decimal": "__import__('decimal').Decimal('1.50')",
    "pair": "[pd.DataFrame({'a': [1]}), {'b': 2}]",
}
ASK = """
import json, os, sys
os.environ["MAGE_DATA_DIR"] = sys.argv[2]
from mage_ai.settings.repo import set_repo_path
set_repo_path(sys.argv[1])
from mage_ai.data_preparation.variable_manager import VariableManager
manager = VariableManager(repo_path=sys.argv[1], variables_dir=sys.argv[2])
found = {}
for block in sys.argv[3].split(","):
    names = manager.get_variables_by_block("p", block)
    values = [manager.get_variable("p", block, name) for name in names]
    found[block] = [v.to_dict("list") if hasattr(v, "to_dict") else v for v in values]
print("FOUND" + json.dumps(found, default=str))
"""


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose blocks ran here, with their outputs written for Mage in ``data``."""
    folder = tmp_path_factory.mktemp("exported")
    text = "import pandas as pd\n@data_loader\ndef f(*args, **kwargs):\n    return {}\n"
    blocks: dict[str, Any] = {
        name: {"type": "data_loader", "body": text.format(value), "upstream": []}
        for name, value in OURS.items()
    }
    pipeline(folder / "shop", "p", blocks)
    (folder / "shop" / "metadata.yaml").write_text("project_type: standalone\n")
    (folder / "shop" / "io_config.yaml").write_text("version: 0.1.1\ndefault: {}\n")
    state = folder / "state"
    with running(folder, state) as engine:
        run = engine.wait(engine.submit("shop", "p").id, 60)
        assert run.state == "completed", run.error
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MAGE_JLAB_STATE_DIR", str(state))
        words = ["product", "export", str(folder / "shop"), "p", "--root", str(folder)]
        assert main([*words, "--run", run.id, "--to", str(folder / "data")]) == 0
    variables = folder / "data" / "pipelines" / "p" / ".variables"
    (made,) = variables.glob("*/*")
    for block in made.iterdir():  # as Mage's notebook has them, too
        block.rename(variables / block.name)
    return folder


def test_what_is_exported_is_read_back(exported: Path) -> None:
    data = [exported / "data"]
    (frame,) = mage_outputs.values(data, "p", "frame") or []
    assert frame.index.tolist() == ["p", "q", "r"]
    assert frame["n"].tolist()[:2] == [3, 1]
    (nested,) = mage_outputs.values(data, "p", "nested") or []
    assert nested["d"].tolist() == [{"a": 1}, {"a": 2}]
    assert nested["l"].tolist() == [[1, 2], []]
    assert mage_outputs.values(data, "p", "listed") == [1, "two", None]
    assert mage_outputs.values(data, "p", "decimal") == [Decimal("1.50")]
    first, second = mage_outputs.values(data, "p", "pair") or []
    assert first.to_dict("list") == {"a": [1]}
    assert second == {"b": 2}


@pytest.mark.mage_ai
def test_mage_reads_what_is_exported(exported: Path) -> None:
    command = [os.environ["MAGE_AI_PYTHON"], "-c", ASK]
    command += [str(exported / "shop"), str(exported / "data"), ",".join(OURS)]
    said = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    found = json.loads(said.rpartition("FOUND")[2])
    assert found["plain"] == [{"a": [1, 2, {"b": None}], "t": "é"}]
    assert found["text"] == ["hello"]
    assert found["listed"] == [1, "two", None]
    assert found["decimal"] == ["1.50"]
    assert found["frame"][0]["n"][:2] == [3, 1]
    assert found["nested"] == [{"d": [{"a": 1}, {"a": 2}], "l": [[1, 2], []]}]
    assert found["pair"] == [{"a": [1]}, {"b": 2}]
