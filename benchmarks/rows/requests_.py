"""A run asked for over REST, on a server that stands: its first line, its end."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

from benchmarks import work
from benchmarks.measure import Sample
from benchmarks.peers import jupyter_scheduler
from benchmarks.peers.mage import Mage
from benchmarks.row import OURS, Once, Row, Side
from benchmarks.stage import Stage, seconds, until


@contextlib.contextmanager
def first_line(stage: Stage) -> Iterator[Once]:
    file = stage.out / "stamps"
    stage.pipeline("stamp1", work.stamp(file))
    with stage.server() as server:
        server.ready()

        def once() -> Sample:
            cpu, known = server.cpu(), len(work.stamps(file))
            began, run = server.run("stamp1")
            until(lambda: len(work.stamps(file)) > known, 120)  # asking would be more work for it
            server.ended(run)
            return Sample(work.stamps(file)[known] - began, server.cpu() - cpu)

        yield once


@contextlib.contextmanager
def first_line_mage(stage: Stage) -> Iterator[Once]:
    mage = Mage(stage)
    file = mage.folder / "stamps"
    mage.pipeline("stamp1", work.stamp(file))
    with mage.server() as server:
        trigger = server.trigger("stamp1")

        def once() -> Sample:
            cpu, known = server.cpu(), len(work.stamps(file))
            began = time.time()
            run = server.run(trigger)
            until(lambda: len(work.stamps(file)) > known, 120)
            sample = Sample(work.stamps(file)[known] - began, server.cpu() - cpu)
            server.ended([run])
            return sample

        yield once
        server.switch_off(trigger)


@contextlib.contextmanager
def first_line_job(stage: Stage) -> Iterator[Once]:
    file = stage.out / "stamps"
    with jupyter_scheduler.server(stage) as jobs:
        notebook = jobs.notebook("stamp", jupyter_scheduler.stamps(file))

        def once() -> Sample:
            cpu, known = jobs.cpu(), len(work.stamps(file))
            began = time.time()
            jobs.ended([jobs.run(notebook)])
            return Sample(work.stamps(file)[known] - began, jobs.cpu() - cpu)

        yield once


@contextlib.contextmanager
def completed(stage: Stage, name: str, blocks: work.Blocks) -> Iterator[Once]:
    stage.pipeline(name, blocks)
    with stage.server() as server:
        server.ready()

        def once() -> Sample:
            cpu = server.cpu()
            began, run = server.run(name)
            ended = seconds(server.ended(run)["ended"])
            return Sample(ended - began, server.cpu() - cpu)

        yield once


@contextlib.contextmanager
def completed_mage(stage: Stage, name: str, blocks: work.Blocks) -> Iterator[Once]:
    mage = Mage(stage)
    mage.pipeline(name, blocks)
    with mage.server() as server:
        trigger = server.trigger(name)

        def once() -> Sample:
            cpu, began = server.cpu(), time.time()
            server.ended([server.run(trigger)])
            return Sample(time.time() - began, server.cpu() - cpu)

        yield once
        server.switch_off(trigger)


FIRST_LINE = Row(
    "first-line",
    "POST run → first line of the block",
    "≤ 50 ms (p95 150 ms)",
    (
        Side(OURS, first_line),
        Side("mage", first_line_mage, most=3, warm=False, peer="mage-ai"),
        Side("jupyter-scheduler", first_line_job, most=3, peer="jupyter-scheduler"),
    ),
    limit=0.05,
    repeat=20,
    recorded="mage 6.6 s, prefect 6.1 s, jupyter-scheduler 2.9 s",
)
COMPLETED = Row(
    "completed",
    "POST run → 3-block pipeline completed, products durable",
    "≤ 300 ms",
    (
        Side(OURS, lambda stage: completed(stage, "etl3", work.etl(stage.out))),
        Side("mage", lambda stage: completed_mage(stage, "etl3", work.etl(stage.out)),
             most=2, warm=False, peer="mage-ai"),
        Side("jupyter-scheduler",
             lambda s: jupyter_scheduler.job(s, "etl", work.plain_etl(s.out)),
             most=3, peer="jupyter-scheduler"),
    ),
    limit=0.3,
    repeat=10,
    recorded="mage 37.7 s",
)  # fmt: skip
