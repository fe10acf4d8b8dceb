"""Templates for new blocks and the example project, shipped as files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from mage_jlab.errors import BadRequest
from mage_jlab.files import block_source
from mage_jlab.model.block import EXTENSIONS

_FOLDER = Path(__file__).parent / "templates"
EXAMPLE = _FOLDER / "example"
PROJECT = _FOLDER / "project"


@dataclass(frozen=True)
class Template:
    """A template for a new block. `own` says that it is the project's."""

    id: str
    name: str
    type: str
    language: str
    description: str
    source: str
    configuration: Mapping[str, Any] = field(default_factory=dict)
    color: str | None = None
    own: bool = False


@cache
def shipped() -> tuple[Template, ...]:
    """Return the templates that come with the package."""
    index = json.loads((_FOLDER / "blocks" / "index.json").read_text("utf-8"))
    return tuple(
        Template(
            id=item["id"],
            name=item["name"],
            type=item["type"],
            language=item["language"],
            description=item["description"],
            source=(_FOLDER / "blocks" / item["file"]).read_text("utf-8"),
            configuration=item.get("configuration") or {},
        )
        for item in index
    )


def chosen(
    kind: str, language: str, template: str | None, known: tuple[Template, ...]
) -> Template | None:
    """Return the template a new block begins with, or None for an empty text.

    Raises:
        BadRequest: when a template is asked for that does not exist.
    """
    if template is not None:
        for item in known:
            if item.id == template:
                return item
        raise BadRequest(f"There is no template '{template}'.", template=template)
    return next((item for item in known if (item.type, item.language) == (kind, language)), None)


def extension(language: str) -> str:
    """Return the file ending of a language, without the dot."""
    path = block_source.default_path("x", "custom", language)
    return path.rsplit(".", 1)[1] if path else EXTENSIONS["python"]


def tree(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield (relative path, bytes) of every file below a shipped folder."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            relative = path.relative_to(folder).as_posix()
            # A real .gitignore would hide files of this package from its own build.
            yield (".gitignore" if relative == "gitignore" else relative), path.read_bytes()
