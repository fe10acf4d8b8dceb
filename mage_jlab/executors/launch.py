"""The process of a kernel: its start, the connection to it, its certain end.

Each kernel is a session leader (its own process group), is spoken to over
`ipc` sockets in a folder only we can read, and is written down with its pid
and the moment it began, so that it can be ended even if we are killed.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty
from typing import Any

import zmq.asyncio
from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.paths import jupyter_path

from mage_jlab.errors import KernelDied, KernelError
from mage_jlab.executors import messages, process
from mage_jlab.executors.settings import inherited
from mage_jlab.executors.zygote.link import Forked
from mage_jlab.executors.zygote.nursery import Nursery
from mage_jlab.executors.zygote.provisioner import fork_with

log = logging.getLogger(__name__)
START_SECONDS = 60.0
_POLL = 0.2
_POLITE_SECONDS = 2.0
_KILL_SECONDS = 10.0
_FIRST_WORD = 0.05
_LONGEST_WORD = 1.0


@dataclass(frozen=True)
class Surroundings:
    """What every kernel of a run gets: folder, what it is told, bookkeeping.

    `opened(id, pid, mark)` and `closed(id)` are called when a process begins
    and when it is gone; `said` is the context of the bundle.
    """

    cwd: Path
    sockets: Path
    said: Mapping[str, Any]
    opened: Callable[[str, int, str], Awaitable[None]]
    closed: Callable[[str], Awaitable[None]]
    specs: KernelSpecManager | None = None
    start_seconds: float = START_SECONDS
    environment: Mapping[str, str] = field(default_factory=dict)
    nursery: Nursery | None = None
    """Where kernels are forked; without it they are spawned."""

    def variables(self) -> dict[str, str]:
        """Return the whole environment of a kernel, but for its own mark."""
        return inherited() | dict(self.environment)


class Launched:
    """A kernel's process, and the channels to it."""

    def __init__(self, kernel: str, around: Surroundings) -> None:
        """Prepare; nothing is started yet."""
        self.id = secrets.token_hex(6)
        self.kernel = kernel
        self.around = around
        self.client: Any = None
        self.pid = 0
        self.died = asyncio.Event()
        self._manager: Any = None
        self._popen: Any = None
        self._mark = ""
        self._watching: asyncio.Task[None] | None = None

    @property
    def forked(self) -> bool:
        """Whether it came out of a zygote, which has our code already."""
        return isinstance(self._popen, Forked)

    @property
    def fresh(self) -> bool:
        """Whether the environment it was started from is still the same."""
        return not self.forked or not self._popen.zygote.outdated

    async def start(self) -> None:
        """Start the process and wait until it answers and is heard.

        Raises:
            KernelError: when there is none of that name or it does not start.
        """
        await self._launch()
        self.client = self._manager.client(context=_context())
        # No heartbeat: the process itself is watched. No input: nobody is there to type.
        self.client.start_channels(stdin=False, hb=False)
        ready = asyncio.ensure_future(self._greet())
        death = asyncio.ensure_future(self.died.wait())
        try:
            await asyncio.wait([ready, death], return_when=asyncio.FIRST_COMPLETED)
            if not ready.done():
                argv = self._manager.kernel_spec.argv
                advice = (
                    "" if any("ipykernel" in word for word in argv)
                    else " Python blocks run in kernels made with ipykernel only."
                )  # fmt: skip
                raise KernelDied(
                    f"The kernel '{self.kernel}' ended while it started "
                    f"({self.exit()}).{self.last_words()}{advice}",
                    kernel=self.kernel,
                )
            ready.result()
        finally:
            for task in (ready, death):
                task.cancel()

    async def _launch(self) -> None:
        around = self.around
        manager = AsyncKernelManager(
            kernel_name=self.kernel,
            connection_file=str(around.sockets / f"{self.id}.json"),
            context=_context(),
            kernel_spec_manager=around.specs or kernel_specs(),
        )
        if os.name == "posix":
            # Other users of the machine cannot reach a socket in our folder.
            manager.transport = "ipc"
            manager.ip = str(around.sockets / self.id)
        self._manager = manager
        environment = around.variables() | {process.MARKER: self.id}
        with self._output().open("wb") as output:
            try:
                if around.nursery is not None:
                    fork_with(manager, around.nursery)
                await manager.start_kernel(
                    env=environment, cwd=str(around.cwd), stdout=output, stderr=output
                )
            except NoSuchKernel as error:
                raise KernelError(
                    f"There is no kernel named '{self.kernel}' here; install it or choose "
                    "another one in the pipeline's settings.",
                    kernel=self.kernel,
                ) from error
            except (OSError, RuntimeError, ValueError) as error:
                raise KernelError(
                    f"The kernel '{self.kernel}' could not be started: {error}",
                    kernel=self.kernel,
                ) from error
        provisioner = manager.provisioner
        self._popen = getattr(provisioner, "process", None)
        self.pid = int(getattr(provisioner, "pid", 0) or 0)
        self._mark = process.mark(self.pid) or ""
        await around.opened(self.id, self.pid, self._mark)
        self._watching = asyncio.ensure_future(self._watch())

    async def _greet(self) -> None:
        """Ask until an answer is heard on the channel of published messages.

        What a kernel publishes before it knows that we listen is lost, so one
        that is just beginning has to be asked again.
        """
        patience = _FIRST_WORD
        asked = set()
        while True:
            message = self.client.session.msg("kernel_info_request", {})
            asked.add(message["header"]["msg_id"])
            self.client.shell_channel.send(message)
            until = time.monotonic() + patience
            while (left := until - time.monotonic()) > 0:
                with contextlib.suppress(Empty):
                    said = await self.client.get_iopub_msg(timeout=left)
                    if messages.parent_of(said) in asked:
                        return
            patience = min(patience * 2, _LONGEST_WORD)

    async def _watch(self) -> None:
        """A killed kernel says nothing: look whether it is there."""
        if isinstance(self._popen, Forked):
            await asyncio.wait([asyncio.wrap_future(self._popen.ended)])
        while await self._manager.is_alive():
            await asyncio.sleep(_POLL)
        self.died.set()

    async def interrupt(self) -> None:
        """Send Ctrl-C."""
        with contextlib.suppress(RuntimeError, OSError):
            await self._manager.interrupt_kernel()

    # ---- ending ----------------------------------------------------------

    async def close(self, *, now: bool) -> None:
        """End the process and everything it started; returns when all of it is gone."""
        if self.pid and not now and not self.died.is_set() and self.client is not None:
            with contextlib.suppress(Exception):  # politeness is optional
                self.client.shutdown()
                await asyncio.wait_for(self.died.wait(), _POLITE_SECONDS)
        await self.kill()
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        if self.client is not None:
            self.client.stop_channels()
        if self._manager is not None:
            with contextlib.suppress(Exception):  # files that are gone already
                await self._manager.cleanup_resources()
        if self.pid:
            await self.around.closed(self.id)
        self._output().unlink(missing_ok=True)

    async def kill(self) -> None:
        """Kill the group until nobody of it is left."""
        if not self.pid:
            return
        until = time.monotonic() + _KILL_SECONDS
        while not await asyncio.to_thread(process.kill_all, self.pid, self.id, self._mark):
            self.poll()
            if time.monotonic() > until:
                log.error("Kernel process %s does not end.", self.pid)
                break
            await asyncio.sleep(0.02)
        self.poll()
        if isinstance(self._popen, Forked):
            # All of it is gone: somebody else may have its process id.
            with contextlib.suppress(TimeoutError, asyncio.TimeoutError):
                await asyncio.wait_for(asyncio.wrap_future(self._popen.ended), 1)
            self._popen.let_go()
        self.died.set()

    def poll(self) -> int | None:
        """Return the exit status, None while it lives or when it is not known."""
        status = self._popen.poll() if self._popen is not None else None
        return None if status is None else int(status)

    def exit(self) -> str:
        """Say how it ended."""
        code = self.poll()
        if code is None:
            return "for an unknown reason"
        return f"exit status {code}" if code >= 0 else f"signal {-code}"

    def last_words(self) -> str:
        """Return the last line it wrote outside of its channels."""
        try:
            text = self._output().read_bytes()[-2000:].decode("utf-8", "replace").strip()
        except OSError:
            return ""
        return f" It said: {text.splitlines()[-1]}" if text else ""

    def _output(self) -> Path:
        return self.around.sockets / f"{self.id}.log"


def kernel_specs() -> KernelSpecManager:
    """Return where kernels are found: Jupyter's own places, named without loading IPython."""
    own = Path(os.environ.get("IPYTHONDIR") or Path("~/.ipython").expanduser()) / "kernels"
    return KernelSpecManager(kernel_dirs=[*jupyter_path("kernels"), str(own)])


_contexts: dict[int, zmq.asyncio.Context] = {}


def _context() -> zmq.asyncio.Context:
    """Return the one context for all kernels of this process: its threads are enough."""
    if os.getpid() not in _contexts:
        _contexts[os.getpid()] = zmq.asyncio.Context()
    return _contexts[os.getpid()]
