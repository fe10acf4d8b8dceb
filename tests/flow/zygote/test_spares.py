"""Kernels that are ready before a run wants one."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from flow.engine.projects import custom, kernels_below, running, step, until, write_pipeline

from mage_jlab.assembly import Engine
from mage_jlab.executors.settings import Kernels


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    return folder


@pytest.fixture(params=[True, False], ids=["forked", "spawned"])
def engine(request: pytest.FixtureRequest, root: Path, mage_state: Path) -> Iterator[Engine]:
    kernels = Kernels(fork=request.param, spares=1)
    with running(root, mage_state, kernels=kernels) as started:
        yield started


def spares(engine: Engine) -> int:
    return engine._runner._spares.ready


def completed(engine: Engine, pipeline: str) -> str:
    """Run a pipeline with a spare; return what its block `a` printed."""
    until(lambda: spares(engine) == 1)
    run = engine.wait(engine.submit("p", pipeline).id, 90)
    assert run.state == "completed", run.error
    return "".join(record["text"] for record in engine.step_log(run.id, "a")[0])


def warm(engine: Engine, root: Path) -> None:
    write_pipeline(root / "p", "first", {"a": custom("return 1")})
    assert engine.wait(engine.submit("p", "first").id, 90).state == "completed"


def test_none_before_the_first_run_and_none_after_the_end(
    root: Path, mage_state: Path, engine: Engine
) -> None:
    assert not kernels_below(mage_state)
    warm(engine, root)
    until(lambda: spares(engine) == 1)
    until(lambda: len(kernels_below(mage_state)) == 1)
    engine.stop()
    assert not kernels_below(mage_state)


LEAVE = """
import os, random, sys, builtins, threading
import numpy, pandas
import matplotlib
import matplotlib.pyplot as plt
os.environ['LEFT'] = 'x'
os.environ['HOME'] = '/left'
os.chdir('/')
os.umask(0o77)
sys.path.insert(0, '/left')
sys.left = builtins.left = numpy.left = pandas.left = 1
globals()['LEFT'] = 1
get_ipython().user_ns['left'] = 1
open_file = builtins.open_file = open('/proc/self/status')
random.seed(1); numpy.random.seed(1)
pandas.set_option('display.max_rows', 7)
plt.figure(); matplotlib.rcParams['lines.linewidth'] = 77
print(os.getpid())
"""
LOOK = """
import os, random, sys, builtins
import numpy, pandas
import matplotlib
import matplotlib.pyplot as plt
found = {
    'env': os.environ.get('LEFT') or os.environ.get('HOME') == '/left',
    'umask': os.umask(0o22) == 0o77,
    'path': '/left' in sys.path,
    'names': [m.__name__ for m in (sys, builtins, numpy, pandas) if hasattr(m, 'left')],
    'globals': 'LEFT' in globals() or 'left' in get_ipython().user_ns,
    'files': [n for n in os.listdir('/proc/self/fd') if os.path.islink(f'/proc/self/fd/{n}')
              and os.readlink(f'/proc/self/fd/{n}').endswith('/status')],
    'options': pandas.get_option('display.max_rows') == 7,
    'figures': plt.get_fignums(),
    'style': matplotlib.rcParams['lines.linewidth'] == 77,
    'modules': [n for n in sys.modules if n.startswith('mage_blocks.') and not n.endswith('.a')],
}
assert not any(found.values()), found
print(os.getpid(), random.random(), numpy.random.rand(), os.getcwd())
"""


def test_nothing_of_a_run_is_left_for_the_next(root: Path, engine: Engine) -> None:
    warm(engine, root)
    write_pipeline(root / "p", "leave", {"other": custom("pass"), "a": custom(LEAVE, "other")})
    pid = completed(engine, "leave").strip()
    write_pipeline(root / "p", "look", {"a": custom(LOOK)})
    seen = [completed(engine, "look").split() for _ in range(2)]
    assert len({pid, *(words[0] for words in seen)}) == 3
    assert len({words[1] for words in seen}) == len({words[2] for words in seen}) == 2
    for words in seen:
        # Without a seed of its own a kernel would repeat what seed 1 gives.
        assert words[1] != "0.13436424411240122"
        assert words[3] == str(engine.workspace.cwd(engine.workspace.project("p")))


def test_a_spare_lives_where_its_run_does(
    root: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was started in another folder, with another environment and time zone."""
    monkeypatch.setenv("GOES", "1")
    warm(engine, root)
    until(lambda: spares(engine) == 1)
    ready = {process.pid for process in psutil.Process().children(recursive=True)}
    monkeypatch.delenv("GOES")
    monkeypatch.setenv("COMES", "é'\"")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    body = """
    import os, subprocess, time
    sent = subprocess.run(['sh', '-c', 'echo $COMES'], capture_output=True, text=True).stdout
    print([os.getpid(), os.environ.get('GOES'), sent.strip(), time.localtime(0).tm_hour,
           os.getcwd(), get_ipython().user_ns['_dh']])
    """
    write_pipeline(root / "p", "where", {"a": custom(body)})
    pid, *said = eval(completed(engine, "where"))
    home = str(engine.workspace.cwd(engine.workspace.project("p")))
    assert pid in ready
    assert said == [None, "é'\"", 9, home, [home]]


def test_a_spare_of_another_environment_is_not_used(
    root: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    warm(engine, root)
    until(lambda: spares(engine) == 1)
    ready = {process.pid for process in psutil.Process().children(recursive=True)}
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    body = "import os; print(os.getpid(), os.environ['OMP_NUM_THREADS'])"
    write_pipeline(root / "p", "other", {"a": custom(body)})
    pid, threads = completed(engine, "other").split()
    assert int(pid) not in ready and threads == "1"


def test_a_dead_spare_is_replaced(root: Path, mage_state: Path, engine: Engine) -> None:
    warm(engine, root)
    until(lambda: spares(engine) == 1 and len(kernels_below(mage_state)) == 1)
    for pid in kernels_below(mage_state):
        os.kill(pid, signal.SIGKILL)
    write_pipeline(root / "p", "next", {"a": custom("print('here')")})
    run = engine.wait(engine.submit("p", "next").id, 90)
    assert step(run, "a").state == "completed"
    until(lambda: spares(engine) == 1 and len(kernels_below(mage_state)) == 1)


def test_idle_spares_end(root: Path, mage_state: Path) -> None:
    with running(root, mage_state, kernels=Kernels(spares=1, idle_seconds=4)) as engine:
        warm(engine, root)
        until(lambda: spares(engine) == 1)
        until(lambda: not kernels_below(mage_state))
        assert completed_without_spare(engine)


def completed_without_spare(engine: Engine) -> bool:
    return engine.wait(engine.submit("p", "first").id, 90).state == "completed"


def test_without_spares(root: Path, mage_state: Path) -> None:
    with running(root, mage_state, kernels=Kernels(spares=0)) as engine:
        warm(engine, root)
        assert spares(engine) == 0
        until(lambda: not kernels_below(mage_state))
