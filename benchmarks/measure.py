"""Wall time, CPU time of a whole process tree, and memory."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

_SUBREAPER = 36


@dataclass(frozen=True)
class Sample:
    """One repetition: the figure of the row in its unit, and CPU seconds of all processes."""

    value: float
    cpu: float | None = None
    notes: Mapping[str, float] = field(default_factory=dict)


def adopt_orphans() -> None:
    """Let processes whose parent ended become ours, so that their CPU time is counted."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)


def reaped() -> float:
    """Return the CPU seconds of all descendants that have ended and were waited for."""
    for child in psutil.Process().children():
        if child.pid not in _started:
            with contextlib.suppress(psutil.Error, ChildProcessError):
                if child.status() == psutil.STATUS_ZOMBIE:
                    os.waitpid(child.pid, os.WNOHANG)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


_started: set[int] = set()
"""Processes that subprocess waits for itself."""


def tree_cpu(pid: int) -> float:
    """Return the CPU seconds of a living process, its children and what it waited for."""
    total = 0.0
    try:
        top = psutil.Process(pid)
        processes = [top, *top.children(recursive=True)]
    except psutil.Error:
        return 0.0
    for process in processes:
        with contextlib.suppress(psutil.Error):
            used = process.cpu_times()
            total += used.user + used.system + used.children_user + used.children_system
    return total


def tree_memory(pid: int) -> int:
    """Return the bytes that a process and its children hold, shared pages in proportion."""
    total = 0
    try:
        top = psutil.Process(pid)
        processes = [top, *top.children(recursive=True)]
    except psutil.Error:
        return 0
    for process in processes:
        with contextlib.suppress(psutil.Error, AttributeError):
            total += process.memory_full_info().pss
    return total


@contextlib.contextmanager
def peak_memory(pid: int, every: float = 0.05) -> Iterator[list[int]]:
    """Watch the memory of a process tree; the list holds its highest value at the end."""
    found, ended = [0], threading.Event()

    def watch() -> None:
        while not ended.wait(every):
            found[0] = max(found[0], tree_memory(pid))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        ended.set()
        thread.join()


def command(
    words: Sequence[str], cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> Sample:
    """Run a command to its end: wall seconds and CPU seconds of all its processes."""
    before = reaped()
    began = time.perf_counter()
    process = subprocess.Popen(
        list(words), cwd=cwd, env={**os.environ, **(env or {})},
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    _started.add(process.pid)
    _, said = process.communicate()
    took = time.perf_counter() - began
    if process.returncode:
        raise RuntimeError(f"{' '.join(words)}: {process.returncode}: {said.decode()[-2000:]}")
    return Sample(took, reaped() - before)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that so many of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-int(share * 100) * len(ordered) // 100) - 1))]


@dataclass
class Summary:
    """What a side of a row came to."""

    samples: list[Sample]

    @property
    def minimum(self) -> float:
        """Return the smallest value."""
        return min(item.value for item in self.samples)

    @property
    def median(self) -> float:
        """Return the median value."""
        return statistics.median(item.value for item in self.samples)

    @property
    def p95(self) -> float:
        """Return the value that 95 % do not exceed."""
        return percentile([item.value for item in self.samples], 0.95)

    @property
    def cpu(self) -> float | None:
        """Return the median of the CPU seconds."""
        known = [item.cpu for item in self.samples if item.cpu is not None]
        return statistics.median(known) if known else None

    def note(self, name: str) -> float | None:
        """Return the median of a further figure."""
        known = [item.notes[name] for item in self.samples if name in item.notes]
        return statistics.median(known) if known else None
