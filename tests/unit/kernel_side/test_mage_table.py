"""Every name of Mage that is promised is there, and needs no driver to be imported."""

from __future__ import annotations

from pathlib import Path

import pytest

from mage_jlab.kernel_side import mage_table
from mage_jlab.kernel_side.step import Context

CONTEXT = Context(
    key="", project="p", project_slug="p", root=Path("/p"), pipeline="x", pipeline_slug="x",
    scope="interactive", store=Path("/s"),
)  # fmt: skip
TABLE = mage_table.table(lambda: CONTEXT)


@pytest.mark.parametrize("module", sorted(TABLE))
def test_module(module: str) -> None:
    names = TABLE[module]()
    assert names and all(value is not None for value in names.values())


def test_docs_name_every_connector() -> None:
    text = (Path(__file__).parents[3] / "docs" / "connectors.md").read_text(encoding="utf-8")
    given = [name for name in TABLE if name.startswith("mage_ai.io.")]
    own = {"mage_ai.io.base", "mage_ai.io.config", "mage_ai.io.sql"}
    assert [name for name in given if name not in own and f"`{name}`" not in text] == []
