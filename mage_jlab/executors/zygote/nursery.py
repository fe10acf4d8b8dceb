"""The zygotes of one process: one for each environment that kernels are wanted in."""

from __future__ import annotations

import dataclasses
import json
import logging
import os
import re
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from mage_jlab.errors import ZygoteFailed
from mage_jlab.executors import bundle
from mage_jlab.executors.settings import IDLE_SECONDS, OF_SERVER, Imports
from mage_jlab.executors.zygote.link import Zygote

log = logging.getLogger(__name__)
MOST = 3
"""How many zygotes a server keeps; each holds what it imported, about 170 MB."""
_AGAIN = 60.0
_MODULE = ("-m", "ipykernel_launcher", "-f")
_OPTION = re.compile(r"-([XWQ].+|[BdEIOPsSuvx]+)$")
_OF_START = re.compile(
    r"(PYTHON|LD_|DYLD_|GLIBC_|MALLOC_|JEMALLOC_|_RJEM_|OMP_|GOMP_|KMP_|MKL_|OPENBLAS_|GOTO_|BLIS_"
    r"|NUMEXPR_|NUMPY_|NPY_|PANDAS_|POLARS_|RAYON_|ARROW_|LC_|LANG|HOME$|PATH$|VIRTUAL_ENV$|CONDA)"
)
"""Variables that act when a process or a library starts: another value is another zygote."""


def python_of(command: Sequence[str]) -> tuple[str, ...] | None:
    """Return the interpreter with its options, when a command starts a plain ipykernel."""
    if len(command) < 5 or tuple(command[-4:-1]) != _MODULE:
        return None
    prefix = tuple(command[:-4])
    if not all(_OPTION.match(word) for word in prefix[1:]):
        return None
    return prefix


class Nursery:
    """Keeps the zygotes; nothing is started before a kernel is wanted."""

    def __init__(self, *, idle: float = IDLE_SECONDS, imports: Imports = OF_SERVER) -> None:
        """Begin without a zygote; `idle` is how long one stays without kernels."""
        self._arguments = [str(idle), json.dumps(dataclasses.asdict(imports))]
        self._zygotes: dict[tuple[object, ...], Zygote] = {}
        self._lock = threading.Lock()
        self._failed: dict[tuple[object, ...], float] = {}
        self._folder: Path | None = None
        self._number = 0
        self._closed = False

    @property
    def zygotes(self) -> tuple[Zygote, ...]:
        """Return those that live."""
        with self._lock:
            return tuple(item for item in self._zygotes.values() if item.alive)

    def zygote(self, prefix: Sequence[str], environment: Mapping[str, str]) -> Zygote:
        """Return the zygote of an interpreter and environment; starts it when there is none.

        Raises:
            ZygoteFailed: when there can be none; start the kernel another way.
        """
        key = _key(prefix, environment)
        with self._lock:
            failed = time.monotonic() - self._failed.get(key, float("-inf")) < _AGAIN
            if self._closed or failed or sys.platform != "linux":
                raise ZygoteFailed("Kernels are not forked here.")
            found = self._zygotes.get(key)
            if found is not None and found.alive and not found.outdated:
                return found
            if found is not None and found.alive:
                found.retire()
            elif found is not None and not found.was_ready():
                self._failed[key] = time.monotonic()
                del self._zygotes[key]
                raise ZygoteFailed("Kernels cannot be forked in this environment.")
            self._make_room(key)
            made = Zygote(prefix, environment, self._output(), self._arguments)
            made.bring_in(bundle.install_code())
            self._zygotes[key] = made
            return made

    def retire(self) -> None:
        """No kernel will be wanted any more: each zygote ends when its last kernel has."""
        with self._lock:
            self._closed = True
            zygotes = list(self._zygotes.values())
        for item in zygotes:
            item.retire()

    def close(self) -> None:
        """End all of them with their kernels."""
        with self._lock:
            self._closed = True
            zygotes, self._zygotes = list(self._zygotes.values()), {}
        for item in zygotes:
            item.stop()
        folder, self._folder = self._folder, None
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)

    def _make_room(self, key: tuple[object, ...]) -> None:
        alive = {k: z for k, z in self._zygotes.items() if z.alive and k != key}
        self._zygotes = alive
        while len(alive) >= MOST:
            oldest = min(alive, key=lambda item: alive[item].used)
            alive.pop(oldest).retire()

    def _output(self) -> Path:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="mage-zygote-"))
        self._number += 1
        return self._folder / f"{self._number}.log"


def _key(prefix: Sequence[str], environment: Mapping[str, str]) -> tuple[object, ...]:
    user = os.geteuid() if hasattr(os, "geteuid") else 0
    return user, tuple(prefix), acting(environment)


def acting(environment: Mapping[str, str]) -> frozenset[tuple[str, str]]:
    """Return the variables that cannot be changed once a process has begun."""
    return frozenset(item for item in environment.items() if _OF_START.match(item[0]))
