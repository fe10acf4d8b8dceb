"""A pipeline of three blocks from the shell: process start, kernel start, pandas, the end."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator

from benchmarks import measure, work
from benchmarks.peers import jupyter_scheduler, prefect
from benchmarks.peers.mage import Mage
from benchmarks.peers.notebooks import papermill
from benchmarks.row import OURS, Once, Row, Side
from benchmarks.stage import Stage

_DAGSTER = """
from dagster import job, op
import pandas as pd
@op
def load():
    return pd.read_csv({source!r})
@op
def transform(df):
    df = df[df['y'] > 100].copy()
    df['z'] = df['x'] * df['y']
    return df.groupby('grp', as_index=False)['z'].mean()
@op
def export(df):
    df.to_csv({target!r}, index=False)
@job
def etl():
    export(transform(load()))
if __name__ == '__main__':
    assert etl.execute_in_process().success
"""


@contextlib.contextmanager
def ours(stage: Stage) -> Iterator[Once]:
    stage.pipeline("etl3", work.etl(stage.out))
    command = [sys.executable, "-m", "mage_jlab.cli.main", "run", str(stage.project), "etl3"]
    yield lambda: measure.command(command, env=stage.environment())


@contextlib.contextmanager
def plain(stage: Stage) -> Iterator[Once]:
    script = stage.folder / "etl.py"
    script.write_text("\n".join(work.plain_etl(stage.out)))
    yield lambda: measure.command([sys.executable, str(script)])


@contextlib.contextmanager
def mage(stage: Stage) -> Iterator[Once]:
    project = Mage(stage)
    project.pipeline("etl3", work.etl(stage.out))
    yield lambda: project.run("etl3")


@contextlib.contextmanager
def dagster(stage: Stage) -> Iterator[Once]:
    script = stage.folder / "etl_dagster.py"
    source, target = str(work.small_csv(stage.out)), str(stage.out / "result.csv")
    script.write_text(_DAGSTER.format(source=source, target=target))
    python = str(stage.peers["dagster"] / "bin" / "python")
    yield lambda: measure.command([python, str(script)], env={"DAGSTER_HOME": ""})


@contextlib.contextmanager
def flow(stage: Stage) -> Iterator[Once]:
    source, target = str(work.small_csv(stage.out)), str(stage.out / "result.csv")
    with prefect.server(stage) as server:
        script = server.script("etl", prefect.ETL.format(source=source, target=target))
        yield lambda: server.run(script)


ROW = Row(
    "shell",
    "`mage-jlab run`, 3-block CSV pipeline, from the shell",
    "≤ 1.2 s",
    (
        Side(OURS, ours),
        Side("plain Python", plain),
        Side("mage run", mage, peer="mage-ai"),
        Side("papermill", lambda s: papermill(s, "etl", work.plain_etl(s.out)), peer="papermill"),
        Side("dagster in-process", dagster, peer="dagster"),
        Side("prefect, standing server (its CPU not counted)", flow, peer="prefect"),
        Side(
            "jupyter-scheduler, standing server, job asked → completed",
            lambda s: jupyter_scheduler.job(s, "etl", work.plain_etl(s.out)),
            most=3,
            peer="jupyter-scheduler",
        ),
    ),
    limit=1.2,
    recorded="mage 2.9, papermill 1.6, dagster 2.35, prefect 2.4, jupyter-scheduler 3.5; "
    "plain Python 0.33",
)
