"""The process that runs dbt: started, listened to, interrupted."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from mage_jlab.errors import StepFailed
from mage_jlab.kernel_side.dbt import warm
from mage_jlab.kernel_side.step import Step

GRACE = 5.0
_PROGRAM = ("tables", "program", "forks")
_LEADER = re.compile(r" \.{3,} ")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def run(step: Step, folder: Path, job: dict[str, Any], surroundings: dict[str, str]) -> Any:
    """Do a job of `program` in a process of its own; what dbt logs is printed meanwhile.

    Raises:
        StepFailed: when the process died.
    """
    (folder / "job.json").write_text(json.dumps(job, default=str), "utf-8")
    process = _started(folder, surroundings)
    problems: list[str] = []
    other = threading.Thread(target=_collect, args=(process.stderr, problems), daemon=True)
    other.start()
    try:
        for line in process.stdout or ():
            _print(line)
        process.wait()
    except BaseException:  # Ctrl-C: the database is told first
        _end(process)
        raise
    finally:
        other.join(1)
        _close(process)
    try:
        return json.loads((folder / "told.json").read_text("utf-8"))
    except (OSError, ValueError):
        last = "".join(problems[-20:]).strip()
        raise StepFailed(
            f"The process of dbt for block '{step.block}' ended ({process.returncode}) without an "
            f"answer{': ' + last if last else '.'}",
            block=step.block,
        ) from None


def _started(folder: Path, surroundings: dict[str, str]) -> subprocess.Popen[str] | warm.Job:
    """Start the process of a job: forked from one that has dbt imported, or a new one."""
    _unpack(folder / "code")
    job = warm.start(folder, surroundings, _starting(folder / "code", "forks"))
    if job is not None:
        return job
    return subprocess.Popen(
        [sys.executable, "-c", _starting(folder / "code", "program"), str(folder)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        encoding="utf-8", errors="replace",
        env={**os.environ, **surroundings},
    )  # fmt: skip


def _close(process: subprocess.Popen[str] | warm.Job) -> None:
    if isinstance(process, warm.Job):
        process.close()
        return
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()


def _print(line: str) -> None:
    said = json.loads(line)
    text = _LEADER.sub(" … ", _COLOUR.sub("", said["text"]).rstrip())
    if text:
        print(text, file=sys.stderr if said["level"] == "error" else sys.stdout, flush=True)


def _collect(stream: Any, lines: list[str]) -> None:
    for line in stream:
        lines.append(line)
        print(line, end="", file=sys.stderr)


def _end(process: subprocess.Popen[str] | warm.Job) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _unpack(folder: Path) -> None:
    """Write the program's modules to disk."""
    package = str(__package__)
    parts = package.split(".")
    names = [".".join(parts[: n + 1]) for n in range(len(parts))]
    for name in (*names, *(f"{package}.{module}" for module in _PROGRAM)):
        spec = importlib.util.find_spec(name)
        loader: Any = None if spec is None else spec.loader
        place = folder.joinpath(*name.split("."))
        if name in names:
            place.mkdir(parents=True, exist_ok=True)
            place = place / "__init__"
        place.with_suffix(".py").write_text(loader.get_source(name), "utf-8")


def _starting(folder: Path, module: str) -> str:
    """Return the code that runs one of the program's modules."""
    start = f"from {__package__}.{module} import main; sys.path.pop(0); main()"
    return f"import sys; sys.path.insert(0, {str(folder)!r}); {start}"
