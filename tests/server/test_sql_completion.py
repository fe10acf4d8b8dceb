"""What the cells of SQL blocks complete, from real databases by profiles of io_config.yaml."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pymysql
import pytest
import yaml

from tests.databases import Address
from tests.server.test_notebook_run import kernel_of

MODULE = "_mage_jlab_kernel.kernel_side.sql.schema"


async def asked(client: Any, provider: str, profile: str) -> dict[str, Any]:
    """Ask as the front end does: by an expression of a silent request, until it is found out."""
    words = f"{json.dumps(provider)}, {json.dumps(profile)}"
    expression = f"__import__('{MODULE}', fromlist=['_']).of({words})"
    for _ in range(60):
        mine = client.execute("", silent=True, user_expressions={"tables": expression})
        while True:
            reply = await client.get_shell_msg(timeout=60)
            if reply["parent_header"].get("msg_id") == mine:
                break
        said = reply["content"]["user_expressions"]["tables"]["data"]["application/json"]
        if said["tables"] is not None:
            found: dict[str, Any] = said
            return found
        await asyncio.sleep(0.3)
    raise AssertionError("never found out")


def columns(answer: dict[str, Any]) -> dict[tuple[str, str], list[str]]:
    return {(schema, table): names for schema, table, names in answer["tables"]}


@pytest.fixture
def connections(
    mage_project: Path, postgresql: Callable[[str], Address], mysql_profile: dict[str, object]
) -> dict[str, object]:
    postgres = postgresql("completion")
    with psycopg.connect(postgres.uri) as connection:
        connection.execute("CREATE TABLE people (id int, full_name text)")
        connection.execute('CREATE TABLE "Mixed" ("Order ID" int)')
        connection.execute("CREATE SCHEMA mart")
        connection.execute("CREATE VIEW mart.adults AS SELECT id, 18 AS age FROM people")
        connection.execute("CREATE MATERIALIZED VIEW mart.kept AS SELECT id AS kept_id FROM people")
    with pymysql.connect(
        host="127.0.0.1", port=mysql_profile["MYSQL_PORT"], user="u", password="p", database="shop"
    ) as other:
        cursor = other.cursor()
        for statement in (
            "CREATE OR REPLACE TABLE people (id int, full_name text)",
            "CREATE OR REPLACE VIEW adults AS SELECT id, 18 AS age FROM people",
            "CREATE DATABASE IF NOT EXISTS elsewhere",
            "CREATE OR REPLACE TABLE elsewhere.orders (order_id int)",
        ):
            cursor.execute(statement)
    profiles = {
        "default": postgres.profile,
        "mart": {**postgres.profile, "POSTGRES_SCHEMA": "mart"},
        "second": mysql_profile,
        "wrong": {**mysql_profile, "MYSQL_PASSWORD": "no"},
    }
    (mage_project / "io_config.yaml").write_text(yaml.safe_dump(profiles))
    return profiles


async def test_tables_of_real_databases(
    ask: Any, jp_serverapp: Any, connections: dict[str, object]
) -> None:
    async with kernel_of(ask, jp_serverapp) as client:
        postgres = await asked(client, "postgres", "default")
        found = columns(postgres)
        assert found["public", "people"] == ["id", "full_name"]
        assert found["public", "Mixed"] == ["Order ID"]
        assert found["mart", "adults"] == ["id", "age"]
        assert found["mart", "kept"] == ["kept_id"]
        assert not {schema for schema, _ in found} & {"pg_catalog", "information_schema"}
        assert postgres["schema"] == "public"
        assert postgres["tables"][0][0] == "public", "what needs no schema comes first"
        # As in Mage, where a block's own table lies is not where a query looks for names.
        assert (await asked(client, "postgres", "mart"))["schema"] == "public"

        mysql = await asked(client, "mysql", "second")
        found = columns(mysql)
        assert found["shop", "people"] == ["id", "full_name"]
        assert found["shop", "adults"] == ["id", "age"]
        assert found["elsewhere", "orders"] == ["order_id"]
        assert not {schema for schema, _ in found} & {"mysql", "sys", "information_schema"}
        assert mysql["schema"] == "shop"

        assert (await asked(client, "mysql", "wrong"))["tables"] == []
