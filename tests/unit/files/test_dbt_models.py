"""Which dbt models there are, and which read which, by their text alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from mage_jlab.files import dbt_models
from mage_jlab.files.dbt_models import DbtModel
from mage_jlab.files.workspace import Workspace
from mage_jlab.ids import BlockId
from tests.conftest import write


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write(
        tmp_path,
        {
            "dbt/demo/dbt_project.yml": "name: demo\nmodel-paths: [models, more]\n",
            "dbt/demo/models/a.sql": "select * from {{ source('mage_demo', 'etl_load') }}",
            "dbt/demo/models/marts/b.sql": "-- {{ ref('gone') }}\nselect * from {{ ref( \"a\" ) }} join {{ref('demo', 'c')}}",
            "dbt/demo/more/c.sql": "{# ref('b') #} select 1",
            "dbt/demo/snapshots/s.sql": "{% snapshot s %} select * from {{ ref('a') }} {% endsnapshot %}",
            "dbt/demo/dbt_packages/x/models/z.sql": "select 1",
            "dbt/demo/target/compiled/a.sql": "select 1",
            "dbt/broken/dbt_project.yml": "name: [",
            "dbt/broken/models/q.sql": "select 1",
            "dbt/evil/dbt_project.yml": "model-paths: ['../../..', /etc]\n",
        },
    )
    return tmp_path.resolve()


def test_models_and_what_they_read(root: Path) -> None:
    assert dbt_models.models(root) == [
        DbtModel("demo", "demo/models/a.sql", "a", "model", (), ("etl_load",)),
        DbtModel("demo", "demo/models/marts/b.sql", "b", "model", ("demo/models/a.sql", "demo/more/c.sql")),
        DbtModel("demo", "demo/more/c.sql", "c", "model"),
        DbtModel("demo", "demo/snapshots/s.sql", "s", "snapshot", ("demo/models/a.sql",)),
    ]  # fmt: skip


def test_no_dbt_is_no_models(tmp_path: Path) -> None:
    assert dbt_models.models(tmp_path.resolve()) == []


def test_a_dbt_block_without_a_language_is_a_model(tmp_path: Path) -> None:
    entry = "- {uuid: demo/models/a, type: dbt, configuration: {file_path: demo/models/a.sql}}"
    write(
        tmp_path / "work/shop",
        {
            "metadata.yaml": "project_type: standalone\n",
            "pipelines/p/metadata.yaml": f"name: p\nuuid: p\ntype: python\nblocks:\n{entry}\n",
            "dbt/demo/models/a.sql": "select 1",
        },
    )
    workspace = Workspace(tmp_path / "work", tmp_path / "state")
    block = workspace.load(workspace.projects()[0], "p").block(BlockId("demo/models/a"))
    assert (block.language, block.path) == ("sql", "dbt/demo/models/a.sql")
