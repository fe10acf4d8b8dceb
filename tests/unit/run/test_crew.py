"""The kernels of a run: who closes them, and how often."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

from mage_jlab.run.crew import Crew
from mage_jlab.run.limits import Slots


class Nobody:
    """An executor that is never asked."""

    async def open(self, kernel: str) -> Any:
        raise AssertionError(kernel)


def test_closing_a_crew_twice_is_closing_it_once() -> None:
    async def close() -> None:
        slots = Slots(1)
        crew = Crew(Nobody(), slots)
        await crew.close()
        await crew.close(now=True)

    asyncio.run(close())


class Worker:
    """A kernel that may die while nobody uses it."""

    kernel = "python3"
    alive = True

    async def settled(self) -> None:
        """Nothing of it is on its way."""

    async def close(self, *, now: bool = False) -> None:
        self.alive = False


class Opens:
    """An executor that counts what it opens."""

    def __init__(self) -> None:
        self.opened: list[Worker] = []

    async def open(self, kernel: str) -> Any:
        self.opened.append(Worker())
        return self.opened[-1]


STEP: Any = SimpleNamespace(id="s", kernel="python3", reads=())


def test_a_kept_worker_waits_for_the_next_step_and_lends_its_place() -> None:
    async def keep() -> None:
        slots, executor = Slots(1), Opens()
        crew = Crew(executor, slots, 1, keep=True)
        first = await crew.take(STEP)
        await crew.release(first)
        crew.trim(0)
        crew.trim(0)
        assert slots.size == 2 and slots.take()  # somebody else works in its place
        assert await crew.take(STEP) is first
        slots.give()
        await crew.close()
        assert slots.size == 1 and slots.take() and not slots.take()

    asyncio.run(asyncio.wait_for(keep(), 5))


def test_a_kept_worker_that_died_is_replaced() -> None:
    async def replace() -> None:
        slots, executor = Slots(1), Opens()
        crew = Crew(executor, slots, 1, keep=True)
        first: Any = await crew.take(STEP)
        await crew.release(first)
        crew.trim(0)
        first.alive = False
        assert await crew.take(STEP) is executor.opened[1]
        assert slots.size == 1 and not slots.take()
        await crew.close()
        assert slots.take() and not slots.take()

    asyncio.run(asyncio.wait_for(replace(), 5))
