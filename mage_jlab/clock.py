"""The machine's time. Nothing else in the package asks for it."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime, timezone


def now() -> datetime:
    """Return the present moment, aware, in UTC."""
    return datetime.now(timezone.utc)


def monotonic() -> float:
    """Return seconds on a clock that never goes backwards."""
    return time.monotonic()


async def sleep(seconds: float) -> None:
    """Give way for so many seconds."""
    await asyncio.sleep(max(0.0, seconds))
