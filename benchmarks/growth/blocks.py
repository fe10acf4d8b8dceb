"""Pipelines of more and more blocks: to open, to list, to run."""

from __future__ import annotations

from benchmarks import work
from benchmarks.growth.curve import Curve, Point, median
from benchmarks.stage import Stage, seconds


def point(stage: Stage, count: int) -> Point:
    """Measure a chain of so many blocks that do nothing."""
    name = f"chain{count}"
    stage.pipeline(name, work.chain(count))
    with stage.server() as server:
        server.ready()
        address = f"{server.base}/mage/contents/bench/{name}.ipynb"

        def notebook() -> None:
            server.http.get(address).raise_for_status()

        opened = median(notebook, 5)
        detail = median(lambda: server.ask("GET", f"projects/bench/pipelines/{name}"), 5)
        began, run = server.run(name)
        found = server.ended(run, 0.05)
        took = seconds(found["ended"]) - began
        page = median(lambda: server.ask("GET", f"runs/{run}"), 5)
    return {
        "open as notebook": opened, "read pipeline": detail, "run, POST to completed": took,
        "run, each block": took / count, "read run": page,
    }  # fmt: skip


CURVE = Curve("blocks", "Blocks of a chain", "blocks", (1, 10, 100, 1_000), (1, 10), point)
