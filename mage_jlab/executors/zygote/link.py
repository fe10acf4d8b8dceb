"""The server's end of a zygote: asks for kernels, hears what becomes of them."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import select
import signal
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as Late
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mage_jlab.errors import ZygoteFailed
from mage_jlab.executors import process

log = logging.getLogger(__name__)
PROGRAM = Path(__file__).with_name("program.py")
NOBODY = "zygote" + "0" * 6
"""What a zygote has as the name of its kernel: room for the twelve letters of a kernel's."""
_SEND_SECONDS = 5
_GONE_SECONDS = 5.0


@dataclass(frozen=True)
class Wish:
    """A kernel that is asked for: its whole command, and where it is to live."""

    command: Sequence[str]
    arguments: Sequence[str]
    cwd: str
    environment: Mapping[str, str]
    files: Sequence[int]
    """Descriptors that become standard input, output and error."""


class Forked:
    """A kernel that a zygote forked; to others it looks like a `subprocess.Popen`."""

    stdin = stdout = stderr = None

    def __init__(self, zygote: Zygote, pid: int, command: Sequence[str]) -> None:
        """Note who it is; it may not listen yet."""
        self.args = list(command)
        self.pid = pid
        self.returncode: int | None = None
        self.ended: Future[int] = Future()
        self.listens: Future[bool] = Future()
        self.zygote = zygote
        self._kept = True

    def poll(self) -> int | None:
        """Return how it ended, None while it lives."""
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end and let its process id be used again."""
        try:
            status = self.ended.result(timeout)
        except Late:
            raise subprocess.TimeoutExpired(self.args, timeout or 0) from None
        self.let_go()
        return status

    def send_signal(self, number: int) -> None:
        """Send it a signal; nothing when it has ended."""
        if self.returncode is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)

    def let_go(self) -> None:
        """Until this the id of an ended kernel belongs to nobody else."""
        if self._kept and self.returncode is not None:
            self._kept = False
            self.zygote.release(self.pid)

    def heard(self, status: int) -> None:
        """Note its end."""
        if self.returncode is None:
            self.returncode = status
            self.ended.set_result(status)
        if not self.listens.done():
            self.listens.set_result(False)


class Zygote:
    """One zygote process. May be used from any thread."""

    def __init__(
        self, prefix: Sequence[str], environment: Mapping[str, str], output: Path,
        arguments: Sequence[str],
    ) -> None:  # fmt: skip
        """Start the process with the arguments of its program.

        Raises:
            ZygoteFailed: when it cannot be started.
        """
        self.environment = {**environment, process.MARKER: NOBODY}
        self.places: dict[str, int] = {}
        self.used = time.monotonic()
        self.ready: Future[None] = Future()
        self._asked: dict[int, tuple[Future[Forked], Sequence[str]]] = {}
        self._kernels: dict[int, Forked] = {}
        self._lock = threading.Lock()
        self._sending = threading.Lock()
        self._number = 0
        self._dead = False
        self._output = output
        ours, theirs = socket.socketpair()
        limit = struct.pack("ll", _SEND_SECONDS, 0)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
        self._channel = ours
        try:
            with output.open("wb") as said:
                self._process = subprocess.Popen(
                    [*prefix, str(PROGRAM), str(theirs.fileno()), *arguments],
                    pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=said, stderr=said,
                    env=self.environment, cwd="/", start_new_session=True,
                )  # fmt: skip
        except (OSError, ValueError) as error:
            ours.close()
            raise ZygoteFailed(f"No process to fork kernels from could be started: {error}.") from (
                error
            )
        finally:
            theirs.close()
        threading.Thread(target=self._hear, name="mage-zygote", daemon=True).start()

    @property
    def pid(self) -> int:
        """Return the id of the process."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it may be asked."""
        return not self._dead and self._process.poll() is None

    @property
    def busy(self) -> bool:
        """Whether it has kernels, or is asked for one."""
        with self._lock:
            return bool(self._asked or self._kernels)

    @property
    def outdated(self) -> bool:
        """Whether a place where its modules come from has changed since it was started."""
        return any(changed_at(place) != moment for place, moment in self.places.items())

    def was_ready(self) -> bool:
        """Whether a zygote that has ended was ever of use."""
        try:
            return self.ready.exception(_GONE_SECONDS) is None
        except Late:
            return False

    def fork(self, wish: Wish) -> Future[Forked]:
        """Ask for a kernel.

        The answer may be `ZygoteFailed`: then it has to be started another way.
        """
        answer: Future[Forked] = Future()
        with self._lock:
            self._number += 1
            number = self._number
            if self._dead:
                answer.set_exception(ZygoteFailed("The zygote has ended."))
                return answer
            self._asked[number] = answer, wish.command
        self.used = time.monotonic()
        old, new = self.environment, wish.environment
        request = {
            "do": "fork",
            "id": number,
            "files": len(wish.files),
            "command": list(wish.command),
            "arguments": list(wish.arguments),
            "cwd": wish.cwd,
            "set": {name: value for name, value in new.items() if old.get(name) != value},
            "unset": [name for name in old if name not in new],
        }
        if not self._send(request, wish.files):
            with self._lock:
                ours = self._asked.pop(number, None) is not None
            if ours and answer.set_running_or_notify_cancel():
                answer.set_exception(ZygoteFailed("The zygote does not listen."))
        return answer

    def bring_in(self, code: str) -> None:
        """Have code executed that only imports, for all kernels to come.

        It goes by a file: a socket takes 200 kB at most before the other side reads, and this
        one reads only when its first modules are there.
        """
        place = self._output.with_suffix(".py")
        place.write_text(code, encoding="utf-8")
        self._send({"do": "import", "file": str(place)})

    def release(self, pid: int) -> None:
        """Let the process id of an ended kernel be used again."""
        with self._lock:
            self._kernels.pop(pid, None)
        self.used = time.monotonic()
        self._send({"do": "release", "pid": pid})

    def retire(self) -> None:
        """Let it end when its last kernel has."""
        self._send({"do": "retire"})

    def stop(self) -> None:
        """End it with all its kernels."""
        with contextlib.suppress(OSError):
            self._channel.shutdown(socket.SHUT_RDWR)
        if not self._gone():
            self._process.kill()
            self._process.wait()

    def _gone(self) -> bool:
        """Wait some seconds for its end. `Popen.wait` would look each 50 ms only."""
        if self._process.poll() is None:
            with contextlib.suppress(OSError):
                file = os.pidfd_open(self.pid)
                with os.fdopen(file):
                    waiting = select.poll()
                    waiting.register(file, select.POLLIN)
                    waiting.poll(_GONE_SECONDS * 1000)
        return self._process.poll() is not None

    def _send(self, request: Mapping[str, Any], files: Sequence[int] = ()) -> bool:
        data = json.dumps(request).encode() + b"\n"
        try:
            with self._sending:
                sent = (
                    socket.send_fds(self._channel, [data], list(files))
                    if files
                    else self._channel.send(data)
                )
                if sent < len(data):
                    self._channel.sendall(data[sent:])
        except OSError:
            return False
        return True

    # ---- hearing ---------------------------------------------------------

    def _hear(self) -> None:
        try:
            for said in self._lines():
                self._heard(said)
        except (OSError, ValueError):
            log.warning("A zygote spoke in riddles.", exc_info=True)
        self._ended()

    def _lines(self) -> Iterator[dict[str, Any]]:
        with self._channel.makefile("rb") as lines, contextlib.suppress(ConnectionError):
            for line in lines:
                yield json.loads(line)

    def _heard(self, said: Mapping[str, Any]) -> None:
        kind = said["said"]
        if kind == "places":
            self.places = {str(place): int(moment) for place, moment in said["places"].items()}
        elif kind == "ready":
            self.ready.set_result(None)
        elif kind in ("forked", "refused"):
            with self._lock:
                answer, command = self._asked.pop(said["id"])
                if kind == "forked":
                    made = self._kernels[said["pid"]] = Forked(self, said["pid"], command)
            if not answer.set_running_or_notify_cancel():
                if kind == "forked":
                    made.kill()  # who asked has stopped waiting
            elif kind == "forked":
                answer.set_result(made)
            else:
                answer.set_exception(ZygoteFailed(f"No kernel could be forked: {said['why']}."))
        elif kind in ("bound", "exited"):
            with self._lock:
                kernel = self._kernels.get(said["pid"])
            if kernel is not None and kind == "exited":
                kernel.heard(int(said["status"]))
            elif kernel is not None:
                kernel.listens.set_result(True)

    def _ended(self) -> None:
        """The zygote is gone, and its kernels with it."""
        with self._lock:
            self._dead = True
            asked, self._asked = self._asked, {}
            kernels, self._kernels = self._kernels, {}
        self._channel.close()
        reason = ZygoteFailed(f"The process that forks kernels has ended.{self._last_words()}")
        for answer, _ in asked.values():
            if answer.set_running_or_notify_cancel():
                answer.set_exception(reason)
        if not self.ready.done():
            self.ready.set_exception(reason)
        until = time.monotonic() + _GONE_SECONDS
        for kernel in kernels.values():
            while process.mark(kernel.pid) is not None and time.monotonic() < until:
                time.sleep(0.01)
            kernel.heard(-signal.SIGKILL)
        self._gone()
        self._output.unlink(missing_ok=True)
        self._output.with_suffix(".py").unlink(missing_ok=True)

    def _last_words(self) -> str:
        try:
            text = self._output.read_bytes()[-2000:].decode("utf-8", "replace").strip()
        except OSError:
            return ""
        return f" It said: {text.splitlines()[-1]}" if text else ""


def changed_at(place: str) -> int:
    """Return when a file or folder was changed; what is not there was changed at 0."""
    try:
        return Path(place).stat().st_mtime_ns
    except OSError:
        return 0
