"""Processes that need the same global data product at once: one makes it, the others wait."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from flow.engine.projects import block, custom, kernels_below, running, until, write_pipeline

from mage_jlab.assembly import Engine
from tests.faults.test_processes import host

Start = Callable[[str], "subprocess.Popen[str]"]
MAKE = """
import time
from pathlib import Path
open({began!r}, 'a').write('x')
while not Path({flag!r}).exists():
    time.sleep(0.02)
return {{'made': True}}
"""


@pytest.fixture
def began(root: Path, tmp_path: Path) -> Path:
    """A product whose block notes each start here and then waits for the file beside it."""
    began = tmp_path / "began"
    made = custom(MAKE.format(began=str(began), flag=str(tmp_path / "flag")))
    write_pipeline(root / "p", "source", {"made": made})
    said = {"object_type": "pipeline", "object_uuid": "source", "outdated_after": {"weeks": 1}}
    said["settings"] = {"made": {"partitions": 1}}
    (root / "p" / "global_data_products.yaml").write_text(yaml.safe_dump({"shared": said}))
    used = {"global_data_product": {"uuid": "shared"}}
    for name in ("one", "two", "three"):
        blocks = {
            "shared": block("global_data_product", "", configuration=used),
            "read": custom("return [args[0]['made'][0]['made']]", "shared"),
        }
        write_pipeline(root / "p", name, blocks)
    return began


@pytest.fixture
def start(root: Path, mage_state: Path) -> Iterator[Start]:
    """A function that starts `mage-jlab run` of a pipeline; what is left is killed."""
    started: list[subprocess.Popen[str]] = []

    def run(pipeline: str) -> subprocess.Popen[str]:
        words = [sys.executable, "-m", "mage_jlab.cli.main", "run", str(root / "p"), pipeline]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        started.append(subprocess.Popen([*words, "--root", str(root)], text=True, **pipes))
        return started[-1]

    yield run
    for process in started:
        process.kill()
        process.wait()


def ended_well(process: subprocess.Popen[str]) -> str:
    said, _ = process.communicate(timeout=90)
    assert process.returncode == 0, said
    return said


def looking(root: Path, state: Path) -> Engine:
    engine = Engine(root, state)
    engine.open()
    return engine


def states(engine: Engine, pipeline: str) -> list[str]:
    return [run.state for run in engine.runs.list("p", pipeline)[0]]


def active(engine: Engine, pipeline: str) -> Any:
    return [run for run in engine.runs.list("p", pipeline)[0] if run.state == "running"]


def test_commands_at_once_make_it_once(
    root: Path, mage_state: Path, tmp_path: Path, began: Path, start: Start
) -> None:
    engine = looking(root, mage_state)
    commands = [start(name) for name in ("one", "two", "three")]
    for name in ("one", "two", "three"):
        until(lambda name=name: active(engine, name))
    until(began.exists)
    (tmp_path / "flag").touch()
    for command in commands:
        ended_well(command)
    assert states(engine, "source") == ["completed"] and began.read_text() == "x"


def test_a_server_and_a_command_make_it_once(
    root: Path, mage_state: Path, tmp_path: Path, began: Path, start: Start
) -> None:
    with host(root, mage_state, "engine.submit('p', 'one')", mode="scheduler"):
        until(began.exists)
        command = start("two")
        engine = looking(root, mage_state)
        until(lambda: active(engine, "two"))
        (tmp_path / "flag").touch()
        ended_well(command)
        until(lambda: states(engine, "one") == ["completed"])
    assert states(engine, "source") == ["completed"] and began.read_text() == "x"


@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGINT], ids=["killed", "Ctrl-C"])
def test_who_waits_makes_it_when_the_maker_is_gone(
    root: Path, mage_state: Path, tmp_path: Path, began: Path, start: Start, by: signal.Signals
) -> None:
    engine = looking(root, mage_state)
    maker = start("one")
    until(began.exists)
    waiting = start("two")
    until(lambda: active(engine, "two"))
    os.kill(maker.pid, by)
    maker.wait(30)
    until(lambda: began.read_text() == "xx")
    (tmp_path / "flag").touch()
    ended_well(waiting)
    assert states(engine, "source") == ["completed", "interrupted"]
    until(lambda: not kernels_below(mage_state))


def test_a_product_that_its_maker_never_began_is_begun(
    root: Path, mage_state: Path, tmp_path: Path, began: Path, start: Start
) -> None:
    more = """
    engine._runner._stopping = True
    engine._runner.wake()
    import time; time.sleep(0.5)
    engine.submit('p', 'source', kind='api')
    """
    (tmp_path / "flag").touch()
    with host(root, mage_state, more) as process:
        process.kill()
        process.wait()
    ended_well(start("one"))
    assert states(looking(root, mage_state), "source") == ["completed"]
    assert began.read_text() == "x"
    with running(root, mage_state, scheduler=True) as engine:
        assert states(engine, "source") == ["completed"]
