"""What mage-jlab adds to JupyterLab: to its start and to its memory at rest."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

from benchmarks.measure import Sample, tree_cpu, tree_memory
from benchmarks.row import OURS, Once, Row, Side
from benchmarks.stage import Stage

_OFF = "--ServerApp.jpserver_extensions={'mage_jlab': False, 'jupyterlab': True}"
_REST = 10.0
_PAIRS = 5


@contextlib.contextmanager
def slower(stage: Stage) -> Iterator[Once]:
    """Percent that the start takes longer with us; with and without in turn."""

    def once() -> Sample:
        took: dict[str, list[float]] = {"with": [], "without": []}
        for _ in range(1 if stage.quick else _PAIRS):
            for side, options in (("with", ()), ("without", (_OFF,))):
                with stage.server(*options) as server:
                    took[side].append(server.started)
        ours, bare = min(took["with"]), min(took["without"])
        return Sample((ours / bare - 1) * 100, notes={"with": ours, "without": bare})

    yield once


@contextlib.contextmanager
def heavier(stage: Stage) -> Iterator[Once]:
    """Megabytes that an idle server takes more with us (shared pages in proportion)."""

    def once() -> Sample:
        found = {}
        for side, options in (("with", ()), ("without", (_OFF,))):
            with stage.server(*options) as server:
                if side == "with":
                    server.ready()
                time.sleep(1 if stage.quick else _REST)
                cpu = tree_cpu(server.process.pid)
                time.sleep(1 if stage.quick else _REST)
                found[side] = tree_memory(server.process.pid) / 2**20
                found[f"CPU of {side}"] = tree_cpu(server.process.pid) - cpu
        return Sample(found["with"] - found["without"], found["CPU of with"], found)

    yield once


TIME = Row(
    "start",
    "`jupyter lab` start with us, over without (minimum of 5 each)",
    "≤ +7 %",
    (Side(OURS, slower),),
    limit=7,
    unit="%",
    repeat=3,
    recorded="jupyter-scheduler +14 %",
)
MEMORY = Row(
    "rest",
    "idle memory of us (CPU: of the whole server in 10 s)",
    "≤ +60 MB",
    (Side(OURS, heavier, warm=False),),
    limit=60,
    unit="MB",
    repeat=2,
    recorded="mage 566 MB in all",
)
