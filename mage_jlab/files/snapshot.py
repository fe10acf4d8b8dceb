"""A snapshot: what a run needs of the files, copied so that later edits do not reach it."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mage_jlab.errors import MageError
from mage_jlab.files import block_source, places
from mage_jlab.files.reader import Reader
from mage_jlab.model.pipeline import Pipeline
from mage_jlab.model.project import Project

MAX_MODULE_BYTES = 2 * 1024 * 1024
MAX_MODULES = 5_000
_SKIPPED = frozenset(
    {
        "node_modules", "__pycache__", "venv", "env", "site-packages", "mage_data", "data",
        "logs", "secrets", "dbt_packages", "target", "build", "dist",
    }
)  # fmt: skip
_CONFIGURATION = (places.METADATA, places.IO_CONFIG, places.REQUIREMENTS)


@dataclass(frozen=True)
class Snapshot:
    """A copy of a project's code as one run sees it.

    `root` is the copied project folder (named as the project's own, so that
    ``from <project>.utils import …`` works from its parent); `sources` are the
    texts of the pipeline's blocks; `code_hash` covers pipeline and sources.
    """

    root: Path
    pipeline: Pipeline
    sources: dict[str, str]
    code_hash: str


def take(reader: Reader, project: Project, pipeline_id: str, target: Path) -> Snapshot:
    """Copy the pipeline's file, its blocks and the project's own modules to `target`.

    Data, environments and secrets stay where they are.
    """
    known = reader.resolve(project, pipeline_id)
    data = reader.data(project, known)
    pipeline = reader.built(project, known, reader.document(data, reader.name(known)))
    root = target / (project.root.name or "project")
    root.mkdir(parents=True, exist_ok=True)
    definition = root / reader.name(known)
    definition.parent.mkdir(parents=True, exist_ok=True)
    definition.write_bytes(data)
    for relative in _modules(project.root):
        _copy(project.root / relative, root / relative)
    for name in _CONFIGURATION:
        file = project.root / name
        if file.is_file() and not file.is_symlink():
            _copy(file, root / name)
    sources: dict[str, str] = {}
    total = hashlib.sha256(data)
    for block in pipeline:
        try:
            source = reader.source(project, block)
        except MageError:
            source = None
        if source is None:
            continue
        sources[block.id] = source
        total.update(f"\0{block.id}\0{block_source.code_hash(source)}".encode())
        if block.path is not None and not block.path.startswith("../"):
            copy = root / block.path
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(source + "\n", encoding="utf-8")
    return Snapshot(root, pipeline, sources, total.hexdigest())


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        shutil.copyfile(source, target, follow_symlinks=False)
    except OSError:
        # Gone or unreadable in between: whoever imports it will be told by Python.
        return


def _modules(root: Path) -> Iterator[str]:
    """Yield the project's own Python files, relative; links and large files are left out."""
    count = 0
    for folder, names, files in os.walk(root, followlinks=False):
        names[:] = sorted(
            name for name in names if not name.startswith(".") and name not in _SKIPPED
        )
        for name in sorted(files):
            if not name.endswith(".py"):
                continue
            path = Path(folder, name)
            try:
                if path.is_symlink() or path.stat().st_size > MAX_MODULE_BYTES:
                    continue
            except OSError:
                continue
            count += 1
            if count > MAX_MODULES:
                return
            yield path.relative_to(root).as_posix()
