"""jupyter-scheduler: notebooks as jobs of a Jupyter server, asked for over its REST interface."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import nbformat
import requests

from benchmarks import measure
from benchmarks.row import Once
from benchmarks.stage import TOKEN, Stage, free_port, until

_PEER = "jupyter-scheduler"
_OVER = ("COMPLETED", "FAILED")


class Jobs:
    """A running server with jupyter-scheduler, and notebooks in its folder."""

    def __init__(self, stage: Stage) -> None:
        self.folder = stage.folder / "jupyter-scheduler"
        self.folder.mkdir(exist_ok=True)
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.http = requests.Session()
        self.http.headers["Authorization"] = f"token {TOKEN}"
        binaries = stage.peers[_PEER] / "bin"
        own = {
            f"JUPYTER_{kind.upper()}_DIR": str(self.folder / kind)
            for kind in ("data", "config", "runtime")
        }
        words = [
            str(binaries / "jupyter"), "lab", "--no-browser", f"--port={self.port}",
            "--ServerApp.port_retries=0", f"--IdentityProvider.token={TOKEN}",
            f"--ServerApp.root_dir={self.folder}",
        ]  # fmt: skip
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            words.append("--allow-root")
        path = f"{binaries}{os.pathsep}{os.environ['PATH']}"
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                words, env={**os.environ, **own, "PATH": path}, stdout=log, stderr=log,
                cwd=self.folder,
            )  # fmt: skip
        measure._started.add(self.process.pid)
        self.environment = ""
        until(self._stands, 120, 0.1)

    def _stands(self) -> bool:
        with contextlib.suppress(requests.RequestException, ValueError, IndexError, KeyError):
            path = f"{self.base}/scheduler/runtime_environments"
            self.environment = self.http.get(path, timeout=5).json()[0]["name"]
        return bool(self.environment)

    def notebook(self, name: str, cells: Sequence[str]) -> str:
        """Write a notebook and return its name."""
        book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        book.metadata["kernelspec"] = {"name": "python3", "display_name": "3", "language": "python"}
        nbformat.write(book, self.folder / f"{name}.ipynb")
        return f"{name}.ipynb"

    def _post(self, what: str, notebook: str, **facts: Any) -> dict[str, Any]:
        body = {
            "name": "bench", "input_uri": notebook, "output_formats": ["ipynb"],
            "runtime_environment_name": self.environment, **facts,
        }  # fmt: skip
        said = self.http.post(f"{self.base}/scheduler/{what}", json=body, timeout=300)
        said.raise_for_status()
        return dict(said.json())

    def run(self, notebook: str) -> str:
        """Ask for a job and return its id."""
        return str(self._post("jobs", notebook)["job_id"])

    def each_minute(self, notebook: str) -> None:
        """Have a notebook run each minute."""
        self._post("job_definitions", notebook, schedule="* * * * *", timezone="UTC")

    def ended(self, jobs: Sequence[str], limit: float = 900) -> None:
        """Wait until jobs have ended; one that did not complete is an error."""
        states: dict[str, str] = {}

        def look() -> bool:
            for job in jobs:
                if states.get(job) not in _OVER:
                    said = self.http.get(f"{self.base}/scheduler/jobs/{job}", timeout=60)
                    states[job] = said.json()["status"]
            return all(states[job] in _OVER for job in jobs)

        until(look, limit, 0.05)
        if set(states.values()) != {"COMPLETED"}:
            raise RuntimeError(f"jupyter-scheduler's jobs ended as {sorted(set(states.values()))}.")

    def cpu(self) -> float:
        """Return the CPU seconds of the server and all its processes so far."""
        return measure.tree_cpu(self.process.pid) + measure.reaped()

    def stop(self) -> None:
        """Stop the server."""
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@contextlib.contextmanager
def server(stage: Stage) -> Iterator[Jobs]:
    """Start the server; stop it at the end."""
    jobs = Jobs(stage)
    try:
        yield jobs
    finally:
        jobs.stop()


@contextlib.contextmanager
def job(stage: Stage, name: str, cells: Sequence[str]) -> Iterator[Once]:
    """A job from the request to its end."""
    with server(stage) as jobs:
        notebook = jobs.notebook(name, cells)

        def once() -> measure.Sample:
            cpu, began = jobs.cpu(), time.time()
            jobs.ended([jobs.run(notebook)])
            return measure.Sample(time.time() - began, jobs.cpu() - cpu)

        yield once


def stamps(file: Path) -> list[str]:
    """Return a notebook's cell that writes the time into a file."""
    return [f"import time\nwith open({str(file)!r}, 'a') as f: f.write(f'{{time.time()}}\\n')"]
