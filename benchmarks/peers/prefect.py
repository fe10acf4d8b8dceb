"""Prefect: a flow against a server that stands, and a flow that is served on a schedule."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import requests

from benchmarks import measure
from benchmarks.stage import Stage, free_port, until

_PEER = "prefect"
ETL = """
import pandas as pd
from prefect import flow, task
@task
def load():
    return pd.read_csv({source!r})
@task
def transform(df):
    df = df[df['y'] > 100].copy()
    df['z'] = df['x'] * df['y']
    return df.groupby('grp', as_index=False)['z'].mean()
@task
def export(df):
    df.to_csv({target!r}, index=False)
@flow
def etl():
    export(transform(load()))
if __name__ == '__main__':
    etl()
"""
STAMP = """
import time
from prefect import flow, task
@task
def stamp():
    with open({file!r}, 'a') as f:
        f.write(f'{{time.time()}}\\n')
@flow
def stamps():
    stamp()
if __name__ == '__main__':
    stamps.serve(name='each-minute', cron='* * * * *')
"""


class Prefect:
    """A Prefect server in the stage's folder."""

    def __init__(self, stage: Stage) -> None:
        self.folder = stage.folder / "prefect"
        self.folder.mkdir(exist_ok=True)
        self.binaries = stage.peers[_PEER] / "bin"
        port = free_port()
        self.api = f"http://127.0.0.1:{port}/api"
        self.environment = {
            "PREFECT_API_URL": self.api, "PREFECT_HOME": str(self.folder), "HOME": str(self.folder),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1",
            "PATH": f"{self.binaries}{os.pathsep}{os.environ['PATH']}",
        }  # fmt: skip
        words = ["server", "start", "--host", "127.0.0.1", "--port", str(port)]
        self.processes = [self._start([str(self.binaries / "prefect"), *words])]
        until(self._stands, 120, 0.1)

    def _start(self, words: list[str]) -> subprocess.Popen[bytes]:
        with (self.folder / "log.txt").open("ab") as log:
            started = subprocess.Popen(
                words, cwd=self.folder, env={**os.environ, **self.environment}, stdout=log,
                stderr=log,
            )  # fmt: skip
        measure._started.add(started.pid)
        return started

    def _stands(self) -> bool:
        with contextlib.suppress(requests.RequestException):
            return requests.get(f"{self.api}/health", timeout=5).ok
        return False

    def script(self, name: str, text: str) -> Path:
        """Write a flow and return its file."""
        path = self.folder / f"{name}.py"
        path.write_text(text)
        return path

    def run(self, script: Path) -> measure.Sample:
        """Run a flow from the shell; the server's CPU is not counted."""
        command = [str(self.binaries / "python"), str(script)]
        return measure.command(command, cwd=self.folder, env=self.environment)

    def serve(self, script: Path) -> None:
        """Have a flow served in the background."""
        self.processes.append(self._start([str(self.binaries / "python"), str(script)]))

    def cpu(self) -> float:
        """Return the CPU seconds of the server and what is served so far."""
        return sum(measure.tree_cpu(item.pid) for item in self.processes) + measure.reaped()

    def stop(self) -> None:
        """End everything that was started."""
        for item in reversed(self.processes):
            family = psutil.Process(item.pid).children(recursive=True)
            item.terminate()
            try:
                item.wait(20)
            except subprocess.TimeoutExpired:
                item.kill()
                item.wait()
            for process in family:
                with contextlib.suppress(psutil.Error):
                    process.kill()


@contextlib.contextmanager
def server(stage: Stage) -> Iterator[Prefect]:
    """Start the server; stop it at the end."""
    started = Prefect(stage)
    try:
        yield started
    finally:
        started.stop()
