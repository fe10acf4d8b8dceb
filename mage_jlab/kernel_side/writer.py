"""Writes products behind the blocks' back: the next block runs while this one is stored.

One thread writes them in turn. A kernel that ends by itself waits for it.
"""

from __future__ import annotations

import atexit
import collections
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mage_jlab.model.product import Manifest
from mage_jlab.products.commit import Commit, commit


@dataclass
class Job:
    """One product: what writes its files, and what to do when it is safe or lost."""

    folder: Path
    write: Callable[[], Manifest] | None
    done: Callable[[BaseException | None], None]


class Writer:
    """The products of this kernel that are not on disk yet."""

    def __init__(self) -> None:
        """Begin with nothing to write."""
        self._reset()
        atexit.register(self.wait)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._reset)

    def _reset(self) -> None:
        """Forget everything: in a child process of the user's, the parent does the writing."""
        self._change = threading.Condition()
        self._queue: collections.deque[Job] = collections.deque()
        self._pending: list[Job] = []
        self._thread: threading.Thread | None = None

    def add(self, job: Job) -> None:
        """Have a product written, after those that were added before."""
        with self._change:
            self._queue.append(job)
            self._pending.append(job)
            self._change.notify_all()
            if self._thread is not None:
                return
            self._thread = threading.Thread(target=self._work, name="mage-writer", daemon=True)
            try:
                self._thread.start()
                return
            except RuntimeError:  # the process is ending: write it here
                self._thread = None
        self._turn()

    def wait(self, folder: Path | None = None) -> None:
        """Wait until every product is settled, or those below a folder."""
        with self._change:
            while any(folder is None or folder in job.folder.parents for job in self._pending):
                self._change.wait()

    def _work(self) -> None:
        while True:
            with self._change:
                while not self._queue:
                    self._change.wait()
            self._turn()

    def _turn(self) -> None:
        with self._change:
            jobs = list(self._queue)
            self._queue.clear()
        self._store(jobs)
        with self._change:
            self._pending = [job for job in self._pending if job not in jobs]
            self._change.notify_all()

    def _store(self, jobs: list[Job]) -> None:
        written: list[tuple[Job, Commit]] = []
        for job in jobs:
            write, job.write = job.write, None  # the values are let go of with it
            try:
                if write is not None:
                    written.append((job, Commit(job.folder, write())))
            except BaseException as error:  # noqa: BLE001 - told to whoever waits
                _tell(job, error)
            del write
        commit([product for _, product in written])
        for job, product in written:
            _tell(job, product.error)


def _tell(job: Job, error: BaseException | None) -> None:
    try:
        job.done(error)
    except Exception as problem:  # noqa: BLE001 - the next product must still be written
        _report(problem)


def _report(problem: Exception) -> Any:
    import logging

    logging.getLogger("mage_jlab").warning("The end of a block was not noted: %s", problem)


writer = Writer()
