"""How many kernels may live at once. Used on the engine's loop only."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Slots:
    """Places for kernels, shared by all runs of an engine."""

    def __init__(self, size: int) -> None:
        """Begin with `size` free places."""
        self._size = size
        self._taken = 0
        self._waiters: list[asyncio.Future[None]] = []
        self._spare: list[Callable[[], None]] = []

    @property
    def size(self) -> int:
        """Return how many kernels may live at once now."""
        return self._size

    @property
    def wanted(self) -> bool:
        """Whether somebody waits for a place."""
        return bool(self._waiters)

    def take(self) -> bool:
        """Take a place if one is free."""
        if self._taken >= self._size:
            return False
        self._taken += 1
        return True

    def give(self) -> None:
        """Give a place back."""
        self._taken -= 1
        self.pulse()

    def lend(self) -> None:
        """A block that only waits for another run gives its place away meanwhile."""
        self._size += 1
        self.pulse()

    def reclaim(self) -> None:
        """It goes on; for a moment there may be one kernel too many."""
        self._size -= 1

    def on_wanted(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call `callback` when somebody waits for a place; return how to stop that."""
        self._spare.append(callback)

        def forget() -> None:
            if callback in self._spare:
                self._spare.remove(callback)

        return forget

    def pulse(self) -> None:
        """Let everybody who waits look again."""
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def changed(self) -> None:
        """Wait until it is worth looking again."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        for callback in list(self._spare):
            callback()
        try:
            await waiter
        finally:
            if waiter in self._waiters:
                self._waiters.remove(waiter)
