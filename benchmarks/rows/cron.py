"""A schedule's time comes: how long until the first line. One minute for every sample."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator

from benchmarks import work
from benchmarks.measure import Sample
from benchmarks.peers import jupyter_scheduler, prefect
from benchmarks.peers.mage import Mage
from benchmarks.row import OURS, Once, Row, Side
from benchmarks.stage import Stage, until

_EVERY = "* * * * *"


def _next(file: object, cpu: object) -> Sample:
    """Wait for the next stamp; its distance from the full minute."""
    known, before = len(work.stamps(file)), cpu()  # type: ignore[arg-type,operator]
    until(lambda: len(work.stamps(file)) > known, 130)  # type: ignore[arg-type]
    return Sample(work.stamps(file)[known] % 60, cpu() - before)  # type: ignore[arg-type,operator]


@contextlib.contextmanager
def ours(stage: Stage) -> Iterator[Once]:
    file = stage.out / "stamps"
    stage.pipeline("stamp1", work.stamp(file))
    with stage.server() as server:
        server.ready()
        body = {"project": "bench", "pipeline": "stamp1", "name": "each minute", "schedule": _EVERY}
        server.ask("POST", "triggers", data=json.dumps(body))
        yield lambda: _next(file, server.cpu)


@contextlib.contextmanager
def mage(stage: Stage) -> Iterator[Once]:
    peer = Mage(stage)
    file = peer.folder / "stamps"
    peer.pipeline("stamp1", work.stamp(file))
    with peer.server() as server:
        start = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())
        trigger = server.trigger(
            "stamp1", schedule_type="time", schedule_interval=_EVERY, start_time=start
        )
        yield lambda: _next(file, server.cpu)
        server.switch_off(trigger)


@contextlib.contextmanager
def job(stage: Stage) -> Iterator[Once]:
    file = stage.out / "stamps"
    with jupyter_scheduler.server(stage) as jobs:
        jobs.each_minute(jobs.notebook("stamp", jupyter_scheduler.stamps(file)))
        yield lambda: _next(file, jobs.cpu)


@contextlib.contextmanager
def flow(stage: Stage) -> Iterator[Once]:
    file = stage.out / "stamps"
    with prefect.server(stage) as server:
        server.serve(server.script("stamps", prefect.STAMP.format(file=str(file))))
        yield lambda: _next(file, server.cpu)


ROW = Row(
    "cron",
    "cron due time → first line",
    "p95 ≤ 100 ms",
    (
        Side(OURS, ours),
        Side("mage", mage, most=3, peer="mage-ai"),
        Side("jupyter-scheduler", job, most=2, peer="jupyter-scheduler"),
        Side("prefect", flow, most=2, peer="prefect"),
    ),
    limit=0.1,
    by="p95",
    repeat=4,
    recorded="mage 4.1 s, dagster 5.7 s, jupyter-scheduler 12.4 s, prefect 0.2 s",
)
