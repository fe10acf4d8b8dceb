"""Databases into which nothing is loaded directly: rows travel as a seed, as in Mage."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import dbt_projects as projects

ROOT = Path(__file__).parents[2]
START = """
import pandas, sys
from pathlib import Path
from mage_jlab.kernel_side.dbt import program
folder = Path(sys.argv[1])
frame = pandas.DataFrame({'id': [1, 2], 'amount': [5.0, 1.0]})
frame.to_pickle(folder / 'table_0.pickle')
program.Work.kind = lambda self: 'some database'
program.main()
"""


def test_rows_travel_as_a_seed(tmp_path: Path, dbt_python: str) -> None:
    output = projects.DUCKDB.format(path=tmp_path / "w.duckdb")
    folder = projects.write(tmp_path / "shop", output)
    (folder / "models" / "mage_sources.yml").unlink()
    profiles = tmp_path / "profiles"
    profiles.mkdir()
    (profiles / "profiles.yml").write_text((folder / "profiles.yml").read_text())
    job = {
        "language": "sql", "project": str(folder), "profiles": str(profiles), "target": None,
        "pipeline": "etl", "variables": {"least": 2}, "flags": [],
        "sources": {"name": "mage_demo", "pipeline": "etl", "blocks": ["load"], "all": True},
        "tables": [{"block": "load", "table": "mage_etl_load", "file": "table_0.pickle"}],
        "file": "models/orders.sql", "task": "build", "select": "orders", "limit": 1000,
        "inline": None, "rows": {"needed": True, "limit": None}, "shown": 3,
        "common": [
            "--project-dir", str(folder), "--profiles-dir", str(profiles),
            "--vars", '{"least": 2}',
        ],
    }  # fmt: skip
    (tmp_path / "job.json").write_text(json.dumps(job))
    environment = {
        **os.environ, "PYTHONPATH": str(ROOT), "DBT_TARGET_PATH": str(tmp_path / "target"),
        "DBT_LOG_PATH": str(tmp_path / "logs"), "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }  # fmt: skip
    with subprocess.Popen(
        [dbt_python, "-c", START, str(tmp_path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        said = process.stdout.read()
    told = json.loads((tmp_path / "told.json").read_text())
    assert told["error"] is None, (told, said)
    assert [item["status"] for item in told["results"]] == ["success", "pass", "pass"]
    assert "OK loaded seed file" in said
    # The file is in nobody's way afterwards.
    assert not (folder / "seeds" / "mage_etl").exists()
