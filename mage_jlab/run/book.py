"""Writes what happens in a run, off the loop, in batches, and stubbornly.

A step never waits for the database: what happened is noted and written in
order, as much at once as has come together. A row may be late, it never says
more than what happened; the end of the run is written last.

A database that is away for a while must not end a run: a write is repeated
until it works or patience ends. Repeating a write changes nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from mage_jlab import clock
from mage_jlab.errors import DiskFull, MageError
from mage_jlab.model.run import Step
from mage_jlab.run.ports import RunBook

log = logging.getLogger(__name__)
PATIENCE = 300.0
PAUSE = 0.05
"""Seconds between two writes, in which more comes together."""
_P = ParamSpec("_P")
_R = TypeVar("_R")


class Book:
    """The book of one run, written in order by one thread."""

    def __init__(self, store: RunBook, run_id: str, owner: str, thread: ThreadPoolExecutor) -> None:
        """Keep where to write and in whose name."""
        self._store = store
        self._run = run_id
        self._owner = owner
        self._thread = thread
        self._noted: dict[tuple[str, int], Step] = {}
        self._then: list[Callable[[], None]] = []
        self._writing: asyncio.Task[None] | None = None
        self._hurry = asyncio.Event()

    async def plan(self, planned: Sequence[Step]) -> None:
        """Write the steps of the plan."""
        await self.write(self._store.plan, self._run, self._owner, planned)

    async def children(self, group: str, children: Sequence[Step]) -> None:
        """Write the children of a step that are not there yet."""
        await self.write(self._store.add_children, self._run, self._owner, group, children)

    def note(self, step: Step, then: Callable[[], None] | None = None) -> None:
        """Have a step written as it stands now, soon; then call `then`.

        What is noted while a write is under way is written together, and of one
        attempt only the newest state.
        """
        self._noted[step.block, step.attempt] = step
        if then is not None:
            self._then.append(then)
        if self._writing is None:
            self._writing = asyncio.get_running_loop().create_task(self._write_noted())

    @property
    def writing(self) -> asyncio.Task[None] | None:
        """Return the write that is under way; it raises when the run is no longer ours."""
        return self._writing

    async def flush(self) -> None:
        """Wait until everything noted is written."""
        while self._writing is not None:
            self._hurry.set()
            await self._writing
        self._hurry.clear()

    async def _write_noted(self) -> None:
        while self._noted:
            noted, self._noted = list(self._noted.values()), {}
            then, self._then = self._then, []
            await self.write(self._store.save_steps, self._run, self._owner, noted)
            for call in then:
                call()
            with contextlib.suppress(TimeoutError, asyncio.TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), PAUSE)
        self._writing = None

    async def finish(self, state: str, error: str | None) -> None:
        """Write the end of the run, after everything that was noted."""
        await self.flush()
        await self.write(self._store.finish, self._run, self._owner, state, error)

    async def write(self, action: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
        """Do a write in the thread, again and again while the database is away."""
        loop = asyncio.get_running_loop()
        until = clock.monotonic() + PATIENCE
        delay = 0.1
        while True:
            try:
                call = functools.partial(action, *args, **kwargs)
                return await loop.run_in_executor(self._thread, call)
            except DiskFull:
                if clock.monotonic() > until:
                    raise
            except MageError:
                raise
            except Exception:  # whatever a driver raises when its database is away
                if clock.monotonic() > until:
                    raise
                log.warning("The database does not answer; trying again.", exc_info=True)
            await clock.sleep(delay)
            delay = min(delay * 2, 5.0)
