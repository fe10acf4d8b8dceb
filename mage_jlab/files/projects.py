"""Finding projects: folders with ``pipelines/`` and ``metadata.yaml``, levels deep.

Some that were committed lack the latter; Mage opens them with its defaults.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mage_jlab import clock
from mage_jlab.errors import BrokenFile, OutsideProject, ProjectNotFound
from mage_jlab.files import io_config, places, yaml_load
from mage_jlab.ids import ROOT_SLUG, ProjectId, find
from mage_jlab.model.block import FOLDERS
from mage_jlab.model.project import Project

MAX_DEPTH = 6
MAX_FOLDERS = 20_000
FRESH_SECONDS = 3.0

_SKIPPED = frozenset(
    {
        "node_modules", "__pycache__", "site-packages", "venv", "env", "lib", "lib64",
        "dbt_packages", "target", "build", "dist", "mage_data", "lost+found",
    }
)  # fmt: skip
_INSIDE_PROJECT = frozenset(
    {*FOLDERS.values(), "pipelines", "dbt", "utils", "interactions", "custom_templates", "logs"}
)


class Finder:
    """Finds the projects below a root, and remembers them for a moment."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._found: list[Path] | None = None
        self._until = 0.0
        self._settings: dict[Path, tuple[tuple[int, int], dict[str, Any]]] = {}
        self.complete = True
        """False when the search stopped at its limit of folders."""

    def forget(self) -> None:
        """Search anew at the next question."""
        self._found = None

    def all(self) -> list[Project]:
        """Return every project, the root first, then by path."""
        if self._found is None or clock.monotonic() > self._until:
            self._search()
        return [self._project(path) for path in self._found or () if is_project(path)]

    def one(self, id_or_slug: str) -> Project:
        """Return the project with this id or slug.

        Raises:
            ProjectNotFound: when there is none.
        """
        for again in (False, True):
            if again or self._found is None:
                self._search()
            known = {self._id(path): path for path in self._found or () if is_project(path)}
            wanted = ProjectId(id_or_slug)
            match = wanted if wanted in known else find(id_or_slug, known)
            if match is not None:
                return self._project(known[match])
        shown = "the root" if id_or_slug in ("", ROOT_SLUG) else repr(id_or_slug[:80])
        raise ProjectNotFound(f"There is no Mage project at {shown}.", project=id_or_slug[:200])

    def _search(self) -> None:
        started = clock.monotonic()
        self._found = sorted(self._walk(), key=lambda path: path.parts)
        # A slow disk is not searched again and again.
        now = clock.monotonic()
        self._until = now + max(FRESH_SECONDS, 20 * (now - started))

    def _walk(self) -> Iterator[Path]:
        self.complete = True
        level = [self.root]
        visited = 0
        for _ in range(MAX_DEPTH + 1):
            below: list[Path] = []
            for folder in level:
                visited += 1
                if visited > MAX_FOLDERS:
                    self.complete = False
                    return
                names = _folders(folder)
                if "pipelines" in names and is_project(folder):
                    yield folder
                    names = [name for name in names if name not in _INSIDE_PROJECT]
                below.extend(folder / name for name in names)
            level = below

    def _id(self, path: Path) -> ProjectId:
        relative = path.relative_to(self.root).as_posix()
        return ProjectId("" if relative == "." else relative)

    def _project(self, path: Path) -> Project:
        file = places.inside(path, places.METADATA)
        try:
            status = file.stat()
        except FileNotFoundError:
            return Project(self._id(path), path.name or "root", path, {})
        stamp = (status.st_mtime_ns, status.st_size)
        cached = self._settings.get(path)
        if cached is None or cached[0] != stamp:
            cached = (stamp, settings(file))
            self._settings[path] = cached
        return Project(self._id(path), path.name or "root", path, cached[1])


def _folders(folder: Path) -> list[str]:
    """Return the names of the folders in a folder that may hold projects; no links."""
    try:
        with os.scandir(folder) as entries:
            return sorted(
                entry.name
                for entry in entries
                if entry.is_dir(follow_symlinks=False)
                and not entry.name.startswith(".")
                and entry.name not in _SKIPPED
                and "/" not in entry.name
                and _encodable(entry.name)
            )
    except OSError:
        return []


def _encodable(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def is_project(path: Path) -> bool:
    """Say whether a folder is a project.

    Without ``metadata.yaml`` it is one when it has a pipeline, and blocks or ``io_config.yaml``.
    """
    pipelines = path / places.PIPELINES
    try:
        file = places.inside(path, places.METADATA)
    except OutsideProject:
        return False
    if not pipelines.is_dir() or pipelines.is_symlink():
        return False
    return file.is_file() or (not file.exists() and _looks_like_one(path, pipelines))


def _looks_like_one(path: Path, pipelines: Path) -> bool:
    parts = {places.IO_CONFIG, *FOLDERS.values()}
    try:
        if not any((path / name).exists() for name in parts):
            return False
        with os.scandir(pipelines) as entries:
            return any(Path(entry.path, places.METADATA).is_file() for entry in entries)
    except OSError:
        return False


def settings(file: Path) -> dict[str, Any]:
    """Return the project's settings, or {} when the file cannot be read (`check` says why)."""
    try:
        return read_settings(file)
    except (BrokenFile, OSError):
        return {}


def read_settings(file: Path) -> dict[str, Any]:
    """Return a project's ``metadata.yaml``: its Jinja filled in, every text stripped.

    Text whose Jinja is bad or does more than fill in a value is taken as it is.

    Raises:
        BrokenFile: when it is no YAML mapping.
    """
    text = yaml_load.read(file, places.METADATA)
    rendered = io_config.render_simple(text)
    try:
        document = yaml_load.load(rendered, places.METADATA)
    except BrokenFile:
        document = yaml_load.load(text, places.METADATA)
    if document is None:
        return {}
    return dict(_stripped(yaml_load.as_mapping(document, places.METADATA)))


def _stripped(value: Any) -> Any:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, Mapping):
        return {str(key): _stripped(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_stripped(item) for item in value]
    return value
