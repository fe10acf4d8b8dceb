"""Modules that a block before imported: used again where they cannot be imported anew."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import logging
import sys
import types
from collections.abc import Mapping
from typing import Any


class FormerModules(importlib.abc.MetaPathFinder):
    """Lets a module of the project that was imported before fail without harm.

    Packages stay imported between the blocks of a run, and some of them take a name once per
    process: a counter of a metrics library, a table of a model. A module that was imported
    before and fails when it is imported anew is used as the block before left it.
    """

    def __init__(self) -> None:
        self._former: dict[str, tuple[types.ModuleType, list[logging.Handler]]] = {}

    def keep(self, modules: Mapping[str, types.ModuleType]) -> None:
        """Keep modules that are forgotten, and what their loggers write to."""
        for name, module in modules.items():
            self._former[name] = module, list(_handlers(name))
        if self not in sys.meta_path:
            sys.meta_path.insert(0, self)

    def clear(self) -> None:
        """Keep none: their files were edited, or another project is worked for."""
        self._former.clear()

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> Any:
        """Find a module that was imported before as the others find it."""
        if fullname not in self._former or target is not None:
            return None
        for finder in sys.meta_path:
            spec = None if finder is self else finder.find_spec(fullname, path, target)
            if spec is not None:
                if spec.loader is not None and hasattr(spec.loader, "exec_module"):
                    spec.loader = _Loader(spec.loader, *self._former[fullname])
                return spec
        return None


class _Loader(importlib.abc.Loader):
    """Executes a module as its own loader does; when that fails, the former one takes its place."""

    def __init__(self, own: Any, former: types.ModuleType, handlers: list[logging.Handler]) -> None:
        self._own, self._former, self._handlers = own, former, handlers

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType | None:
        module: types.ModuleType | None = self._own.create_module(spec)
        return module

    def exec_module(self, module: types.ModuleType) -> None:
        module.__loader__ = self._own
        if module.__spec__ is not None:
            module.__spec__.loader = self._own
        try:
            self._own.exec_module(module)
        except Exception:  # noqa: BLE001 - whatever a package says to the second one
            name = module.__name__
            sys.modules[name] = self._former
            _handlers(name)[:] = self._handlers


def _handlers(name: str) -> list[logging.Handler]:
    """Return what a module's logger writes to; a module has none as long as nobody asks."""
    return logging.getLogger(name).handlers if name in logging.root.manager.loggerDict else []
