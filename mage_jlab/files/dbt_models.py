"""The models of dbt projects below `dbt/`, and which of them read which: read from their text.

dbt itself would tell the same by `dbt list`, but it belongs to the user's
environment and takes seconds; what a model refers to stands in it as a literal.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mage_jlab.errors import MageError
from mage_jlab.files import block_source, places, yaml_load

FOLDER = "dbt"
PROJECT = "dbt_project.yml"
MAX_MODELS = 5_000
_SKIPPED = frozenset({"dbt_packages", "dbt_modules", "target", "logs", "node_modules"})
_COMMENT = re.compile(r"\{#.*?#\}|/\*.*?\*/|--[^\n]*", re.S)
_REF = re.compile(r"""\bref\(\s*(['"])([^'"]+)\1(?:\s*,\s*(['"])([^'"]+)\3)?""")
_SOURCE = re.compile(r"""\bsource\(\s*(['"])([^'"]+)\1\s*,\s*(['"])([^'"]+)\3""")
_DEFAULTS = {"model": ["models"], "snapshot": ["snapshots"]}


@dataclass(frozen=True)
class DbtModel:
    """A model or snapshot of a dbt project.

    `path` and those in `upstream` are relative to `dbt/`; `sources` are the tables
    of `mage_sources.yml` that it reads, called `<pipeline>_<block>`.
    """

    project: str
    path: str
    name: str
    kind: str
    upstream: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


def models(root: Path) -> list[DbtModel]:
    """Return the models of every dbt project of a Mage project, by path, without broken ones."""
    found: list[DbtModel] = []
    for folder in _projects(root):
        found += _of(root, folder)
    return sorted(found, key=lambda item: item.path)[:MAX_MODELS]


def _projects(root: Path) -> Iterator[str]:
    """Yield the folders of dbt projects, relative to `dbt/`."""
    top = root / FOLDER
    for place, folders, files in os.walk(top, followlinks=False):
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and name not in _SKIPPED
        )
        if PROJECT in files and Path(place) != top:
            folders.clear()
            yield Path(place).relative_to(top).as_posix()


def _of(root: Path, folder: str) -> list[DbtModel]:
    base = f"{FOLDER}/{folder}"
    try:
        file = places.inside(root, f"{base}/{PROJECT}")
        said = yaml_load.load_mapping(yaml_load.read(file, PROJECT), PROJECT)
    except MageError:
        return []
    texts: dict[str, tuple[str, str]] = {}
    for kind, usual in _DEFAULTS.items():
        for place in _paths(said, f"{kind}-paths", usual):
            for path in _files(root, f"{base}/{place}"):
                text = _text(root, path)
                if text is not None and len(texts) < MAX_MODELS:
                    texts[path.removeprefix(f"{FOLDER}/")] = (kind, text)
    by_name = {Path(path).stem: path for path in texts}
    wanted = f"mage_{Path(folder).name}"
    return [
        _model(folder, path, kind, text, by_name, wanted) for path, (kind, text) in texts.items()
    ]


def _model(
    folder: str, path: str, kind: str, text: str, by_name: Mapping[str, str], source: str
) -> DbtModel:
    bare = _COMMENT.sub(" ", text)
    names = [match[4] or match[2] for match in _REF.finditer(bare)]
    upstream = [by_name[name] for name in dict.fromkeys(names) if name in by_name]
    tables = [match[4] for match in _SOURCE.finditer(bare) if match[2] == source]
    return DbtModel(
        project=folder,
        path=path,
        name=Path(path).stem,
        kind=kind,
        upstream=tuple(item for item in upstream if item != path),
        sources=tuple(dict.fromkeys(tables)),
    )


def _paths(said: Mapping[Any, Any], key: str, usual: list[str]) -> list[str]:
    given = said.get(key)
    listed = given if isinstance(given, list) else usual
    return [str(item) for item in listed if isinstance(item, str)]


def _files(root: Path, relative: str) -> Iterator[str]:
    try:
        top = places.inside(root, relative)
    except MageError:
        return
    for place, folders, files in os.walk(top, followlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if name.endswith(".sql"):
                yield f"{relative}/{(Path(place) / name).relative_to(top).as_posix()}"


def _text(root: Path, relative: str) -> str | None:
    try:
        found = block_source.read(places.inside(root, relative), relative)
    except MageError:
        return None
    return None if found is None else found.text
