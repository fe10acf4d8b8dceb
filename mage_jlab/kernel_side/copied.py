"""Modules of a run: their text as it was when the run began, their place in the project.

A run has a copy of the project's modules, which later edits do not reach. They are run under
the path they have in the project, so that what they read and write beside themselves
(``Path(__file__).parent``) is the project's.
"""

from __future__ import annotations

import importlib.machinery
import linecache
from pathlib import Path
from types import CodeType


def spec_of(
    spec: importlib.machinery.ModuleSpec, root: Path, copies: Path
) -> importlib.machinery.ModuleSpec:
    """Let a module of the project below `root` be run from its copy, when there is one."""
    if spec.origin is None or not isinstance(spec.loader, importlib.machinery.SourceFileLoader):
        return spec
    file = Path(spec.origin)
    if not file.is_relative_to(root):
        return spec
    copy = copies / file.relative_to(root)
    if copy.is_file():
        spec.loader = _Loader(spec.name, spec.origin, copy)
    if spec.submodule_search_locations is not None and copy.parent.is_dir():
        # What was removed from the project since then is still in the copy.
        folders = spec.submodule_search_locations
        spec.submodule_search_locations = [*dict.fromkeys([*folders, str(copy.parent)])]
    return spec


_codes: dict[Path, CodeType] = {}
"""Of copies, which never change: each block of a run imports the modules anew."""


class _Loader(importlib.machinery.SourceFileLoader):
    """Loads a module from the copy of its file."""

    def __init__(self, name: str, path: str, copy: Path) -> None:
        super().__init__(name, path)
        self._copy = copy

    def get_data(self, path: str) -> bytes:
        """Return the bytes of the copy when the module's own file is asked for."""
        return self._copy.read_bytes() if path == self.path else super().get_data(path)

    def get_code(self, fullname: str) -> CodeType:
        """Return the code of the copy; compiled files belong to the project's own."""
        known = _codes.get(self._copy)
        if known is not None:
            return known
        text = self.get_source(fullname) or ""
        # For tracebacks and `inspect`: what has no time is never read from the file again.
        linecache.cache[self.path] = (len(text), None, text.splitlines(keepends=True), self.path)
        code = self.source_to_code(self.get_data(self.path), self.path)
        _codes[self._copy] = code
        return code
