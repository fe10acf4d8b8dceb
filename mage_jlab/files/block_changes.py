"""Changes of blocks: what is to be written, not yet the writing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mage_jlab.errors import AlreadyExists, BadRequest
from mage_jlab.files import block_source, notebook_save, places, save, structure, templates
from mage_jlab.files.pipeline_changes import rewrite
from mage_jlab.files.reader import Reader
from mage_jlab.ids import BlockId, PipelineId
from mage_jlab.model.block import BLOCK_TYPES, FOLDERS, MARKDOWN, Block, extension, speaks
from mage_jlab.model.pipeline import Pipeline
from mage_jlab.model.project import Project

_CHANGES = frozenset({*structure.SETTINGS, "upstream", "source", "language"})


def write_text(reader: Reader, project: Project, change: save.Change, path: str, text: str) -> None:
    """Add the writing of a block's file to a change, when its text is another."""
    file = reader.lookup(project).real(path)
    present = block_source.read(file, path)
    if present is None:
        body = block_source.normal(text)
        change.writes[file] = f"{body}\n".encode() if body else b""
        return
    new = block_source.woven(present.text, text)
    if new != present.text:
        change.writes[file] = present.encode(new, path)


def add(
    reader: Reader,
    project: Project,
    pipeline_id: PipelineId,
    spec: Mapping[str, Any],
    known: tuple[templates.Template, ...],
) -> tuple[save.Change, BlockId]:
    """Return the change that adds a block, and its id."""
    pipeline = reader.load(project, pipeline_id)
    kind = str(spec.get("type") or "")
    language = "markdown" if kind == MARKDOWN else str(spec.get("language") or "python")
    configuration = dict(spec.get("configuration") or {})
    replica = spec.get("replica_of")
    named = replica or spec.get("copy_of")
    original = pipeline.block(named) if named else None
    if original is not None:
        kind, language = original.type, original.language
        inherited = {
            key: value
            for key, value in original.configuration.items()
            if key not in ("file_source", "file_path")
        }
        configuration = {**inherited, **configuration}
    if kind not in BLOCK_TYPES:
        raise BadRequest(f"There is no block type '{kind}'.")
    if not speaks(kind, language):
        raise BadRequest(f"A {kind} cannot be written in '{language}'.")
    change = save.Change()
    if replica:
        block_id = BlockId(places.clean_name(str(spec["name"]), folders=True))
        _refuse_taken(reader, project, pipeline, block_id)
    elif spec.get("existing"):
        block_id = _existing(reader, project, pipeline, spec, kind, language, configuration)
    else:
        block_id = BlockId(places.clean_name(str(spec["name"]), folders=True))
        _refuse_taken(reader, project, pipeline, block_id)
        text, said = _beginning(reader, project, spec, (kind, language), original, known)
        configuration = {**said, **configuration}
        _new_file(reader, project, change, block_id, kind, language, text)
    document = structure.copied(pipeline.document)
    name = str(spec["name"]).strip()
    entry = structure.new_entry(block_id, name, kind, language, configuration)
    if replica and original is not None:
        entry["replicated_block"] = original.replicated_block or original.id
    if original is not None:
        for key in structure.SETTINGS[1:]:
            if original.entry.get(key) is not None:
                entry[key] = original.entry[key]
    structure.add(document, entry, structure.role_of(kind), spec.get("after"))
    upstream = list(spec.get("upstream") or (original.upstream if original else ()))
    structure.connect(document, block_id, upstream)
    change.writes.update(rewrite(reader, project, pipeline_id, document).writes)
    return change, block_id


def _beginning(
    reader: Reader,
    project: Project,
    spec: Mapping[str, Any],
    what: tuple[str, str],
    original: Block | None,
    known: tuple[templates.Template, ...],
) -> tuple[str, Mapping[str, Any]]:
    """Return the text that a new block begins with, and the configuration of its template."""
    if spec.get("source") is not None:
        return str(spec["source"]), {}
    if original is not None:
        return reader.source(project, original) or "", {}
    template = templates.chosen(*what, spec.get("template"), known)
    return ("", {}) if template is None else (template.source, template.configuration)


def _refuse_taken(reader: Reader, project: Project, pipeline: Pipeline, block_id: BlockId) -> None:
    places.refuse_taken(block_id, pipeline.ids, "block")


def _new_file(
    reader: Reader,
    project: Project,
    change: save.Change,
    block_id: BlockId,
    kind: str,
    language: str,
    text: str,
) -> None:
    path = block_source.default_path(block_id, kind, language)
    if path is None:
        return
    file = reader.lookup(project).real(path)
    # Names that differ only by case are one file on some systems.
    present = [p.name for p in file.parent.iterdir()] if file.parent.is_dir() else []
    if any(places.fold(name) == places.fold(file.name) for name in present):
        raise AlreadyExists(
            f"There is already a file {path}; use that file or choose another name.", path=path
        )
    write_text(reader, project, change, path, text)


def _existing(
    reader: Reader,
    project: Project,
    pipeline: Pipeline,
    spec: Mapping[str, Any],
    kind: str,
    language: str,
    configuration: dict[str, Any],
) -> BlockId:
    """Return the id for a block on a file that is there; note the file when it lies elsewhere."""
    path = "/".join(places.parts_of(str(spec["existing"])))
    if not places.inside(project.root, path).is_file():
        raise BadRequest(f"There is no file {path} in the project.", path=path)
    folder = FOLDERS.get(kind)
    stem, _, ending = path.rpartition(".")
    inner = stem.removeprefix(f"{folder}/")
    if folder and inner != stem and ending == extension(language):
        block_id = BlockId(inner)
    else:
        block_id = BlockId(places.clean_name(str(spec["name"]), folders=True))
        configuration |= {"file_path": path, "file_source": {"path": path}}
    _refuse_taken(reader, project, pipeline, block_id)
    return block_id


def change(
    reader: Reader,
    project: Project,
    pipeline_id: PipelineId,
    block_id: str,
    changes: Mapping[str, Any],
) -> save.Change:
    """Return the change of a block's settings, links, language or text."""
    unknown = set(changes) - _CHANGES
    if unknown:
        raise BadRequest(f"A block has no setting {sorted(unknown)[0]!r}.")
    pipeline = reader.load(project, pipeline_id)
    block = pipeline.block(block_id)
    document = structure.copied(pipeline.document)
    entry = structure.find(document, block_id).value
    structure.settle(entry, changes, block)
    if "upstream" in changes:
        structure.connect(document, block_id, changes["upstream"])
    result = save.Change()
    text = changes.get("source")
    path = block.path
    language = changes.get("language", block.language)
    if language != block.language:
        if not speaks(block.type, language):
            raise BadRequest(f"A {block.type} cannot be written in '{language}'.")
        notebook_save.convert_entry(document, block_id, block.type, language)
        current = reader.source(project, block) or ""
        _new_file(
            reader, project, result, block.id, block.type, language,
            current if text is None else text,
        )  # fmt: skip
    elif text is not None:
        if path is None:
            raise BadRequest(f"Block '{block_id}' of type '{block.type}' has no file.")
        write_text(reader, project, result, path, text)
    result.writes.update(rewrite(reader, project, pipeline_id, document).writes)
    return result


def remove(reader: Reader, project: Project, pipeline_id: PipelineId, block_id: str) -> save.Change:
    """Return the change that takes a block out of its pipeline; the file stays."""
    pipeline = reader.load(project, pipeline_id)
    document = structure.copied(pipeline.document)
    structure.remove(document, block_id)
    return rewrite(reader, project, pipeline_id, document)


def rename(
    reader: Reader, project: Project, pipeline_id: PipelineId, block_id: str, name: str
) -> tuple[save.Change, BlockId]:
    """Return the change that renames a block: its file and every pipeline that uses it.

    Raises:
        AlreadyExists: when the new name or its file is taken.
    """
    pipeline = reader.load(project, pipeline_id)
    block = pipeline.block(block_id)
    shown = name.strip()
    clean = places.clean_name(name, folders=True)
    if "/" not in clean and "/" in block.id:
        clean = f"{block.id.rpartition('/')[0]}/{clean}"
    new_id = BlockId(clean)
    if new_id == block.id or shown == block.name:
        return _named(reader, project, pipeline, block, shown), block.id
    old_path = block.path if block.replicated_block is None else None
    new_path = _moved(block, new_id) if old_path else None
    result = save.Change()
    concerned: list[str] = []
    for other in reader.readable(project):
        mine = other.id == pipeline.id
        shares = [b for b in other if old_path and b.path == old_path]
        if not mine and not shares:
            continue
        concerned.append(other.id)
        if mine or any(b.id == block.id for b in shares):
            places.refuse_taken(new_id, [i for i in other.ids if i != block.id], "block")
        document = structure.copied(other.document)
        structure.rename(document, block.id, new_id, shown, _configured(shares, old_path, new_path))
        result.writes.update(rewrite(reader, project, other.id, document).writes)
    if old_path and new_path:
        _move(reader, project, result, old_path, new_path)
    result.note = {
        "kind": "block",
        "root": str(project.root),
        "pipelines": concerned,
        "old": block.id,
        "new": new_id,
    }
    return result, new_id


def _named(
    reader: Reader, project: Project, pipeline: Pipeline, block: Block, name: str
) -> save.Change:
    document = structure.copied(pipeline.document)
    structure.find(document, block.id).value["name"] = name
    return rewrite(reader, project, pipeline.id, document)


def _moved(block: Block, new_id: BlockId) -> str:
    """Return the file of a block under its new id: in the same place, named anew."""
    old = block.path or ""
    if old == block_source.default_path(block.id, block.type, block.language):
        return block_source.default_path(new_id, block.type, block.language) or old
    folder, _, base = old.rpartition("/")
    ending = base.rpartition(".")[2] if "." in base else ""
    name = new_id.rpartition("/")[2] + (f".{ending}" if ending else "")
    return f"{folder}/{name}" if folder else name


def _configured(shares: list[Block], old_path: str | None, new_path: str | None) -> dict[str, str]:
    """Return how the paths that blocks name in their configuration change."""
    if old_path is None or new_path is None:
        return {}
    found: dict[str, str] = {}
    bare_old, bare_new = old_path.removeprefix("../"), new_path.removeprefix("../")
    for block in shares:
        source = block.configuration.get("file_source")
        named = [source.get("path")] if isinstance(source, Mapping) else []
        named.append(block.configuration.get("file_path"))
        for value in named:
            if isinstance(value, str) and value.endswith(bare_old):
                found[value] = value.removesuffix(bare_old) + bare_new
            elif isinstance(value, str) and bare_old.endswith(value):
                found[value] = bare_new.removeprefix(bare_old.removesuffix(value))
    return found


def _move(
    reader: Reader, project: Project, change: save.Change, old_path: str, new_path: str
) -> None:
    lookup = reader.lookup(project)
    source, target = lookup.real(old_path), lookup.real(new_path)
    if not source.is_file() or source == target:
        return
    present = [p.name for p in target.parent.iterdir()] if target.parent.is_dir() else []
    if any(places.fold(name) == places.fold(target.name) for name in present):
        raise AlreadyExists(
            f"There is already a file {new_path}; choose another name.", path=new_path
        )
    change.moves.append((source, target))
