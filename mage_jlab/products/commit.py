"""Brings products to disk: data first, then the manifest that makes them exist.

Several products are brought to disk together: a disk that is asked by several
threads at once answers all of them with one write of its journal.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from mage_jlab.model.product import Manifest
from mage_jlab.products import manifest
from mage_jlab.products.formats import target

_THREADS = 8


class Commit:
    """One product that is written but not on disk yet."""

    def __init__(self, folder: Path, what: Manifest) -> None:
        """Remember where it lies and what its manifest will say."""
        self.folder = folder
        self.what = what
        self.error: BaseException | None = None
        self._temporary: Path | None = None

    def stage(self) -> list[Path]:
        """Write the manifest under another name; return all files that must be on disk."""
        path = self.folder / manifest.FILE
        self._temporary = manifest.write_temporary(path, manifest.encode(self.what))
        names = [name for output in self.what.outputs for name in output.files]
        return [*target.all_files(self.folder, names), self._temporary]

    def publish(self) -> None:
        """Give the manifest its name."""
        if self._temporary is not None:
            self._temporary.replace(self.folder / manifest.FILE)

    def fail(self, error: BaseException) -> None:
        """Give up; the first reason counts."""
        if isinstance(error, OSError):
            error = target.storage_error(error, self.folder, "the outputs")
        self.error = self.error or error
        if self._temporary is not None:
            with contextlib.suppress(OSError):
                self._temporary.unlink()


def commit(products: Sequence[Commit]) -> None:
    """Bring products to disk. What did not work stands in their `error`."""
    files: list[tuple[Commit, Path]] = []

    def staged(product: Commit) -> None:
        files.extend((product, path) for path in product.stage())

    for product in products:
        _tried(product, staged, product)
    _each(files, lambda item: _tried(item[0], manifest.sync, item[1]))
    whole = [product for product in products if product.error is None]
    for product in whole:
        _tried(product, product.publish)
    if os.name == "posix":
        _each(whole, lambda product: _tried(product, manifest.sync, product.folder))


def _tried(product: Commit, action: Callable[..., Any], *args: Any) -> None:
    try:
        action(*args)
    except BaseException as error:  # noqa: BLE001 - it is told to whoever waits for the product
        product.fail(error)


def _each(items: Sequence[Any], action: Callable[[Any], None]) -> None:
    """Do something with every item, in a few threads."""
    waiting = list(items)

    def work() -> None:
        with contextlib.suppress(IndexError):
            while True:
                action(waiting.pop())

    threads = []
    for _ in range(min(len(items), _THREADS) - 1):
        thread = threading.Thread(target=work, name="mage-sync")
        try:
            thread.start()
        except RuntimeError:  # the process is ending: no threads any more
            break
        threads.append(thread)
    work()
    for thread in threads:
        thread.join()
