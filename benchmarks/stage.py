"""Where a measurement plays: folders, a project, a Jupyter server with mage-jlab."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import requests
import yaml

from benchmarks import measure

TOKEN = "benchmark"
FOLDERS = {
    "data_loader": "data_loaders", "transformer": "transformers",
    "data_exporter": "data_exporters", "custom": "custom",
}  # fmt: skip


@dataclass
class Stage:
    """What a row gets: a folder of its own, how much to do, and the peers that are there."""

    folder: Path
    quick: bool = False
    peers: Mapping[str, Path] = field(default_factory=dict)
    """Virtual environments by the peer that is installed in them."""

    @property
    def root(self) -> Path:
        """Return the server's root, made when absent."""
        path = self.folder / "work"
        path.mkdir(parents=True, exist_ok=True)
        return path

    @property
    def project(self) -> Path:
        """Return the project, made when absent."""
        path = self.root / "bench"
        if not path.exists():
            path.mkdir()
            (path / "pipelines").mkdir()
            (path / "metadata.yaml").write_text("project_type: standalone\n")
        return path

    @property
    def out(self) -> Path:
        """Return the folder where blocks leave their marks."""
        path = self.folder / "out"
        path.mkdir(parents=True, exist_ok=True)
        return path

    def environment(self) -> dict[str, str]:
        """Return variables that keep everything inside the stage's folder."""
        own = {
            "MAGE_JLAB_STATE_DIR": str(self.folder / "state"),
            "JUPYTER_RUNTIME_DIR": str(self.folder / "runtime"),
            "JUPYTER_CONFIG_DIR": str(self.folder / "config"),
            "JUPYTER_DATA_DIR": str(self.folder / "data"),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        }
        return {**os.environ, **own}

    def pipeline(self, name: str, blocks: Mapping[str, tuple[str, str, list[str]]]) -> None:
        """Write a pipeline; a block is its type, its code and the blocks above it."""
        write_pipeline(self.project, name, blocks)

    @contextlib.contextmanager
    def server(self, *options: str) -> Iterator[Server]:
        """Start JupyterLab on the stage's root; stop it at the end."""
        self.project  # noqa: B018 - made by asking for it
        server = Server(self, options)
        try:
            yield server
        finally:
            server.stop()


def write_pipeline(
    project: Path, name: str, blocks: Mapping[str, tuple[str, str, list[str]]]
) -> None:
    """Write a pipeline in Mage's format with its block files."""
    entries = []
    for uuid, (kind, code, upstream) in blocks.items():
        file = project / FOLDERS[kind] / f"{uuid}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        guard = (
            f"if '{kind}' not in globals():\n"
            f"    from mage_ai.data_preparation.decorators import {kind}\n"
        )
        file.write_text(f"{guard}\n\n@{kind}\n{textwrap.dedent(code).lstrip()}")
        entries.append(
            {
                "name": uuid, "uuid": uuid, "type": kind, "language": "python",
                "executor_type": "local_python", "configuration": {},
                "upstream_blocks": upstream, "status": "not_executed",
                "downstream_blocks": [u for u, (_, _, up) in blocks.items() if uuid in up],
            }
        )  # fmt: skip
    folder = project / "pipelines" / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "__init__.py").touch()
    document = {"name": name, "uuid": name, "type": "python", "blocks": entries, "variables": {}}
    (folder / "metadata.yaml").write_text(yaml.safe_dump(document, sort_keys=True))


def free_port() -> int:
    """Return a port that nobody listens on; BENCH_PORTS=9160-9179 restricts the choice."""
    given = os.environ.get("BENCH_PORTS")
    if not given:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            return int(free.getsockname()[1])
    first, last = (int(part) for part in given.split("-"))
    for port in range(first, last + 1):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError(f"Every port of {given} is taken.")


class Server:
    """A running JupyterLab, and how to ask it."""

    def __init__(self, stage: Stage, options: tuple[str, ...] = ()) -> None:
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.log = stage.folder / f"server-{self.port}.log"
        self.http = requests.Session()
        self.http.headers["Authorization"] = f"token {TOKEN}"
        words = [
            sys.executable, "-m", "jupyterlab", "--no-browser", f"--port={self.port}",
            "--ServerApp.port_retries=0", f"--IdentityProvider.token={TOKEN}",
            f"--ServerApp.root_dir={stage.root}", *options,
        ]  # fmt: skip
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            words.append("--allow-root")
        began = time.perf_counter()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                words, env=stage.environment(), stdout=log, stderr=log, cwd=stage.folder
            )
        measure._started.add(self.process.pid)
        while True:
            with contextlib.suppress(requests.RequestException):
                if self.http.get(f"{self.base}/api/status", timeout=5).ok:
                    break
            if self.process.poll() is not None or time.perf_counter() - began > 120:
                raise RuntimeError(self.log.read_text()[-4000:])
            time.sleep(0.01)
        self.started = time.perf_counter() - began

    def cpu(self) -> float:
        """Return the CPU seconds of the server and all its processes so far."""
        return measure.tree_cpu(self.process.pid) + measure.reaped()

    def ask(self, method: str, path: str, **more: Any) -> Any:
        """Send a request to mage-jlab; return the answer's JSON."""
        said = self.http.request(method, f"{self.base}/mage/api/{path}", timeout=600, **more)
        if not said.ok:
            raise RuntimeError(f"{method} {path}: {said.status_code}: {said.text[:1000]}")
        return said.json() if said.content else None

    def ready(self) -> None:
        """Wait until the scheduler lives."""
        until(lambda: self.ask("GET", "health")["scheduler"] == "running")

    def run(self, pipeline: str) -> tuple[float, str]:
        """Ask for a run; return when that was and its id."""
        began = time.time()
        body = {"project": "bench", "pipeline": pipeline}
        return began, self.ask("POST", "runs", data=json.dumps(body))["id"]

    def ended(self, run: str, every: float = 0.01) -> dict[str, Any]:
        """Wait for the end of a run; one that did not complete is an error."""
        found: dict[str, Any] = {}

        def look() -> bool:
            found.update(self.ask("GET", f"runs/{run}"))
            return found["state"] not in ("queued", "running", "cancelling")

        until(look, 1200, every)
        if found["state"] != "completed":
            raise RuntimeError(f"Run {run}: {found['state']}: {found['why']}")
        return found

    def stop(self) -> None:
        """Stop the server as a service manager does."""
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def seconds(moment: str) -> float:
    """Return a time of the API as seconds since 1970."""
    return datetime.fromisoformat(moment.replace("Z", "+00:00")).timestamp()


def until(look: Any, limit: float = 120, every: float = 0.02) -> None:
    """Wait until something is so."""
    end = time.monotonic() + limit
    while not look():
        if time.monotonic() > end:
            raise TimeoutError("What was waited for did not happen.")
        time.sleep(every)


def fresh(path: Path) -> Path:
    """Return a folder that is empty."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path
