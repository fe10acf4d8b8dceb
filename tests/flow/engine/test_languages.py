"""Blocks in other languages than Python, as runs of the scheduler and the command line have them."""

from __future__ import annotations

from pathlib import Path

from flow.engine.projects import block, custom, step, write_pipeline

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
