"""Global data products in runs: made once however many ask, waited for without a kernel."""

from __future__ import annotations

import json
import textwrap
import threading
from pathlib import Path
from typing import Any

import yaml
from flow.engine.projects import block, custom, running, step, until, write_pipeline

from mage_jlab.assembly import Engine

SLOW = """
import time
from pathlib import Path
while not Path({flag!r}).exists():
    time.sleep(0.05)
import pandas as pd
return pd.DataFrame({{'n': [1, 2, 3]}})
"""


def product(root: Path, flag: Path, **rules: Any) -> None:
    """A product of a pipeline that waits for a file, and a pipeline that uses it."""
    write_pipeline(root / "p", "source", {"frame": custom(SLOW.format(flag=str(flag)))})
    said = {
        "numbers": {
            "object_type": "pipeline",
            "object_uuid": "source",
            "outdated_after": {"weeks": 1},
            "settings": {"frame": {"partitions": 1}},
            **rules,
        }
    }
    (root / "p" / "global_data_products.yaml").write_text(yaml.safe_dump(said))


def user(root: Path, name: str, **configuration: Any) -> None:
    said = {"global_data_product": {"uuid": "numbers", **configuration}}
    blocks = {
        "numbers": block("global_data_product", "", configuration=said),
        "count": custom(
            "numbers = args[0]\nreturn [[len(f) for f in numbers['frame']]]", "numbers"
        ),
    }
    write_pipeline(root / "p", name, blocks)


def runs_of(engine: Engine, pipeline: str) -> list[Any]:
    return engine.runs.list("p", pipeline)[0]


def handed(engine: Engine, run: Any) -> Any:
    project = engine.workspace.project("p")
    store = engine.products(project)
    found = store.latest(run.pipeline, run.id, "count")
    assert found is not None
    return (
        store.execution(run.pipeline, run.id, "count", found.version) / "output_0.json"
    ).read_text()


def test_two_that_wait_make_it_once_and_hold_no_kernel(
    root: Path, mage_state: Path, tmp_path: Path
) -> None:
    flag = tmp_path / "flag"
    product(root, flag)
    user(root, "one")
    user(root, "two")
    with running(root, mage_state, max_kernels=1) as engine:
        waiting = [engine.submit("p", name) for name in ("one", "two")]
        for run in waiting:
            until(lambda run=run: step(engine.runs.get(run.id), "numbers").state == "running")
        # The only kernel is that of the run they wait for.
        until(lambda: [r.state for r in runs_of(engine, "source")] == ["running"])
        assert step(engine.runs.get(waiting[0].id), "count").state == "queued"
        flag.touch()
        for run in waiting:
            ended = engine.wait(run.id, 60)
            assert ended.state == "completed", ended.error
            assert handed(engine, ended) == "[3]"
        assert len(runs_of(engine, "source")) == 1
        # It is fresh now: nothing runs.
        again = engine.wait(engine.submit("p", "one").id, 60)
        assert again.state == "completed", again.error
        assert len(runs_of(engine, "source")) == 1
        text = "\n".join(str(r["text"]) for r in engine.step_log(again.id, "numbers")[0])
        assert "Global data product 'numbers' is fresh: run" in text


def test_a_run_with_variables_of_its_own_is_not_the_product(
    root: Path, engine: Engine, tmp_path: Path
) -> None:
    (tmp_path / "flag").touch()
    product(root, tmp_path / "flag")
    user(root, "one")
    tried = engine.wait(engine.submit("p", "source", variables={"country": "ES"}).id, 60)
    assert tried.state == "completed", tried.error
    run = engine.wait(engine.submit("p", "one").id, 60)
    assert run.state == "completed", run.error
    made = runs_of(engine, "source")
    assert [dict(r.variables) for r in made] == [{}, {"country": "ES"}]
    # One of a schedule or by hand, without variables, counts as much as one for the product.
    engine.wait(engine.submit("p", "source").id, 60)
    engine.wait(engine.submit("p", "one").id, 60)
    assert len(runs_of(engine, "source")) == 3


def test_partitions_come_from_the_newest_runs(root: Path, engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "flag").touch()
    product(root, tmp_path / "flag")
    user(root, "always", outdated_after={"seconds": 0.001}, settings={"frame": {"partitions": 2}})
    for expected in ("[3]", "[3, 3]", "[3, 3]"):
        run = engine.wait(engine.submit("p", "always").id, 60)
        assert run.state == "completed", run.error
        assert handed(engine, run).replace("\n", "").replace(" ", "").replace(",", ", ") == expected
    assert len(runs_of(engine, "source")) == 3


def test_a_product_that_cannot_be_made_fails_the_block(root: Path, engine: Engine) -> None:
    product(root, root)
    write_pipeline(root / "p", "source", {"frame": custom("raise ValueError('no data')")})
    user(root, "one")
    run = engine.wait(engine.submit("p", "one").id, 60)
    assert run.state == "failed"
    error = step(run, "numbers").error
    assert error is not None and "ended failed" in error and "no data" in error
    # The next one tries again.
    engine.wait(engine.submit("p", "one").id, 60)
    assert len(runs_of(engine, "source")) == 2


def test_a_waiting_product_is_cancelled_and_times_out(
    root: Path, engine: Engine, tmp_path: Path
) -> None:
    product(root, tmp_path / "never")
    user(root, "one")
    run = engine.submit("p", "one")
    until(lambda: step(engine.runs.get(run.id), "numbers").state == "running")
    engine.cancel(run.id)
    assert engine.wait(run.id, 30).state == "cancelled"
    said = {"global_data_product": {"uuid": "numbers"}}
    write_pipeline(
        root / "p",
        "late",
        {"numbers": block("global_data_product", "", configuration=said, timeout=1)},
    )
    late = engine.wait(engine.submit("p", "late").id, 30)
    assert step(late, "numbers").error == "It ran longer than its timeout of 1 s."
    (made,) = runs_of(engine, "source")
    engine.cancel(made.id)
    engine.wait(made.id, 30)


def test_what_makes_no_sense_is_said(root: Path, engine: Engine, tmp_path: Path) -> None:
    product(root, tmp_path)
    user(root, "one", uuid="nothing")
    run = engine.wait(engine.submit("p", "one").id, 30)
    assert "no global data product 'nothing'" in str(step(run, "numbers").error)
    user(root, "source")
    run = engine.wait(engine.submit("p", "source").id, 30)
    assert "would wait for itself: source → source" in str(step(run, "numbers").error)


def test_a_false_condition_skips_it(root: Path, engine: Engine, tmp_path: Path) -> None:
    product(root, tmp_path / "never")
    said = {"global_data_product": {"uuid": "numbers"}}
    no = "@condition\ndef no(*args, **kwargs):\n    return False\n"
    blocks = {
        "numbers": block("global_data_product", "", configuration=said),
        "no": block("conditional", no, "numbers"),
    }
    write_pipeline(root / "p", "one", blocks)
    run = engine.wait(engine.submit("p", "one").id, 30)
    assert step(run, "numbers").state == "skipped"
    assert runs_of(engine, "source") == []


def test_many_at_once_agree_on_one_run(root: Path, engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "flag").touch()
    product(root, tmp_path / "flag")
    import asyncio

    from mage_jlab.executors.data_products import Asked

    asked = Asked("p", "other", {"uuid": "numbers"})
    results: list[Any] = []

    def ask() -> None:
        results.append(asyncio.run(engine.data_products.ready(asked)))

    threads = [threading.Thread(target=ask) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(results) == 12 and len(runs_of(engine, "source")) == 1
    assert {tuple(item["runs"]["frame"]) for item in results} == {
        (runs_of(engine, "source")[0].id,)
    }


def test_a_notebook_waits_for_it_too(root: Path, engine: Engine, tmp_path: Path) -> None:
    from tests.flow.kernel.kernels import running as kernel_running

    (tmp_path / "flag").touch()
    product(root, tmp_path / "flag")
    user(root, "one")
    code, _ = engine.kernel_start(engine.workspace.project("p"), "one")
    said = {"global_data_product": {"uuid": "numbers"}}
    with kernel_running(tmp_path / "k") as kernel:
        kernel.execute(code, silent=True)
        answer = kernel.cell(
            "", "numbers", "global_data_product", configuration=said, language="python"
        )
        assert answer.finished["state"] == "completed", answer.traceback
        assert "has never been made; run" in answer.stdout and "completed." in answer.stdout
        text = "@custom\ndef work(numbers, *args):\n    return numbers['frame'][0]['n'].sum()\n"
        below = kernel.cell(text, "count", "custom", ["numbers"])
        assert below.finished["state"] == "completed", below.traceback
        assert below.finished["outputs"][0]["kind"] == "json"
        again = kernel.cell("", "numbers", "global_data_product", configuration=said)
        assert "is fresh: run" in again.stdout
        imported = """
        from mage_ai.data_preparation.models.global_data_product import GlobalDataProduct

        @custom
        def work(*args, **kwargs):
            found = GlobalDataProduct.get('numbers')
            assert GlobalDataProduct.get('nothing') is None
            return [[found.object_uuid, len(found.get_outputs()['frame'][0]), found.is_outdated()]]
        """
        last = kernel.cell(textwrap.dedent(imported), "imported", "custom")
        assert last.finished["state"] == "completed", last.traceback
        assert json.loads(last.of("display_data")[0]["data"]["text/plain"]) == ["source", 3, False]
        nothing = kernel.cell("", "numbers", "global_data_product")
        assert "names no global data product" in nothing.finished["error"]["message"]
    assert len(runs_of(engine, "source")) == 1
