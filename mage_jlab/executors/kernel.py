"""Runs steps in Jupyter kernels of our own: any kernelspec, no server needed."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from typing import Any

from mage_jlab import clock
from mage_jlab.errors import KernelDied, KernelError, KernelStartTimeout
from mage_jlab.executors import bundle, messages
from mage_jlab.executors.launch import Launched, Surroundings
from mage_jlab.executors.zygote import nursery
from mage_jlab.model.run import COMPLETED, FAILED
from mage_jlab.run.ports import Outcome, Request, Started

log = logging.getLogger(__name__)
INTERRUPT_GRACE = 5.0
_POLL = 0.2
_AFTER_IDLE = 3.0
_ASK_AFTER = 2.0
_UNHEARD = (b".execute_input", b".stream", b".display_data", b".execute_result")
"""Ends of topics of messages that say nothing about how a step goes."""


class Kernel:
    """One kernel process of a run."""

    def __init__(self, kernel: str, surroundings: Surroundings) -> None:
        """Prepare; nothing is started yet."""
        self.kernel = kernel
        self._around = surroundings
        self._launched = Launched(kernel, surroundings)
        self._died = self._launched.died
        self._answers: dict[str, _Answer] = {}
        self._storing: dict[str, asyncio.Future[Outcome]] = {}
        """By version: products that are on their way to the disk, and those that were."""
        self._tasks: list[asyncio.Task[None]] = []
        self._environment: dict[str, str] = {}
        self._taught = False
        self._closed = False

    @property
    def alive(self) -> bool:
        """Whether it can take a step."""
        return not self._closed and not self._died.is_set() and self._client is not None

    @property
    def pid(self) -> int:
        """Return the id of the process."""
        return self._launched.pid

    @property
    def _client(self) -> Any:
        return self._launched.client

    # ---- beginning -------------------------------------------------------

    async def start(self) -> None:
        """Start the process, wait until it answers, and teach it blocks."""
        await self._in_time(self._start())

    async def _start(self) -> None:
        self._environment = self._around.variables()
        await self._launched.start()
        self._tasks.append(asyncio.ensure_future(self._listen(self._client.iopub_channel)))
        self._tasks.append(asyncio.ensure_future(self._listen(self._client.shell_channel)))
        await self._teach()

    async def settle(self, surroundings: Surroundings) -> None:
        """Work for a run from now on: a kernel that nobody has used gets its surroundings."""
        before, after = self._environment, surroundings.variables()
        changed = {name: value for name, value in after.items() if before.get(name) != value}
        self._around = self._launched.around = surroundings
        move = bundle.settle_code(str(surroundings.cwd), changed, before.keys() - after.keys())
        await self._in_time(self._teach(move))

    def suits(self, surroundings: Surroundings) -> bool:
        """Whether it is what a kernel that is started now would be."""
        alike = nursery.acting(self._environment) == nursery.acting(surroundings.variables())
        return self.alive and alike and self._launched.fresh

    async def _in_time(self, work: Coroutine[Any, Any, None]) -> None:
        seconds = self._around.start_seconds
        try:
            await asyncio.wait_for(work, seconds)
        except (TimeoutError, asyncio.TimeoutError) as error:
            words = self._launched.last_words()
            raise KernelStartTimeout(
                f"The kernel did not start in {seconds:g} s ('{self.kernel}').{words}",
                kernel=self.kernel,
            ) from error

    async def _teach(self, first: str = "") -> None:
        """Have our code in the kernel work for the run; what is there is not sent again."""
        said = self._around.said
        here = self._taught or self._launched.forked
        codes = [bundle.again_code(said)] if here else []
        for code in (*codes, bundle.start_code(said)):
            answer = self._send(first + code, {}, silent=True)
            await self._settled(answer, None)
            self._answers.pop(answer.id, None)
            if answer.ready:
                self._taught = True
                return
            if self._died.is_set():
                raise KernelDied(
                    f"The kernel '{self.kernel}' died at its start ({self._launched.exit()})."
                )
        raise KernelError(
            f"The kernel '{self.kernel}' cannot run blocks, which need one made with ipykernel: "
            f"{answer.error or 'it did not answer as expected'}.",
            kernel=self.kernel,
        )

    # ---- a step ----------------------------------------------------------

    async def execute(self, request: Request, began: Callable[[Started], None]) -> Outcome:
        """Run a block; never raises for what the block does."""
        started = clock.now()
        answer = self._send(request.source, {"mage": dict(request.metadata)})
        answer.began = began
        in_time = await self._settled(answer, request.timeout)
        if not in_time:
            await self.interrupt()
            if not await self._settled(answer, INTERRUPT_GRACE):
                await self._launched.kill()
        self._answers.pop(answer.id, None)
        found = answer.finished or self._without_word(answer)
        if not in_time:
            reason = f"It ran longer than its timeout of {request.timeout:g} s."
            found = replace(found, state=FAILED, error=reason, lost=not self.alive)
        found = replace(
            found,
            version=found.version or answer.version,
            started=found.started or answer.started or started,
            ended=found.ended or clock.now(),
        )
        if found.version in self._storing:
            return replace(found, stored=functools.partial(self._stored, found))
        return found

    async def _stored(self, found: Outcome) -> Outcome:
        """Wait until what a block left is on disk; return how its step ended for good."""
        storing = self._storing[str(found.version)]
        await self._until_stored([storing])
        if not storing.done():
            reason = f"The kernel died ({self._launched.exit()}) before the output was stored."
            return replace(found, state=FAILED, error=reason, lost=True, stored=None)
        end = storing.result()
        if found.state != COMPLETED:
            return replace(found, stored=None)
        return replace(found, state=end.state, error=end.error, outputs=end.outputs, stored=None)

    async def settled(self) -> None:
        """Wait until everything its blocks left is on disk, or lost."""
        await self._until_stored([item for item in self._storing.values() if not item.done()])

    async def _until_stored(self, waited: list[asyncio.Future[Outcome]]) -> None:
        """Wait for products or the death of the kernel.

        The word of a product may get lost among many messages: after a while the
        kernel is asked, and its reply repeats it.
        """
        death = asyncio.ensure_future(self._died.wait())
        try:
            while any(not item.done() for item in waited) and not self._died.is_set():
                rest: list[asyncio.Future[Any]] = [item for item in waited if not item.done()]
                done, _ = await asyncio.wait(
                    [*rest, death], timeout=_ASK_AFTER, return_when=asyncio.FIRST_COMPLETED
                )
                if not done and self.alive:
                    answer = self._send("", {messages.SETTLE: True}, silent=True)
                    asked = asyncio.ensure_future(answer.over.wait())
                    await asyncio.wait([*rest, death, asked], return_when=asyncio.FIRST_COMPLETED)
                    asked.cancel()
                    self._answers.pop(answer.id, None)
            if self._died.is_set() and any(not item.done() for item in waited):
                await asyncio.sleep(2 * _POLL)  # its last words may still be on their way
        finally:
            death.cancel()

    async def interrupt(self) -> None:
        """Send Ctrl-C."""
        if self.alive:
            await self._launched.interrupt()

    def _without_word(self, answer: _Answer) -> Outcome:
        """Say how a step ended whose kernel never said so itself."""
        if self._died.is_set():
            return Outcome(FAILED, error=f"The kernel died ({self._launched.exit()}).", lost=True)
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

    async def _listen(self, channel: Any) -> None:
        session = self._client.session
        while True:
            try:
                parts = await channel.socket.recv_multipart()
                if parts[0].endswith(_UNHEARD):
                    continue
                _, rest = session.feed_identities(parts)
                message = session.deserialize(rest)
                self._note_stored(message)
                answer = self._answers.get(messages.parent_of(message) or "")
                if answer is not None:
                    self._heard(answer, message)
            except asyncio.CancelledError:
                raise
            except Exception:  # one bad message must not make us deaf
                log.warning("A message of a kernel could not be read.", exc_info=True)
                await asyncio.sleep(0.05)

    def _note_stored(self, message: Mapping[str, Any]) -> None:
        """Hear what became of products, from whatever message tells it first."""
        content = message.get("content") or {}
        told = list(content.get(messages.STORED) or ())
        if message.get("msg_type") == messages.STEP and content.get("event") == "stored":
            told.append(content)
        for item in told:
            storing = self._storing.get(str(item.get("version")))
            if storing is not None and not storing.done():
                storing.set_result(messages.outcome(item))

    def _finished(self, answer: _Answer, content: Mapping[str, Any]) -> None:
        answer.finished = messages.outcome(content)
        if content.get("stored") is False:
            version = str(content.get("version"))
            future = asyncio.get_running_loop().create_future()
            self._storing.setdefault(version, future)

    def _heard(self, answer: _Answer, message: Mapping[str, Any]) -> None:
        kind, content = message.get("msg_type"), message.get("content") or {}
        if kind == messages.STEP:
            self._step_event(answer, content)
        elif kind == "error":
            answer.error = messages.raised(content)
        elif kind == "execute_reply":
            if content.get("status") == "error" and answer.error is None:
                answer.error = messages.raised(content)
            # The channel of messages may drop some under a flood; the reply is never lost.
            if messages.STEP in content and answer.finished is None:
                self._finished(answer, content[messages.STEP])
            answer.replied = True
        elif kind == "status" and content.get("execution_state") == "idle":
            answer.idle = True
        if answer.ready:
            answer.over.set()
        elif answer.finished is not None:
            # After a failure the kernel drops what is sent before it is idle again.
            if answer.idle or answer.finished.state == COMPLETED:
                answer.over.set()
        elif answer.idle and answer.replied and answer.patience is None:
            # The word may come from a thread; give it a moment, then do without.
            loop = asyncio.get_running_loop()
            answer.patience = loop.call_later(_AFTER_IDLE, answer.over.set)

    def _step_event(self, answer: _Answer, content: Mapping[str, Any]) -> None:
        event = content.get("event")
        if event == "ready":
            answer.ready = True
        elif event == "started":
            answer.version = content.get("version")
            answer.started = messages.moment(content.get("started")) or clock.now()
            if answer.began is not None:
                answer.began(Started(str(answer.version), answer.started))
        elif event == "finished":
            self._finished(answer, content)

    # ---- ending ----------------------------------------------------------

    async def close(self, *, now: bool = False) -> None:
        """End the process and everything it started; returns when all of it is gone."""
        if self._closed:
            return
        self._closed = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._launched.close(now=now)


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
        self.began: Callable[[Started], None] | None = None
        self.patience: asyncio.TimerHandle | None = None
