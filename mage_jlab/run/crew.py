"""The kernels of one run: which one a step goes to.

A step goes to an idle kernel that holds one of its inputs, else to any idle
one, else to a new one while there are places; branches so run side by side
and a chain stays where its data is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from mage_jlab.plan.build import PlannedStep
from mage_jlab.run.limits import Slots
from mage_jlab.run.ports import Executor, Worker


class Crew:
    """The workers of one run. Used on the engine's loop only."""

    def __init__(
        self, executor: Executor, slots: Slots, limit: int | None = None, *, keep: bool = False
    ) -> None:
        """Begin without a worker; `limit` is the most this run may have.

        With `keep` an idle worker lives on until the run ends: its place is lent to others.
        """
        self._executor = executor
        self._slots = slots
        self._limit = limit or slots.size
        self._keep = keep
        self._lent = False
        self._idle: list[Worker] = []
        self._busy: list[Worker] = []
        self._opening = 0
        self._held: dict[int, set[str]] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._forget = slots.on_wanted(self._make_room)

    @property
    def limit(self) -> int:
        """Return the most workers this run may have now."""
        return max(1, min(self._limit, self._slots.size))

    @property
    def workers(self) -> tuple[Worker, ...]:
        """Return all workers that live."""
        return (*self._busy, *self._idle)

    def pick(self, step: PlannedStep) -> Worker | None:
        """Take an idle worker that fits: the one that ran the step or holds its inputs first."""
        fitting = [item for item in self._idle if item.kernel == step.kernel and item.alive]
        if not fitting:
            return None
        wanted, none = set(step.reads), set[str]()
        held = {id(item): self._held.get(id(item), none) for item in fitting}
        best = max(fitting, key=lambda i: (step.id in held[id(i)], len(wanted & held[id(i)])))
        self._reclaim()
        self._idle.remove(best)
        self._busy.append(best)
        return best

    async def take(self, step: PlannedStep) -> Worker:
        """Wait for a worker for a step; starts a new one when there is a place."""
        while True:
            worker = self.pick(step)
            if worker is not None:
                return worker
            room = len(self.workers) + self._opening < self._limit
            if room and self._slots.take():
                return await self._open(step.kernel)
            # It cannot serve the step: another kind of kernel, or one that died meanwhile.
            unfit = (i for i in self._idle if i.kernel != step.kernel or not i.alive)
            other = next(unfit, None)
            if other is not None:
                self._reclaim()
                await self._close(other)
                continue
            await self._slots.changed()

    async def _open(self, kernel: str) -> Worker:
        self._opening += 1
        try:
            worker = await self._executor.open(kernel)
        except BaseException:
            self._slots.give()
            raise
        finally:
            self._opening -= 1
        self._busy.append(worker)
        return worker

    async def release(self, worker: Worker, block: str | None = None) -> None:
        """A step is over: keep its worker for the next one, or bury it."""
        if worker not in self._busy:
            return
        self._busy.remove(worker)
        if not worker.alive:
            await self._bury(worker, now=True)
            return
        if block is not None:
            self._held.setdefault(id(worker), set()).add(block)
        self._idle.append(worker)
        self._slots.pulse()

    def trim(self, waiting: int) -> None:
        """Close idle workers that the `waiting` steps cannot need, or somebody else does."""
        if self._keep:
            if self._idle and not self._busy and not self._lent:
                self._lent = True
                self._slots.lend()
            return
        keep = 0 if self._slots.wanted else waiting
        for worker in self._idle[keep:]:
            self._close_later(worker)

    async def close(self, *, now: bool = False) -> None:
        """Close every worker; returns when all their processes are gone."""
        self._reclaim()
        everyone = list(self.workers)
        self._idle.clear()
        self._busy.clear()
        await asyncio.gather(*(self._bury(worker, now=now) for worker in everyone))
        if self._closing:
            await asyncio.gather(*self._closing, return_exceptions=True)
        self._forget()

    def discard(self, workers: Iterable[Worker]) -> None:
        """Close workers in the background."""
        for worker in workers:
            self._close_later(worker)

    def _reclaim(self) -> None:
        if self._lent:
            self._lent = False
            self._slots.reclaim()

    def _make_room(self) -> None:
        if not self._keep and (self._busy or self._opening):
            for worker in list(self._idle):
                self._close_later(worker)

    def _close_later(self, worker: Worker) -> None:
        task = asyncio.get_running_loop().create_task(self._close(worker))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _close(self, worker: Worker) -> None:
        if worker in self._idle:
            self._idle.remove(worker)
            await self._bury(worker, now=False)

    async def _bury(self, worker: Worker, *, now: bool) -> None:
        self._held.pop(id(worker), None)
        try:
            if not now:
                await worker.settled()  # what it has not stored yet would be lost with it
            await worker.close(now=now)
        finally:
            self._slots.give()
