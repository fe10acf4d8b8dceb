"""The kernel's end of `forks`: one process with dbt imported, for one step after the other."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import sysconfig
import threading
from pathlib import Path
from typing import Any

IDLE = 600.0
"""Seconds without a dbt block after which the process ends."""
_IGNORE = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)"


class Job:
    """A process that was forked for one job; it is used as a `subprocess.Popen` is."""

    def __init__(self, keeper: Keeper, folder: Path, surroundings: dict[str, str]) -> None:
        """Have it forked.

        Raises:
            OSError: when the process that forks does not answer.
        """
        self.returncode: int | None = None
        self._keeper = keeper
        theirs_in, ours_in = os.pipe()
        ours_out, theirs_out = os.pipe()
        ours_err, theirs_err = os.pipe()
        self.stdin: Any = os.fdopen(ours_in, "wb")
        self.stdout: Any = os.fdopen(ours_out, encoding="utf-8", errors="replace")
        self.stderr: Any = os.fdopen(ours_err, encoding="utf-8", errors="replace")
        asked = {"folder": str(folder), "surroundings": surroundings, "cwd": str(Path.cwd())}
        streams = [theirs_in, theirs_out, theirs_err]
        try:
            self.pid = keeper.ask(asked, streams)
        except BaseException:
            self.close()
            raise
        finally:
            for stream in streams:
                os.close(stream)

    def poll(self) -> int | None:
        """Return its exit status, None as long as it was not waited for."""
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end.

        Raises:
            subprocess.TimeoutExpired: when it has not ended in time.
        """
        if self.returncode is None:
            self.returncode = self._keeper.ended(timeout)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it a signal."""
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def close(self) -> None:
        """Let go of it; one that has not ended takes the process that forked it along."""
        for pipe in (self.stdin, self.stdout, self.stderr):
            pipe.close()
        if self.returncode is None:
            self._keeper.kill()
        self._keeper.busy = False


class Keeper:
    """The process that has dbt imported."""

    def __init__(self, key: str, code: str, warnings: str) -> None:
        """Start it; `code` starts `forks`, `warnings` is PYTHONWARNINGS."""
        self.key, self.busy = key, False
        self.owner = os.getpid()
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-c", f"{_IGNORE}; {code}", str(self.owner), str(IDLE)],
                stdin=theirs.fileno(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                env={**os.environ, "PYTHONWARNINGS": warnings},
            )  # fmt: skip
        # It may end by itself, having idled; without anybody who waits it would stay a zombie.
        threading.Thread(target=self._process.wait, name="mage-dbt", daemon=True).start()

    def fits(self, key: str) -> bool:
        """Whether it lives, and is what one started now would be."""
        return self.key == key and self._process.poll() is None

    def ask(self, asked: dict[str, Any], streams: list[int]) -> int:
        """Have a job forked; return its process id.

        Raises:
            OSError: when there is no answer.
        """
        self.busy = True
        socket.send_fds(self._channel, [json.dumps(asked).encode()], streams)
        return self._said("pid")

    def ended(self, timeout: float | None) -> int:
        """Return the exit status of the job, -9 when the process that knew it is gone.

        Raises:
            subprocess.TimeoutExpired: when it goes on.
        """
        self._channel.settimeout(timeout)
        try:
            return self._said("ended")
        except TimeoutError:
            raise subprocess.TimeoutExpired("dbt", timeout or 0) from None
        except OSError:
            self.kill()
            return -signal.SIGKILL
        finally:
            self._channel.settimeout(None)

    def _said(self, what: str) -> int:
        data = self._channel.recv(1024)
        if not data:
            raise ConnectionError("the process with dbt has ended")
        return int(json.loads(data)[what])

    def kill(self) -> None:
        """End it; a job that goes on notices that its input has ended."""
        self._process.kill()
        self._process.wait()
        self._channel.close()
        self.key = ""


class _Held:
    keeper: Keeper | None = None
    refused = ""
    """The key of one that gave no answer when it was new: another would not, either."""


def start(folder: Path, surroundings: dict[str, str], code: str) -> Job | None:
    """Start a job in a process with dbt in it; None when it has to be started the usual way.

    `code` starts `forks`, whose modules lie in the folder of the job.
    """
    if sys.platform != "linux":
        return None
    key = _key(folder)
    held = _Held.keeper
    if held is not None and (held.owner != os.getpid() or held.busy):
        return None
    if held is not None and held.fits(key):
        with contextlib.suppress(OSError):  # it may just have ended, having idled
            return Job(held, folder, surroundings)
    if held is not None:
        held.kill()
        _Held.keeper = None
    if key == _Held.refused:
        return None
    fresh = _Held.keeper = Keeper(key, code, surroundings.get("PYTHONWARNINGS", ""))
    try:
        return Job(fresh, folder, surroundings)
    except OSError:
        _Held.keeper, _Held.refused = None, key
        return None


def _key(folder: Path) -> str:
    """Return what a process with dbt in it depends on: code, packages, environment, folder."""
    said: list[Any] = [sys.executable, str(Path.cwd()), sorted(os.environ.items())]
    for name in ("purelib", "platlib"):
        with contextlib.suppress(OSError):
            said.append(Path(sysconfig.get_path(name)).stat().st_mtime_ns)
    code = folder / "code"
    said += [file.read_bytes() for file in sorted(code.rglob("*.py"))]
    return hashlib.sha256(repr(said).encode()).hexdigest()
