"""Kernels that die, do not start, do not listen, or leave processes behind."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import psutil
import pytest
from flow.engine.projects import custom, kernels_below, running, step, until, write_pipeline

from mage_jlab.assembly import Engine
from mage_jlab.errors import NotActive

SLEEP = "import time; time.sleep(600)"


def gone(pids: list[int]) -> bool:
    return not [p for p in pids if psutil.pid_exists(p) and _lives(p)]


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def busy(engine: Engine, run_id: str, name: str) -> None:
    until(lambda: step(engine.runs.get(run_id), name).state == "running")


def test_a_killed_kernel_fails_its_step_only(root: Path, engine: Engine, mage_state: Path) -> None:
    write_pipeline(
        root / "p", "killed", {"sleep": custom(SLEEP), "below": custom("return 1", "sleep")}
    )
    run = engine.submit("p", "killed")
    busy(engine, run.id, "sleep")
    kernels = kernels_below(mage_state)
    for pid in kernels:
        os.kill(pid, signal.SIGKILL)
    ended = engine.wait(run.id, 60)
    assert ended.state == "failed"
    assert "kernel died (signal 9)" in step(ended, "sleep").error
    assert step(ended, "below").state == "upstream_failed"
    log = engine.step_log(run.id, "sleep")[0]
    assert (log[-1]["kind"], log[-1]["level"]) == ("system", "ERROR")
    assert "signal 9" in log[-1]["text"]
    write_pipeline(root / "p", "next", {"a": custom("return 1")})
    assert engine.wait(engine.submit("p", "next").id, 90).state == "completed"
    until(lambda: not kernels_below(mage_state))


def test_a_block_that_kills_itself(root: Path, engine: Engine) -> None:
    write_pipeline(root / "p", "self", {"a": custom("import os; os.kill(os.getpid(), 9)")})
    ended = engine.wait(engine.submit("p", "self").id, 90)
    assert "kernel died (signal 9)" in step(ended, "a").error


def test_cancelled_means_gone(root: Path, engine: Engine, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    body = f"""
    import os, subprocess, sys, time
    child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])
    away = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'],
                            start_new_session=True)
    open({str(pids)!r}, 'w').write(f'{{os.getpid()}} {{child.pid}} {{away.pid}}')
    while True:
        try:
            time.sleep(600)
        except KeyboardInterrupt:
            pass
    """
    write_pipeline(root / "p", "c", {"a": custom(body), "b": custom("return 1", "a")})
    run = engine.submit("p", "c")
    until(lambda: pids.exists() and len(pids.read_text().split()) == 3)
    found = [int(item) for item in pids.read_text().split()]
    assert engine.cancel(run.id).state == "cancelling"
    ended = engine.wait(run.id, 60)
    # At the very moment it says cancelled, nobody is left.
    assert ended.state == "cancelled"
    assert gone(found)
    assert {s.state for s in ended.steps} == {"cancelled"}
    with pytest.raises(NotActive):
        engine.cancel(run.id)


def test_a_queued_run_is_cancelled_at_once(root: Path, mage_state: Path) -> None:
    write_pipeline(root / "p", "long", {"a": custom(SLEEP)})
    with running(root, mage_state, max_kernels=1) as engine:
        first = engine.submit("p", "long")
        busy(engine, first.id, "a")
        second = engine.submit("p", "long")
        assert engine.cancel(second.id).state == "cancelled"
        assert {s.state for s in engine.runs.get(second.id).steps} == {"cancelled"}
        engine.cancel(first.id)
        assert engine.wait(first.id, 60).state == "cancelled"


def spec(folder: Path, name: str, argv: list[str]) -> None:
    target = folder / "kernels" / name
    target.mkdir(parents=True)
    said = {"argv": argv, "display_name": name, "language": "python"}
    (target / "kernel.json").write_text(json.dumps(said))


def test_a_kernel_that_never_starts_frees_its_place(
    root: Path, mage_state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    code = "import time; time.sleep(600)"
    spec(tmp_path / "jupyter", "deaf", [sys.executable, "-c", code, "{connection_file}"])
    code = "import sys; sys.exit('no licence')"
    spec(tmp_path / "jupyter", "dead", [sys.executable, "-c", code, "{connection_file}"])
    for name in ("deaf", "dead", "absent"):
        write_pipeline(
            root / "p", name, {"a": custom("return 1", executor_config={"kernel_name": name})}
        )
    write_pipeline(root / "p", "good", {"a": custom("return 1")})
    monkeypatch.setattr(Engine, "start_seconds", 8)
    with running(root, mage_state, max_kernels=1) as engine:
        reasons = {
            name: engine.wait(engine.submit("p", name).id, 60).error
            for name in ("deaf", "dead", "absent")
        }
        assert "kernel did not start in 8 s" in reasons["deaf"]
        assert "exit status 1" in reasons["dead"] and "no licence" in reasons["dead"]
        assert "no kernel named 'absent'" in reasons["absent"]
        monkeypatch.setattr(engine._runner._parts, "start_seconds", 60)
        assert engine.wait(engine.submit("p", "good").id, 90).state == "completed"


def test_stopping_interrupts(root: Path, mage_state: Path) -> None:
    write_pipeline(root / "p", "long", {"a": custom(SLEEP), "b": custom("return 1", "a")})
    with running(root, mage_state) as engine:
        run = engine.submit("p", "long")
        busy(engine, run.id, "a")
    engine.database.prepare()
    ended = engine.runs.get(run.id)
    assert ended.state == "interrupted" and "stopped" in ended.error
    assert {s.state for s in ended.steps} == {"interrupted"}
    assert not kernels_below(mage_state)
    with running(root, mage_state) as engine:
        (root / "p" / "custom" / "a.py").write_text("@custom\ndef f(*args):\n    return 1\n")
        assert engine.wait(engine.retry(run.id).id, 90).state == "completed"
