"""Processes that are killed in the middle; what the next one makes of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import psutil
import pytest
from flow.engine.projects import custom, kernels_below, running, step, until, write_pipeline

from mage_jlab import clock
from mage_jlab.assembly import Engine
from mage_jlab.db.leases import LeaseStore
from mage_jlab.db.runs import NewRun
from mage_jlab.db.session import Database
from mage_jlab.errors import DatabaseTooNew
from mage_jlab.model.trigger import Trigger

HOST = """
import sys, time
from pathlib import Path
from mage_jlab.assembly import Engine
engine = Engine(Path(sys.argv[1]), Path(sys.argv[2]))
engine.start(scheduler=sys.argv[3] == 'scheduler')
{more}
print('ready', flush=True)
time.sleep(600)
"""


@contextmanager
def host(
    root: Path, state: Path, more: str = "", mode: str = "plain"
) -> Iterator[subprocess.Popen]:
    """An engine in a process of its own; it is killed at the end, as a crash would."""
    code = HOST.format(more=textwrap.dedent(more))
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(root), str(state), mode],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.kill()
        process.wait()


def test_a_killed_server_leaves_nothing_running(
    root: Path, mage_state: Path, tmp_path: Path
) -> None:
    starts = tmp_path / "starts"
    # A loop that never lets go of the interpreter outlives its server by far.
    body = f"""
    import os, subprocess, sys
    subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])
    with open({str(starts)!r}, 'a') as file:
        file.write('x')
    sum(iter(lambda: 0, 1))
    """
    write_pipeline(root / "p", "busy", {"loop": custom(body), "b": custom("return 1", "loop")})
    with host(root, mage_state, "engine.submit('p', 'busy')") as process:
        until(starts.exists)
        left = kernels_below(mage_state)
        assert len(left) == 2
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        with running(root, mage_state) as engine:
            run = engine.runs.list()[0][0]
            assert run.state == "interrupted" and "unexpectedly" in run.error
            states = {s.block: s.state for s in engine.runs.get(run.id).steps}
            assert states == {"loop": "interrupted", "b": "interrupted"}
            until(lambda: not kernels_below(mage_state))
            assert starts.read_text() == "x"
            assert LeaseStore(engine.database).kernels_of(run.id) == []


def test_what_was_queued_is_started_once(root: Path, mage_state: Path, tmp_path: Path) -> None:
    """Killed between the rows of a fire and the start of its run."""
    starts = tmp_path / "starts"
    body = f"open({str(starts)!r}, 'a').write('x')"
    write_pipeline(root / "p", "one", {"a": custom(body)})
    # The queue is not served in that process: it is killed with the run in it.
    more = """
    engine._runner._stopping = True
    engine._runner.wake()
    import time; time.sleep(0.5)
    engine.submit('p', 'one')
    """
    with host(root, mage_state, more) as process:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        with running(root, mage_state, scheduler=True) as engine:
            run = engine.runs.list()[0][0]
            assert engine.wait(run.id, 90).state == "completed"
            assert starts.read_text() == "x"
            assert len(engine.runs.list()[0]) == 1


def test_a_living_process_is_left_alone(root: Path, mage_state: Path, tmp_path: Path) -> None:
    go = tmp_path / "go"
    body = f"""
    import time
    from pathlib import Path
    while not Path({str(go)!r}).exists():
        time.sleep(0.02)
    """
    write_pipeline(root / "p", "held", {"a": custom(body)})
    more = "engine.submit('p', 'held')"
    with host(root, mage_state, more), running(root, mage_state, scheduler=True) as engine:
        run = until(lambda: engine.runs.list(state="running")[0])[0]
        until(lambda: step(engine.runs.get(run.id), "a").state == "running")
        engine._upkeep.look(engine._runner.carries)
        assert engine.runs.get(run.id).state == "running"
        go.touch()
        assert engine.wait(run.id, 60).state == "completed"


def test_a_run_elsewhere_can_be_cancelled(root: Path, mage_state: Path) -> None:
    write_pipeline(root / "p", "long", {"a": custom("import time; time.sleep(600)")})
    more = "engine.submit('p', 'long')"
    with host(root, mage_state, more), running(root, mage_state) as engine:
        run = until(lambda: engine.runs.list(state="running")[0])[0]
        until(lambda: step(engine.runs.get(run.id), "a").state == "running")
        assert engine.cancel(run.id).state == "cancelling"
        assert engine.wait(run.id, 60).state == "cancelled"
        assert not kernels_below(mage_state)


def test_the_command_line_killed_in_mid_run(root: Path, mage_state: Path, tmp_path: Path) -> None:
    began = tmp_path / "began"
    body = f"open({str(began)!r}, 'w'); import time; time.sleep(600)"
    write_pipeline(root / "p", "long", {"a": custom(body)})
    command = [sys.executable, "-m", "mage_jlab.cli.main", "run", str(root / "p"), "long"]
    process = subprocess.Popen([*command, "--root", str(root)])
    try:
        until(began.exists)
        process.kill()
        process.wait()
        with running(root, mage_state, scheduler=True) as engine:
            run = engine.runs.list()[0][0]
            assert (run.kind, run.state) == ("cli", "interrupted")
            until(lambda: not kernels_below(mage_state))
    finally:
        process.kill()
        process.wait()


def test_two_engines_fire_once(root: Path, mage_state: Path) -> None:
    write_pipeline(root / "p", "one", {"a": custom("return 1")})
    with running(root, mage_state, scheduler=True) as one:
        trigger = one.create_trigger(
            Trigger("", "p", "one", "each", schedule="* * * * *", enabled=True, overlap="allow")
        )
        with running(root, mage_state, scheduler=True) as two:
            past = clock.now() - timedelta(seconds=70)
            for _ in range(3):
                _rewind(one, trigger.id, past)
                one._wake()
                two._wake()
                until(lambda since=past: _anchor(one, trigger.id) > since)
                past -= timedelta(hours=1)
            fired = one.runs.fired(trigger.id)
            assert len(fired) == len(set(fired)) > 0
            states = [r.fire_time for r in one.runs.list(trigger=trigger.id, limit=500)[0]]
            assert len(states) == len(set(states))
            one.change_trigger(trigger.id, {"enabled": False})
            assert {one.health()["scheduler"], two.health()["scheduler"]} <= {"running", "standby"}


def _rewind(engine: Engine, trigger: str, moment: object) -> None:
    from sqlalchemy import update

    from mage_jlab.db.tables import triggers

    with engine.database.write() as connection:
        connection.execute(update(triggers).where(triggers.c.id == trigger).values(anchor=moment))


def _anchor(engine: Engine, trigger: str) -> object:
    return next(item.anchor for item in engine.triggers.armed() if item.trigger.id == trigger)


def test_a_newer_database_is_left_alone(root: Path, mage_state: Path) -> None:
    write_pipeline(root / "p", "one", {"a": custom("return 1")})
    file = mage_state / "mage.db"
    database = Database.file(file)
    database.prepare()
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE mage_jlab_version SET version_num = '9999'")
    database.close()
    before = file.read_bytes()
    with running(root, mage_state, scheduler=True) as engine:
        health = engine.health()
        assert health["scheduler"] == "failed"
        assert "newer" in health["scheduler_message"]
        with pytest.raises(DatabaseTooNew):
            engine.submit("p", "one")
        with pytest.raises(DatabaseTooNew):
            engine.runs.list()
    assert file.read_bytes() == before


def test_an_id_that_somebody_else_has_now_is_not_killed(root: Path, mage_state: Path) -> None:
    from mage_jlab.db.leases import LeftKernel
    from mage_jlab.executors import process

    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        before = Engine(root, mage_state)
        before.open()
        leases = LeaseStore(before.database)
        dead = leases.register(process.host(), 2**22 + 1, "1", "server")
        leases.add_kernel(LeftKernel("k", dead.id, process.host(), bystander.pid, "before"), None)
        write_pipeline(root / "p", "one", {"a": custom("return 1")})
        run = before.runs.create(NewRun("p", "one"), dead.id)
        before.runs.start(run.id, dead.id)
        before.database.close()
        with running(root, mage_state) as engine:
            assert engine.runs.get(run.id).state == "interrupted"
            assert bystander.poll() is None and psutil.pid_exists(bystander.pid)
    finally:
        bystander.kill()
        bystander.wait()


def test_a_process_that_was_given_up_cannot_write(root: Path, mage_state: Path) -> None:
    from mage_jlab.db.runs import LostRun

    with running(root, mage_state) as engine:
        leases = LeaseStore(engine.database)
        other = leases.register("elsewhere:1:2", 1, "1", "server")
        run = engine.runs.create(NewRun("p", "one"), other.id)
        engine.runs.start(run.id, other.id)
        engine.runs.interrupt_all(other.id, "silent for too long", queued=True)
        with pytest.raises(LostRun):
            engine.runs.finish(run.id, other.id, "completed")
        assert engine.runs.get(run.id).state == "interrupted"


def test_a_run_that_was_lost_track_of_is_ended(root: Path, mage_state: Path) -> None:
    with running(root, mage_state) as engine:
        run = engine.runs.create(NewRun("p", "one", state="running"), engine._me)
        until(lambda: engine._wake() or engine.runs.get(run.id).state == "interrupted", 30)
