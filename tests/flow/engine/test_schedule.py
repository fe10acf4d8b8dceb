"""Schedules with a real engine: fires, misses, overlaps; and the same result every way."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flow.engine.projects import block, custom, running, step, until, write_pipeline
from sqlalchemy import update

from mage_jlab import clock
from mage_jlab.assembly import Engine
from mage_jlab.db.tables import triggers
from mage_jlab.errors import Conflict, InvalidTrigger
from mage_jlab.ids import slug
from mage_jlab.model.trigger import Trigger
from mage_jlab.products.store import ProductStore
from mage_jlab.schedule import due

EACH_MINUTE = Trigger("", "p", "one", "each", schedule="* * * * *", enabled=True)


def at_the_minute_before(hour: str = "") -> str:
    """A schedule that just fired: not again before tomorrow, or an hour from now where `hour` is *."""
    before = clock.now() - timedelta(minutes=1)
    return f"{before.minute} {hour or before.hour} * * *"


def rewind(engine: Engine, trigger: str, **back: float) -> None:
    """Pretend that nobody looked at a trigger for a while."""
    with engine.database.write() as connection:
        anchor = clock.now() - timedelta(**back)
        connection.execute(update(triggers).where(triggers.c.id == trigger).values(anchor=anchor))
    engine._wake()


def test_a_schedule_fires_and_keeps_what_it_says(root: Path, mage_state: Path) -> None:
    body = "print(kwargs['trigger_name'], kwargs['interval_seconds'], kwargs['who'])"
    write_pipeline(root / "p", "one", {"a": custom(body)}, variables={"who": "file"})
    with running(root, mage_state, scheduler=True) as engine:
        made = engine.create_trigger(
            Trigger("", "p", "one", "each", schedule=at_the_minute_before(), enabled=True,
                    variables={"who": "trigger"})
        )  # fmt: skip
        assert due.coming(made) > clock.now()
        assert engine.runs.list()[0] == []
        rewind(engine, made.id, minutes=3)
        run = until(lambda: engine.runs.list(trigger=made.id, state="completed")[0])[0]
        assert run.kind == "schedule" and run.trigger_name == "each"
        assert run.fire_time.second == 0 and run.execution_date == run.fire_time
        assert run.variables == {"who": "trigger"}
        assert engine.step_log(run.id, "a")[0][0]["text"] == "each 86400.0 trigger"
        assert engine.health()["scheduler"] == "running"
        # Run now is another run, with the trigger's variables.
        now = engine.wait(engine.run_trigger(made.id, variables={"x": 1}).id, 90)
        assert now.variables == {"who": "trigger", "x": 1} and now.fire_time is None


def test_asleep_for_three_hours(root: Path, mage_state: Path) -> None:
    write_pipeline(root / "p", "one", {"a": custom("return 1")})
    with running(root, mage_state, scheduler=True) as engine:
        hourly = Trigger("", "p", "one", "hourly", schedule=at_the_minute_before("*"), enabled=True)
        made = engine.create_trigger(hourly)
        rewind(engine, made.id, hours=3)
        until(lambda: engine.runs.list(trigger=made.id, state="completed")[0])
        states = [run.state for run in engine.runs.list(trigger=made.id)[0]]
        assert sorted(states) == ["completed", "missed", "missed"]
        assert len(engine.runs.fired(made.id)) == 3


@pytest.mark.parametrize("policy", ["skip", "queue", "replace"])
def test_overlap(root: Path, mage_state: Path, tmp_path: Path, policy: str) -> None:
    go = tmp_path / "go"
    body = f"""
    import time
    from pathlib import Path
    while not Path({str(go)!r}).exists():
        time.sleep(0.02)
    """
    write_pipeline(root / "p", "one", {"a": custom(body)})
    with running(root, mage_state, scheduler=True) as engine:
        made = engine.create_trigger(
            Trigger(
                "", "p", "one", "t", schedule=at_the_minute_before(), enabled=True, overlap=policy
            )
        )
        first = engine.run_trigger(made.id)
        until(lambda: step(engine.runs.get(first.id), "a").state == "running")
        rewind(engine, made.id, minutes=3)
        second = until(
            lambda: [r for r in engine.runs.list(trigger=made.id)[0] if r.id != first.id]
        )[0]
        if policy == "skip":
            assert second.state == "skipped" and "still active" in second.error
        if policy == "queue":
            assert engine.runs.get(first.id).state == "running"
            assert engine.runs.get(second.id).state == "queued"
        if policy == "replace":
            assert engine.wait(first.id, 60).state == "cancelled"
        engine.change_trigger(made.id, {"enabled": False})
        go.touch()
        ended = engine.wait(second.id, 90)
        assert ended.state == ("skipped" if policy == "skip" else "completed")
        assert engine.wait(first.id, 90).state == (
            "cancelled" if policy == "replace" else "completed"
        )


def test_a_broken_pipeline_does_not_stop_the_others(root: Path, mage_state: Path) -> None:
    write_pipeline(root / "p", "one", {"a": custom("return 1")})
    write_pipeline(root / "p", "bad", {"a": custom("return 1")})
    with running(root, mage_state, scheduler=True) as engine:
        good = engine.create_trigger(EACH_MINUTE)
        bad = engine.create_trigger(
            Trigger("", "p", "bad", "each", schedule="* * * * *", enabled=True)
        )
        (root / "p" / "pipelines" / "bad" / "metadata.yaml").write_text("blocks: [\n")
        rewind(engine, bad.id, seconds=61)
        rewind(engine, good.id, seconds=61)
        failed = until(lambda: engine.runs.list(trigger=bad.id, state="failed")[0])[0]
        assert "metadata.yaml" in failed.error
        until(lambda: engine.runs.list(trigger=good.id, state="completed")[0])


def test_a_second_database_is_refused(root: Path, mage_state: Path, tmp_path: Path) -> None:
    write_pipeline(root / "p", "one", {"a": custom("return 1")})
    with running(root, mage_state) as engine:
        engine.create_trigger(EACH_MINUTE)
    other = f"sqlite:///{tmp_path / 'other.db'}"
    with running(root, mage_state, database_url=other) as engine:
        with pytest.raises(Conflict, match="another database"):
            engine.create_trigger(EACH_MINUTE)
        with pytest.raises(InvalidTrigger):
            engine.create_trigger(Trigger("", "p", "one", "x", schedule="61 * * * *"))


LOAD = """
import pandas as pd

@data_loader
def load(*args, **kwargs):
    return pd.DataFrame({'n': range(1000), 'w': [f'w{i % 5}' for i in range(1000)]})
"""
GROUP = """
@transformer
def group(frame, *args, **kwargs):
    return frame.groupby('w', as_index=False)['n'].sum(), {'rows': len(frame)}
"""


def products(engine: Engine, scope: str) -> dict[str, list[tuple[str, str, str]]]:
    """What a scope holds: the bytes of every stored file, by block."""
    store: ProductStore = engine.products(engine.workspace.project("p"))
    result = {}
    for name in ("load", "group"):
        store.wait("same", scope, name)
        found = store.manifest("same", scope, name)
        folder = store.execution("same", scope, name, found.version)
        result[name] = [
            (out.name, out.kind, hashlib.sha256((folder / file).read_bytes()).hexdigest())
            for out in found.outputs
            for file in out.files
        ]
    return result


def test_cell_cli_and_schedule_leave_equal_products(root: Path, mage_state: Path) -> None:
    write_pipeline(
        root / "p",
        "same",
        {"load": block("data_loader", LOAD), "group": block("transformer", GROUP, "load")},
    )
    command = [sys.executable, "-m", "mage_jlab.cli.main", "run", str(root / "p"), "same"]
    subprocess.run([*command, "--root", str(root)], check=True, capture_output=True)
    with running(root, mage_state, scheduler=True) as engine:
        by_cli = engine.runs.list(pipeline="same")[0][0]
        trigger = engine.create_trigger(
            Trigger("", "p", "same", "each", schedule="* * * * *", enabled=True)
        )
        rewind(engine, trigger.id, seconds=61)
        by_schedule = until(lambda: engine.runs.list(trigger=trigger.id, state="completed")[0])[0]
        engine.change_trigger(trigger.id, {"enabled": False})
        cells(engine)
        first = products(engine, by_cli.id)
        assert first["group"][1][1] == "json"
        assert first == products(engine, by_schedule.id) == products(engine, "interactive")


def cells(engine: Engine) -> None:
    """Run the cells of the pipeline's notebook as JupyterLab does."""
    from jupyter_client.manager import start_new_kernel

    project = engine.workspace.project("p")
    book = engine.workspace.open_notebook(project, "same")
    code, _ = engine.kernel_start(project, "same")
    manager, client = start_new_kernel(cwd=str(engine.workspace.cwd(project)))
    try:
        client.execute_interactive(code, silent=True, timeout=60)
        for cell in book.cells:
            message = client.session.msg(
                "execute_request",
                {"code": cell.source, "silent": False, "store_history": True,
                 "user_expressions": {}, "allow_stdin": False, "stop_on_error": True},
            )  # fmt: skip
            message["metadata"] = {"mage": dict(cell.metadata.mage), "cellId": cell.id}
            client.shell_channel.send(message)
            while True:
                said = client.get_iopub_msg(timeout=60)
                if said["parent_header"].get("msg_id") != message["header"]["msg_id"]:
                    continue
                if said["msg_type"] == "mage_step" and said["content"]["event"] == "finished":
                    assert said["content"]["state"] == "completed", said["content"]
                if said["msg_type"] == "status" and said["content"]["execution_state"] == "idle":
                    break
    finally:
        client.stop_channels()
        manager.shutdown_wait_time = 60
        manager.shutdown_kernel()  # politely: what was returned is still being stored
    assert slug("same") == "same"


def test_an_initial_run_when_it_is_switched_on(root: Path, mage_state: Path) -> None:
    write_pipeline(root / "p", "one", {"a": custom("return 1")})
    wants = {"create_initial_pipeline_run": True}
    with running(root, mage_state, scheduler=True) as engine:
        yearly = Trigger("", "p", "one", "yearly", schedule="0 0 1 1 *", settings=wants)
        made = engine.create_trigger(yearly)
        engine.change_trigger(made.id, {"enabled": True})
        run = until(lambda: engine.runs.list(trigger=made.id, state="completed")[0])[0]
        assert run.fire_time == clock.now().replace(
            month=1, day=1, hour=0, minute=0, second=0, microsecond=0
        )
        # The same period is not run twice, and editing does not fire.
        engine.change_trigger(made.id, {"enabled": False})
        engine.change_trigger(made.id, {"enabled": True, "description": "again"})
        other = engine.create_trigger(replace(yearly, name="plain", enabled=True, settings={}))
        ticks = engine._ticker.ticks
        until(lambda: engine._wake() or engine._ticker.ticks > ticks + 2)
        assert [item.id for item in engine.runs.list()[0]] == [run.id]
        assert engine.runs.list(trigger=other.id)[0] == []
