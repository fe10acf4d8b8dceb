"""dbt blocks in a notebook's kernel: preview, run, test, build; tables from and to Python."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import dbt_projects as projects
import psutil
import pytest
from dbt_projects import LOAD, model
from kernels import Answer, Kernel, running

pytestmark = pytest.mark.timeout(300)

DBT = "application/vnd.mage.dbt+json"
SLOW = "select count(*) as n from range(3000000) a, range(3000000) b where a.range <> b.range"
SHOWN = {
    "uuid": "slow", "name": "slow", "upstream": [], "role": "block", **model("slow"),
    "type": "dbt", "options": {"dbt": "show"},
}  # fmt: skip


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory, dbt_python: str) -> Iterator[Kernel]:
    folder = tmp_path_factory.mktemp("d")
    with running(folder, dbt_python) as started:
        output = projects.DUCKDB.format(path=folder / "warehouse.duckdb")
        projects.write(started.project, output)
        answer = started.start(variables={"least": 2})
        assert answer.steps == [{"event": "ready", "key": "k1"}], answer.traceback
        assert started.cell(LOAD, "load").finished["state"] == "completed"
        yield started


def source(kernel: Kernel, name: str) -> str:
    return (kernel.project / "dbt" / "demo" / "models" / f"{name}.sql").read_text()


def run(kernel: Kernel, name: str, task: str, upstream: tuple[str, ...] = ()) -> Answer:
    return kernel.cell(
        source(kernel, name), f"demo/models/{name}", upstream=upstream, options={"dbt": task},
        **model(name),
    )  # fmt: skip


def test_a_preview_makes_no_table(kernel: Kernel) -> None:
    answer = run(kernel, "alone", "show")
    assert answer.finished["state"] == "completed", answer.traceback
    assert answer.previews[0]["page"]["rows"] == [[1, "a"], [2, "b"]]
    compiled = answer.of("display_data")[0]
    assert "select 1 as one" in compiled["data"]["text/plain"]
    assert "Previewing" not in answer.stdout
    assert compiled["metadata"]["mage"]["compiled_sql"]
    again = kernel.cell(
        "import duckdb\n@custom\ndef f(*a, **k):\n"
        f"    with duckdb.connect({str(kernel.project.parent / 'warehouse.duckdb')!r}) as c:\n"
        "        return [r[0] for r in c.sql('show tables').fetchall()] or ['none']",
        "looked", "custom",
    )  # fmt: skip
    assert "alone" not in str(again.messages)


def test_compiling_shows_the_sql_and_asks_nothing_of_the_database(kernel: Kernel) -> None:
    (kernel.project / "dbt/demo/models/asks.sql").write_text(
        "select '{{ target.name }}' as t, nothing from nowhere limit {{ var('least') }}"
    )
    answer = run(kernel, "asks", "compile")
    assert answer.finished["state"] == "completed", answer.traceback
    compiled = answer.of("display_data")
    assert len(compiled) == 1
    assert compiled[0]["data"]["text/plain"] == "select 'dev' as t, nothing from nowhere limit 2"
    assert compiled[0]["metadata"]["mage"]["compiled_sql"]
    assert "nothing from nowhere" not in answer.stdout
    assert not answer.previews
    # Text that is not saved is compiled, too.
    answer = kernel.cell(
        "select {{ 1 + 1 }} as n", "demo/models/asks", options={"dbt": "compile"}, **model("asks")
    )
    assert answer.of("display_data")[0]["data"]["text/plain"] == "select 2 as n"
    answer = kernel.cell(
        "select {{ ref('nobody') }}",
        "demo/models/asks",
        options={"dbt": "compile"},
        **model("asks"),
    )
    assert "depends on a node named 'nobody'" in answer.finished["error"]["message"]
    (kernel.project / "dbt/demo/models/asks.sql").unlink()


def test_unsaved_text_is_previewed_and_not_built(kernel: Kernel) -> None:
    said = model("alone")
    answer = kernel.cell("select 42 as answer", "demo/models/alone", **said)
    assert answer.previews[0]["page"]["rows"] == [[42]]
    answer = kernel.cell(
        "select 42 as answer", "demo/models/alone", options={"dbt": "build"}, **said
    )
    assert "not saved" in answer.traceback


def test_a_python_frame_is_a_source_and_tests_are_told(kernel: Kernel) -> None:
    answer = run(kernel, "orders", "build", ("load",))
    assert answer.finished["state"] == "completed", answer.traceback
    assert answer.previews[0]["page"]["rows"] == [[1, 5.0], [2, 7.5]]
    results = answer.mime(DBT)[0]["results"]
    assert [(r["kind"], r["status"]) for r in results] == [
        ("model", "success"), ("test", "pass"), ("test", "pass"),
    ]  # fmt: skip
    assert [t["name"].split("_")[0] for t in answer.finished["tests"]] == ["not", "unique"]
    assert "1 of 3 OK created" in answer.stdout
    sources = kernel.project / "dbt" / "demo" / "models" / "mage_sources.yml"
    assert "schema: '{{ target.schema }}'" in sources.read_text()


def test_python_below_a_model_gets_its_rows(kernel: Kernel) -> None:
    run(kernel, "orders", "run", ("load",))
    answer = run(kernel, "marts/totals", "run", ("demo/models/orders",))
    assert answer.finished["state"] == "completed", answer.traceback
    answer = kernel.cell(
        "@transformer\ndef f(frame, *a, **k):\n    return frame.to_dict('records')[0]",
        "below", "transformer", ["demo/models/marts/totals"],
    )  # fmt: skip
    assert "{'orders': 2, 'amount': 12.5}" in str(
        [c["data"].get("application/json") for c in answer.of("display_data")]
    )


def test_the_error_is_dbts_own(kernel: Kernel) -> None:
    (kernel.project / "dbt/demo/models/wrong.sql").write_text("select nothing\nfrom nowhere")
    answer = run(kernel, "wrong", "run")
    assert answer.finished["state"] == "failed"
    assert "wrong (models/wrong.sql)" in answer.finished["error"]["message"]
    assert "Table with name nowhere does not exist" in answer.finished["error"]["message"]
    assert "LINE" in answer.finished["error"]["message"]
    (kernel.project / "dbt/demo/models/wrong.sql").unlink()


def test_a_failed_test_is_a_failed_test(kernel: Kernel) -> None:
    load = LOAD.replace("[1, 2, 3]", "[1, 1, 3]")
    kernel.cell(load, "load")
    answer = run(kernel, "orders", "build", ("load",))
    assert answer.finished["error"]["name"] == "TestsFailed"
    assert "1 of 2 dbt tests" in answer.finished["error"]["message"]
    assert [t["passed"] for t in answer.finished["tests"]] == [True, False]
    kernel.cell(LOAD, "load")


def test_a_command_with_variables(kernel: Kernel) -> None:
    answer = kernel.cell(
        "--select orders totals\n--vars '{\"least\": {{ variables('least') }} }'",
        "daily", "dbt", ["load"], language="yaml",
        configuration={"dbt_project_name": "dbt/demo", "dbt": {"command": "build"}},
    )  # fmt: skip
    assert answer.finished["state"] == "completed", answer.traceback
    results = answer.mime(DBT)[0]["results"]
    assert {r["name"] for r in results if r["kind"] == "model"} == {"orders", "totals"}
    assert (kernel.project / "dbt/demo/target/run_results.json").exists()


def test_a_macro_as_a_command(kernel: Kernel) -> None:
    macros = kernel.project / "dbt" / "demo" / "macros"
    macros.mkdir()
    (macros / "note.sql").write_text(
        "{% macro note(word) %}{% do log('so ' ~ word, true) %}{% endmacro %}"
    )
    said = {
        "language": "yaml",
        "configuration": {"dbt_project_name": "dbt/demo", "dbt": {"command": "run-operation"}},
    }
    answer = kernel.cell("note --args '{word: {{ env }}}'", "noted", "dbt", **said)
    assert answer.finished["state"] == "completed", answer.traceback
    assert "so dev" in answer.stdout
    assert [(r["kind"], r["name"], r["status"]) for r in answer.mime(DBT)[0]["results"]] == [
        ("macro", "note", "success")
    ]
    said["configuration"] = {
        "dbt_profiles_file_path": "dbt/demo/profiles.yml", "dbt": {"command": "run-operation"},
    }  # fmt: skip
    answer = kernel.cell("nothing_such", "noted", "dbt", **said)
    assert "nothing_such" in answer.finished["error"]["message"]
    (macros / "note.sql").unlink()


def test_an_interrupt_ends_the_child(kernel: Kernel) -> None:
    (kernel.project / "dbt/demo/models/slow.sql").write_text(SLOW)
    message = kernel.send(SLOW, metadata={"mage": SHOWN})
    process = psutil.Process(kernel.manager.provisioner.pid)
    until = time.monotonic() + 60
    while not (jobs := [job for keeper in process.children() for job in keeper.children()]):
        assert time.monotonic() < until
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGINT)
    answer = kernel.collect(message)
    assert answer.finished["error"]["name"] == "KeyboardInterrupt"
    assert psutil.wait_procs(jobs, timeout=20)[1] == []
    (kernel.project / "dbt/demo/models/slow.sql").unlink()


def test_no_profile_of_a_block_is_left_behind(tmp_path: Path, dbt_python: str) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    with running(tmp_path, dbt_python, {**os.environ, "TMPDIR": str(temporary)}) as own:
        projects.write(own.project, projects.DUCKDB.format(path=tmp_path / "w.duckdb"))
        own.start(variables={"least": 2})
        assert run(own, "alone", "show").finished["state"] == "completed"
        assert list(temporary.glob("mage-jlab-dbt-*"))  # of the lock
        assert not list(temporary.glob("mage-jlab-dbt-*/profiles"))


def test_a_killed_kernel_leaves_no_profile_behind(tmp_path: Path, dbt_python: str) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    with running(tmp_path, dbt_python, {**os.environ, "TMPDIR": str(temporary)}) as own:
        projects.write(own.project, projects.DUCKDB.format(path=tmp_path / "w.duckdb"))
        own.start(variables={"least": 2})
        own.send(SLOW, metadata={"mage": SHOWN})
        until = time.monotonic() + 60
        while not list(temporary.glob("mage-jlab-dbt-*/logs")):
            assert time.monotonic() < until
            time.sleep(0.05)
        os.kill(own.manager.provisioner.pid, signal.SIGKILL)
        until = time.monotonic() + 30
        # A link may stay when nobody was there yet to remove it; what it leads to is gone.
        while [p for p in temporary.glob("mage-jlab-dbt-*/profiles/profiles.yml") if p.exists()]:
            assert time.monotonic() < until
            time.sleep(0.05)


def test_without_dbt_the_error_says_where_to_install_it(tmp_path: Path) -> None:
    with running(tmp_path) as own:
        projects.write(own.project, projects.DUCKDB.format(path="x.duckdb"))
        own.start()
        answer = own.cell(source(own, "alone"), "demo/models/alone", **model("alone"))
    assert answer.finished["error"]["name"] == "MissingPackage"
    assert "dbt-core" in answer.finished["error"]["message"]
    assert sys.prefix in answer.finished["error"]["message"]


def test_what_is_wrong_with_the_project_is_said(kernel: Kernel) -> None:
    folder = kernel.project / "dbt" / "demo"
    profile, settings = (folder / "profiles.yml"), (folder / "dbt_project.yml")
    before = profile.read_text(), settings.read_text()
    profile.write_text("demo: {target: dev, outputs: {dev: {type: oracle, schema: s}}}\n")
    error = run(kernel, "alone", "show").finished["error"]
    assert error["name"] == "MissingPackage" and "pip install dbt-oracle" in error["message"]
    profile.write_text(before[0])
    settings.write_text("name: [\n")
    assert "dbt_project.yml is no YAML" in run(kernel, "alone", "show").finished["error"]["message"]
    settings.write_text(before[1])


def test_packages_are_installed_when_they_are_asked_for(kernel: Kernel) -> None:
    package = kernel.project / "helpers"
    (package / "macros").mkdir(parents=True)
    (package / "dbt_project.yml").write_text("name: helpers\nversion: '1.0'\n")
    (package / "macros" / "seven.sql").write_text("{% macro seven() %}7{% endmacro %}")
    folder = kernel.project / "dbt" / "demo"
    (folder / "packages.yml").write_text(f"packages:\n- local: {package}\n")
    (folder / "models" / "sevens.sql").write_text("select {{ helpers.seven() }} as n")
    answer = run(kernel, "sevens", "show")
    assert answer.previews[0]["page"]["rows"] == [[7]], answer.traceback
    assert "Installing" in answer.stdout
    assert "Installing" not in run(kernel, "sevens", "show").stdout
    (folder / "packages.yml").unlink()
    (folder / "models" / "sevens.sql").unlink()


def test_a_source_of_another_pipeline_does_not_stop_this_one(kernel: Kernel) -> None:
    folder = kernel.project / "dbt" / "demo" / "models"
    (folder / "other.sql").write_text("select * from {{ source('mage_demo', 'nightly_rates') }}")
    answer = run(kernel, "alone", "show")
    assert answer.finished["state"] == "completed", answer.traceback
    assert "identifier: mage_nightly_rates" in (folder / "mage_sources.yml").read_text()
    (folder / "other.sql").unlink()


def test_sources_that_mage_left_in_2023(kernel: Kernel) -> None:
    file = kernel.project / "dbt" / "demo" / "models" / "mage_sources.yml"
    before = file.read_text()
    file.write_text("sources:\n- name: mage_demo\n  tables:\n  - name: etl_load\nversion: 2\n")
    answer = run(kernel, "orders", "build", ("load",))
    assert answer.finished["state"] == "completed", answer.traceback
    assert answer.previews[0]["page"]["rows"] == [[1, 5.0], [2, 7.5]]
    file.write_text(before)
