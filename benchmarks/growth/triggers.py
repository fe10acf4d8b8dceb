"""More and more switched-on triggers: a tick, a page of the list, the server at rest."""

from __future__ import annotations

import time

from sqlalchemy import insert

from benchmarks import work
from benchmarks.growth.curve import Curve, Point, median
from benchmarks.stage import Stage, fresh
from mage_jlab import clock
from mage_jlab.assembly import Engine
from mage_jlab.db.tables import triggers
from mage_jlab.schedule.firing import Firing
from mage_jlab.schedule.ticker import Ticker

_SECONDS = {False: 20.0, True: 3.0}


def point(stage: Stage, count: int) -> Point:
    """Measure with so many daily triggers, none due."""
    state = fresh(stage.folder / "state")
    stage.pipeline("p0", work.chain(1))
    engine = Engine(stage.root, state)
    engine.open()
    _seed(engine, count)
    tick = _tick(engine)
    engine.database.close()
    with stage.server() as server:
        server.ready()
        page = median(lambda: server.ask("GET", "triggers?limit=50"), 5)
        time.sleep(2)
        cpu, seconds = server.cpu(), _SECONDS[stage.quick]
        time.sleep(seconds)
        idle = (server.cpu() - cpu) / seconds
    return {"tick": tick, "list page": page, "idle CPU, each second": idle}


def _seed(engine: Engine, count: int) -> None:
    at = clock.now()
    rows = [
        {
            "id": f"t{n}", "project": engine._here.stored("bench"), "pipeline": "p0",
            "name": f"trigger {n}", "kind": "schedule", "schedule": f"{n % 60} {n % 24} * * *",
            "zone": ("UTC", "Europe/Berlin", "America/New_York")[n % 3], "enabled": True,
            "variables": {}, "settings": {}, "missed": "none", "overlap": "skip", "source": "ui",
            "created": at, "updated": at, "anchor": at,
        }
        for n in range(count)
    ]  # fmt: skip
    with engine.database.write() as connection:
        connection.execute(insert(triggers), rows)


def _tick(engine: Engine) -> float:
    import asyncio

    assert engine._projects is not None
    firing = Firing(
        engine.triggers, engine._projects, engine.events, engine.desk, "me", lambda: None
    )
    ticker = Ticker(firing)
    asyncio.run(ticker.tick())
    return median(lambda: asyncio.run(ticker.tick()), 5)


CURVE = Curve(
    "triggers", "Switched-on triggers, none due", "triggers", (10, 100, 1_000, 10_000), (10, 100),
    point,
)  # fmt: skip
