"""A block runs as in a process of its own: the kernel's event loop steps aside meanwhile.

Blocks call ``asyncio.run`` or ``loop.run_until_complete``, which refuse to work while a loop is
running in their thread. The kernel's own loop stands still until the block has ended anyway.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from collections.abc import Iterator
from typing import Any

_swap = getattr(asyncio.tasks, "_swap_current_task", None)  # since Python 3.12


@contextlib.contextmanager
def aside() -> Iterator[None]:
    """Let no loop run in this thread, and have one ready for whoever asks for the current one."""
    kernel = asyncio._get_running_loop()
    if kernel is None:
        yield
        return
    task = _swap(kernel, None) if _swap else None
    asyncio._set_running_loop(None)
    own = asyncio.new_event_loop()
    asyncio.set_event_loop(own)
    try:
        yield
    finally:
        if not own.is_running():
            own.close()
        asyncio.set_event_loop(kernel)
        asyncio._set_running_loop(kernel)
        if _swap:
            _swap(kernel, task)


def awaited(value: Any) -> Any:
    """Return what a function gave; an ``async`` one has to be run first."""
    if not inspect.iscoroutine(value):
        return value
    return asyncio.run(value)
