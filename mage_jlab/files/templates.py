"""Templates for new blocks and the example project, shipped as files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mage_jlab.errors import BadRequest, MageError
from mage_jlab.files import block_source, places, yaml_load
from mage_jlab.model.block import BLOCK_TYPES, EXTENSIONS

_FOLDER = Path(__file__).parent / "templates"
EXAMPLE = _FOLDER / "example"
PROJECT = _FOLDER / "project"


@dataclass(frozen=True)
class Template:
    """A template for a new block."""

    id: str
    name: str
    type: str
    language: str
    description: str
    source: str


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
        )
        for item in index
    )


def start_text(kind: str, language: str, template: str | None, known: tuple[Template, ...]) -> str:
    """Return the text a new block begins with.

    Raises:
        BadRequest: when a template is asked for that does not exist.
    """
    if template is not None:
        for item in known:
            if item.id == template:
                return item.source
        raise BadRequest(f"There is no template '{template}'.", template=template)
    for item in known:
        if item.type == kind and item.language == language:
            return item.source
    return ""


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


def custom(root: Path) -> tuple[Template, ...]:
    """Return the project's own templates, from ``custom_templates/blocks``; broken ones not."""
    try:
        folder = places.inside(root, "custom_templates/blocks")
        names = sorted(path.name for path in folder.iterdir() if path.is_dir())
    except (OSError, MageError):
        return ()
    return tuple(item for name in names if (item := _custom(root, name)) is not None)


def _custom(root: Path, name: str) -> Template | None:
    base = f"custom_templates/blocks/{name}"
    try:
        data = places.read_bytes(
            places.inside(root, f"{base}/{places.METADATA}"), yaml_load.MAX_BYTES
        )
        said = yaml_load.load_mapping(yaml_load.decode(data, base), base)
        kind = str(said.get("block_type") or "")
        language = str(said.get("language") or "python")
        file = f"{base}/{name}.{extension(language)}"
        text = block_source.read(places.inside(root, file), file)
    except (OSError, MageError):
        return None
    if kind not in BLOCK_TYPES or text is None:
        return None
    return Template(
        id=f"custom/{name}",
        name=str(said.get("name") or name),
        type=kind,
        language=language,
        description=str(said.get("description") or ""),
        source=text.text,
    )
