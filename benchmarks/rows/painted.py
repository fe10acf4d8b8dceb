"""A block that returned a frame: how long until its grid stands in the browser."""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

from benchmarks import work
from benchmarks.measure import Sample
from benchmarks.row import OURS, Once, Row, Side
from benchmarks.stage import TOKEN, Stage

_ROWS = {False: 1_000_000, True: 10_000}
_COUNT = 5
_SCRIPT = Path(__file__).parent.parent / "painted.mjs"


@contextlib.contextmanager
def ours(stage: Stage) -> Iterator[Once]:
    blocks = work.handoff(stage.out, _ROWS[stage.quick])
    stage.pipeline("table", {"h_load": blocks["h_load"]})
    with stage.server("--LabApp.expose_app_in_browser=True") as server:
        server.ready()
        said = subprocess.run(
            ["node", str(_SCRIPT), server.base, TOKEN, "mage:bench/table.ipynb",
             str(stage.out / "load_ended"), str(_COUNT)],
            capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        if said.returncode:
            raise RuntimeError(said.stderr[-2000:])
        found = iter(json.loads(said.stdout))
        yield lambda: Sample(next(found) / 1000)


ROW = Row(
    "painted",
    "interactive: 1 M × 8 frame, block returned → grid painted (Chromium)",
    "≤ 200 ms",
    (Side(OURS, ours, most=_COUNT, warm=False),),
    limit=0.2,
    repeat=_COUNT,
    recorded="mage about 500 ms to data, 10 rows",
)
