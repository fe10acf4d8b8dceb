"""One execution of a block on disk: its step file, its values, its manifest last.

Complete or absent: values are written under their final names, but there is no
product before `manifest.json` is there, and that is written last, atomically.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from mage_jlab.errors import MissingInput
from mage_jlab.model.product import Output
from mage_jlab.products import manifest, places
from mage_jlab.products.formats import target
from mage_jlab.products.formats.target import storage_error


class Execution:
    """The folder of one execution, being written."""

    def __init__(self, folder: Path, step: dict[str, Any]) -> None:
        """Make the folder and say in it that the step runs.

        Raises:
            DiskFull: when there is no space left.
            StoreError: when the file system refuses.
        """
        self.folder = folder
        self.step = step
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self.save()
        except OSError as error:
            raise storage_error(error, folder, "the state of the block") from error

    def save(self) -> None:
        """Write the step file."""
        import json

        text = json.dumps(self.step, ensure_ascii=False, default=str)
        manifest.write_atomic(self.folder / manifest.STEP, text, durable=False)

    def keep_source(self, text: str) -> None:
        """Keep the text that runs: classes in pickles are found again by it."""
        path = self.folder / manifest.SOURCE
        path.write_bytes(text.encode("utf-8", "surrogatepass"))

    def discard(self, outputs: Sequence[Output]) -> None:
        """Remove what was written of a product that will not be complete."""
        (self.folder / manifest.FILE).unlink(missing_ok=True)
        for path in target.all_files(self.folder, [n for o in outputs for n in o.files]):
            with contextlib.suppress(OSError):
                path.unlink()


before_reading: list[Callable[[Path], None]] = []
"""Called with the folder of a block before its newest execution is looked for: what is
being written in this process is waited for."""


def find(root: Path, pipeline: str, scope: str, block: str, version: str | None) -> Path | None:
    """Return the folder of a complete execution: the version asked for, or the newest."""
    folder = places.block_folder(root, pipeline, scope, block)
    for wait in before_reading:
        wait(folder)
    names = [version] if version else places.versions(folder)
    for name in names:
        if places.is_version(name) and (folder / name / manifest.FILE).is_file():
            return folder / name
    return None


def read_values(
    root: Path, pipeline: str, scope: str, block: str, version: str | None = None
) -> list[Any]:
    """Return what a block left, in Mage's order.

    Raises:
        MissingInput: when it left nothing.
    """
    from mage_jlab.products.formats import registry

    folder = find(root, pipeline, scope, block, version)
    found = manifest.read(folder) if folder is not None else None
    if folder is None or found is None:
        raise MissingInput(
            f"There is no stored output of block '{block}' yet; run that block first.",
            block=block,
        )
    return registry.read_all(folder, found.outputs)


def prune(folder: Path, keep: int) -> None:
    """Remove the oldest executions of a block beyond `keep`, failed ones counted too.

    The newest complete one stays. What says it runs is left to the server,
    which can tell whether it does.
    """
    good = False
    for number, name in enumerate(places.versions(folder)):
        complete = (folder / name / manifest.FILE).is_file()
        stays = number < keep or (complete and not good)
        good = good or complete
        if not stays:
            step = manifest.read_json(folder / name / manifest.STEP) or {}
            if step.get("state") != "running":
                shutil.rmtree(folder / name, ignore_errors=True)
