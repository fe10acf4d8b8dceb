"""Kernels under `jupyter_client`, forked or spawned."""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager

from mage_jlab.executors.zygote.link import Forked
from mage_jlab.executors.zygote.nursery import Nursery
from mage_jlab.executors.zygote.provisioner import fork_with


class Living:
    """A kernel and how to talk to it."""

    def __init__(self, manager: AsyncKernelManager, client: Any) -> None:
        self.manager = manager
        self.client = client

    @property
    def process(self) -> Any:
        return self.manager.provisioner.process

    @property
    def forked(self) -> bool:
        return isinstance(self.process, Forked)

    async def run(self, code: str, told: Callable[[str], Any] = lambda _: None) -> tuple[str, str]:
        """Execute code; return what it printed, which `told` hears at once, and the name of its error."""
        said: list[str] = []

        def hear(message: dict[str, Any]) -> None:
            if message["msg_type"] == "stream":
                said.append(message["content"]["text"])
                told("".join(said))

        reply = await self.client.execute_interactive(code, output_hook=hear, timeout=60)
        return "".join(said), reply["content"].get("ename", "")

    async def value(self, expression: str) -> Any:
        """Return what a JSON-able expression is in the kernel."""
        text, error = await self.run(f"import json; print(json.dumps({expression}))")
        assert not error, (expression, error)
        return json.loads(text)


@asynccontextmanager
async def living(
    nursery: Nursery | None, *, spec: KernelSpec | None = None,
    environment: Mapping[str, str] | None = None, **options: Any,
) -> AsyncIterator[Living]:  # fmt: skip
    """A kernel that is started, greeted, and gone at the end."""
    with tempfile.TemporaryDirectory(prefix="mz") as folder:
        place = Path(folder)
        manager = AsyncKernelManager(
            kernel_name="python3",
            connection_file=str(place / "k.json"),
            transport="ipc",
            ip=str(place / "k"),
        )
        if spec is not None:
            manager._kernel_spec = spec
        if nursery is not None:
            fork_with(manager, nursery)
        # ipykernel does not capture low-level output when it believes to be under test.
        left_out = ("MPLBACKEND", "PYTEST_CURRENT_TEST")
        given = {k: v for k, v in os.environ.items() if k not in left_out} | (environment or {})
        await manager.start_kernel(env=given, **{"cwd": folder, **options})
        client = manager.client()
        client.start_channels()
        try:
            await client.wait_for_ready(timeout=60)
            yield Living(manager, client)
        finally:
            client.stop_channels()
            if manager.has_kernel:
                await manager.shutdown_kernel(now=True)


def lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def until(condition: Callable[[], Any], seconds: float = 30) -> Any:
    """Wait for something to become true; return what it gave."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        await asyncio.sleep(0.02)
    raise AssertionError("what was waited for did not happen")
