"""Keeps dbt imported and forks a process for each job; runs beside a kernel, in its interpreter.

Nothing of dbt is called here, only imported: what a command leaves behind (global flags,
adapters, open connections) goes with the process that was forked for it. The standard input
is a socket to the kernel; it sends what to do and the three streams of the job, and hears the
job's process id and how it ended.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any, NoReturn

from mage_jlab.kernel_side.dbt import program

_LOOK = 2.0
_STREAMS = 3
_MESSAGE = 1 << 16


def main() -> NoReturn:
    """Serve the kernel until it is gone, or has wanted nothing for long.

    Arguments: process id of the kernel, seconds without a job after which this ends.
    """
    kernel, idle = int(sys.argv[1]), float(sys.argv[2])
    channel = socket.socket(fileno=os.dup(0))
    with Path(os.devnull).open() as nothing:
        os.dup2(nothing.fileno(), 0)
    used = time.monotonic()
    while os.getppid() == kernel and time.monotonic() - used < idle:
        if select.select([channel], [], [], min(_LOOK, idle))[0]:
            data, streams, _, _ = socket.recv_fds(channel, _MESSAGE, _STREAMS)
            if not data:
                break
            with contextlib.suppress(OSError):  # the kernel is gone, which is noticed above
                _serve(channel, json.loads(data), streams)
            used = time.monotonic()
    os._exit(0)


def _serve(channel: socket.socket, job: dict[str, Any], streams: list[int]) -> None:
    _import(Path(job["folder"]))
    if threading.active_count() > 1:
        sys.exit("A module of the adapter has started threads, which a fork would lose.")
    gc.freeze()
    pid = os.fork()
    if pid == 0:
        channel.close()
        _become(job, streams)
    for stream in streams:
        os.close(stream)
    _tell(channel, pid=pid)
    _, status = os.waitpid(pid, 0)
    _tell(channel, ended=os.waitstatus_to_exitcode(status))


def _tell(channel: socket.socket, **said: int) -> None:
    channel.sendall(json.dumps(said).encode())


def _import(folder: Path) -> None:
    """Import what the job will; what cannot be imported the job itself complains of."""
    names = ["dbt.cli.main", "pandas"]
    with contextlib.suppress(Exception):
        names.append(f"dbt.adapters.{program.Work(folder, None).kind()}")
    for name in names:
        with contextlib.suppress(Exception):
            importlib.import_module(name)


def _become(job: dict[str, Any], streams: list[int]) -> NoReturn:
    """Be the process of one job: its streams, its folder, its environment."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.environ.update(job["surroundings"])
    try:
        os.chdir(job["cwd"])
        program.work(Path(job["folder"]))
    finally:
        os._exit(1)
