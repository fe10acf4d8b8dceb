"""mage-ai: its command line, and its server with the scheduler."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests

from benchmarks import measure
from benchmarks.stage import Stage, free_port, until, write_pipeline
from benchmarks.work import Blocks

_KEY = "zkWlN0PkIKSN0C11CfUHUj84OT5XOJ6tDZ6bDRO2"
"""The client id that mage-ai's own front end carries in the open."""


class Mage:
    """A Mage project in the stage's folder."""

    def __init__(self, stage: Stage) -> None:
        self.folder = stage.folder / "mage"
        self.command = str(stage.peers["mage-ai"] / "bin" / "mage")
        self.project = self.folder / "bench"
        self.environment = {
            "MAGE_DATA_DIR": str(self.folder / "data"),
            "REQUIRE_USER_AUTHENTICATION": "False",
            "DISABLE_AUTO_BROWSER_OPEN": "1",
            "HOME": str(self.folder),
        }
        if not self.project.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            self._run("init", "bench")
            file = self.project / "metadata.yaml"
            file.write_text(
                file.read_text().replace("help_improve_mage: true", "help_improve_mage: false")
            )

    def _run(self, *words: str) -> None:
        subprocess.run(
            [self.command, *words], cwd=self.folder, env={**os.environ, **self.environment},
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def pipeline(self, name: str, blocks: Blocks) -> None:
        """Write a pipeline."""
        write_pipeline(self.project, name, blocks)

    def run(self, pipeline: str) -> measure.Sample:
        """Run a pipeline with Mage's command line."""
        words = [self.command, "run", "bench", pipeline]
        return measure.command(words, cwd=self.folder, env=self.environment)

    @contextlib.contextmanager
    def server(self) -> Iterator[MageServer]:
        """Start Mage's server; stop it at the end."""
        server = MageServer(self)
        try:
            yield server
        finally:
            server.stop()


class MageServer:
    """A running Mage server, asked over its API."""

    def __init__(self, mage: Mage) -> None:
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.http = requests.Session()
        self.http.headers["X-API-KEY"] = _KEY
        log = (mage.folder / "server.log").open("ab")
        self.process = subprocess.Popen(
            [mage.command, "start", "bench", "--port", str(self.port)], cwd=mage.folder,
            env={**os.environ, **mage.environment}, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
        measure._started.add(self.process.pid)
        until(self._runs, 180, 0.1)

    def _runs(self) -> bool:
        with contextlib.suppress(requests.RequestException, KeyError, ValueError, IndexError):
            said = self.http.get(f"{self.base}/api/status", timeout=5).json()
            return bool(said["statuses"][0]["scheduler_status"] == "running")
        return False

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        said = self.http.request(method, f"{self.base}/api/{path}", json=body, timeout=300).json()
        if "error" in said:
            said = said["error"].get("exception") or said["error"].get("message")
            raise RuntimeError(f"{method} {path}: {str(said)[:200]}")
        return said

    def trigger(self, pipeline: str, **facts: Any) -> dict[str, Any]:
        """Make a trigger and switch it on; by default one for the API."""
        wanted = {"name": f"t{time.time_ns()}", "schedule_type": "api", **facts}
        made: dict[str, Any] = {}

        def make() -> bool:
            # It says that it runs while its tables are still being made.
            with contextlib.suppress(RuntimeError):
                path = f"pipelines/{pipeline}/pipeline_schedules"
                said = self._ask("POST", path, {"pipeline_schedule": wanted})
                made.update(said["pipeline_schedule"])
            return bool(made)

        until(make, 60, 1)
        body = {"pipeline_schedule": {"id": made["id"], "status": "active"}}
        return dict(self._ask("PUT", f"pipeline_schedules/{made['id']}", body)["pipeline_schedule"])

    def switch_off(self, trigger: dict[str, Any]) -> None:
        """Switch a trigger off."""
        body = {"pipeline_schedule": {"id": trigger["id"], "status": "inactive"}}
        self._ask("PUT", f"pipeline_schedules/{trigger['id']}", body)

    def run(self, trigger: dict[str, Any]) -> int:
        """Ask for a run; return its number."""
        path = f"pipeline_schedules/{trigger['id']}/pipeline_runs/{trigger['token']}"
        said = self._ask("POST", path, {"pipeline_run": {"variables": {}}})
        return int(said["pipeline_run"]["id"])

    def ended(self, runs: list[int], limit: float = 900) -> None:
        """Wait until runs have ended; one that did not complete is an error."""
        states: dict[int, str] = {}

        def look() -> bool:
            for run in runs:
                if states.get(run) not in ("completed", "failed", "cancelled"):
                    found = self._ask("GET", f"pipeline_runs/{run}")["pipeline_run"]
                    states[run] = found["status"]
            return all(states[run] in ("completed", "failed", "cancelled") for run in runs)

        until(look, limit, 0.1)
        if set(states.values()) != {"completed"}:
            raise RuntimeError(f"Mage's runs ended as {sorted(set(states.values()))}.")

    def cpu(self) -> float:
        """Return the CPU seconds of the server and its workers so far."""
        return measure.tree_cpu(self.process.pid) + measure.reaped()

    def stop(self) -> None:
        """End the server and what it started."""
        import psutil

        family = psutil.Process(self.process.pid).children(recursive=True)
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for process in family:
            with contextlib.suppress(psutil.Error):
                process.kill()


def output(mage: Mage, name: str) -> Path:
    """Return a file in the project's folder."""
    return mage.folder / name
