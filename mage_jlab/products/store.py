"""The products of a project on this machine's disk, as the server sees them."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from mage_jlab.errors import AlreadyExists, BeingStored, ProductNotFound
from mage_jlab.ids import slug
from mage_jlab.model.product import INTERACTIVE, Manifest
from mage_jlab.model.run import INTERRUPTED, RUNNING
from mage_jlab.products import disk, execution, manifest, places, record
from mage_jlab.products.retention import Retention, trim

STORING_SECONDS = 20.0
"""How long somebody who wants to look waits for a table to be written."""


class ProductStore:
    """What the blocks of a project left: manifests, values, records.

    Pipelines, scopes and blocks are named by their ids here; a scope is
    ``interactive`` or the id of a run.
    """

    def __init__(self, root: Path) -> None:
        """Remember where the products lie; nothing is made before it is needed."""
        self.root = root

    def execution(self, pipeline: str, scope: str, block: str, version: str) -> Path:
        """Return the folder of an execution, whether it is there or not.

        Raises:
            ProductNotFound: when `version` cannot be one.
        """
        return places.execution(self.root, pipeline, scope, block, version)

    def versions(self, pipeline: str, scope: str, block: str) -> list[str]:
        """Return the versions of a block in a scope, newest first, incomplete ones too."""
        return places.versions(places.block_folder(self.root, pipeline, scope, block))

    def complete(self, pipeline: str, scope: str, block: str) -> list[str]:
        """Return the versions of a block that have a manifest, newest first."""
        folder = places.block_folder(self.root, pipeline, scope, block)
        return [
            name for name in places.versions(folder) if (folder / name / manifest.FILE).exists()
        ]

    def holder(self, version: str) -> tuple[str, str, str] | None:
        """Return where a version of a notebook lies: slugs of pipeline and block, id of the block.

        For what is shown under a name that has changed since, or of a block that is not saved yet.
        The id is the one that the block had when it ran.
        """
        for pipeline in disk.folders(self.root):
            for block in disk.folders(pipeline / slug(INTERACTIVE)):
                step = manifest.read_json(block / version / manifest.STEP)
                if step is not None:
                    return pipeline.name, block.name, str(step.get("block"))
        return None

    def latest(self, pipeline: str, scope: str, block: str) -> Manifest | None:
        """Return the manifest of the newest complete execution, or None."""
        return self._read(pipeline, scope, block, None)

    def manifest(
        self, pipeline: str, scope: str, block: str, version: str | None = None
    ) -> Manifest:
        """Return the manifest of an execution, of the newest complete one by default.

        Raises:
            ProductNotFound: when there is none.
        """
        found = self._read(pipeline, scope, block, version)
        if found is None:
            which = f"version {version} of block" if version else "block"
            raise ProductNotFound(f"There is no stored output of {which} '{block}'.", block=block)
        return found

    def wait(
        self,
        pipeline: str,
        scope: str,
        block: str,
        version: str | None = None,
        seconds: float = STORING_SECONDS,
    ) -> None:
        """Wait until an execution, by default the newest, is not being stored any more.

        A block has ended, and the next one runs, before its output is on disk; its first rows are
        shown, and so its version is known, while its tests still run.

        Raises:
            BeingStored: when that takes longer.
        """
        names = [version] if version else self.versions(pipeline, scope, block)[:1]
        until = time.monotonic() + seconds
        while any(self._storing(pipeline, scope, block, name, version) for name in names):
            if time.monotonic() > until:
                raise BeingStored(
                    f"The output of block '{block}' is still being stored; ask again in a moment.",
                    block=block,
                )
            time.sleep(0.02)

    def _storing(
        self, pipeline: str, scope: str, block: str, version: str, named: str | None
    ) -> bool:
        step = self.step(pipeline, scope, block, version)
        if step is None or step["state"] != RUNNING:
            return False
        folder = self.execution(pipeline, scope, block, version)
        asked = version == named and not (folder / manifest.FILE).exists()
        return asked or bool(step.get("storing"))

    def _read(self, pipeline: str, scope: str, block: str, version: str | None) -> Manifest | None:
        folder = execution.find(self.root, pipeline, scope, block, version)
        found = None if folder is None else manifest.read(folder)
        # The names in the file are those of its time; the folder follows renames.
        return found and replace(found, pipeline=pipeline, block=block)

    def last_step(self, pipeline: str, scope: str, block: str) -> dict[str, Any] | None:
        """Return how the newest execution went, or None when there was none.

        One whose process is gone without an end is told as interrupted.
        """
        for version in self.versions(pipeline, scope, block):
            step = self.step(pipeline, scope, block, version)
            if step is not None:
                return step
        return None

    def step(self, pipeline: str, scope: str, block: str, version: str) -> dict[str, Any] | None:
        """Return how one execution went, or None when it is not there."""
        path = self.execution(pipeline, scope, block, version) / manifest.STEP
        step = manifest.read_json(path)
        if step is not None and step.get("state") == RUNNING and not disk.lives(step):
            with contextlib.suppress(OSError):
                touched = max(item.stat().st_mtime for item in os.scandir(path.parent))
                step["ended"] = datetime.fromtimestamp(touched, timezone.utc).isoformat()
            step["state"] = INTERRUPTED
            step["error"] = {
                "name": "KernelDied",
                "message": "The kernel ended while the block ran.",
                "line": None,
            }
        return step

    def record(
        self, pipeline: str, scope: str, block: str, version: str | None = None
    ) -> list[dict[str, Any]]:
        """Return what an execution published as outputs of a notebook cell."""
        version = version or next(iter(self.versions(pipeline, scope, block)), None)
        if version is None:
            return []
        return record.outputs(self.execution(pipeline, scope, block, version))

    def log(
        self, pipeline: str, scope: str, block: str, version: str, offset: int = 0
    ) -> tuple[list[dict[str, Any]], int, int]:
        """Return log records from an offset on, the next offset, and the count dropped."""
        return record.log(self.execution(pipeline, scope, block, version), offset)

    def rename_block(self, pipeline: str, old: str, new: str) -> None:
        """Let the products of a block follow its new name, in every scope."""
        for scope in disk.folders(self.root / slug(pipeline)):
            source = scope / slug(old)
            if source.is_dir():
                target = scope / slug(new)
                if target.exists():
                    shutil.rmtree(target)
                source.rename(target)

    def rename_pipeline(self, old: str, new: str) -> None:
        """Let the products of a pipeline follow its new name.

        Raises:
            AlreadyExists: when there are products under the new name.
        """
        source, target = self.root / slug(old), self.root / slug(new)
        if not source.is_dir():
            return
        if target.exists():
            raise AlreadyExists(f"There are products of a pipeline '{new}' already.", pipeline=new)
        source.rename(target)

    def delete_scope(self, pipeline: str, scope: str) -> None:
        """Remove everything that a run left."""
        shutil.rmtree(self.root / slug(pipeline) / slug(scope), ignore_errors=True)

    def size(self) -> int:
        """Return the bytes on disk."""
        return disk.size(self.root)

    def block_size(self, pipeline: str, scope: str, block: str) -> int:
        """Return the bytes of everything that a block left in a scope, logs included."""
        return disk.size(places.block_folder(self.root, pipeline, scope, block))

    def block_sizes(self, pipeline: str, scope: str) -> dict[str, int]:
        """Return the bytes of everything in a scope, by the slug of the block."""
        found = disk.folders(self.root / slug(pipeline) / slug(scope))
        return {folder.name: disk.size(folder) for folder in found}

    def version_size(self, pipeline: str, scope: str, block: str, version: str) -> int:
        """Return the bytes of one execution, its log included."""
        return disk.size(self.execution(pipeline, scope, block, version))

    def retain(self, kept: Retention | None = None) -> int:
        """Remove old interactive executions of every block and return the bytes freed.

        Products of runs go with their runs (`delete_scope`).
        """
        kept = kept or Retention()
        return sum(
            trim(block, kept.versions, kept.version_bytes)
            for pipeline in disk.folders(self.root)
            for block in disk.folders(pipeline / slug(INTERACTIVE))
        )

    def sweep(self) -> int:
        """Remove what killed writers left: data without a manifest, temporary files.

        The step file and the record stay, so that one still sees what happened.
        Return the number of executions cleaned.
        """
        cleaned = 0
        for pipeline in disk.folders(self.root):
            for scope in disk.folders(pipeline):
                for block in disk.folders(scope):
                    for name in places.versions(block):
                        cleaned += _sweep(block / name)
        return cleaned


def _sweep(folder: Path) -> bool:
    step = manifest.read_json(folder / manifest.STEP) or {}
    if step.get("state") == RUNNING and disk.lives(step):
        return False
    complete = (folder / manifest.FILE).is_file()
    told = {manifest.STEP, manifest.RECORD, manifest.SOURCE, manifest.FILE}
    found = False
    for path in list(folder.iterdir()):
        temporary = path.name.startswith(".") and path.name.endswith(".tmp")
        record_part = path.name in told or path.name.startswith("record.")
        if temporary or (not complete and not record_part):
            found = True
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
    return found
