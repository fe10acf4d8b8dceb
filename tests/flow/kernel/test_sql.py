"""SQL blocks with a data provider, in a kernel, as a person runs them."""

from __future__ import annotations

import sqlite3
import time
from typing import Any

from kernels import Answer, Kernel
from test_convention import fails, ok

LOAD = "import pandas as pd\n@data_loader\ndef f():\n    return pd.DataFrame({'n': [1, 2, 3], 'word': ['a', 'b', None]})"


def sql(
    kernel: Kernel, text: str, block: str, *upstream: str, type_: str = "transformer", **more: Any
) -> Answer:
    configuration = {"data_provider": "sqlite", "data_provider_profile": "files", **more}
    return kernel.cell(text, block, type_, upstream, language="sql", configuration=configuration)


def prepared(kernel: Kernel) -> sqlite3.Connection:
    path = kernel.project / "a.db"
    (kernel.project / "io_config.yaml").write_text(
        f"version: 0.1.1\nfiles:\n  SQLITE_DATABASE: {path}\nother: {{}}\n"
    )
    kernel.start(variables={"least": 1, "profile": "files"})
    ok(kernel.cell(LOAD, "load"))
    return sqlite3.connect(path)


def test_rows_go_up_and_come_back(fresh: Kernel) -> None:
    database = prepared(fresh)
    text = "SELECT n, word FROM {{ df_1 }} WHERE n > {{ least }} ORDER BY n"
    answer = sql(fresh, text, "more", "load", export_write_policy="replace")
    ok(answer)
    assert answer.previews[0]["page"]["rows"] == [[2, "b"], [3, None]]
    assert "FROM dev_etl_load_v1 WHERE n > 1" in answer.mime("text/markdown")[0]
    tables = database.execute("SELECT name FROM sqlite_master ORDER BY 1").fetchall()
    assert tables == [("dev_etl_load_v1",), ("dev_etl_more_v1",)]
    below = "@custom\ndef f(frame):\n    print(frame['n'].tolist())"
    assert fresh.cell(below, "below", "custom", ["more"]).stdout == "[2, 3]\n"


def test_a_query_without_templates_is_not_shown_twice(fresh: Kernel) -> None:
    prepared(fresh)
    answer = sql(fresh, "SELECT 1 AS n\n", "plain", export_write_policy="replace")
    ok(answer)
    assert answer.mime("text/markdown") == [] and answer.previews[0]["page"]["rows"] == [[1]]


def test_policies_and_limits(fresh: Kernel) -> None:
    database = prepared(fresh)
    chosen = {"data_provider_table": "mine", "limit": 2}
    sql(fresh, "SELECT n FROM {{ df_1 }}", "a", "load", **chosen)
    answer = sql(fresh, "SELECT n FROM {{ df_1 }}", "a", "load", **chosen)
    assert database.execute("SELECT count(*) FROM mine").fetchone() == (6,)  # append is the default
    assert len(answer.previews[0]["page"]["rows"]) == 2
    assert "Limited to 2 rows by the block's setting 'limit'" in answer.stdout
    whole = {"data_provider_table": "whole", "limit": 3}
    answer = sql(fresh, "SELECT n FROM {{ df_1 }}", "all", "load", **whole)
    assert len(answer.previews[0]["page"]["rows"]) == 3 and "Limited" not in answer.stdout
    answer = sql(fresh, "SELECT 1 AS n", "a", export_write_policy="fail", **chosen)
    assert "write policy is 'fail'" in fails(answer, "AlreadyExists")


def test_raw(fresh: Kernel) -> None:
    prepared(fresh)
    text = "DROP TABLE IF EXISTS t; CREATE TABLE t (n int); INSERT INTO t VALUES (5), (6);"
    answer = sql(fresh, text, "raw", use_raw_sql=True)
    assert answer.previews[0]["page"]["rows"] == [[5], [6]]
    answer = sql(fresh, "SELECT 1 AS a; SELECT 2 AS b", "raw", use_raw_sql=True)
    assert answer.previews[0]["columns"][0]["name"] == "b"


def test_without_preprocessing_nothing_is_handed_on(fresh: Kernel) -> None:
    database = prepared(fresh)
    ok(fresh.cell(LOAD, "load"))
    chosen = {"data_provider_table": "big", "disable_query_preprocessing": True}
    answer = sql(fresh, "SELECT * FROM {{ df_1 }}", "made", "load", **chosen)
    assert ok(answer)["outputs"] == []
    assert database.execute("SELECT count(*) > 1 FROM big").fetchall() == [(1,)]


def test_columns_with_other_names_are_said(fresh: Kernel) -> None:
    prepared(fresh)
    load = LOAD.replace("'n':", "'Order ID':").replace("'word':", "'order':")
    ok(fresh.cell(load, "load"))
    answer = sql(fresh, "SELECT order_id, _order FROM {{ df_1 }}", "more", "load")
    ok(answer)
    assert "other names in the database: Order ID → order_id, order → _order." in answer.stdout


def test_raw_statements_without_rows(fresh: Kernel) -> None:
    database = prepared(fresh)
    ok(sql(fresh, "CREATE TABLE t (n int); INSERT INTO t VALUES (5), (6)", "raw", use_raw_sql=True))
    answer = sql(fresh, "DELETE FROM t WHERE n = 5", "raw", use_raw_sql=True)
    ok(answer)
    assert database.execute("SELECT n FROM t").fetchall() == [(6,)]
    answer = sql(fresh, "SELECT count(*) AS c FROM t; DELETE FROM t", "raw", use_raw_sql=True)
    assert answer.previews[0]["page"]["rows"] == [[1]]


def test_templates(fresh: Kernel) -> None:
    prepared(fresh)
    text = (
        "SELECT {{ variables('least') }} AS a, "
        "{{ block_output('load', parse=lambda data, variables: data['n'].sum()) }} AS b, "
        "'{{ env }}' AS c{% for x in [1, 2] %}, {{ x }} AS x{{ x }}{% endfor %}"
    )
    answer = sql(fresh, text, "t", "load", data_provider_profile="{{ profile }}")
    assert answer.previews[0]["page"]["rows"] == [[1, 6, "dev", 1, 2]]
    answer = sql(fresh, "SELECT '{{ nothing }}'", "t")
    assert "'nothing' is undefined" in fails(answer, "StepFailed")


def test_what_is_wrong_is_said(fresh: Kernel) -> None:
    prepared(fresh)
    assert 'near "SELEC"' in fails(sql(fresh, "SELEC 1", "w"), "StepFailed")
    answer = sql(fresh, "SELECT 1", "w", data_provider_profile="other")
    assert "needs the setting SQLITE_DATABASE" in fails(answer, "BadRequest")
    answer = sql(fresh, "SELECT 1", "w", data_provider_profile="nope")
    assert "has no profile 'nope'" in fails(answer, "NotFound")
    file = fresh.project / "io_config.yaml"
    file.write_text("unset:\n  SQLITE_DATABASE: \"{{ env_var('MAGE_TEST_UNSET') }}\"\n")
    answer = sql(fresh, "SELECT 1", "w", data_provider_profile="unset")
    assert "an environment variable that it names is not set" in fails(answer, "BadRequest")


def known_tables(kernel: Kernel, provider: str, profile: str) -> Any:
    """What the front end's expression says once it has been found out."""
    expression = (
        "__import__('_mage_jlab_kernel.kernel_side.sql.schema', fromlist=['_'])"
        f".of({provider!r}, {profile!r})"
    )
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        kernel.client.execute("", silent=True, user_expressions={"s": expression})
        reply = kernel.client.get_shell_msg(timeout=30)["content"]
        said = reply["user_expressions"]["s"]["data"]["application/json"]
        if said["tables"] is not None:
            return said
    raise AssertionError("never found out")


def test_tables_and_columns_are_known_for_completion(fresh: Kernel) -> None:
    database = prepared(fresh)
    database.execute("CREATE TABLE people (id INTEGER, full_name TEXT)")
    database.commit()
    assert ["", "people", ["id", "full_name"]] in known_tables(fresh, "sqlite", "files")["tables"]
    assert known_tables(fresh, "sqlite", "nope")["tables"] == []
    assert known_tables(fresh, "nothing", "files")["tables"] == []
