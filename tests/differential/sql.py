"""SQL blocks against PostgreSQL, run by both sides, each in a database of its own."""

from __future__ import annotations

from typing import Any

IO_CONFIG = """\
version: 0.1.1
default:
  POSTGRES_DBNAME: "{{ env_var('SHOP_DBNAME') }}"
  POSTGRES_HOST: "{{ env_var('SHOP_HOST') }}"
  POSTGRES_USER: postgres
  POSTGRES_PASSWORD: ''
  POSTGRES_PORT: 5432
  POSTGRES_SCHEMA: public
"""
PANDAS = "import pandas as pd\n"


def block(
    body: str, *upstream: str, kind: str = "transformer", **configuration: Any
) -> dict[str, Any]:
    """A SQL block of the default profile."""
    return {
        "type": kind,
        "body": body + "\n",
        "upstream": list(upstream),
        "language": "sql",
        "configuration": {
            "data_provider": "postgres",
            "data_provider_profile": "default",
            "data_provider_schema": "public",
            "export_write_policy": "replace",
            **configuration,
        },
    }


def raw(body: str, *upstream: str, **configuration: Any) -> dict[str, Any]:
    return block(body, *upstream, use_raw_sql=True, **configuration)


TABLES = """def f(*args, **kwargs):
    config = ConfigFileLoader(path.join(get_repo_path(), 'io_config.yaml'), 'default')
    with Postgres.with_config(config) as loader:
        return loader.load(
            "SELECT table_schema, table_name, column_name, data_type FROM information_schema.columns "
            "WHERE table_schema IN ('public', 'mart', 'own') "
            "AND table_name NOT LIKE '%rejoined%' AND table_name <> 'taken' ORDER BY 1, 2, 3", verbose=False)"""
HEAD = """from os import path
from mage_ai.io.config import ConfigFileLoader
from mage_ai.io.postgres import Postgres
from mage_ai.settings.repo import get_repo_path
import pandas as pd
"""
EXPORT = """def f(*args, **kwargs):
    config = ConfigFileLoader(path.join(get_repo_path(), 'io_config.yaml'), 'default')
    df = pd.DataFrame({'Order ID': [1, 2], 'name': ['a', ''], 'x': [0.5, None], 'big': [2 ** 40, 1],
                       'ok': [True, False], 'at': pd.to_datetime(['2024-01-02', None]),
                       'd': [{'a': 1}, None], 'l': [['x', 'y'], []], '2nd': [1, 2]})
    with Postgres.with_config(config) as loader:
        loader.export(df, 'own', 'orders', if_exists='replace')
        loader.export(df.head(1), 'own', 'orders', if_exists='append')
        loader.export([{'ordernr': 1, 'v': 'a'}], 'own', 'keyed', unique_constraints=['ordernr'])
        loader.export([{'ordernr': 1, 'v': 'b'}, {'ordernr': 2, 'v': 'c'}], 'own', 'keyed', if_exists='append',
                      unique_constraints=['ordernr'], unique_conflict_method='UPDATE')
        first = loader.load('SELECT * FROM own.orders', limit=2)
        second = loader.load('SELECT * FROM own.keyed ORDER BY 1')
        third = loader.sample('own', 'orders', 1)
        loader.execute("UPDATE own.orders SET x = 9")
        loader.rollback()
        fourth = loader.load('SELECT sum(x) AS s, count(*) AS n FROM own.orders')
    return first, second, third, fourth"""


def pipelines(python: Any) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """The pipelines; `python` makes a block of Python."""
    load = python(
        "data_loader",
        "def f(*args, **kwargs):\n    return pd.DataFrame({'n': [1, 2, 3], 'word': ['a', None, 'c'], 'x': [.5, 1.5, None]})",
        head=PANDAS,
    )
    records = python(
        "data_loader",
        "def f(*args, **kwargs):\n    return [{'id': 1, 'v': 'x'}, {'id': 2, 'v': 'y'}]",
    )
    mapping = python("data_loader", "def f(*args, **kwargs):\n    return {'id': 7, 'v': 'z'}")
    empty = python(
        "data_loader", "def f(*args, **kwargs):\n    return pd.DataFrame({'n': []})", head=PANDAS
    )
    down = python(
        "transformer",
        "def f(*args, **kwargs):\n    return [len(a) for a in args] + [list(args[0].columns)]",
    )
    ok = {
        # Mage's blocks collide when two bring the same rows up at once: each has its own above it.
        "load_rows": load, "load_joined": load, "load_raw": load, "load_rejoined": load,
        "load_records": records, "load_more": records, "load_mapping": mapping,
        "doubled": block("SELECT n, n * 2 AS twice, word FROM {{ df_1 }} ORDER BY n", "load_rows"),
        "python_below": down | {"upstream": ["doubled"]},
        "of_sql": block("SELECT sum(twice) AS total FROM {{ df_1 }}", "doubled"),
        "of_records": block("SELECT * FROM {{df_1}} ORDER BY 1", "load_records"),
        "of_mapping": block("SELECT * FROM {{   df_1 }}", "load_mapping"),
        "joined": block("SELECT a.n, b.v FROM {{ df_1 }} AS a JOIN {{ df_2 }} b ON a.n = b.id ORDER BY 1;", "load_joined", "load_more"),
        "templated": block(
            "SELECT '{{ country }}' AS country, {{ variables('least') }} AS least, '{{ env_var('SHOP_REGION') }}' AS region,\n"
            "  length('{{ ds }}') AS ds, '{{ env }}' AS env, '{{ pipeline_uuid }}' AS p,\n"
            "  {{ block_output('load_rows', parse=lambda data, variables: data['n'].max()) }} AS most\n"
            "{% if least > 1 %}, 1 AS more{% endif %}", "load_rows"),
        "in_schema": block("SELECT 1 AS one", data_provider_schema="mart", data_provider_table="named"),
        "of_schema": block("SELECT one + 1 AS two FROM {{ df_1 }}", "in_schema", data_provider_table="after"),
        "first": block("SELECT 1 AS a", data_provider_table="grows"),
        "appended": block("SELECT 2 AS a", "first", data_provider_table="grows", export_write_policy="append"),
        "limited": block("SELECT * FROM generate_series(1, 10) AS g(n) ORDER BY 1", limit_in_pipeline_run=4, limit=2),
        "exporter": block("SELECT 5 AS five", kind="data_exporter"),
        "raw_select": raw("SELECT 1 AS a; SELECT 2 AS b;"),
        "raw_made": raw("-- a comment\nDROP TABLE IF EXISTS made; CREATE TABLE made (t text, n int); INSERT INTO made VALUES ('a;b', 1), ('c''d', 2)"),
        "raw_update": raw("UPDATE made SET n = n + 1 WHERE n > 1", "raw_made"),
        "raw_query": raw("SELECT n, word FROM {{ df_1 }} WHERE n > 1", "load_raw"),
        "raw_of_raw": raw("SELECT count(*) AS c FROM {{ df_1 }}", "raw_query"),
        "raw_aliased": raw("SELECT max(q.n) AS m FROM {{ df_1 }} AS q", "raw_query"),
        "raw_joined": raw("SELECT q.n, w.word FROM {{ df_1 }} q JOIN {{ df_2 }} w ON q.n = w.n ORDER BY 1", "raw_query", "load_rejoined"),
        "built_of_raw": block("SELECT n + 100 AS n FROM {{ df_1 }} ORDER BY 1", "raw_query"),
        "untouched": raw("CREATE TABLE untouched AS SELECT 1 AS a; SELECT 2", disable_query_preprocessing=True),
        "exported": python("custom", EXPORT, head=HEAD),
    }  # fmt: skip
    last = [name for name in ok if not name.startswith("load") and name != "raw_joined"]
    ok["raw_commented"] = raw("-- a comment; with a semicolon\nSELECT 1 AS a")
    ok["tables"] = python("custom", TABLES, head=HEAD) | {"upstream": last}
    bad = {
        "there": block("SELECT 1 AS a", data_provider_table="taken"),
        "refused": block("SELECT 2 AS a", "there", data_provider_table="taken", export_write_policy="fail"),
        "wrong": block("SELEC 1"),
        "load_nothing": empty,
        "of_nothing": block("SELECT * FROM {{ df_1 }}", "load_nothing"),
    }  # fmt: skip
    variables = {"variables": {"country": "ES", "least": 2}}
    return {"sql": (ok, variables), "sql_failing": (bad, {})}
