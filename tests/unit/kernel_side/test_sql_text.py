"""What a text of SQL says of itself."""

from __future__ import annotations

import pytest

from mage_jlab.kernel_side.sql import text


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("SELECT 1; SELECT 2;", ["SELECT 1", "SELECT 2"]),
        ("SELECT ';' AS a, \"x;y\"; -- done; really\n", ["SELECT ';' AS a, \"x;y\""]),
        ("/* a; b */ SELECT 'it''s; so'", ["/* a; b */ SELECT 'it''s; so'"]),
        (" ;; ", []),
        ("-- only a comment", []),
        (
            "DO $$ BEGIN x; END $$; SELECT $a$;$$;$a$",
            ["DO $$ BEGIN x; END $$", "SELECT $a$;$$;$a$"],
        ),
        ("SELECT $1; SELECT '$$'", ["SELECT $1", "SELECT '$$'"]),
    ],
)
def test_statements(given: str, wanted: list[str]) -> None:
    assert text.statements(given) == wanted


@pytest.mark.parametrize(
    ("given", "table"),
    [
        ("CREATE TABLE a.b (n int)", "a.b"),
        ("create table if not exists t as select 1", "t"),
        ("DROP TABLE IF EXISTS t; CREATE TABLE t(n int); INSERT INTO u VALUES (1)", "t"),
        ("INSERT INTO a VALUES (1); INSERT INTO s.b SELECT 1", "s.b"),
        ("UPDATE t AS x SET n = 1 WHERE n = 2", "t"),
        ("-- CREATE TABLE nope\nSELECT 1", None),
        ("DROP TABLE t", None),
        ("update t x set n = 1", "t"),
        ('INSERT INTO "s"."My t" ("A b") VALUES (1)', '"s"."My t"'),
        ("CREATE TABLE `a-b.c.d` (n int)", "`a-b.c.d`"),
        ("insert into t(n) values (1)", "t"),
        (
            "MERGE INTO t USING u ON a = b WHEN MATCHED THEN UPDATE SET a = 1"
            " WHEN NOT MATCHED THEN INSERT VALUES (1)",
            "t",
        ),
        ("DELETE FROM t", None),
        ("CREATE FUNCTION f() AS $$ INSERT INTO t VALUES (1) $$", None),
    ],
)
def test_the_table_that_is_written(given: str, table: str | None) -> None:
    assert text.target(given) == table


def test_what_changes_something() -> None:
    assert text.changes("DROP TABLE x") and text.changes("update t set a = 1")
    assert not text.changes("SELECT updated FROM inserted -- INSERT INTO t")


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("SELECT * FROM {{ df_1 }}", "SELECT * FROM (\nQ\n) AS t"),
        ("SELECT * FROM {{df_1}} AS a", "SELECT * FROM (\nQ\n) AS a"),
        ("FROM x JOIN {{ df_1 }} b ON x.n = b.n", "FROM x JOIN (\nQ\n) b ON x.n = b.n"),
        ("FROM {{ df_1 }} WHERE n", "FROM (\nQ\n) AS t WHERE n"),
        ('FROM {{ df_1 }} "a"', 'FROM (\nQ\n) "a"'),
        (
            "FROM {{ df_1 }} a JOIN {{ df_1 }} LEFT JOIN y",
            "FROM (\nQ\n) a JOIN (\nQ\n) AS t LEFT JOIN y",
        ),
    ],
)
def test_a_query_in_the_place_of_a_block(given: str, wanted: str) -> None:
    assert text.put_query(given, 1, "Q;", "t") == wanted
