"""Fifty runs posted at once: all completed, with the CPU time of everything."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from benchmarks import work
from benchmarks.measure import Sample, tree_memory
from benchmarks.peers import jupyter_scheduler
from benchmarks.peers.mage import Mage
from benchmarks.row import OURS, Once, Row, Side
from benchmarks.stage import Stage, seconds, until

COUNT = 50
_CLIENTS = 10


@contextlib.contextmanager
def ours(stage: Stage) -> Iterator[Once]:
    stage.pipeline("stamp1", work.stamp(stage.out / "stamps"))
    with stage.server() as server, ThreadPoolExecutor(_CLIENTS) as clients:
        server.ready()

        def once() -> Sample:
            cpu, began = server.cpu(), time.time()
            asked = list(clients.map(lambda _: server.run("stamp1")[1], range(COUNT)))

            def done() -> bool:
                page = server.ask("GET", f"runs?limit={COUNT}")["items"]
                return all(run["state"] not in ("queued", "running") for run in page)

            until(done, 300, 0.05)
            ended = [server.ended(run)["ended"] for run in asked]
            memory = tree_memory(server.process.pid) / 2**20
            return Sample(max(map(seconds, ended)) - began, server.cpu() - cpu, {"MB": memory})

        yield once


@contextlib.contextmanager
def mage(stage: Stage) -> Iterator[Once]:
    peer = Mage(stage)
    peer.pipeline("stamp1", work.stamp(peer.folder / "stamps"))
    with peer.server() as server, ThreadPoolExecutor(_CLIENTS) as clients:
        trigger = server.trigger("stamp1")

        def once() -> Sample:
            cpu, began = server.cpu(), time.time()
            asked = list(clients.map(lambda _: server.run(trigger), range(COUNT)))
            server.ended(asked)
            return Sample(time.time() - began, server.cpu() - cpu)

        yield once
        server.switch_off(trigger)


@contextlib.contextmanager
def jobs(stage: Stage) -> Iterator[Once]:
    with jupyter_scheduler.server(stage) as peer, ThreadPoolExecutor(_CLIENTS) as clients:
        notebook = peer.notebook("stamp", jupyter_scheduler.stamps(stage.out / "stamps"))

        def once() -> Sample:
            cpu, began = peer.cpu(), time.time()
            peer.ended(list(clients.map(lambda _: peer.run(notebook), range(COUNT))))
            return Sample(time.time() - began, peer.cpu() - cpu)

        yield once


ROW = Row(
    "many",
    "50 one-block runs posted at once, all completed",
    "≤ 5 s, ≤ 8 CPU-s",
    (
        Side(OURS, ours),
        Side("mage", mage, most=1, warm=False, peer="mage-ai"),
        Side("jupyter-scheduler", jobs, most=1, warm=False, peer="jupyter-scheduler"),
    ),
    limit=5,
    repeat=3,
    recorded="mage 15.9 s, 7.1 CPU-s; jupyter-scheduler 114 s, 174 CPU-s",
)
