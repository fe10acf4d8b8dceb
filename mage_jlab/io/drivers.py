"""Packages of the kernel's environment: imported when needed, asked for by name when absent."""

from __future__ import annotations

import importlib
import sys
from typing import Any

from mage_jlab.errors import MissingPackage


def package(modules: str, install: str, what: str) -> Any:
    """Return the first importable of some modules (names between spaces).

    Raises:
        MissingPackage: when there is none; names the package to install and where, for people
            in its message and for programs in ``detail["missing_package"]``.
    """
    for name in modules.split():
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name and not name.startswith(error.name):
                raise  # it is there, but something it needs is not
    importlib.invalidate_caches()  # it may be installed in a moment, while this kernel lives
    raise MissingPackage(
        f"{what} needs the package {install}, which the environment of this kernel "
        f"({sys.prefix}) does not have; install it there ({sys.executable} -m pip install "
        f"{install}) and restart the kernel.",
        missing_package={
            "package": install,
            "environment": sys.prefix,
            "python": sys.executable,
            "wanted_by": what,
        },
    )


def pandas(what: str = "This") -> Any:
    """Return pandas."""
    return package("pandas", "pandas", what)
