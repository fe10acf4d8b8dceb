"""Functions and classes of blocks are sent into other processes as code, not by their names.

joblib, PySpark, dask and others use cloudpickle, which names what lies in an importable
module; the module of a block can be imported in its own kernel only.
"""

from __future__ import annotations

import contextlib
import importlib.abc
import importlib.machinery
import sys
import types
from collections.abc import Sequence
from typing import Any

_END = "cloudpickle.cloudpickle"  # itself, and the copies that packages bring along


class _Finder(importlib.abc.MetaPathFinder):
    """Tells each copy of cloudpickle when it is imported."""

    def __init__(self, package: str) -> None:
        self.package = package

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> Any:
        """Find only cloudpickle."""
        if not fullname.endswith(_END) or path is None:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            execute, package = spec.loader.exec_module, self.package

            def told(module: types.ModuleType) -> None:
                execute(module)
                _tell(module, package)

            spec.loader.exec_module = told  # type: ignore[method-assign]
        return spec


def prepare(package: str) -> None:
    """Have everything below a package sent by value, from now on."""
    for name, module in list(sys.modules.items()):
        if name.endswith(_END):
            _tell(module, package)
    if not any(isinstance(item, _Finder) for item in sys.meta_path):
        sys.meta_path.insert(0, _Finder(package))


def _tell(module: types.ModuleType, package: str) -> None:
    register = getattr(module, "register_pickle_by_value", None)
    if register is None or package not in sys.modules:
        return  # a cloudpickle older than 2.0
    with contextlib.suppress(ValueError):
        register(sys.modules[package])
