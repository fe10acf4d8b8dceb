"""Processes of this machine: who they are, and their certain end.

A process id alone says nothing, because ids are used again. A process is known
by its id and the moment it began (`mark`); its children by their process group.
"""

from __future__ import annotations

import os
import platform
import signal
from pathlib import Path

import psutil

MARKER = "MAGE_JLAB_KERNEL"
"""Environment variable that names the kernel a process belongs to."""


def host() -> str:
    """Return a name of this machine that changes when it boots or in another container."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()[:13]
        space = Path("/proc/self/ns/pid").readlink().name
    except OSError:
        return f"{platform.node()}:{int(psutil.boot_time())}:"
    return f"{platform.node()}:{boot}:{space}"


def same_machine(one: str, other: str) -> bool:
    """Tell whether two hosts are the same machine, booted or not in between."""
    return one.split(":", 1)[0] == other.split(":", 1)[0]


def mark(pid: int) -> str | None:
    """Return when a process began, or None when there is none (or only a zombie)."""
    try:
        # The kernel's own count since boot: it does not move with the clock.
        text = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
        fields = text.rpartition(")")[2].split()
        return None if fields[0] in ("Z", "X") else fields[19]
    except (FileNotFoundError, ProcessLookupError):
        if Path("/proc/self/stat").exists():
            return None
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return f"{process.create_time():.1f}"
    except psutil.Error:
        return None


def members(pid: int, kernel: str, since: str = "") -> list[int]:
    """Return the living processes that belong to a kernel.

    These are the processes of its session, and those that left the session
    but carry the kernel's marker in their environment. With the kernel's own
    `mark` as `since`, only what began later is looked at so closely.
    """
    if Path("/proc/self/stat").exists():
        return _members(pid, kernel, int(since) if since.isdigit() else 0)
    found = []
    for process in psutil.process_iter():
        try:
            if process.status() == psutil.STATUS_ZOMBIE or process.pid == os.getpid():
                continue
            if _session(process.pid) == pid or process.environ().get(MARKER) == kernel:
                found.append(process.pid)
        except (psutil.Error, OSError):
            continue
    return found


def _members(pid: int, kernel: str, since: int) -> list[int]:
    marked = f"{MARKER}={kernel}".encode()
    found = []
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            fields = Path(entry.path, "stat").read_bytes().rpartition(b")")[2].split()
            if fields[0] in (b"Z", b"X"):
                continue
            ours = int(fields[3]) == pid or (
                int(fields[19]) >= since
                and marked in Path(entry.path, "environ").read_bytes().split(b"\0")
            )
        except OSError:
            continue
        if ours:
            found.append(int(entry.name))
    return found


def kill_all(pid: int, kernel: str, since: str = "") -> bool:
    """Kill a kernel with everything it started; tell whether all of it is gone."""
    alive = members(pid, kernel, since)
    for item in alive:
        try:
            os.kill(item, getattr(signal, "SIGKILL", signal.SIGTERM))
        except OSError:
            continue
    return not alive


def _session(pid: int) -> int | None:
    if not hasattr(os, "getsid"):
        return None
    try:
        return os.getsid(pid)
    except OSError:
        return None
