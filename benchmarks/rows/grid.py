"""A window of a stored table of 10 million rows, as the browser's grid asks for it."""

from __future__ import annotations

import contextlib
import json
import random
import time
from collections.abc import Iterator
from typing import Any

from benchmarks import work
from benchmarks.measure import Sample
from benchmarks.row import OURS, Once, Row, Side
from benchmarks.stage import Server, Stage

_ROWS = {False: 10_000_000, True: 100_000}


@contextlib.contextmanager
def _asking(stage: Stage, query: Any, *, new: bool) -> Iterator[Once]:
    """`new`: a product of its own for each repetition, so that no answer is remembered."""
    rows = _ROWS[stage.quick]
    blocks = work.handoff(stage.out, rows)
    stage.pipeline("table", {"h_load": blocks["h_load"]})
    with stage.server() as server:
        server.ready()
        made: list[str] = []

        def product() -> str:
            if new or not made:
                _, run = server.run("table")
                server.ended(run, 0.1)
                if made:
                    server.ask("DELETE", f"runs/{made.pop()}")
                made.append(run)
            return made[0]

        def once() -> Sample:
            run = product()
            _window(server, run, {"offset": 0})  # the file's first pages, as an open grid has them
            cpu, began = server.cpu(), time.perf_counter()
            found = _window(server, run, query(rows))
            took = time.perf_counter() - began
            if not found["rows"]:
                raise RuntimeError("The window is empty.")
            return Sample(took, server.cpu() - cpu)

        yield once


def _window(server: Server, run: str, query: dict[str, Any]) -> Any:
    params = {"scope": run, "limit": 200, **query}
    return server.ask("GET", "products/bench/table/h_load/output_0/rows", params=params)


def _anywhere(rows: int) -> dict[str, Any]:
    return {"offset": random.randrange(rows - 200)}


def _sorted(rows: int) -> dict[str, Any]:
    return {"offset": rows // 2, "sort": json.dumps([["f1", "desc"]])}


def _filtered(rows: int) -> dict[str, Any]:
    wanted = [{"column": "s2", "op": "eq", "value": "city 7"}]
    return {"offset": rows // 100, "filter": json.dumps(wanted)}


_SAMPLE = "mage shows a sample only"
WINDOW = Row(
    "window",
    "grid: 200 rows anywhere in 10 M × 8",
    "≤ 50 ms",
    (Side(OURS, lambda stage: _asking(stage, _anywhere, new=False)),),
    limit=0.05,
    repeat=20,
    recorded=_SAMPLE,
)
SORT = Row(
    "sort",
    "grid: first sort of 10 M × 8 by a column, window in the middle",
    "≤ 1.5 s",
    (Side(OURS, lambda stage: _asking(stage, _sorted, new=True)),),
    limit=1.5,
    repeat=3,
    recorded=_SAMPLE,
)
FILTER = Row(
    "filter",
    "grid: first filter of 10 M × 8 by a text, window in the middle",
    "≤ 0.5 s",
    (Side(OURS, lambda stage: _asking(stage, _filtered, new=True)),),
    limit=0.5,
    repeat=3,
    recorded=_SAMPLE,
)
