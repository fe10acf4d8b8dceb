"""dbt blocks run by both sides against PostgreSQL: each pipeline has a dbt project of its own.

Pipelines run at the same time in Mage, and its dbt blocks share the folder of their project.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from differential.projects import PANDAS, block, load
from flow.engine.projects import write_pipeline

PROFILE = """\
{name}:
  target: dev
  outputs:
    dev: {{type: postgres, host: "{{{{ env_var('SHOP_HOST') }}}}", port: 5432, user: postgres, password: '',
          dbname: "{{{{ env_var('SHOP_DBNAME') }}}}", schema: {name}, threads: 1}}
    other: {{type: postgres, host: "{{{{ env_var('SHOP_HOST') }}}}", port: 5432, user: postgres, password: '',
          dbname: "{{{{ env_var('SHOP_DBNAME') }}}}", schema: "{{{{ variables('elsewhere') }}}}", threads: 1}}
"""
TABLE = "{{ config(materialized='table') }}\n"
FRAME = (
    "pd.DataFrame({'id': [1, 2, 3], 'amount': [5.0, 7.5, 1.0], 'word': ['a,\"b\"', 'é', None],"
    " 'at': pd.to_datetime(['2024-01-01', '2024-01-02', None]), 'digits': ['007', '8', '9'],"
    " 'ok': [True, False, True]})"
)
ORDERS = TABLE + (
    "select id, word, ok from {{ source('mage_chain', 'dbt_chain_load') }}\n"
    "where amount >= {{ var('least') }} order by id"
)
TYPED = (
    "select amount, at, digits from {{ source('mage_chain', 'dbt_chain_load') }} order by amount"
)
COLUMNS = TABLE + (
    "select column_name::text as name from information_schema.columns\n"
    "where table_name = 'mage_dbt_chain_load' order by ordinal_position"
)
RECORDS = "select count(*) as n, max(v) as v from {{ source('mage_chain', 'dbt_chain_records') }}"
DAY = TABLE + "select '{{ var('day', 'none') }}' as day, {{ var('least') }} as least"
TWICE = TABLE + "select 1 as id union all select 1"
UNIQUE = "version: 2\nmodels:\n- name: twice\n  columns:\n  - name: id\n    data_tests: [unique, not_null]\n"
COUNTRIES = "id,name,since\n1,Fiji,1970-10-10\n2,Peru,1821-07-28\n3,Chad,"
KEPT = (
    "{% snapshot kept_countries %}\n"
    "{{ config(target_schema='kept', unique_key='id', strategy='check', check_cols=['name']) }}\n"
    "select id, name from {{ ref('countries') }}\n{% endsnapshot %}"
)
OF_KEPT = TABLE + (
    "select k.id, k.name, c.since, k.dbt_valid_to is null as valid from {{ ref('kept_countries') }} k\n"
    "join {{ ref('countries') }} c on c.id = k.id order by k.id"
)
COLUMN_TESTS = (
    "version: 2\nseeds:\n- name: countries\n  columns:\n  - name: id\n"
    "    data_tests: [unique, not_null]\n  - name: since\n    data_tests: [not_null]\n"
)

MODELS: dict[str, dict[str, str]] = {
    "chain": {
        "orders.sql": ORDERS,
        "totals.sql": "select count(*) as orders, max(id) as most from {{ ref('orders') }}",
        "of_records.sql": RECORDS,
        "typed.sql": TYPED,
        "columns_of.sql": COLUMNS,
        "of_day.sql": DAY,
        "looked.sql": "select day, least from {{ ref('of_day') }}",
        "placed.sql": TABLE + "select '{{ target.schema }}' as place, '{{ target.name }}' as name",
        "passing.sql": "{{ config(materialized='ephemeral') }}\nselect 4 as four",
    },
    "wrong": {"wrong.sql": "select nothing from nowhere"},
    "unread": {"unread.sql": "select {{ no_such_macro() }} as n"},
    "tested": {"twice.sql": TWICE, "schema.yml": UNIQUE},
    "lax": {"twice.sql": TWICE, "schema.yml": UNIQUE},
    "commanded": {"twice.sql": TWICE, "schema.yml": UNIQUE},
    "kept": {
        "of_kept.sql": OF_KEPT,
        "../seeds/countries.csv": COUNTRIES,
        "../seeds/schema.yml": COLUMN_TESTS,
        "../snapshots/kept.sql": KEPT,
        "../tests/no_peru.sql": "select * from {{ ref('countries') }} where name = 'Peru'",
        "../tests/no_mars.sql": "select * from {{ ref('countries') }} where name = 'Mars'",
    },
}
COMMANDS = {
    "build_day": "--select of_day\n--vars '{\"day\": \"{{ variables('day') }}\"}'\n",
    "test_twice": "--select twice\n",
    "run_twice": "--select twice --full-refresh\n",
    "seed_countries": "--select countries\n",
    "snapshot_countries": "",
    "test_mars": "--select no_mars unique_countries_id not_null_countries_id\n",
    "test_gaps": "--select not_null_countries_since\n",
    "test_peru": "--select no_peru\n",
}


def model(project: str, name: str, *upstream: str, **configuration: Any) -> dict[str, Any]:
    """A block that is a model, as Mage's own editor writes it."""
    file = f"dbt/{project}/models/{name}.sql"
    return {
        "type": "dbt", "language": "sql", "body": "", "upstream": list(upstream),
        "configuration": {
            "file_path": file, "dbt_project_name": f"dbt/{project}",
            "file_source": {"path": file, "project_path": f"dbt/{project}"},
            **configuration,
        },
    }  # fmt: skip


def command(project: str, task: str, *upstream: str) -> dict[str, Any]:
    """A block that is a command."""
    return {
        "type": "dbt", "language": "yaml", "body": "", "upstream": list(upstream),
        "configuration": {
            "dbt_project_name": f"dbt/{project}", "dbt_profile_target": "dev",
            "dbt": {"command": task},
        },
    }  # fmt: skip


def path(project: str, name: str) -> str:
    """The name of a model's block."""
    return f"dbt/{project}/models/{name}"


def rows(*upstream: str) -> dict[str, Any]:
    """A Python block that gives back the frame it gets."""
    return block("transformer", "def f(frame, *args, **kwargs):\n    return frame", *upstream)


def pipelines() -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """The pipelines, in each of them one dbt block after the other."""
    chain = {
        "load": load(FRAME, PANDAS),
        "records": load("[{'v': 1}, {'v': 5}]"),
        path("chain", "orders"): model("chain", "orders", "load"),
        "orders_below": rows(path("chain", "orders")),
        path("chain", "totals"): model("chain", "totals", path("chain", "orders"), "orders_below"),
        "totals_below": rows(path("chain", "totals")),
        path("chain", "typed"): model("chain", "typed", "load", "totals_below"),
        "typed_below": rows(path("chain", "typed")),
        path("chain", "of_records"): model("chain", "of_records", "records", "typed_below"),
        "records_below": rows(path("chain", "of_records")),
        path("chain", "columns_of"): model("chain", "columns_of", "records_below"),
        "columns_below": rows(path("chain", "columns_of")),
        "build_day": command("chain", "build", "columns_below"),
        path("chain", "looked"): model("chain", "looked", "build_day"),
        "day_below": rows(path("chain", "looked")),
        path("chain", "placed"): model(
            "chain", "placed", "day_below", dbt_profile_target="{{ variables('there') }}"
        ),
        "placed_below": rows(path("chain", "placed")),
        path("chain", "passing"): model("chain", "passing", "placed_below"),
        "passing_below": rows(path("chain", "passing")),
    }
    variables = {"least": 2, "day": "monday", "there": "other", "elsewhere": "chained"}
    found = {
        "chain": chain,
        "wrong": {path("wrong", "wrong"): model("wrong", "wrong")},
        "unread": {path("unread", "unread"): model("unread", "unread")},
        "tested": {path("tested", "twice"): model("tested", "twice")},
        "lax": {path("lax", "twice"): model("lax", "twice", dbt={"disable_tests": True})},
        "commanded": {
            "run_twice": command("commanded", "run"),
            "test_twice": command("commanded", "test", "run_twice"),
        },
    }
    found["kept"] = {
        "seed_countries": command("kept", "seed"),
        "snapshot_countries": command("kept", "snapshot", "seed_countries"),
        path("kept", "of_kept"): model("kept", "of_kept", "snapshot_countries"),
        "kept_below": rows(path("kept", "of_kept")),
        "test_mars": command("kept", "test", "kept_below"),
        "mars_below": rows("test_mars"),
        "test_peru": command("kept", "test", "mars_below"),
        "peru_below": rows("test_peru"),
        "test_gaps": command("kept", "test", "mars_below"),
        "gaps_below": rows("test_gaps"),
    }
    for name in ("wrong", "unread", "tested", "lax"):
        (only,) = found[name]
        found[name]["below"] = rows(only)
    found["commanded"]["below"] = rows("test_twice")
    return {
        f"dbt_{name}": (blocks, {"variables": variables} if name == "chain" else {})
        for name, blocks in found.items()
    }


def write(folder: Path) -> list[str]:
    """Write the project; return its pipelines."""
    root = folder / "shop"
    everything = pipelines()
    for name, (blocks, document) in everything.items():
        write_pipeline(root, name, blocks, **document)
    for name, text in COMMANDS.items():
        file = root / "dbts" / f"{name}.yaml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    for name, files in MODELS.items():
        project = root / "dbt" / name
        (project / "models").mkdir(parents=True)
        (project / "dbt_project.yml").write_text(
            f"name: {name}\nversion: '1.0'\nprofile: {name}\nmodel-paths: [models]\n"
        )
        (project / "profiles.yml").write_text(PROFILE.format(name=name))
        for file, text in files.items():
            place = project / "models" / file
            place.parent.mkdir(exist_ok=True)
            place.write_text(text + "\n")
    # Mage writes it when blocks are connected in its editor.
    tables = [
        {
            "name": f"dbt_chain_{item}", "identifier": f"mage_dbt_chain_{item}",
            "meta": {"block_uuid": item, "pipeline_uuid": "dbt_chain"},
        }
        for item in ("load", "records")
    ]  # fmt: skip
    source = {"name": "mage_chain", "loader": "mage", "schema": "chain", "tables": tables}
    (root / "dbt/chain/models/mage_sources.yml").write_text(
        yaml.safe_dump({"version": 2, "sources": [source]})
    )
    (root / "metadata.yaml").write_text(
        "project_type: standalone\nproject_uuid: abc\nhelp_improve_mage: false\n"
    )
    return list(everything)
