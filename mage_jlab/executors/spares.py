"""Kernels that are ready before anybody asks: started, greeted, with our code in them.

Nobody has used a spare, and it is used for one run only: handing it out gives
it the run's folder, environment and context. Used on the engine's loop only.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from mage_jlab.errors import KernelError
from mage_jlab.executors.kernel import Kernel
from mage_jlab.executors.launch import Surroundings

log = logging.getLogger(__name__)
_LATER = 0.05
"""Seconds after which a spare is replaced: the run that took it begins first."""


@dataclass
class Spares:
    """Keeps `size` kernels of each kind that was wanted, until `idle` seconds after the last."""

    size: int
    idle: float
    surroundings: Callable[[], Surroundings]

    def __post_init__(self) -> None:
        """Begin with none: nothing is started before a kernel is wanted."""
        self._made: dict[str, list[asyncio.Task[Kernel]]] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    @property
    def ready(self) -> int:
        """Return how many kernels could be handed out at once."""
        return sum(task.done() for tasks in self._made.values() for task in tasks)

    async def open(self, kernel: str, around: Surroundings) -> Kernel:
        """Return a kernel for a run: a spare, or a new one.

        Raises:
            KernelError: when it does not start.
        """
        self._refill(kernel)
        self._wait()
        while (spare := await self._take(kernel, around)) is not None:
            with contextlib.suppress(KernelError):  # it has just died
                return await self._begun(spare, spare.settle(around))
        made = Kernel(kernel, around)
        return await self._begun(made, made.start())

    async def close(self) -> None:
        """End all spares; there are none afterwards."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        for spares in self._made.values():
            self._drop(spares, list(spares))
        while self._closing:
            await asyncio.gather(*self._closing, return_exceptions=True)

    async def _take(self, kernel: str, around: Surroundings) -> Kernel | None:
        spares = self._made.get(kernel, [])
        while spares:
            # One that is just being made is nearer than one that is not begun.
            task = next((item for item in spares if item.done()), spares[0])
            spares.remove(task)
            self._refill(kernel)
            try:
                made = await asyncio.shield(task)
            except KernelError as error:
                log.info("A spare kernel did not start: %s", error.message)
                return None
            except asyncio.CancelledError:
                if task.cancelled():
                    return None
                spares.append(task)  # who asked went away; the next one may have it
                raise
            if made.suits(around):
                return made
            self._end(made)
        return None

    def _refill(self, kernel: str) -> None:
        asyncio.get_running_loop().call_later(_LATER, self._fill, kernel)

    def _fill(self, kernel: str) -> None:
        spares = self._made.setdefault(kernel, [])
        while len(spares) < self.size and not self._closed:
            spares.append(asyncio.get_running_loop().create_task(self._make(kernel)))

    async def _make(self, kernel: str) -> Kernel:
        made = Kernel(kernel, self.surroundings())
        await self._begun(made, made.start())
        if not self._closed:
            self._wait()
        return made

    async def _begun(self, kernel: Kernel, work: Coroutine[Any, Any, None]) -> Kernel:
        try:
            await work
        except BaseException:
            await kernel.close(now=True)
            raise
        return kernel

    def _wait(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(self.idle, self._drop_idle)

    def _drop_idle(self) -> None:
        for spares in self._made.values():
            self._drop(spares, [task for task in spares if task.done()])

    def _drop(self, spares: list[asyncio.Task[Kernel]], some: list[asyncio.Task[Kernel]]) -> None:
        for task in some:
            spares.remove(task)
            self._keep(self._bury(task))

    async def _bury(self, task: asyncio.Task[Kernel]) -> None:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, KernelError):
            await (await task).close(now=True)

    def _end(self, kernel: Kernel) -> None:
        self._keep(kernel.close(now=True))

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
