"""Changes of pipelines and projects: what is to be written, not yet the writing."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from mage_jlab.errors import BadRequest, OutsideProject
from mage_jlab.files import (
    custom_templates,
    edit,
    places,
    save,
    structure,
    templates,
    yaml_dump,
    yaml_load,
)
from mage_jlab.files.reader import Reader
from mage_jlab.files.yaml_load import plain
from mage_jlab.ids import PipelineId
from mage_jlab.model.block import FOLDERS
from mage_jlab.model.pipeline import PIPELINE_TYPES, Pipeline
from mage_jlab.model.project import Project

_KEYS = {
    "description": "description",
    "tags": "tags",
    "variables": "variables",
    "executor_type": "executor_type",
    "retry_config": "retry_config",
    "concurrency": "concurrency_config",
}


def rewrite(
    reader: Reader, project: Project, pipeline_id: PipelineId, document: Mapping[Any, Any]
) -> save.Change:
    """Return the change that makes a pipeline's file hold the document; empty when it does."""
    data = reader.data(project, pipeline_id)
    name = reader.name(pipeline_id)
    change = save.Change()
    if yaml_load.same(reader.document(data, name), dict(document)):
        return change
    text = yaml_load.decode(data, name)
    new = edit.rewrite(text, document, name)
    if new != text:
        change.writes[places.pipeline_file(project.root, pipeline_id)] = new.encode("utf-8")
    return change


def create(
    reader: Reader,
    project: Project,
    name: str,
    *,
    kind: str,
    description: str | None,
    copy_of: str | None,
    template: str | None = None,
) -> tuple[save.Change, PipelineId]:
    """Return the change that makes a pipeline, and its id."""
    shown = name.strip()
    pipeline_id = PipelineId(places.clean_name(name))
    places.refuse_taken(pipeline_id, _folders(project), "pipeline")
    if kind not in PIPELINE_TYPES:
        raise BadRequest(f"There is no pipeline type '{kind}'.")
    folder = places.pipeline_folder(project.root, pipeline_id)
    change = save.Change()
    if template is not None:
        document = custom_templates.document_of(project.root, template)
        document.update(uuid=pipeline_id, name=shown)
        if description is not None:
            document["description"] = description
        text = yaml_dump.dump(document)
        triggers = custom_templates.triggers_of(project.root, template, pipeline_id)
        if triggers is not None:
            change.writes[folder / places.TRIGGERS] = triggers
    elif copy_of is None:
        document = structure.new_pipeline(pipeline_id, shown, kind, description)
        text = yaml_dump.dump(document)
    else:
        source = reader.resolve(project, copy_of)
        file = reader.name(source)
        original = yaml_load.decode(reader.data(project, source), file)
        document = structure.copied(yaml_load.load_mapping(original, file))
        document.update(uuid=pipeline_id, name=shown)
        if description is not None:
            document["description"] = description
        text = edit.rewrite(original, document, file)
    change.writes[folder / places.METADATA] = text.encode("utf-8")
    change.writes[folder / "__init__.py"] = b""
    return change, pipeline_id


def _folders(project: Project) -> list[str]:
    return [path.name for path in places.pipelines_folder(project.root).iterdir()]


def change(
    reader: Reader, project: Project, pipeline_id: PipelineId, changes: Mapping[str, Any]
) -> tuple[save.Change, PipelineId]:
    """Return the change of a pipeline's settings, order or name, and its id afterwards."""
    unknown = set(changes) - {*_KEYS, "name", "kernel", "order"}
    if unknown:
        raise BadRequest(f"A pipeline has no setting {sorted(unknown)[0]!r}.")
    pipeline = reader.load(project, pipeline_id)
    document = structure.copied(pipeline.document)
    shown = structure.shown(pipeline)
    for key, name in _KEYS.items():
        if key in changes and plain(changes[key]) != shown[name]:
            structure.put(document, name, changes[key])
    if "kernel" in changes and changes["kernel"] != pipeline.kernel:
        structure.kernel(document, changes["kernel"])
    if "order" in changes:
        _reorder(pipeline, document, changes["order"])
    new_id = pipeline_id
    if "name" in changes and changes["name"].strip() != pipeline.name:
        document["name"] = changes["name"].strip()
        new_id = PipelineId(places.clean_name(changes["name"]))
    if new_id == pipeline_id:
        return rewrite(reader, project, pipeline_id, document), pipeline_id
    return _renamed(reader, project, pipeline_id, new_id, document), new_id


def _reorder(pipeline: Pipeline, document: structure.Document, order: Any) -> None:
    known = {block.id for block in pipeline if block.role == "block"}
    if not isinstance(order, list) or set(order) != known or len(order) != len(known):
        raise BadRequest("The order must name every block of the pipeline once.")
    structure.reorder(document, order)


def _renamed(
    reader: Reader,
    project: Project,
    old: PipelineId,
    new: PipelineId,
    document: structure.Document,
) -> save.Change:
    """Return the change that renames a pipeline: its file, its triggers, its folder."""
    others = [name for name in _folders(project) if places.fold(name) != places.fold(old)]
    places.refuse_taken(new, others, "pipeline")
    if "uuid" in document:
        document["uuid"] = new
    result = rewrite(reader, project, old, document)
    triggers = places.triggers_file(project.root, old)
    if triggers.is_file():
        name = f"{places.PIPELINES}/{old}/{places.TRIGGERS}"
        text = yaml_load.decode(places.read_bytes(triggers, yaml_load.MAX_BYTES), name)
        wanted = structure.copied(yaml_load.load_mapping(text, name))
        for item in wanted.get("triggers") or []:
            if isinstance(item, dict) and item.get("pipeline_uuid") == old:
                item["pipeline_uuid"] = new
        changed = edit.rewrite(text, wanted, name)
        if changed != text:
            result.writes[triggers] = changed.encode("utf-8")
    result.moves.append(
        (places.pipeline_folder(project.root, old), places.pipeline_folder(project.root, new))
    )
    result.note = {
        "kind": "pipeline",
        "root": str(project.root),
        "pipelines": [new],
        "old": old,
        "new": new,
    }
    return result


def create_project(folder: Path, *, example: bool) -> None:
    """Write the files of a new project; files that are there already stay."""
    fill: Callable[[bytes], bytes] = lambda data: data.replace(  # noqa: E731  # one use
        b"__PROJECT_UUID__", secrets.token_hex(16).encode()
    )
    sources = [templates.PROJECT, *([templates.EXAMPLE] if example else [])]
    files = {relative: data for source in sources for relative, data in templates.tree(source)}
    for name in (*FOLDERS.values(), "utils"):
        files.setdefault(f"{name}/__init__.py", b"")
    # The project's own file comes last: with it the folder is a project.
    for relative in sorted(files, key=lambda name: (name == places.METADATA, name)):
        target = places.inside(folder, relative) if folder.exists() else folder / relative
        if not target.exists():
            save.write(target, fill(files[relative]))
    save.make_folder(folder / places.PIPELINES)


def written_folders(root: Path) -> Iterator[Path]:
    """Yield the folders of a project in which mage-jlab writes files."""
    for name in (places.PIPELINES, *FOLDERS.values()):
        try:
            folder = places.inside(root, name)
        except OutsideProject:
            continue
        if folder.is_dir():
            yield folder
