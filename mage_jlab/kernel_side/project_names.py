"""The project as a package, under its own name and those its code knows it by."""

from __future__ import annotations

import ast
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from mage_jlab.kernel_side import copied

_PROJECT = ""
_INSTALLED = tuple(
    {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
)
_DEEP = 4
"""How many names may lead to the project, how many folders above it are looked at."""


class ProjectNames(importlib.abc.MetaPathFinder):
    """Finds the project under its own name and under the names its code knows it by.

    Committed code imports ``default_repo.utils.x`` or ``default_repo.shop.utils.x`` though
    the folder is called something else, and in a repository of several projects what lies
    in a folder above: ``platform.utils.x``. A run takes modules from its snapshot (`copied`).
    """

    def __init__(self) -> None:
        self.places: list[str] = []
        """The project's folders."""
        self.first: set[str] = set()
        """Names that lead to the project whatever else has them."""
        self.last: set[str] = set()
        """Names that lead to the project when nothing else has them."""
        self._learned: dict[str, list[str]] = {}
        self._above: list[Path] = []
        self._root = Path()
        self._copies: Path | None = None
        self._asking = False

    def start(self, root: Path, copies: Path | None, last: set[str]) -> None:
        """Work for a project from now on, in a run with the copies of its modules."""
        self._root, self._copies = root, copies
        self.places = project_folders(root, copies)
        self.first = {root.name} if copies else set()
        self.last = last - self.first
        self._learned = {}
        self._above = list(root.parents)[:_DEEP]

    def owns(self, path: str) -> bool:
        """Whether a path lies in the project, or in a folder above it that its code imports from.

        Installed packages do not, wherever the environment lies.
        """
        learned = {folder for found in self._learned.values() for folder in found if folder}
        return _below(path, (*self.places, *learned)) and not _below(path, _INSTALLED)

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> Any:
        """Find a name of the project."""
        if self._asking or not self.places:
            return None
        if fullname in self._learned:
            return self._package(fullname, self._learned[fullname])
        if path is not None:
            self._read(fullname, path)
            return self._copied(fullname, path)
        if fullname in self.first or (fullname in self.last and not self._known(fullname)):
            return self._package(fullname, [_PROJECT])
        self._read(fullname, self.places)
        return self._copied(fullname, None)

    def learn(self, tree: ast.AST) -> None:
        """Learn names of the project from the imports of a piece of code.

        A name that cannot be imported but whose rest lies in the project, or in a folder of
        that name above it, is one.
        """
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                self._learn(node.module.split("."), [alias.name for alias in node.names])
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    self._learn(alias.name.split("."), [])

    def _learn(self, parts: Sequence[str], imported: Sequence[str]) -> None:
        top = parts[0]
        if top == "mage_ai" or top in self.first:
            return
        if top not in self._learned and (top in sys.modules or self._known(top)):
            return
        for number, place in self._leads(parts, imported):
            for above in range(1, number):
                self._learned.setdefault(".".join(parts[:above]), [])
            self._lead(".".join(parts[:number]), place)
            return

    def _leads(self, parts: Sequence[str], imported: Sequence[str]) -> Iterator[tuple[int, str]]:
        """Say how many of the names lead to which folder: first where all of it lies."""
        counts = range(1, min(len(parts), _DEEP) + 1)
        for number in counts:
            if any(_lies(Path(place), parts[number:], imported) for place in self.places):
                yield number, _PROJECT
        for number in counts:
            for folder in self._above:
                if folder.name == parts[number - 1] and _lies(folder, parts[number:], imported):
                    yield number, str(folder)
        if len(parts) > 1 and any(_has(Path(place), parts[1]) for place in self.places):
            yield 1, _PROJECT

    def _lead(self, name: str, place: str) -> None:
        found = self._learned.setdefault(name, [])
        if place not in found:
            found.append(place)
            module = sys.modules.get(name)
            if module is not None:
                module.__path__ = self._folders(found)

    def _folders(self, found: Iterable[str]) -> list[str]:
        return [folder for one in found for folder in ([one] if one else self.places)]

    def _package(self, fullname: str, found: Sequence[str]) -> Any:
        folders = self._folders(found)
        starts = (Path(folder) / "__init__.py" for folder in folders)
        start = next((file for file in starts if file.is_file()), None)
        spec = importlib.machinery.ModuleSpec(fullname, None, is_package=True)
        if start is not None:
            spec = (
                importlib.util.spec_from_file_location(
                    fullname, start, submodule_search_locations=folders
                )
                or spec
            )
        spec.submodule_search_locations = folders
        return copied.spec_of(spec, self._root, self._copies) if self._copies else spec

    def _copied(self, fullname: str, path: Sequence[str] | None) -> Any:
        """Find a module of the project whose copy a run has; others are found as ever."""
        if self._copies is None or fullname in sys.builtin_module_names:
            return None
        if path is None:
            own = any(_has(Path(place), fullname) for place in self.places)
        else:
            own = any(_below(str(entry), self.places) for entry in path)
        spec = importlib.machinery.PathFinder.find_spec(fullname, path) if own else None
        found = spec is not None and spec.loader is not None and spec.origin is not None
        if spec is None or not found or not _below(str(spec.origin), [str(self._root)]):
            return None
        return copied.spec_of(spec, self._root, self._copies)

    def _known(self, name: str) -> bool:
        """Say whether a name can be imported without us."""
        self._asking = True
        try:
            return importlib.util.find_spec(name) is not None
        except (ImportError, ValueError):
            return False
        finally:
            self._asking = False

    def _read(self, fullname: str, path: Iterable[Any]) -> None:
        """Learn from a module of the project that is about to be imported."""
        last = fullname.rpartition(".")[2]
        for entry in map(str, path):
            if not self.owns(entry):
                continue
            for file in (Path(entry, last, "__init__.py"), Path(entry, f"{last}.py")):
                if file.is_file():
                    try:
                        tree = ast.parse(file.read_bytes())
                    except (OSError, ValueError, SyntaxError):
                        return  # the import itself says what is wrong
                    self.learn(tree)
                    return


def project_folders(root: Path, copies: Path | None) -> list[str]:
    """Return where a project's modules lie: in its folder, else among the copies of a run."""
    return [str(root), *([str(copies)] if copies else [])]


def _below(path: str, folders: Iterable[str]) -> bool:
    return (path + os.sep).startswith(tuple(folder + os.sep for folder in folders))


def _lies(folder: Path, parts: Sequence[str], imported: Sequence[str]) -> bool:
    """Say whether a module lies in a folder; of the folder itself, something imported from it."""
    if not parts:
        return any(_has(folder, name) for name in imported if name != "*")
    for name in parts[:-1]:
        folder = folder / name
        if not folder.is_dir():
            return False
    return _has(folder, parts[-1])


def _has(folder: Path, name: str) -> bool:
    return bool(name) and ((folder / name).is_dir() or (folder / f"{name}.py").is_file())
