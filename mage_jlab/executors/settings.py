"""How kernels are started: what can be set, and what it is otherwise."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

SPARES = 2
IDLE_SECONDS = 600.0
OF_SPARES = "MAGE_JLAB_SPARE_KERNELS"


_NOT_OURS = ("JPY_SESSION_NAME", "MPLBACKEND")


def inherited() -> dict[str, str]:
    """Return what kernels of runs get of the environment of this process."""
    return {name: value for name, value in os.environ.items() if name not in _NOT_OURS}


def spares(usual: int = SPARES) -> int:
    """Return how many spare kernels there shall be: `MAGE_JLAB_SPARE_KERNELS`, else as usual."""
    given = os.environ.get(OF_SPARES, "")
    return int(given) if given.isdigit() else usual


@dataclass(frozen=True)
class Imports:
    """What kernels are forked with, as far as their environment has it.

    A kernel that is wanted early waits for `first` only; `without` is kept away from
    ipykernel, which works without it (code of the user can still import it).
    """

    first: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


_TABLES = ("numpy", "pandas", "pyarrow", "pyarrow.pandas_compat", "pyarrow.ipc")
OF_SERVER = Imports(later=(*_TABLES, "pyarrow.parquet", "polars", "matplotlib_inline.config"))
OF_COMMAND = Imports(first=_TABLES, without=("debugpy",))
"""A command forks for one run, which needs tables, and nobody can attach a debugger to it."""


@dataclass(frozen=True)
class Kernels:
    """Whether kernels are forked, how many are kept ready, for how long, and which there are.

    `nursery` is one that was begun already; else the engine makes its own.
    """

    fork: bool = True
    spares: int = SPARES
    idle_seconds: float = IDLE_SECONDS
    specs: Any = None
    nursery: Any = None
