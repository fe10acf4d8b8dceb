"""A dbt project in a Mage project, as `dbt init` and Mage leave them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

DUCKDB = "{{type: duckdb, path: '{path}', threads: 1}}"
POSTGRES = (
    "{{type: postgres, host: '{host}', port: 5432, user: '{user}', password: '', "
    "dbname: {dbname}, schema: {schema}, threads: 2}}"
)

LOAD = """
import pandas as pd
@data_loader
def load(*args, **kwargs):
    return pd.DataFrame({'id': [1, 2, 3], 'amount': [5.0, 7.5, 1.0]})
"""

FILES = {
    "dbt_project.yml": "name: demo\nversion: '1.0'\nprofile: demo\nmodel-paths: [models]\n",
    "models/orders.sql": (
        "select id, amount from {{ source('mage_demo', 'etl_load') }}\n"
        "where amount >= {{ var('least', 0) }} and '{{ variables('least') }}' <> 'x'\n"
    ),
    "models/marts/totals.sql": (
        "{{ config(materialized='table') }}\n"
        "select count(*) as orders, sum(amount) as amount from {{ ref('orders') }}\n"
    ),
    "models/alone.sql": (
        "{{ config(materialized='table') }}\nselect 1 as one, 'a' as word\nunion all\nselect 2, 'b'\n"
    ),
    # As Mage left it on its author's machine.
    "models/mage_sources.yml": (
        "sources:\n- database: authors\n  description: Dataframes\n  loader: mage\n"
        "  name: mage_demo\n  schema: elsewhere\n  tables:\n"
        "  - identifier: mage_etl_load\n    meta: {block_uuid: load, pipeline_uuid: etl}\n"
        "    name: etl_load\nversion: 2\n"
    ),
    "models/schema.yml": (
        "version: 2\nmodels:\n- name: orders\n  columns:\n"
        "  - name: id\n    data_tests: [not_null, unique]\n"
    ),
}


def write(mage: Path, output: str, **changes: str) -> Path:
    """Write the project into dbt/demo of a Mage project; `output` is that of its profile."""
    folder = mage / "dbt" / "demo"
    profile = f"demo:\n  target: dev\n  outputs:\n    dev: {output}\n"
    for name, text in {**FILES, "profiles.yml": profile, **changes}.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder


def model(name: str, **configuration: Any) -> dict[str, Any]:
    """What a cell says of a block that is a model."""
    path = f"demo/models/{name}.sql"
    return {
        "type_": "dbt",
        "language": "sql",
        "path": f"dbt/{path}",
        "configuration": {
            "file_path": path,
            "file_source": {"path": f"dbt/{path}", "project_path": "dbt/demo"},
            **configuration,
        },
    }
