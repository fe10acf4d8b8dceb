"""The process of a kernel beside this one: it lives as long as this one, and no longer."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

_WATCH = """
import os, select, shutil, signal, subprocess, sys, threading
signal.signal(signal.SIGINT, lambda *_: None)
parent = os.getppid()
def watch():
    while os.getppid() == parent:
        if select.select([0], [], [], 2)[0] and not os.read(0, 1):
            break
    shutil.rmtree(folder, ignore_errors=True)
    os.killpg(0, signal.SIGKILL)
folder = sys.argv[1]
threading.Thread(target=watch, daemon=True).start()
try:
    child = subprocess.Popen(sys.argv[2:], stdin=subprocess.DEVNULL)
except OSError as error:
    sys.exit(str(error))
code = child.wait()
if code < 0:
    if -code not in (signal.SIGKILL, signal.SIGSTOP):
        signal.signal(-code, signal.SIG_DFL)
    os.kill(os.getpid(), -code)
os._exit(code)
"""
"""Runs the kernel and kills it, with all it started, when the other end of its input is closed."""
_LAST_WORDS = 2000


class Process:
    """A kernel's process behind one that watches over it."""

    def __init__(self, command: list[str], environment: dict[str, str], folder: Path) -> None:
        """Start it; the folder goes with it."""
        self._errors: Any = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        self._owner = os.getpid()
        self._popen = subprocess.Popen(
            [sys.executable, "-S", "-E", "-c", _WATCH, str(folder), *command],
            stdin=subprocess.PIPE, stdout=self._errors, stderr=self._errors,
            env=environment, start_new_session=True,
        )  # fmt: skip

    @property
    def ours(self) -> bool:
        """Whether this process started it, rather than one that this one is a child of."""
        return self._owner == os.getpid()

    def poll(self) -> int | None:
        """Return its exit status, None while it lives."""
        return self._popen.poll()

    def interrupt(self) -> None:
        """Send Ctrl-C to it and to what it started."""
        with contextlib.suppress(OSError):
            os.killpg(self._popen.pid, signal.SIGINT)

    def kill(self) -> None:
        """End it with everything it started."""
        with contextlib.suppress(OSError):
            os.killpg(self._popen.pid, signal.SIGKILL)
        self._popen.wait()
        for stream in (self._popen.stdin, self._errors):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()

    def end(self) -> str:
        """Say how it ended, and what it said at the end."""
        code = self._popen.wait()
        self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, self._errors.tell() - _LAST_WORDS))
        words = self._errors.read().decode("utf-8", "replace").strip()
        how = f"exit status {code}" if code >= 0 else f"signal {-code}"
        return f"{how}: {words.splitlines()[-1]}" if words else how


class Folder:
    """A folder that only we can enter, with a path short enough for sockets in it."""

    def __init__(self) -> None:
        base = tempfile.gettempdir()
        if len(base) > 60 and Path("/tmp").is_dir():  # noqa: S108 - mkdtemp is safe
            base = "/tmp"  # noqa: S108
        self.path = Path(tempfile.mkdtemp(prefix="mage-", dir=base))

    def remove(self) -> None:
        """Remove it with everything in it."""
        shutil.rmtree(self.path, ignore_errors=True)
