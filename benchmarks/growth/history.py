"""More and more kept runs: a page of the list, one run, taking the next one from the queue."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import insert

from benchmarks import work
from benchmarks.growth.curve import Curve, Point, median
from benchmarks.stage import Stage, fresh
from mage_jlab import clock
from mage_jlab.assembly import Engine
from mage_jlab.db.runs import NewRun, new_id
from mage_jlab.db.tables import runs, steps

_PIPELINES = 20
_BLOCKS = 3


def point(stage: Stage, count: int) -> Point:
    """Measure with so many ended runs of 3 blocks, of 20 pipelines."""
    state = fresh(stage.folder / "state")
    for number in range(_PIPELINES):
        stage.pipeline(f"p{number}", work.chain(1))
    _seed(stage, state, count)
    with stage.server() as server:
        server.ready()
        first = server.ask("GET", "runs?limit=50")
        page = median(lambda: server.ask("GET", "runs?limit=50"))
        one = median(lambda: server.ask("GET", "runs?limit=50&project=bench&pipeline=p7"))
        failed = median(lambda: server.ask("GET", "runs?limit=50&state=failed"))
        deep = median(lambda: server.ask("GET", f"runs?limit=50&cursor={first['next']}"))
    claim = _claim(stage, state)
    return {
        "list page": page, "of a pipeline": one, "failed ones": failed, "second page": deep,
        "claim a queued run": claim,
    }  # fmt: skip


def _engine(stage: Stage, state: object) -> Engine:
    engine = Engine(stage.root, state)  # type: ignore[arg-type]
    engine.open()
    return engine


def _seed(stage: Stage, state: object, count: int) -> None:
    engine = _engine(stage, state)
    project = engine._here.stored("bench")
    start = clock.now() - timedelta(seconds=count)
    for begin in range(0, count, 5_000):
        rows, parts = [], []
        for number in range(begin, min(begin + 5_000, count)):
            at = start + timedelta(seconds=number)
            run = new_id(at)
            rows.append({
                "id": run, "project": project, "pipeline": f"p{number % _PIPELINES}",
                "state": "failed" if number % 50 == 0 else "completed", "kind": "schedule",
                "created": at, "started": at, "ended": at, "updated": at, "variables": {},
                "settings": {}, "serial": False, "steps_total": _BLOCKS, "steps_done": _BLOCKS,
            })  # fmt: skip
            parts += [
                {"run": run, "block": f"b{i}", "attempt": 1, "position": i, "name": f"b{i}",
                 "type": "custom", "language": "python", "upstream": [], "state": "completed",
                 "started": at, "ended": at, "outputs": []}
                for i in range(_BLOCKS)
            ]  # fmt: skip
        with engine.database.write() as connection:
            connection.execute(insert(runs), rows)
            connection.execute(insert(steps), parts)
    engine.database.close()


def _claim(stage: Stage, state: object) -> float:
    engine = _engine(stage, state)
    for _ in range(20):
        engine.runs.create(NewRun("bench", "p1"), "me")

    def take() -> None:
        run = engine.runs.next_queued("me")
        assert run is not None and engine.runs.start(run, "me")

    taken = median(take, 15)
    engine.database.close()
    return taken


CURVE = Curve(
    "runs", "Runs kept", "runs", tuple(10**power for power in range(2, 6)), (100, 1_000), point
)
