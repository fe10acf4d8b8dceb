"""Tables of more and more rows: to store, to look at their end, to sort."""

from __future__ import annotations

import json

from benchmarks.growth.curve import Curve, Point, median
from benchmarks.measure import peak_memory, tree_memory
from benchmarks.stage import Stage, seconds

_CODE = """
def f(*args, **kwargs):
    import numpy as np
    import pandas as pd
    n = np.arange({rows}, dtype='int32')
    return pd.DataFrame({{'n': n, 'm': n[::-1] % 1000}})
"""


def point(stage: Stage, rows: int) -> Point:
    """Measure a table of so many rows of two integers."""
    name = f"rows{rows}"
    stage.pipeline(name, {name: ("custom", _CODE.format(rows=rows), [])})
    with stage.server() as server:
        server.ready()
        idle = tree_memory(server.process.pid)
        with peak_memory(server.process.pid) as peak:
            began, run = server.run(name)
            took = seconds(server.ended(run, 0.05)["ended"]) - began
        path = f"products/bench/{name}/{name}/output_0/rows"

        def window(**query: object) -> object:
            params = {"scope": run, "limit": 200, **query}
            return server.ask("GET", path, params=params)

        window(offset=0)
        last = median(lambda: window(offset=rows - 200), 5)
        resting = tree_memory(server.process.pid)
        with peak_memory(server.process.pid) as looking:
            first = median(lambda: window(sort=json.dumps([["m", "desc"]]), offset=rows // 2), 1)
        server.ask("DELETE", f"runs/{run}")
    return {
        "run, POST to completed": took, "peak of the run, MB": (peak[0] - idle) / 2**20,
        "last 200 rows": last, "first sort": first,
        "peak of the sort, MB": max(0, looking[0] - resting) / 2**20,
    }  # fmt: skip


CURVE = Curve(
    "rows", "Rows of a table of two integers", "rows",
    tuple(10**power for power in range(3, 9)), (10**3, 10**5), point,
)  # fmt: skip
