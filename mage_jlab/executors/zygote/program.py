"""The zygote: imports what kernels need, then forks kernels on request.

This file is run by the user's interpreter, as a program of its own: standard
library only, Python ≥ 3.9, Linux. It speaks JSON, one object a line, on the
socket it was given; its end is our end, and that of every kernel.

It runs no event loop, starts no thread and only *imports* the heavy modules: a
loop, a lock that a thread holds or a thread pool would come out of a fork broken.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import gc
import importlib.util
import json
import os
import random
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NoReturn

MARKER = "MAGE_JLAB_KERNEL"
_FIRST = (
    "ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.zmqshell", "ipykernel.control",
    "ipykernel.subshell_manager", "ipykernel.debugger", "pdb",
    "IPython.core.completerlib", "IPython.core.debugger", "IPython.core.oinspect",
    "IPython.core.logger",
    "IPython.extensions.storemagic", "sqlite3", "faulthandler", "psutil", "resource",
    "zmq.eventloop.zmqstream", "tornado.platform.asyncio", "importlib.metadata",
)  # fmt: skip
_KILL_SECONDS = 5.0
_LOOK = 2.0
_PDEATHSIG = 1
_HANGUP = signal.getsignal(signal.SIGHUP)
"""What whoever started us does about it: nothing, where that was nohup."""


class Zygote:
    """Forks kernels, watches them, and tells the server what becomes of them."""

    def __init__(self, channel: socket.socket, idle: float) -> None:
        """Prepare to be asked; after `idle` seconds without kernels it ends."""
        self.channel = channel
        self.server = os.getppid()
        self.idle = idle
        self.used = time.monotonic()
        self.retired = False
        self.buffer = b""
        self.files: list[int] = []
        self.children: dict[int, int | None] = {}
        """By process id the end of a pipe in which a kernel says that it listens."""
        self.exited: set[int] = set()
        self.wakeup, self.alarm = os.pipe()
        os.set_blocking(self.wakeup, False)
        os.set_blocking(self.alarm, False)

    # ---- the server ------------------------------------------------------

    def tell(self, **said: Any) -> None:
        """Say something to the server; its absence is noticed elsewhere."""
        with contextlib.suppress(OSError):
            self.channel.sendall(json.dumps(said).encode() + b"\n")

    def requests(self, wait: bool) -> Iterator[dict[str, Any]]:
        """Return the complete requests that have come."""
        while wait or select.select([self.channel], [], [], 0)[0]:
            wait = False
            data, files, _, _ = socket.recv_fds(self.channel, 1 << 20, 16)
            if not data:
                self.end()
            self.files += files
            *lines, self.buffer = (self.buffer + data).split(b"\n")
            for line in lines:
                yield json.loads(line)

    def serve(self) -> NoReturn:
        """Carry out requests until the server is gone."""
        while True:
            pipes = {end: pid for pid, end in self.children.items() if end is not None}
            waited = [self.channel.fileno(), self.wakeup, *pipes]
            found, _, _ = select.select(waited, [], [], _LOOK)
            for item in found:
                if item == self.wakeup:
                    self.drain()
                elif item in pipes:
                    self.bound(pipes[item], item)
                else:
                    self.listen(True)
            self.look()
            if self.children or found:
                self.used = time.monotonic()
            patience = 0 if self.retired else self.idle
            unused = not self.children and time.monotonic() - self.used >= patience
            if unused or os.getppid() != self.server:
                self.end()

    def listen(self, wait: bool) -> None:
        """Do what the server asks."""
        for request in self.requests(wait):
            if request["do"] == "fork":
                self.fork(request)
            elif request["do"] == "import":
                # Code of ours that is to be there already; a kernel asks for it if not.
                with contextlib.suppress(Exception):
                    code = Path(request["file"]).read_text(encoding="utf-8")
                    exec(compile(code, "<mage-jlab>", "exec"), {})  # noqa: S102
            elif request["do"] == "release":
                self.release(request["pid"])
            elif request["do"] == "retire":
                self.retired = True

    def drain(self) -> None:
        """Forget the signals that woke us."""
        with contextlib.suppress(BlockingIOError):
            while os.read(self.wakeup, 4096):
                pass

    # ---- children --------------------------------------------------------

    def fork(self, request: dict[str, Any]) -> None:
        """Fork a kernel; the server hears its process id, or why there is none."""
        count = request["files"]
        files, self.files = self.files[:count], self.files[count:]
        reading, writing = os.pipe()
        try:
            sys.stdout.flush()
            sys.stderr.flush()
            pid = os.fork()
        except OSError as error:
            os.close(reading)
            self.tell(said="refused", id=request["id"], why=str(error))
        else:
            if pid == 0:
                os.close(reading)
                self.leave()
                become(request, files, writing)
            self.children[pid] = reading
            self.tell(said="forked", id=request["id"], pid=pid)
        os.close(writing)
        for file in files:
            os.close(file)

    def leave(self) -> None:
        """In the child: let go of everything that is the zygote's."""
        signal.set_wakeup_fd(-1)
        for file in (self.wakeup, self.alarm, *self.children.values(), *self.files):
            if file is not None:
                os.close(file)
        self.channel.close()

    def bound(self, pid: int, pipe: int) -> None:
        """Pass on that a kernel listens; a pipe that closes without a word says nothing."""
        said = os.read(pipe, 64)
        os.close(pipe)
        self.children[pid] = None
        if said:
            self.tell(said="bound", pid=pid)

    def look(self) -> None:
        """Tell which children ended; their ids stay theirs until the server lets go."""
        for pid in list(self.children):
            if pid in self.exited:
                continue
            found = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if found is None:
                continue
            self.exited.add(pid)
            by_itself = found.si_code == os.CLD_EXITED
            status = found.si_status if by_itself else -found.si_status
            self.tell(said="exited", pid=pid, status=status)

    def release(self, pid: int) -> None:
        """Let a process id be used again."""
        if pid not in self.exited:
            return
        self.exited.discard(pid)
        pipe = self.children.pop(pid, None)
        if pipe is not None:
            os.close(pipe)
        os.waitpid(pid, 0)

    def end(self) -> NoReturn:
        """Kill every kernel with all it started, and go."""
        until = time.monotonic() + _KILL_SECONDS
        mine = set(self.children)
        while mine and time.monotonic() < until:
            left = members(mine)
            for pid in left:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            for pid in self.children:
                with contextlib.suppress(OSError):
                    os.waitpid(pid, os.WNOHANG)
            if not left:
                break
            time.sleep(0.01)
        os._exit(0)


def members(leaders: set[int]) -> list[int]:
    """Return the living processes of the sessions of these processes."""
    found = []
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit():
            continue
        pid = int(entry.name)
        try:
            fields = Path(entry.path, "stat").read_bytes().rpartition(b")")[2].split()
        except OSError:
            continue
        if fields[0] not in (b"Z", b"X") and (pid in leaders or int(fields[3]) in leaders):
            found.append(pid)
    return found


# ---- in the child --------------------------------------------------------


def become(request: dict[str, Any], files: list[int], writing: int) -> NoReturn:
    """Be a kernel: everything a fresh process would have, and nothing of the zygote's."""
    status = 1
    try:
        parent = os.getppid()
        os.setsid()
        _die_with(parent)
        for number, file in enumerate(files):
            os.dup2(file, number)
        for file in files:
            if file > 2:
                os.close(file)
        _signals()
        os.chdir(request["cwd"])
        _environment(request["set"], request["unset"], parent)
        _reseed()
        sys.argv[:] = [_launcher(), *request["arguments"]]
        if hasattr(sys, "orig_argv"):
            sys.orig_argv[:] = request["command"]
        _launch(request["arguments"], parent, writing)
        status = 0
    except SystemExit as stop:
        status = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    except BaseException:  # noqa: BLE001 - the outermost frame of a kernel
        sys.excepthook(*sys.exc_info())
    finally:
        _leave(status)


def _launch(arguments: list[str], parent: int, writing: int) -> None:
    from ipykernel.kernelapp import IPKernelApp

    # Its default was taken from the environment when the class was made: the zygote's.
    app: Any = IPKernelApp.instance(parent_handle=parent)
    app.initialize(list(arguments))
    os.write(writing, b"bound")
    os.close(writing)
    app.start()


def _leave(status: int) -> NoReturn:
    """End as the interpreter would, but without taking every module apart."""
    try:
        ending: Any = threading
        ending._shutdown()
        atexit._run_exitfuncs()
    except BaseException:  # noqa: BLE001 - it ends either way
        sys.excepthook(*sys.exc_info())
    for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
        if stream is not None:
            with contextlib.suppress(Exception):
                stream.flush()
    os._exit(status)


def _die_with(parent: int) -> None:
    """Have the system kill us when the zygote dies: it forks in its only thread."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def _signals() -> None:
    for number in (signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, _HANGUP)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _launcher() -> str:
    found = importlib.util.find_spec("ipykernel_launcher")
    return found.origin if found is not None and found.origin else "ipykernel_launcher.py"


def _environment(changed: dict[str, str], unset: list[str], parent: int) -> None:
    """Take over an environment; what acts at the start of Python is the zygote's already."""
    mark(changed.get(MARKER, ""))
    for name in unset:
        os.environ.pop(name, None)
    os.environ.update(changed, JPY_PARENT_PID=str(parent))
    time.tzset()


def mark(kernel: str) -> None:
    """Write whose we are where the system shows it: the environment we were started with.

    Whatever this kernel forks shows the same, as with a kernel that was spawned.
    """
    with contextlib.suppress(OSError, AttributeError):
        get = ctypes.CDLL(None).getenv
        get.restype = ctypes.c_void_p
        place = get(MARKER.encode())
        room = len(os.environb.get(MARKER.encode(), b""))
        if place and room == len(kernel.encode()):
            ctypes.memmove(place, kernel.encode(), room)


def _reseed() -> None:
    """Give this kernel its own random numbers and secrets."""
    random.seed()
    numpy: Any = sys.modules.get("numpy.random")
    if numpy is not None:
        numpy.seed()
    polars: Any = sys.modules.get("polars")
    if polars is not None:
        polars.set_random_seed(random.getrandbits(63))
    process: Any = sys.modules.get("multiprocessing.process")
    if process is not None:
        process.current_process().authkey = os.urandom(32)


# ---- beginning -----------------------------------------------------------


def load(names: Iterable[str]) -> None:
    """Import what there is of some modules; a broken one is the kernel's business."""
    for name in names:
        with contextlib.suppress(BaseException):
            __import__(name)


@contextlib.contextmanager
def absent(names: Iterable[str]) -> Iterator[None]:
    """Have some modules look as if they were not installed, for a while."""
    missing: Any = sys.modules
    hidden = [name for name in names if name not in sys.modules]
    missing.update(dict.fromkeys(hidden))
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


def places() -> dict[str, int]:
    """Return where modules come from, with the moment each place was last changed."""
    found = {}
    for place in (sys.executable, str(Path(sys.prefix, "pyvenv.cfg")), *sys.path):
        try:
            found[place] = Path(place).stat().st_mtime_ns
        except OSError:
            found[place] = 0
    return found


def main() -> NoReturn:
    """Be a zygote on the socket whose number was given."""
    if sys.path and Path(sys.path[0]).resolve() == Path(__file__).resolve().parent:
        del sys.path[0]
    zygote = Zygote(socket.socket(fileno=int(sys.argv[1])), float(sys.argv[2]))
    zygote.tell(said="places", places=places())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(zygote.alarm, warn_on_full_buffer=False)
    imports = json.loads(sys.argv[3])
    gc.disable()  # modules stay; looking through them while they are loaded finds nothing
    with absent(imports["without"]):
        try:
            __import__("ipykernel.kernelapp")
        except Exception as error:  # noqa: BLE001 - whatever an environment raises
            sys.exit(f"ipykernel cannot be imported: {error!r}")
        load(_FIRST)
    load(imports["first"])
    gc.enable()
    zygote.tell(said="ready")
    zygote.listen(False)  # who waits already is not kept waiting for the rest
    for name in imports["later"]:
        load((name,))
        zygote.listen(False)
        zygote.look()
    gc.collect()
    gc.freeze()
    zygote.serve()


if __name__ == "__main__":
    main()
