"""Blocks that have ended while their outputs are still on their way to the disk."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from flow.engine.projects import custom, kernels_below, step, until, write_pipeline

from mage_jlab.assembly import Engine

SLOW = """
import os, time, pathlib
real = os.fsync
def slow(descriptor):
    while not pathlib.Path({go!r}).exists():
        time.sleep(0.02)
    real(descriptor)
os.fsync = slow
return 'left'
"""
TOUCH = "import pathlib; pathlib.Path({path!r}).touch()\nreturn args[0] + '!'"


def test_the_next_block_runs_while_the_output_is_stored(
    root: Path, engine: Engine, tmp_path: Path
) -> None:
    go, ran = tmp_path / "go", tmp_path / "ran"
    blocks = {
        "a": custom(SLOW.format(go=str(go))),
        "b": custom(TOUCH.format(path=str(ran)), "a"),
    }
    write_pipeline(root / "p", "flow", blocks)
    run = engine.submit("p", "flow")
    until(ran.exists)
    seen = engine.runs.get(run.id)
    assert seen.state == "running" and step(seen, "a").state in ("queued", "running")
    store = engine.products(engine.workspace.project("p"))
    assert store.latest("flow", run.id, "a") is None
    go.touch()
    ended = engine.wait(run.id, 60)
    assert ended.state == "completed", ended.error
    assert [s.state for s in ended.steps] == ["completed", "completed"]
    for name in ("a", "b"):
        assert store.latest("flow", run.id, name) is not None
        assert step(ended, name).outputs[0].bytes is not None
    assert step(ended, "a").ended <= step(ended, "b").started
    said = store.last_step("flow", run.id, "a")
    assert said is not None and said["state"] == "completed" and "storing" not in said


def test_a_kernel_that_dies_before_the_output_is_stored(
    root: Path, engine: Engine, mage_state: Path, tmp_path: Path
) -> None:
    ran = tmp_path / "ran"
    blocks = {
        "a": custom(SLOW.format(go=str(tmp_path / "never"))),
        "b": custom(TOUCH.format(path=str(ran)) + "\n", "a"),
        "c": custom("import time; time.sleep(600)", "b"),
    }
    write_pipeline(root / "p", "dies", blocks)
    run = engine.submit("p", "dies")
    until(lambda: step(engine.runs.get(run.id), "c").state == "running")
    for pid in kernels_below(mage_state):
        os.kill(pid, signal.SIGKILL)
    ended = engine.wait(run.id, 60)
    assert ended.state == "failed"
    for name in ("a", "b"):
        assert step(ended, name).state == "failed"
        assert "before the output was stored" in (step(ended, name).error or "")
    store = engine.products(engine.workspace.project("p"))
    assert store.latest("dies", run.id, "a") is None
    said = store.last_step("dies", run.id, "a")
    assert said is not None and said["state"] == "interrupted"


def test_an_output_that_does_not_fit_fails_the_run(root: Path, engine: Engine) -> None:
    full = """
import resource, signal
import pandas as pd
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, resource.RLIM_INFINITY))
return pd.DataFrame({'a': range(1_000_000)})
"""
    blocks = {"a": custom(full), "b": custom("return len(args[0])", "a")}
    write_pipeline(root / "p", "full", blocks)
    run = engine.wait(engine.submit("p", "full").id, 60)
    assert run.state == "failed" and "There is no space left" in (run.error or "")
    assert step(run, "a").state == "failed" and step(run, "a").outputs == ()
    store = engine.products(engine.workspace.project("p"))
    assert store.latest("full", run.id, "a") is None
    left = store.execution("full", run.id, "a", step(run, "a").version)
    assert {path.name for path in left.iterdir()} <= {"step.json", "source.txt", "record.jsonl"}


def test_branches_get_what_the_block_left_whatever_their_siblings_do(
    root: Path, engine: Engine
) -> None:
    load = """
import numpy as np, pandas as pd
frame = pd.DataFrame({'a': [1, 2, 3], 's': ['x', None, 'z']})
return [frame, {'k': [1]}, np.arange(3)]
"""
    spoil = """
frame, plain, array = args[0]
frame['a'] = 0
frame.loc[0, 's'] = 'spoilt'
plain['k'].append(2)
array[:] = 9
return frame
"""
    look = """
frame, plain, array = args[0]
assert frame['a'].tolist() == [1, 2, 3] and frame['s'].iloc[0] == 'x', frame
assert plain == {'k': [1]} and array.tolist() == [0, 1, 2], (plain, array)
import time; time.sleep(0.3)
"""
    blocks = {"a": custom(load)}
    for number in range(2):
        blocks[f"spoil{number}"] = custom(spoil, "a")
        blocks[f"look{number}"] = custom(look, "a")
        blocks[f"after{number}"] = custom(look, "a", f"spoil{number}")
    write_pipeline(root / "p", "branches", blocks)
    run = engine.wait(engine.submit("p", "branches").id, 90)
    assert run.state == "completed", run.error
