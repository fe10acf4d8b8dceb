"""The project's own templates for blocks and pipelines: ``custom_templates``, as Mage has it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mage_jlab.errors import AlreadyExists, BadRequest, MageError
from mage_jlab.files import (
    block_source,
    pipeline_yaml,
    places,
    rendering,
    save,
    structure,
    yaml_dump,
    yaml_load,
)
from mage_jlab.files.templates import Template, extension
from mage_jlab.model.block import BLOCK_TYPES, EXTENSIONS, GLOBAL_DATA_PRODUCT, Block
from mage_jlab.model.pipeline import Pipeline
from mage_jlab.model.project import Project

VARIABLE = "CUSTOM_TEMPLATES_DIRECTORY"
_DEEPEST = 4
_MOST = 500


@dataclass(frozen=True)
class PipelineTemplate:
    """A template for a new pipeline; `document` is the pipeline's file."""

    id: str
    name: str
    description: str
    tags: tuple[str, ...] = ()
    document: Mapping[str, Any] = field(default_factory=dict)


def folder(root: Path, kind: str) -> Path:
    """Return where templates of a kind (blocks, pipelines) lie.

    The environment may name another folder; one outside the project is not looked at.
    """
    named = os.environ.get(VARIABLE, "").strip()
    try:
        return places.inside(root, f"{named or 'custom_templates'}/{kind}")
    except MageError:
        return places.inside(root, f"custom_templates/{kind}")


def blocks(root: Path) -> tuple[Template, ...]:
    """Return the project's own block templates, filled in; broken ones not."""
    found = (_block(base, name) for base, name in _listed(root, "blocks"))
    return tuple(item for item in found if item is not None)


def pipelines(root: Path) -> tuple[PipelineTemplate, ...]:
    """Return the project's own pipeline templates; broken ones not."""
    found = (_pipeline(base, name) for base, name in _listed(root, "pipelines"))
    return tuple(item for item in found if item is not None)


def _listed(root: Path, kind: str) -> Iterator[tuple[Path, str]]:
    """Yield (folder of a template, its id); templates may lie in folders of folders."""
    try:
        top = folder(root, kind)
    except MageError:
        return
    count = 0
    for path, names, files in os.walk(top, followlinks=False):
        names[:] = sorted(name for name in names if not name.startswith((".", "__")))
        relative = Path(path).relative_to(top)
        if len(relative.parts) >= _DEEPEST:
            names.clear()
        if places.METADATA in files and relative.parts:
            count += 1
            if count > _MOST:
                return
            yield Path(path), relative.as_posix()


def _said(base: Path) -> Mapping[str, Any] | None:
    try:
        data = places.read_bytes(base / places.METADATA, yaml_load.MAX_BYTES)
        text = yaml_load.decode(data, places.METADATA)
        return yaml_load.load_mapping(text, places.METADATA)
    except (OSError, MageError):
        return None


def _block(base: Path, name: str) -> Template | None:
    said = _said(base)
    if said is None:
        return None
    kind = str(said.get("block_type") or "")
    language = str(said.get("language") or "python")
    if kind not in BLOCK_TYPES or language not in EXTENSIONS:
        return None
    file = base / f"{base.name}.{extension(language)}"
    try:
        text = None if file.is_symlink() else block_source.read(file, file.name)
    except MageError:
        return None
    if text is None and kind != GLOBAL_DATA_PRODUCT:
        return None
    return Template(
        id=f"custom/{name}",
        name=str(said.get("name") or name),
        type=kind,
        language=language,
        description=str(said.get("description") or ""),
        source=_filled(text.text) if text is not None else "",
        configuration=pipeline_yaml.mapping(said.get("configuration")),
        color=pipeline_yaml.text_of(said.get("color")),
        own=True,
    )


def _filled(text: str) -> str:
    """Fill in a template as Mage does: by Jinja, without variables; here in a sandbox."""
    try:
        return rendering.render(text, {})
    except MageError:
        return text


def _pipeline(base: Path, name: str) -> PipelineTemplate | None:
    said = _said(base)
    document = said.get("pipeline") if said is not None else None
    if said is None or not isinstance(document, Mapping):
        return None
    tags = said.get("tags")
    return PipelineTemplate(
        id=f"custom/{name}",
        name=str(said.get("name") or name),
        description=str(said.get("description") or ""),
        tags=tuple(str(tag) for tag in tags if tag is not None) if isinstance(tags, list) else (),
        document=document,
    )


def document_of(root: Path, template: str) -> structure.Document:
    """Return the document of a new pipeline from a template.

    Raises:
        BadRequest: when there is no such template.
    """
    for item in pipelines(root):
        if item.id == template:
            return structure.copied(item.document)
    raise BadRequest(f"There is no pipeline template '{template}'.", template=template)


def triggers_of(root: Path, template: str, pipeline_id: str) -> bytes | None:
    """Return the triggers.yaml of a new pipeline from a template, or None when it has none."""
    base = folder(root, "pipelines") / template.removeprefix("custom/")
    try:
        text = yaml_load.decode(
            places.read_bytes(base / places.TRIGGERS, yaml_load.MAX_BYTES), places.TRIGGERS
        )
        document = structure.copied(yaml_load.load_mapping(text, places.TRIGGERS))
    except (OSError, MageError):
        return None
    for item in document.get("triggers") or ():
        if isinstance(item, dict):
            item["pipeline_uuid"] = pipeline_id
    return yaml_dump.dump(document).encode("utf-8")


def saved_block(
    project: Project, block: Block, source: str | None, name: str, description: str
) -> tuple[save.Change, str]:
    """Return the change that saves a block as a template, and the template's id.

    Raises:
        AlreadyExists: when there is a template of that name.
    """
    base, identity = _new(project, "blocks", name)
    places_of_file = ("file_source", "file_path", "file")
    configuration = {
        key: value for key, value in block.configuration.items() if key not in places_of_file
    }
    said: dict[str, Any] = {
        "block_type": block.type,
        "color": block.color,
        "configuration": configuration,
        "description": description,
        "language": block.language,
        "name": name.strip(),
        "pipeline": {},
        "tags": [],
        "user": {},
    }
    change = save.Change()
    change.writes[base / places.METADATA] = yaml_dump.dump(said).encode("utf-8")
    if source is not None:
        text = f"{_kept(block_source.normal(source))}\n"
        change.writes[base / f"{identity}.{extension(block.language)}"] = text.encode("utf-8")
    return change, f"custom/{identity}"


def _kept(text: str) -> str:
    """Return a text that filling in gives back as it is."""
    if not any(mark in text for mark in ("{{", "{%", "{#")):
        return text
    if "endraw" in text:
        raise BadRequest("This text has Jinja's 'endraw' in it, so it cannot be a template.")
    return f"{{% raw %}}{text}{{% endraw %}}"


def saved_pipeline(
    project: Project, pipeline: Pipeline, name: str, description: str
) -> tuple[save.Change, str]:
    """Return the change that saves a pipeline as a template, and the template's id.

    Raises:
        AlreadyExists: when there is a template of that name.
    """
    base, identity = _new(project, "pipelines", name)
    said: dict[str, Any] = {
        "description": description,
        "name": name.strip(),
        "pipeline": structure.copied(pipeline.document),
        "tags": list(pipeline.tags),
        "user": {},
    }
    change = save.Change()
    change.writes[base / places.METADATA] = yaml_dump.dump(said).encode("utf-8")
    try:
        triggers = places.triggers_file(project.root, pipeline.id)
        change.writes[base / places.TRIGGERS] = places.read_bytes(triggers, yaml_load.MAX_BYTES)
    except (OSError, MageError):
        pass
    return change, f"custom/{identity}"


def _new(project: Project, kind: str, name: str) -> tuple[Path, str]:
    identity = places.clean_name(name)
    base = folder(project.root, kind) / identity
    if base.exists():
        raise AlreadyExists(f"There is already a template '{identity}'; choose another name.")
    return base, identity
