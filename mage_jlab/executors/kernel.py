"""Runs steps in Jupyter kernels of our own: any kernelspec, no server needed.

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
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
from jupyter_client.manager import AsyncKernelManager

from mage_jlab import clock
from mage_jlab.errors import KernelDied, KernelError, KernelStartTimeout
from mage_jlab.executors import messages, process
from mage_jlab.executors.zygote.nursery import Nursery
from mage_jlab.executors.zygote.provisioner import fork_with
from mage_jlab.model.run import FAILED
from mage_jlab.run.ports import Outcome, Request, Started

log = logging.getLogger(__name__)
START_SECONDS = 60.0
INTERRUPT_GRACE = 5.0
_POLL = 0.2
_AFTER_IDLE = 3.0
_KILL_SECONDS = 10.0
_NOT_OURS = ("JPY_SESSION_NAME", "MPLBACKEND")


@dataclass(frozen=True)
class Surroundings:
    """What every kernel of a run gets: folder, code to begin with, bookkeeping.

    `opened(id, pid, mark)` and `closed(id)` are called when a process begins
    and when it is gone; `code` is made when a kernel starts.
    """

    cwd: Path
    sockets: Path
    code: Callable[[], str]
    opened: Callable[[str, int, str], Awaitable[None]]
    closed: Callable[[str], Awaitable[None]]
    specs: KernelSpecManager | None = None
    start_seconds: float = START_SECONDS
    environment: Mapping[str, str] | None = None
    nursery: Nursery | None = None
    """Where kernels are forked; without it they are spawned."""


class KernelExecutor:
    """Starts kernels for the steps of one run."""

    def __init__(self, surroundings: Surroundings) -> None:
        """Keep what every kernel of the run gets."""
        self._around = surroundings

    async def open(self, kernel: str) -> Kernel:
        """Start a kernel and make it ready to run blocks.

        Raises:
            KernelError: when there is none of that name or it does not start.
        """
        made = Kernel(kernel, self._around)
        try:
            await made.start()
        except BaseException:
            await made.close(now=True)
            raise
        return made


class Kernel:
    """One kernel process of a run."""

    def __init__(self, kernel: str, surroundings: Surroundings) -> None:
        """Prepare; nothing is started yet."""
        self.id = secrets.token_hex(6)
        self.kernel = kernel
        self._around = surroundings
        self._manager: Any = None
        self._client: Any = None
        self._popen: Any = None
        self._pid = 0
        self._mark = ""
        self._died: asyncio.Event = asyncio.Event()
        self._answers: dict[str, _Answer] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._closed = False

    @property
    def alive(self) -> bool:
        """Whether it can take a step."""
        return not self._closed and not self._died.is_set() and self._client is not None

    @property
    def pid(self) -> int:
        """Return the id of the process."""
        return self._pid

    # ---- beginning -------------------------------------------------------

    async def start(self) -> None:
        """Start the process, wait until it answers, and teach it blocks."""
        seconds = self._around.start_seconds
        try:
            await asyncio.wait_for(self._start(), seconds)
        except (TimeoutError, asyncio.TimeoutError) as error:
            raise KernelStartTimeout(
                f"The kernel did not start in {seconds:g} s ('{self.kernel}').{self._last_words()}",
                kernel=self.kernel,
            ) from error

    async def _start(self) -> None:
        await self._launch()
        self._client = self._manager.client()
        self._client.start_channels()
        ready = asyncio.ensure_future(self._greet())
        death = asyncio.ensure_future(self._died.wait())
        try:
            await asyncio.wait([ready, death], return_when=asyncio.FIRST_COMPLETED)
            if not ready.done():
                raise KernelDied(
                    f"The kernel '{self.kernel}' ended while it started "
                    f"({self._exit()}).{self._last_words()}",
                    kernel=self.kernel,
                )
            ready.result()
        finally:
            for task in (ready, death):
                task.cancel()
        self._tasks.append(asyncio.ensure_future(self._listen(self._client.get_iopub_msg)))
        self._tasks.append(asyncio.ensure_future(self._listen(self._client.get_shell_msg)))
        await self._teach()

    async def _launch(self) -> None:
        around = self._around
        manager = AsyncKernelManager(
            kernel_name=self.kernel,
            connection_file=str(around.sockets / f"{self.id}.json"),
            **({"kernel_spec_manager": around.specs} if around.specs is not None else {}),
        )
        if os.name == "posix":
            # Other users of the machine cannot reach a socket in our folder.
            manager.transport = "ipc"
            manager.ip = str(around.sockets / self.id)
        self._manager = manager
        environment = {k: v for k, v in os.environ.items() if k not in _NOT_OURS}
        environment |= dict(around.environment or {}) | {process.MARKER: self.id}
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
        self._pid = int(getattr(provisioner, "pid", 0) or 0)
        self._mark = process.mark(self._pid) or ""
        await around.opened(self.id, self._pid, self._mark)
        self._tasks.append(asyncio.ensure_future(self._watch()))

    async def _greet(self) -> None:
        """Wait for the first answer; a kernel that has not bound yet answers later."""
        while True:
            with contextlib.suppress(RuntimeError):
                await self._client.wait_for_ready(timeout=self._around.start_seconds)
                return
            if self._died.is_set():
                return

    async def _teach(self) -> None:
        answer = self._send(self._around.code(), {}, silent=True)
        await self._settled(answer, None)
        if answer.ready:
            return
        if self._died.is_set():
            raise KernelDied(f"The kernel '{self.kernel}' died at its start ({self._exit()}).")
        raise KernelError(
            f"The kernel '{self.kernel}' cannot run blocks: "
            f"{answer.error or 'it did not answer as expected'}.",
            kernel=self.kernel,
        )

    # ---- a step ----------------------------------------------------------

    async def execute(
        self, request: Request, began: Callable[[Started], Awaitable[None]]
    ) -> Outcome:
        """Run a block; never raises for what the block does."""
        started = clock.now()
        answer = self._send(request.source, {"mage": dict(request.metadata)})
        answer.began = began
        in_time = await self._settled(answer, request.timeout)
        if not in_time:
            await self.interrupt()
            if not await self._settled(answer, INTERRUPT_GRACE):
                await self._kill()
        self._answers.pop(answer.id, None)
        found = answer.finished or self._without_word(answer)
        if not in_time:
            reason = f"It ran longer than its timeout of {request.timeout:g} s."
            found = replace(found, state=FAILED, error=reason, lost=not self.alive)
        return replace(
            found,
            version=found.version or answer.version,
            started=found.started or answer.started or started,
            ended=found.ended or clock.now(),
        )

    async def interrupt(self) -> None:
        """Send Ctrl-C."""
        if self.alive:
            with contextlib.suppress(RuntimeError, OSError):
                await self._manager.interrupt_kernel()

    def _without_word(self, answer: _Answer) -> Outcome:
        """Say how a step ended whose kernel never said so itself."""
        if self._died.is_set():
            return Outcome(FAILED, error=f"The kernel died ({self._exit()}).", lost=True)
        reason = answer.error or "The kernel answered without having run the block."
        return Outcome(FAILED, error=reason)

    def _send(self, code: str, metadata: Mapping[str, Any], *, silent: bool = False) -> _Answer:
        content = {
            "code": code,
            "silent": silent,
            "store_history": False,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": True,
        }
        message = self._client.session.msg("execute_request", content)
        message["metadata"] = {**message.get("metadata", {}), **metadata}
        answer = _Answer(message["header"]["msg_id"])
        self._answers[answer.id] = answer
        self._client.shell_channel.send(message)
        return answer

    async def _settled(self, answer: _Answer, timeout: float | None) -> bool:
        """Wait until a request is over or the kernel is dead; False when time is up first."""
        over = asyncio.ensure_future(answer.over.wait())
        death = asyncio.ensure_future(self._died.wait())
        try:
            done, _ = await asyncio.wait(
                [over, death], timeout=timeout, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            over.cancel()
            death.cancel()
        if death in done and over not in done:
            # What it said before it died may still be on its way.
            with contextlib.suppress(TimeoutError, asyncio.TimeoutError):
                await asyncio.wait_for(answer.over.wait(), 2 * _POLL)
        return bool(done)

    # ---- listening -------------------------------------------------------

    async def _listen(self, receive: Callable[..., Awaitable[dict[str, Any]]]) -> None:
        while True:
            try:
                message = await receive()
                answer = self._answers.get(messages.parent_of(message) or "")
                if answer is not None:
                    await self._heard(answer, message)
            except asyncio.CancelledError:
                raise
            except Exception:  # one bad message must not make us deaf
                log.warning("A message of a kernel could not be read.", exc_info=True)
                await asyncio.sleep(0.05)

    async def _heard(self, answer: _Answer, message: Mapping[str, Any]) -> None:
        kind, content = message.get("msg_type"), message.get("content") or {}
        if kind == messages.STEP:
            await self._step_event(answer, content)
        elif kind == "error":
            answer.error = messages.raised(content)
        elif kind == "execute_reply":
            if content.get("status") == "error" and answer.error is None:
                answer.error = messages.raised(content)
            # The channel of messages may drop some under a flood; the reply is never lost.
            if messages.STEP in content and answer.finished is None:
                answer.finished = messages.outcome(content[messages.STEP])
            answer.replied = True
        elif kind == "status" and content.get("execution_state") == "idle":
            answer.idle = True
        if answer.finished is not None or answer.ready:
            if answer.idle:
                answer.over.set()
        elif answer.idle and answer.replied and answer.patience is None:
            # The word may come from a thread; give it a moment, then do without.
            loop = asyncio.get_running_loop()
            answer.patience = loop.call_later(_AFTER_IDLE, answer.over.set)

    async def _step_event(self, answer: _Answer, content: Mapping[str, Any]) -> None:
        event = content.get("event")
        if event == "ready":
            answer.ready = True
        elif event == "started":
            answer.version = content.get("version")
            answer.started = messages.moment(content.get("started")) or clock.now()
            if answer.began is not None:
                await answer.began(Started(str(answer.version), answer.started))
        elif event == "finished":
            answer.finished = messages.outcome(content)

    async def _watch(self) -> None:
        """A killed kernel says nothing: look whether it is there."""
        while await self._manager.is_alive():
            await asyncio.sleep(_POLL)
        self._died.set()

    # ---- ending ----------------------------------------------------------

    async def close(self, *, now: bool = False) -> None:
        """End the process and everything it started; returns when all of it is gone."""
        if self._closed:
            return
        self._closed = True
        if self._pid and not now and not self._died.is_set() and self._client is not None:
            with contextlib.suppress(Exception):  # politeness is optional
                self._client.shutdown()
                await asyncio.wait_for(self._died.wait(), 2.0)
        await self._kill()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._client is not None:
            self._client.stop_channels()
        if self._manager is not None:
            with contextlib.suppress(Exception):  # files that are gone already
                await self._manager.cleanup_resources()
        if self._pid:
            await self._around.closed(self.id)
        self._output().unlink(missing_ok=True)

    async def _kill(self) -> None:
        """Kill the group until nobody of it is left."""
        if not self._pid:
            return
        until = time.monotonic() + _KILL_SECONDS
        while not await asyncio.to_thread(process.kill_all, self._pid, self.id):
            if self._popen is not None:
                self._popen.poll()
            if time.monotonic() > until:
                log.error("Kernel process %s does not end.", self._pid)
                break
            await asyncio.sleep(0.05)
        if self._popen is not None:
            self._popen.poll()
        self._died.set()

    def _exit(self) -> str:
        code = self._popen.poll() if self._popen is not None else None
        if code is None:
            return "for an unknown reason"
        if code >= 0:
            return f"exit status {code}"
        return f"signal {-code}"

    def _output(self) -> Path:
        return self._around.sockets / f"{self.id}.log"

    def _last_words(self) -> str:
        try:
            text = self._output().read_bytes()[-2000:].decode("utf-8", "replace").strip()
        except OSError:
            return ""
        return f" It said: {text.splitlines()[-1]}" if text else ""


class _Answer:
    """What a kernel has said so far to one request."""

    def __init__(self, request_id: str) -> None:
        self.id = request_id
        self.over = asyncio.Event()
        self.ready = False
        self.idle = False
        self.replied = False
        self.version: str | None = None
        self.started: Any = None
        self.finished: Outcome | None = None
        self.error: str | None = None
        self.began: Callable[[Started], Awaitable[None]] | None = None
        self.patience: asyncio.TimerHandle | None = None
