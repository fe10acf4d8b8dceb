"""The loop that waits for fire times."""

from __future__ import annotations

import asyncio

from mage_jlab.schedule.ticker import Ticker


def test_it_ends_though_it_is_woken_in_the_same_moment() -> None:
    async def scene() -> str:
        ticker = Ticker()
        task = asyncio.ensure_future(ticker.serve())
        while ticker.health.state != "running":
            await asyncio.sleep(0.01)
        ticker.wake()
        task.cancel()
        done, _ = await asyncio.wait([task], timeout=5)
        assert done == {task} and task.cancelled()
        return ticker.health.state

    assert asyncio.run(scene()) == "stopped"
