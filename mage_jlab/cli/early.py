"""What `mage-jlab run` begins before anything else: the process its kernels are forked from.

It loads ipykernel and pandas while this process still loads its own parts.
"""

from __future__ import annotations

import atexit
import sys

from mage_jlab.errors import ZygoteFailed
from mage_jlab.executors.settings import OF_COMMAND, Kernels, inherited, spares
from mage_jlab.executors.zygote.nursery import Nursery

_begun: list[Nursery] = []


def begin() -> None:
    """Start it for Jupyter's own Python kernel; another kernel gets its own later."""
    nursery = Nursery(imports=OF_COMMAND)
    _begun.append(nursery)
    atexit.register(nursery.close)
    try:
        nursery.zygote((sys.executable,), inherited())
    except ZygoteFailed:
        return  # kernels are spawned then


def kernels() -> Kernels:
    """Return how a command starts kernels: it keeps no spares unless it was told to."""
    return Kernels(spares=spares(0), nursery=_begun[-1] if _begun else None)
