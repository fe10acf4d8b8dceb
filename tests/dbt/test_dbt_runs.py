"""dbt in runs of the engine: Python above and below, PostgreSQL and DuckDB, a command block."""

from __future__ import annotations

import contextlib
import json
import textwrap
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import dbt_projects as projects
import psutil
import psycopg
import pytest
import yaml
from engine.projects import running, step, until
from jupyter_client.kernelspec import KernelSpecManager

from mage_jlab import clock
from mage_jlab.assembly import Engine
from mage_jlab.executors.settings import Kernels
from mage_jlab.model.trigger import Trigger

pytestmark = pytest.mark.timeout(300)

BLOCKS = {
    "load": """
        import pandas as pd
        @data_loader
        def load(*args, **kwargs):
            return pd.DataFrame({
                'id': [1, 2, 3], 'amount': [5.0, 7.5, 1.0],
                'at': pd.to_datetime(['2024-01-01', '2024-01-02', None]),
                'word': ['a,"b"', 'é\\n', None],
            })
        """,
    "report": """
        @data_exporter
        def report(frame, *args, **kwargs):
            return frame.to_dict('records')[0]
        """,
}


def pipeline(mage: Path) -> None:
    """load → orders → totals → report, and a command that tests everything at the end."""
    entries: list[dict[str, Any]] = [
        {"uuid": "load", "type": "data_loader", "upstream_blocks": []},
        _model("orders", "load"),
        _model("marts/totals", "demo/models/orders"),
        {"uuid": "report", "type": "data_exporter", "upstream_blocks": ["demo/models/marts/totals"]},
        {
            "uuid": "verify", "type": "dbt", "language": "yaml", "upstream_blocks": ["report"],
            "configuration": {"dbt_project_name": "demo", "dbt": {"command": "test"}},
        },
    ]  # fmt: skip
    folder = mage / "pipelines" / "etl"
    folder.mkdir(parents=True)
    said = {
        "name": "etl",
        "uuid": "etl",
        "type": "python",
        "blocks": entries,
        "variables": {"least": 2},
    }
    (folder / "metadata.yaml").write_text(yaml.safe_dump(said))
    for place, name in (("data_loaders", "load"), ("data_exporters", "report")):
        (mage / place).mkdir()
        (mage / place / f"{name}.py").write_text(textwrap.dedent(BLOCKS[name]))
    (mage / "dbts").mkdir()
    (mage / "dbts" / "verify.yaml").write_text("--select {{ variables('chosen') or 'orders' }}\n")


def _model(name: str, upstream: str) -> dict[str, Any]:
    file = f"demo/models/{name}.sql"
    return {
        "uuid": f"demo/models/{name}", "name": name, "type": "dbt", "language": "sql",
        "configuration": {
            "file_path": file,
            "file_source": {"path": f"dbt/{file}", "project_path": "dbt/demo"},
        },
        "upstream_blocks": [upstream],
    }  # fmt: skip


@pytest.fixture
def engine(tmp_path: Path, mage_state: Path, dbt_python: str) -> Iterator[Engine]:
    kernels = tmp_path / "kernels" / "withdbt"
    kernels.mkdir(parents=True)
    spec = {
        "argv": [dbt_python, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "with dbt",
        "language": "python",
    }
    (kernels / "kernel.json").write_text(json.dumps(spec))
    mage = tmp_path / "root" / "shop"
    mage.mkdir(parents=True)
    (mage / "metadata.yaml").write_text("project_type: standalone\nkernel_name: withdbt\n")
    pipeline(mage)
    specs = KernelSpecManager(kernel_dirs=[str(kernels.parent)])
    chosen = Kernels(spares=0, specs=specs)
    with running(mage.parent, mage_state, scheduler=True, kernels=chosen) as started:
        yield started


@pytest.fixture(params=["duckdb", "postgres"])
def warehouse(
    request: pytest.FixtureRequest, tmp_path: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> Any:
    mage = tmp_path / "root" / "shop"
    if request.param == "duckdb":
        projects.write(mage, projects.DUCKDB.format(path=tmp_path / "w.duckdb"))
        return None
    server = request.getfixturevalue("postgres")
    # The profile as projects have it: filled in from the environment.
    monkeypatch.setenv("WAREHOUSE_HOST", server["host"])
    said = {**server, "host": "{{ env_var('WAREHOUSE_HOST') }}", "schema": "nightly"}
    projects.write(mage, projects.POSTGRES.format(**said))
    return server


def finished(engine: Engine, **asked: Any) -> Any:
    project = engine.workspace.projects()[0]
    run = engine.submit(project.id, "etl", **asked)
    return engine.wait(run.id, 240)


def test_a_run_builds_each_model_as_a_step(engine: Engine, warehouse: Any) -> None:
    run = finished(engine)
    assert run.state == "completed", [(s.block, s.state, s.error) for s in run.steps]
    project = engine.workspace.projects()[0]
    store = engine.products(project)
    report = step(run, "report")
    folder = store.execution("etl", run.id, "report", report.version)
    assert json.loads((folder / "output_0.json").read_text()) == {"orders": 2, "amount": 12.5}
    model = step(run, "demo/models/orders")
    record = store.record("etl", run.id, model.block, model.version)
    told = [o["data"] for o in record if "application/vnd.mage.dbt+json" in o.get("data", {})]
    names = [item["name"] for item in told[0]["application/vnd.mage.dbt+json"]["results"]]
    assert names[0] == "orders"
    assert len(names) == 3
    compiled = [o for o in record if (o.get("metadata") or {}).get("mage", {}).get("compiled_sql")]
    assert "amount >= 2" in compiled[0]["data"]["text/plain"]
    # Nobody but dbt reads the first model, so its rows stay where they are.
    assert not store.manifest("etl", run.id, model.block, model.version).outputs
    if warehouse is not None:
        again = finished(engine)
        assert again.state == "completed", [(s.block, s.error) for s in again.steps]
        with psycopg.connect(warehouse["uri"]) as connection:
            rows = connection.execute(
                "select id, at::text, word from nightly.mage_etl_load order by id"
            ).fetchall()
        assert rows == [
            (1, "2024-01-01 00:00:00", 'a,"b"'), (2, "2024-01-02 00:00:00", "é\n"),
            (3, None, None),
        ]  # fmt: skip


@pytest.mark.parametrize("warehouse", ["duckdb"], indirect=True)
def test_a_model_fails_its_step_only(engine: Engine, warehouse: Any, tmp_path: Path) -> None:
    file = tmp_path / "root/shop/dbt/demo/models/marts/totals.sql"
    file.write_text("select broken from {{ ref('orders') }}\n")
    run = finished(engine)
    assert run.state == "failed"
    assert step(run, "demo/models/orders").state == "completed"
    failed = step(run, "demo/models/marts/totals")
    assert "totals (models/marts/totals.sql)" in failed.error
    assert '"broken" not found' in failed.error
    assert step(run, "report").state == "upstream_failed"


@pytest.mark.parametrize("warehouse", ["duckdb"], indirect=True)
def test_a_run_may_add_flags(engine: Engine, warehouse: Any) -> None:
    said = {
        "blocks": {
            "demo/models/orders": {"configuration": {"flags": ["--full-refresh"], "prefix": "+"}}
        }
    }
    run = finished(
        engine, variables={"__mage_variables": said}, blocks=["load", "demo/models/orders"]
    )
    assert run.state == "completed", [(s.block, s.error) for s in run.steps]
    project = engine.workspace.projects()[0]
    model = step(run, "demo/models/orders")
    lines, _, _ = engine.products(project).log("etl", run.id, model.block, model.version)
    assert "dbt build --select +orders" in json.dumps(lines)


@pytest.mark.parametrize("warehouse", ["duckdb"], indirect=True)
def test_a_cancelled_run_leaves_no_dbt_behind(
    engine: Engine, warehouse: Any, tmp_path: Path
) -> None:
    slow = "select count(*) as id, 1.0 as amount from range(3000000) a, range(3000000) b where a.range <> b.range"
    (tmp_path / "root/shop/dbt/demo/models/orders.sql").write_text(slow)
    project = engine.workspace.projects()[0]
    run = engine.submit(project.id, "etl", blocks=["load", "demo/models/orders"])
    mine = str(tmp_path)

    def dbt() -> list[psutil.Process]:
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                words = " ".join(process.cmdline())
                if "dbt.forks" in words and mine in str(process.environ()):
                    found.append(process)
        return found

    until(lambda: len(dbt()) == 2)  # the one with dbt imported, and the one it forked for the model
    engine.cancel(run.id)
    assert engine.wait(run.id, 60).state == "cancelled"
    assert not dbt()


def test_a_trigger_fires_a_pipeline_with_models(engine: Engine, warehouse: Any) -> None:
    """By the clock: the scheduler fires it, nobody submits a run."""
    soon = clock.now() + timedelta(seconds=3)
    made = engine.create_trigger(
        Trigger("", "shop", "etl", "nightly", schedule="@once", start=soon, enabled=True,
                variables={"least": 6})
    )  # fmt: skip
    run = until(lambda: engine.runs.list(trigger=made.id)[0])[0]
    run = engine.wait(run.id, 200)
    assert run.state == "completed", [(s.block, s.state, s.error) for s in run.steps]
    assert (run.kind, run.trigger_name) == ("schedule", "nightly")
    assert not engine.triggers.get(made.id).enabled
    store = engine.products(engine.workspace.project("shop"))
    report = step(run, "report")
    folder = store.execution("etl", run.id, "report", report.version)
    # The trigger's variable reached the model: one order of at least 6.
    assert json.loads((folder / "output_0.json").read_text()) == {"orders": 1, "amount": 7.5}
    assert step(run, "verify").state == "completed"
