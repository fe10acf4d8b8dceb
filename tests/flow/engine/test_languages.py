"""Blocks in other languages than Python, as runs of the scheduler and the command line have them."""

from __future__ import annotations

from pathlib import Path

import psutil
from flow.engine.projects import block, custom, step, until, write_pipeline

from mage_jlab.assembly import Engine
from mage_jlab.products.formats import registry

LOADER = "@data_loader\ndef f(*args, **kwargs):\n    import pandas as pd\n    return pd.DataFrame({'n': range(5)})\n"


def test_sql_between_python(engine: Engine, root: Path) -> None:
    query = "SELECT n, n * {{ factor }} AS m FROM {{ df_1 }} WHERE '{{ env }}' = 'prod' ORDER BY n"
    write_pipeline(
        root / "shop", "etl",
        {
            "load": block("data_loader", LOADER),
            "query": block("transformer", query, "load", language="sql"),
            "below": custom("print(args[0]['m'].tolist()); return len(args[0])", "query"),
            "wrong": block("transformer", "SELECT 1,\n nope FROM load", "below", "load", language="sql"),
        },
        variables={"factor": 3},
    )  # fmt: skip
    run = engine.wait(engine.submit("shop", "etl").id, 60)
    assert step(run, "below").state == "completed", run
    log = [record["text"] for record in engine.step_log(run.id, "below")[0]]
    assert "[0, 3, 6, 9, 12]" in log
    store = engine.products(engine.workspace.project("shop"))
    manifest = store.manifest("etl", run.id, "query")
    folder = store.execution("etl", run.id, "query", manifest.version)
    assert registry.read(folder, manifest.outputs[0])["m"].sum() == 30
    assert "-- $factor = 3" in "".join(r["text"] for r in engine.step_log(run.id, "query")[0])
    assert "line 2" in str(step(run, "wrong").error)


def test_r_between_python(engine: Engine, root: Path) -> None:
    more = "transform <- function(df_1, ...) {\n  cat('rows', nrow(df_1), '\\n')\n  df_1$m <- df_1$n * global_vars$factor\n  df_1\n}"
    write_pipeline(
        root / "shop", "etl",
        {
            "load": block("data_loader", LOADER),
            "more": block("transformer", more, "load", language="r"),
            "below": custom("print(args[0]['m'].tolist()); return len(args[0])", "more"),
            "wrong": block("transformer", "transform <- function(df_1) {\n\n  stop('no way')\n}", "below", language="r"),
        },
        variables={"factor": 3},
    )  # fmt: skip
    run = engine.wait(engine.submit("shop", "etl").id, 90)
    assert step(run, "below").state == "completed", run
    assert "[0, 3, 6, 9, 12]" in [record["text"] for record in engine.step_log(run.id, "below")[0]]
    assert "rows 5 " in [record["text"] for record in engine.step_log(run.id, "more")[0]]
    assert "no way, line 3" in str(step(run, "wrong").error)
    settled(run.id)


def test_a_cancelled_run_leaves_no_r(engine: Engine, root: Path) -> None:
    endless = "load_data <- function() {\n  cat('go\\n')\n  while (TRUE) Sys.sleep(0.1)\n}"
    write_pipeline(root / "shop", "etl", {"endless": block("data_loader", endless, language="r")})
    run = engine.submit("shop", "etl")
    until(lambda: any(r["text"] == "go" for r in engine.step_log(run.id, "endless")[0]))
    engine.cancel(run.id)
    assert engine.wait(run.id, 60).state == "cancelled"
    settled(run.id)


def settled(run_id: str) -> None:
    """Wait until no R of ours is there any more."""

    def left() -> list[int]:
        mine = {child.pid for child in psutil.Process().children(recursive=True)}
        found = [
            p for p in psutil.process_iter(["ppid", "environ"]) if "IRkernel::main()" in _line(p)
        ]
        return [p.pid for p in found if p.pid in mine or p.ppid() == 1]

    until(lambda: not left())


def _line(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def test_a_secret_is_not_shown_in_the_compiled_sql(engine: Engine, root: Path) -> None:
    query = "SELECT '{{ mage_secret_var('pass') }}' AS p,\n nope"
    write_pipeline(root / "shop", "etl", {"query": block("data_loader", query, language="sql")})
    engine.secrets(engine.workspace.project("shop")).put("pass", "hunter2hunter2")
    run = engine.wait(engine.submit("shop", "etl").id, 60)
    log = "".join(record["text"] for record in engine.step_log(run.id, "query")[0])
    assert "********" in log and "hunter2" not in log
    assert "hunter2" not in str(step(run, "query").error)


def test_a_pipeline_of_sql_alone_opens_a_connection_by_a_secret(engine: Engine, root: Path) -> None:
    said = {"data_provider": "duckdb", "data_provider_profile": "mine", "use_raw_sql": True}
    query = block("data_loader", "SELECT 1 AS n", language="sql", configuration=said)
    write_pipeline(root / "shop", "etl", {"query": query})
    (root / "shop/io_config.yaml").write_text(
        "mine: {DUCKDB_DATABASE: \"{{ mage_secret_var('place') }}\", DUCKDB_SCHEMA: main}\n"
    )
    database = root / "kept.duckdb"
    engine.secrets(engine.workspace.project("shop")).put("place", str(database))
    run = engine.wait(engine.submit("shop", "etl").id, 60)
    assert run.state == "completed", step(run, "query").error
    assert database.exists()


def test_the_kernelspec_of_a_project(engine: Engine, root: Path) -> None:
    code = "load_data <- function() data.frame(a = 1)"
    write_pipeline(root / "shop", "etl", {"r": block("data_loader", code, language="r")})
    (root / "shop/metadata.yaml").write_text("language_kernels: {r: ir-of-mine}\n")
    run = engine.wait(engine.submit("shop", "etl").id, 60)
    assert "no kernel named 'ir-of-mine'" in str(step(run, "r").error)
    (root / "shop/metadata.yaml").write_text("language_kernels: {r: ir}\n")
    assert engine.wait(engine.submit("shop", "etl").id, 60).state == "completed"
