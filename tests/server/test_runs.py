"""A run posted over REST completes, and what it left can be read."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import nbformat
import pyarrow.parquet as pq

from tests.conftest import snapshot
from tests.server.conftest import run_to_end, until

API = ("mage", "api")
PIPELINE = ("projects", "demo", "pipelines", "numbers")


async def test_a_run_and_everything_it_leaves(
    ask: Any, mage_project: Path, jp_serverapp: Any
) -> None:
    before = snapshot(mage_project)
    run = await run_to_end(ask, variables={"who": "me"})
    assert run["state"] == "completed", run
    assert run["project"] == "demo" and run["pipeline"] == "numbers"
    assert run["variables"]["who"] == "me"
    assert [s["state"] for s in run["steps"]] == ["completed"] * 3
    assert [s["slug"] for s in run["steps"]] == ["load_numbers", "double", "sub-scount"]
    assert run["code_hash"] and run["cwd"] and run["started"] < run["ended"]
    assert snapshot(mage_project) == before, "a run writes nothing into the project"

    await _log(ask, run)
    await _notebook(ask, run, mage_project)
    await _product(ask, run)
    await _rows(ask, run)
    await _downloads(ask, run)
    await _lists(ask, run)
    await _deletion(ask, run)
    assert jp_serverapp.web_app.settings["mage_jlab_last_activity"]
    assert jp_serverapp.web_app.last_activity()


async def _log(ask: Any, run: Any) -> None:
    path = (*API, "runs", run["id"], "steps", "load_numbers", "log")
    log = (await ask(*path)).json
    assert log["complete"]
    assert "loading" in "".join(r["text"] for r in log["records"])
    rest = (await ask(*path, params={"offset": log["next"]})).json
    assert rest["records"] == []
    assert (await ask(*API, "runs", run["id"], "steps", "nothing", "log")).status == 404
    assert (await ask(*path, params={"offset": "-1"})).status == 400


async def _notebook(ask: Any, run: Any, mage_project: Path) -> None:
    double = mage_project / "transformers/double.py"
    source = double.read_text()
    double.write_text("# edited after the run\n")
    answer = await ask(*API, "runs", run["id"], "notebook")
    double.write_text(source)
    assert answer.status == 200, answer.body
    assert "attachment" in answer.headers["Content-Disposition"]
    book = nbformat.reads(answer.body.decode(), as_version=4)
    nbformat.validate(book)
    title = book.cells[0].source
    assert title.startswith("# ") and run["id"] in title and "completed" in title
    headings = [cell.source for cell in book.cells[1:] if cell.cell_type == "markdown"]
    assert headings == [f"## {step['name']}" for step in run["steps"]]
    cells = [cell for cell in book.cells if cell.cell_type == "code"]
    load, second, _ = cells
    assert second.source == source.strip(), "the code that ran, not the one of now"
    assert "loading" in json.dumps(load.outputs)
    assert [cell.metadata["mage_state"]["state"] for cell in cells] == ["completed"] * 3
    assert (await ask(*API, "runs", "nothing", "notebook")).status == 404


async def _product(ask: Any, run: Any) -> None:
    path = (*API, "products", "demo", "numbers", "double")
    product = (await ask(*path, params={"scope": run["id"]})).json
    assert product["scope"] == run["id"] and product["version"] in product["versions"]
    output = product["outputs"][0]
    assert (output["kind"], output["rows"]) == ("table", 2500)
    assert [c["name"] for c in output["columns"]] == ["n", "word", "twice"]
    assert [c["kind"] for c in output["columns"]] == ["number", "text", "number"]
    assert (await ask(*path)).status == 404, "nothing was run interactively"
    other = {"scope": run["id"], "version": "20200101T000000000000-abcd"}
    assert (await ask(*path, params=other)).status == 404


async def _rows(ask: Any, run: Any) -> None:
    path = (*API, "products", "demo", "numbers", "double", "output_0")
    scope = {"scope": run["id"]}
    rows = (await ask(*path, "rows", params={**scope, "offset": 2490, "limit": 50})).json
    assert rows["total"] == rows["stored"] == 2500
    assert [row[0] for row in rows["rows"]] == list(range(2490, 2500))
    order = {"sort": json.dumps([["twice", "desc"]]), "limit": 1}
    assert (await ask(*path, "rows", params={**scope, **order})).json["rows"][0][2] == 4998
    chosen = {"filter": json.dumps([{"column": "word", "op": "eq", "value": "w3"}])}
    assert (await ask(*path, "rows", params={**scope, **chosen})).json["total"] == 357
    for bad in (
        {"sort": "x"},
        {"sort": '[["twice"]]'},
        {"sort": '[["twice", "down"]]'},
        {"sort": '[["nothing", "asc"]]'},
        {"sort": '{"twice": "asc"}'},
        {"filter": '[{"column": "nothing", "op": "eq", "value": 1}]'},
        {"filter": '[{"column": "n", "op": "like", "value": 1}]'},
        {"filter": '[{"column": "n"}]'},
        {"filter": '[{"column": "n", "op": "eq", "value": 1, "or": 2}]'},
        {"filter": '[{"column": "n", "op": "gt", "value": "\'; DROP TABLE t; --"}]'},
        {"filter": "[" * 3000},
        {"limit": "1001"},
        {"limit": "-1"},
        {"offset": "x"},
    ):
        answer = await ask(*path, "rows", params={**scope, **bad})
        assert answer.status == 400, (bad, answer.body)
        assert answer.json["message"] and answer.json["reason"]
    numbers = (await ask(*path, "statistics", params=scope)).json
    assert numbers["rows"] == 2500
    by = {c["name"]: c for c in numbers["columns"]}
    assert by["n"]["maximum"] == 2499 and by["word"]["distinct"] == 7
    whole = (*API, "products", "demo", "numbers", "sub-scount", "output_0")
    assert (await ask(*whole, "rows", params=scope)).status == 400, "no table"


async def _downloads(ask: Any, run: Any) -> None:
    path = (*API, "products", "demo", "numbers", "double", "output_0", "download")
    scope = {"scope": run["id"]}
    text = await ask(*path, params={**scope, "format": "csv"})
    assert text.headers["Content-Disposition"] == 'attachment; filename="double-output_0.csv"'
    assert text.headers["Content-Type"].startswith("text/csv")
    assert text.headers["X-Content-Type-Options"] == "nosniff"
    lines = list(csv.reader(io.StringIO(text.body.decode("utf-8-sig"))))
    assert lines[0] == ["n", "word", "twice"] and len(lines) == 2501
    chosen = json.dumps([{"column": "n", "op": "ge", "value": 2498}])
    some = await ask(*path, params={**scope, "format": "parquet", "filter": chosen})
    table = pq.read_table(io.BytesIO(some.body))
    assert table.column("n").to_pylist() == [2498, 2499]
    assert (await ask(*path, params={**scope, "format": "xlsx"})).status == 400
    bad = await ask(*path, params={**scope, "sort": '[["nothing", "asc"]]'})
    assert bad.status == 400 and bad.json["reason"]
    assert "attachment" not in bad.headers.get("Content-Disposition", "")

    content = (*API, "products", "demo", "numbers", "sub-scount", "output_0", "content")
    data = await ask(*content, params=scope)
    assert data.json == {"rows": 2500, "who": "me"}
    assert data.headers["Content-Security-Policy"].startswith("sandbox")
    assert data.headers["X-Content-Type-Options"] == "nosniff"


async def _lists(ask: Any, run: Any) -> None:
    page = (await ask(*API, "runs", params={"project": "demo", "pipeline": "numbers"})).json
    assert [item["id"] for item in page["items"]] == [run["id"]]
    assert (page["items"][0]["steps_done"], page["items"][0]["steps_total"]) == (3, 3)
    assert (await ask(*API, "runs", params={"state": "failed"})).json["items"] == []
    assert (await ask(*API, "runs", params={"state": "odd"})).status == 400
    summary = (await ask(*API, "projects", "demo", "pipelines")).json["items"]
    numbers = next(item for item in summary if item["id"] == "numbers")
    assert (numbers["last_run"], numbers["state"]) == (run["id"], "completed")


async def _deletion(ask: Any, run: Any) -> None:
    assert (await ask(*API, "runs", run["id"], "cancel", method="POST")).status == 409
    assert (await ask(*API, "runs", run["id"], method="DELETE")).status == 204
    assert (await ask(*API, "runs", run["id"])).status == 404
    gone = {"scope": run["id"]}
    assert (await ask(*API, "products", "demo", "numbers", "double", params=gone)).status == 404


async def test_failing_and_retrying(ask: Any, mage_project: Path) -> None:
    double = mage_project / "transformers/double.py"
    good = double.read_bytes()
    double.write_text(
        "@transformer\ndef double(frame, *args, **kwargs):\n    raise ValueError('<b>no</b>')\n"
    )
    run = await run_to_end(ask)
    assert run["state"] == "failed"
    assert [s["state"] for s in run["steps"]] == ["completed", "failed", "upstream_failed"]
    assert "ValueError" in run["why"] and "double" in run["why"]
    log = (await ask(*API, "runs", run["id"], "steps", "double", "log")).json
    error = [r for r in log["records"] if r["kind"] == "error"]
    assert error and "line 3" in error[0]["text"] and "\x1b" not in error[0]["text"]
    wrong = {"from_block": "nothing"}
    retry = (*API, "runs", run["id"], "retry")
    assert (await ask(*retry, method="POST", body=wrong)).status == 404
    double.write_bytes(good)
    again = await ask(*retry, method="POST")
    assert again.status == 202, again.body
    assert again.json["id"] == run["id"]

    async def ended() -> Any:
        now = (await ask(*API, "runs", run["id"])).json
        return now if now["state"] not in ("queued", "running") else None

    now = await until(ended)
    assert now["steps"][0]["attempt"] == run["steps"][0]["attempt"]
    assert now["steps"][0]["earlier"] == []
    before = now["steps"][1]["earlier"]
    assert [(one["attempt"], one["state"]) for one in before] == [(1, "failed")]
    assert before[0]["started"] < before[0]["ended"] and "ValueError" in before[0]["error"]
    assert now["started"] > run["ended"], "a retried run's time counts from the retry"


async def test_a_run_of_some_blocks_and_what_is_refused(ask: Any) -> None:
    run = await run_to_end(ask, blocks=["load_numbers"])
    assert run["state"] == "completed"
    assert [s["block"] for s in run["steps"] if s["state"] == "completed"] == ["load_numbers"]
    post = {"method": "POST"}
    new = {"project": "demo", "pipeline": "numbers"}
    assert (await ask(*API, "runs", **post, body={**new, "blocks": ["x"]})).status == 404
    assert (await ask(*API, "runs", **post, body={**new, "pipeline": "x"})).status == 404
    assert (await ask(*API, "runs", **post, body={**new, "trigger": "x"})).status == 404
    assert (await ask(*API, "runs", **post, body={"project": "demo"})).status == 400
    assert (await ask(*API, "runs", **post, body={**new, "pipeline": "broken"})).status == 422


async def test_the_same_key_is_the_same_run(ask: Any) -> None:
    new = {"project": "demo", "pipeline": "numbers", "blocks": ["load_numbers"]}
    key = {"Idempotency-Key": "once"}
    first = await ask(*API, "runs", method="POST", body=new, headers=dict(key))
    second = await ask(*API, "runs", method="POST", body=new, headers=dict(key))
    assert first.json["id"] == second.json["id"]


async def test_cancelling(ask: Any, mage_project: Path, started: Any, jp_serverapp: Any) -> None:
    (mage_project / "transformers/double.py").write_text(
        "import time\n@transformer\ndef double(frame, *args, **kwargs):\n    time.sleep(600)\n"
    )
    new = {"project": "demo", "pipeline": "numbers"}
    run = (await ask(*API, "runs", method="POST", body=new)).json

    async def sleeping() -> Any:
        now = (await ask(*API, "runs", run["id"])).json
        return now["steps"] and now["steps"][1]["state"] == "running"

    await until(sleeping)
    assert (await ask(*API, "health")).json["active_runs"] == 1

    async def busy() -> Any:
        return started.current_activity()

    await until(busy)
    assert jp_serverapp.extension_manager.any_activity(), "Jupyter does not shut down in the midst"
    assert (await ask(*API, "runs", run["id"], method="DELETE")).status == 409
    await _no_renames(ask, mage_project)
    cancelled = await ask(*API, "runs", run["id"], "cancel", method="POST")
    assert cancelled.status == 202

    async def ended() -> Any:
        now = (await ask(*API, "runs", run["id"])).json
        return now if now["state"] == "cancelled" else None

    assert (await until(ended))["why"]

    async def idle() -> Any:
        return not started.current_activity()

    await until(idle)


async def _no_renames(ask: Any, mage_project: Path) -> None:
    """What an active run is at work on is neither renamed nor deleted."""
    before = snapshot(mage_project)
    drive, numbers = ("mage", "contents", "demo", "numbers.ipynb"), (*API, *PIPELINE)
    force = {"If-Match": "*"}
    name = {"name": "other"}
    book = (await ask(*drive)).json["content"]
    book["cells"][0]["metadata"]["mage"]["name"] = "other"
    refused = [
        await ask(*numbers, method="PATCH", body=name, headers=dict(force)),
        await ask(*numbers, method="DELETE", headers=dict(force)),
        await ask(*numbers, "blocks", "double", method="PATCH", body=name, headers=dict(force)),
        await ask(*drive, method="PATCH", body={"path": "demo/other.ipynb"}),
        await ask(*drive, method="DELETE"),
        await ask(*drive, method="PUT", body={"type": "notebook", "content": book}),
    ]
    for answer in refused:
        assert answer.status == 409 and answer.json["reason"] == "StillActive", answer.body
    assert snapshot(mage_project) == before
    book["cells"][0]["metadata"]["mage"]["name"] = "load numbers"
    book["cells"][2]["source"] += "\n# a note\n"
    edited = await ask(*drive, method="PUT", body={"type": "notebook", "content": book})
    assert edited.status == 200, "an edit does not reach the snapshot of the run"
