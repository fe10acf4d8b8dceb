"""How kernels are started: what can be set, and what it is otherwise."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

SPARES = 2
IDLE_SECONDS = 600.0
OF_SPARES = "MAGE_JLAB_SPARE_KERNELS"


def spares(usual: int = SPARES) -> int:
    """Return how many spare kernels there shall be: `MAGE_JLAB_SPARE_KERNELS`, else as usual."""
    given = os.environ.get(OF_SPARES, "")
    return int(given) if given.isdigit() else usual


@dataclass(frozen=True)
class Kernels:
    """Whether kernels are forked, how many are kept ready, for how long, and which there are."""

    fork: bool = True
    spares: int = SPARES
    idle_seconds: float = IDLE_SECONDS
    specs: Any = None

    @classmethod
    def usual(cls, kind: str) -> Kernels:
        """Return the settings of a process that was given none; a command keeps no spares."""
        return cls(spares=spares(SPARES if kind == "server" else 0))
