"""Starts kernels for `jupyter_client`: forked where that is possible, else as usual."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jupyter_client.provisioning.factory import KernelProvisionerFactory
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from mage_jlab.errors import ZygoteFailed
from mage_jlab.executors.zygote.link import Forked, Wish
from mage_jlab.executors.zygote.nursery import Nursery, python_of

log = logging.getLogger(__name__)
NAME = "mage-jlab"
"""The name of the entry point, and what a configuration calls this provisioner."""
NOTEBOOK = "MAGE_JLAB_NOTEBOOK"
"""Set for kernels of notebooks that are pipelines."""
FORK_SECONDS = 20.0
LISTEN_SECONDS = 60.0
_KNOWN = {"env", "cwd", "stdin", "stdout", "stderr", "kernel_id", "independent"}


class ZygoteProvisioner(LocalProvisioner):
    """Jupyter's ordinary provisioner, but that a kernel may come out of a zygote.

    What it does not know it leaves to its base class: other kernels than
    ipykernel's, other commands, other systems, kernels that no pipeline has.
    """

    process: Any = None
    nursery: Nursery | None = None
    """Shared by all kernels of a server; None leaves everything to the base class."""
    always = False
    """Fork whatever can be forked, not only the kernels of pipeline notebooks."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Start the kernel and return how to reach it."""
        prefix = self._forkable(cmd, kwargs)
        if prefix is not None:
            try:
                return await self._fork(prefix, cmd, kwargs)
            except ZygoteFailed as error:
                log.info("A kernel is spawned, not forked: %s", error.message)
        return await super().launch_kernel(cmd, **kwargs)

    async def wait(self) -> int | None:
        """Wait for the end of the process."""
        if isinstance(self.process, Forked):
            status = await asyncio.wrap_future(self.process.ended)
            self.process.let_go()
            self.process = None
            return status
        return await super().wait()

    def _forkable(self, cmd: list[str], kwargs: Mapping[str, Any]) -> tuple[str, ...] | None:
        if self.nursery is None or self.kernel_spec.interrupt_mode != "signal":
            return None
        if not set(kwargs) <= _KNOWN or kwargs.get("independent"):
            return None
        environment = kwargs.get("env") or {}
        return python_of(cmd) if self.always or NOTEBOOK in environment else None

    async def _fork(self, prefix: tuple[str, ...], cmd: list[str], kwargs: dict[str, Any]) -> Any:
        assert self.nursery is not None  # noqa: S101 - looked at by _forkable
        environment = dict(kwargs["env"] if kwargs.get("env") is not None else os.environ)
        cwd = str(kwargs.get("cwd") or Path.cwd())
        if not Path(cwd).is_dir():
            raise ZygoteFailed(f"There is no folder {cwd}.")
        command = [os.path.expanduser(word) for word in cmd]  # noqa: PTH111 - as jupyter_client
        python = tuple(command[: len(prefix)])
        files = [_file(kwargs.get(name), number) for number, name in enumerate(_STREAMS)]
        try:
            wish = Wish(command, command[-2:], cwd, environment, [number for number, _ in files])
            made = await asyncio.wait_for(_forked(self.nursery, python, wish), FORK_SECONDS)
        except (TimeoutError, asyncio.TimeoutError) as error:
            raise ZygoteFailed(f"No kernel was forked within {FORK_SECONDS:g} s.") from error
        finally:
            for _, close in files:
                close()
        self.process = made
        self.pid = self.pgid = made.pid
        self.cwd = cwd
        # Whoever connects before the kernel listens waits for another try.
        await asyncio.wait([asyncio.wrap_future(made.listens)], timeout=LISTEN_SECONDS)
        return self.connection_info


async def _forked(nursery: Nursery, python: tuple[str, ...], wish: Wish) -> Forked:
    """Have a kernel forked, by another zygote when the first has just ended."""
    while True:
        zygote = await asyncio.to_thread(nursery.zygote, python, wish.environment)
        try:
            return await asyncio.wrap_future(zygote.fork(wish))
        except ZygoteFailed:
            if zygote.alive:
                raise


_STREAMS = ("stdin", "stdout", "stderr")


def _file(given: Any, number: int) -> tuple[int, Callable[[], None]]:
    """Return the descriptor a stream shall have, and how to close it again.

    Raises:
        ZygoteFailed: when it is to be a pipe: that is for who spawns.
    """
    if given == subprocess.DEVNULL or (given is None and number == 0):
        fd = os.open(os.devnull, os.O_RDWR)
        return fd, lambda: os.close(fd)
    if given is None:
        return number, lambda: None
    if isinstance(given, int) and given < 0:
        raise ZygoteFailed("A kernel with a pipe cannot be forked.")
    return (given if isinstance(given, int) else given.fileno()), lambda: None


def fork_with(manager: Any, nursery: Nursery) -> None:
    """Have a manager fork its kernel, unless its kernelspec or a setting names another way."""
    spec = manager.kernel_spec
    factory = KernelProvisionerFactory.instance(parent=manager.parent)
    usual = factory.default_provisioner_name in ("local-provisioner", NAME)
    if spec is None or not usual or "kernel_provisioner" in (spec.metadata or {}):
        return
    made = ZygoteProvisioner(kernel_id="", kernel_spec=spec, parent=manager)
    made.nursery, made.always = nursery, True
    manager.provisioner = made
