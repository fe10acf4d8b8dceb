"""The kernels of a run: who closes them, and how often."""

from __future__ import annotations

import asyncio
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
