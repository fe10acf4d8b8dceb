"""Small projects, written from a few lines each."""

from __future__ import annotations

import os
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import yaml

from mage_jlab.assembly import Engine
from mage_jlab.executors.process import MARKER
from mage_jlab.executors.zygote.link import NOBODY

FOLDERS = {
    "data_loader": "data_loaders",
    "transformer": "transformers",
    "data_exporter": "data_exporters",
    "custom": "custom",
    "sensor": "sensors",
    "conditional": "conditionals",
    "callback": "callbacks",
}


def block(kind: str, body: str, *upstream: str, **entry: Any) -> dict[str, Any]:
    """One block: its type, the text of its file, the blocks above it."""
    return {"type": kind, "body": textwrap.dedent(body), "upstream": list(upstream), **entry}


def custom(body: str, *upstream: str, **entry: Any) -> dict[str, Any]:
    """A custom block from the body of its function."""
    indented = textwrap.indent(textwrap.dedent(body).strip("\n"), "    ")
    text = f"@custom\ndef work(*args, **kwargs):\n{indented}\n"
    return block("custom", text, *upstream, **entry)


def write_pipeline(
    project: Path, name: str, blocks: dict[str, dict[str, Any]], **document: Any
) -> Path:
    """Write a pipeline with its block files into a project folder (made when absent)."""
    (project / "pipelines").mkdir(parents=True, exist_ok=True)
    if not (project / "metadata.yaml").exists():
        (project / "metadata.yaml").write_text("project_type: standalone\n")
    lists: dict[str, list[dict[str, Any]]] = {"blocks": [], "callbacks": [], "conditionals": []}
    for identity, item in blocks.items():
        extra = {k: v for k, v in item.items() if k not in ("type", "body", "upstream")}
        entry = {
            "uuid": identity,
            "name": identity,
            "type": item["type"],
            "language": "python",
            "upstream_blocks": item["upstream"],
            "downstream_blocks": [n for n, o in blocks.items() if identity in o["upstream"]],
            "configuration": {},
            **extra,
        }
        lists.get(f"{item['type']}s", lists["blocks"]).append(entry)
        if item["type"] not in FOLDERS:
            continue  # it has no file
        ending = {"sql": "sql", "r": "r", "bash": "sh"}.get(entry["language"], "py")
        file = project / FOLDERS[item["type"]] / f"{identity}.{ending}"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(item["body"])
    target = project / "pipelines" / name
    target.mkdir(parents=True, exist_ok=True)
    said = {"name": name, "uuid": name, "type": "python", **lists, **document}
    (target / "metadata.yaml").write_text(yaml.safe_dump(said))
    return project


def until(condition: Callable[[], Any], seconds: float = 60) -> Any:
    """Wait for something to become true; return what it gave."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError("what was waited for did not happen")


@contextmanager
def running(
    root: Path, state: Path, *, scheduler: bool = False, **options: Any
) -> Iterator[Engine]:
    """An engine that is started and stopped again."""
    engine = Engine(root, state, **options)
    engine.start(scheduler=scheduler)
    try:
        yield engine
    finally:
        engine.stop(timeout=60)  # who is busy with much else ends kernels slowly


def step(run: Any, name: str) -> Any:
    """The step of a block."""
    return next(item for item in run.steps if item.block == name)


def kernels_below(state: Path) -> list[int]:
    """Processes of kernels of ours that carry a state folder in their environment."""
    found = []
    for process in psutil.process_iter():
        try:
            environment = process.environ()
        except (psutil.Error, OSError):
            continue
        ours = environment.get("MAGE_JLAB_STATE_DIR") == str(state) and MARKER in environment
        ours = ours and environment[MARKER] != NOBODY  # what kernels are forked from is none
        if ours and process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE:
            found.append(process.pid)
    return found
