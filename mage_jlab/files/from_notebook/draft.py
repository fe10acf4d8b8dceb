"""What an import would make: shown, edited, and only then written, all in one change."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from mage_jlab.errors import BadRequest, Changed, CycleError
from mage_jlab.files import block_source, places, save, structure, yaml_dump
from mage_jlab.files.from_notebook import cells, code, links
from mage_jlab.files.from_notebook.cells import Section
from mage_jlab.files.from_notebook.links import Part
from mage_jlab.files.pipeline_changes import create
from mage_jlab.files.reader import Reader
from mage_jlab.ids import BlockId, PipelineId
from mage_jlab.model.block import FOLDERS, MARKDOWN, SCRATCHPAD
from mage_jlab.model.project import Project

TYPES = (*cells.CODE_TYPES, MARKDOWN)


@dataclass(frozen=True)
class Edit:
    """What a person changed of a proposed block; None leaves it as proposed."""

    key: str
    name: str | None = None
    type: str | None = None
    skip: bool | None = None
    upstream: tuple[str, ...] | None = None


@dataclass(frozen=True)
class DraftBlock:
    """A block that would be made."""

    key: str
    id: str
    name: str
    type: str
    skip: bool
    upstream: tuple[str, ...]
    """Keys of the blocks above it."""
    takes: tuple[str, ...]
    gives: tuple[str, ...]
    cells: tuple[int, ...]
    code: str
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Draft:
    """A pipeline that would be made of a notebook."""

    name: str
    etag: str
    """Of the notebook."""
    blocks: tuple[DraftBlock, ...]


def propose(
    data: bytes, file: str, *, name: str | None = None, edits: Sequence[Edit] = (),
    taken: Mapping[str, Any] | None = None,
) -> Draft:  # fmt: skip
    """Return what would be made of a notebook; nothing is run or written.

    `taken` says which block files the project has, as ``{type: names}``.

    Raises:
        BrokenFile: when it is no notebook of Python.
        BadRequest: when an edit names no block, or a type that code cannot have.
        CycleError: when the edited links close a circle.
    """
    sections = cells.sections(cells.read(data, file), file)
    if not sections:
        raise BadRequest(f"{file} has no cells to make blocks of.", file=file)
    changed = _by_key(edits, len(sections))
    for key, section in enumerate(sections):
        wanted = changed.get(str(key))
        if wanted is not None and wanted.skip is not None:
            section.skip = wanted.skip
    parts = links.of(sections)
    kinds = [
        _kind(changed.get(str(key)), section, parts[key], first=key == 0)
        for key, section in enumerate(sections)
    ]
    ids = _ids(sections, kinds, changed, taken or {})
    above = _upstream(sections, parts, kinds, changed)
    stem = PurePosixPath(file.replace("\\", "/")).name.rpartition(".")[0]
    called = name or stem or "notebook"
    blocks = [
        _block(key, sections, parts, kinds, ids, above, changed, called)
        for key in range(len(sections))
    ]
    return Draft(called, _etag(data), tuple(blocks))


def files_of(project: Project) -> dict[str, list[str]]:
    """Return the names of block files that a project has, by block type."""
    found: dict[str, list[str]] = {}
    for kind in TYPES:
        folder = project.root / str(FOLDERS[kind])
        if folder.is_dir():
            found[kind] = [path.stem for path in folder.iterdir() if path.is_file()]
    return found


def written(
    reader: Reader, project: Project, draft: Draft, *, etag: str | None
) -> tuple[save.Change, PipelineId]:
    """Return the one change that makes the pipeline with all its blocks, and its id.

    Raises:
        Changed: when the notebook is another than the one that was shown.
        AlreadyExists: when the pipeline or a block's file is there already.
        BadRequest: when nothing is left to make.
    """
    if etag is not None and etag != draft.etag:
        raise Changed("The notebook was changed since its import was shown; look at it again.")
    kept = [item for item in draft.blocks if not item.skip]
    if not kept:
        raise BadRequest("Every block is left out; there is no pipeline to make.")
    change, pipeline_id = create(
        reader, project, draft.name, kind="python", description=None, copy_of=None
    )
    file = places.pipeline_folder(project.root, pipeline_id) / places.METADATA
    document = structure.new_pipeline(pipeline_id, draft.name.strip(), "python", None)
    of_key = {item.key: item.id for item in kept}
    for item in kept:
        language = "markdown" if item.type == MARKDOWN else "python"
        entry = structure.new_entry(BlockId(item.id), item.name, item.type, language, {})
        structure.add(document, entry, structure.role_of(item.type), None)
        path = block_source.default_path(BlockId(item.id), item.type, language)
        if path is not None:
            target = reader.lookup(project).real(path)
            present = [p.name for p in target.parent.iterdir()] if target.parent.is_dir() else []
            places.refuse_taken(target.name, present, "file")
            change.writes[target] = f"{block_source.normal(item.code)}\n".encode()
    for item in kept:
        if item.upstream:
            structure.connect(document, item.id, [of_key[key] for key in item.upstream])
    change.writes[file] = yaml_dump.dump(document).encode()
    return change, pipeline_id


def _by_key(edits: Sequence[Edit], count: int) -> dict[str, Edit]:
    known = {str(key) for key in range(count)}
    for item in edits:
        wrong = [key for key in (item.key, *(item.upstream or ())) if key not in known]
        if wrong:
            raise BadRequest(f"The notebook has no block '{wrong[0]}'.", path="blocks")
        if item.type is not None and item.type not in TYPES:
            raise BadRequest(f"A cell cannot become a '{item.type}'.", path="blocks")
    return {item.key: item for item in edits}


def _kind(wanted: Edit | None, section: Section, part: Part, *, first: bool) -> str:
    if not section.cells:
        return MARKDOWN
    if wanted is not None and wanted.type is not None and wanted.type != MARKDOWN:
        return wanted.type
    return code.proposed(part, section, first=first)


def _ids(
    sections: list[Section],
    kinds: list[str],
    changed: Mapping[str, Edit],
    taken: Mapping[str, Any],
) -> list[str]:
    """Return an id for each block: of its name, free in the pipeline and among the files."""
    found: list[str] = []
    for key, section in enumerate(sections):
        wanted = changed.get(str(key))
        given = wanted.name if wanted is not None else None
        name = given or section.name
        try:
            clean = places.clean_name(name)
        except BadRequest:
            if given:
                raise
            clean = places.clean_name(f"{kinds[key]} {key + 1}")
        found.append(places.free_name(clean, [*found, *taken.get(kinds[key], ())]))
    return found


def _upstream(
    sections: list[Section], parts: list[Part], kinds: list[str], changed: Mapping[str, Edit]
) -> list[list[int]]:
    found: list[list[int]] = []
    for key, section in enumerate(sections):
        wanted = changed.get(str(key))
        needed = sorted(set(parts[key].takes.values()))
        if wanted is not None and wanted.upstream is not None:
            needed = list(dict.fromkeys(int(item) for item in wanted.upstream))
        linked = not section.skip and kinds[key] not in (MARKDOWN, SCRATCHPAD)
        found.append(
            [n for n in needed if linked and not sections[n].skip and kinds[n] != MARKDOWN]
        )
    for key, above in enumerate(found):
        late = [item for item in above if item >= key]
        if late:
            raise CycleError(
                f"'{sections[key].name}' cannot come after '{sections[late[0]].name}', which "
                "stands further down in the notebook.",
            )
    return found


def _block(
    key: int,
    sections: list[Section],
    parts: list[Part],
    kinds: list[str],
    ids: list[str],
    above: list[list[int]],
    changed: Mapping[str, Edit],
    pipeline: str,
) -> DraftBlock:
    section, part, kind = sections[key], parts[key], kinds[key]
    wanted = changed.get(str(key))
    warnings = [*section.warnings, *part.warnings]
    # A scratchpad is connected to nothing: it reads what was stored.
    givers = above[key]
    if kind == SCRATCHPAD:
        givers = [n for n in sorted(set(part.takes.values())) if not sections[n].skip]
    for name, giver in sorted(part.takes.items()):
        if giver not in givers:
            warnings.append(f"'{name}' comes from '{ids[giver]}', which is not above this block.")
        elif kinds[giver] == SCRATCHPAD:
            warnings.append(f"'{name}' comes from the scratchpad '{ids[giver]}', which gives none.")
    inputs = [
        code.Upstream(ids[n], parts[n].gives, frozenset(k for k, v in part.takes.items() if v == n))
        for n in givers
        if kinds[n] != SCRATCHPAD or kind != SCRATCHPAD
    ]
    if kind == MARKDOWN:
        text = "\n\n".join(section.text)
    elif kind == SCRATCHPAD:
        text = code.scratchpad(section, part, _id(pipeline), inputs)
    else:
        text = code.block(kind, ids[key], section, part, inputs)
    shown = wanted.name.strip() if wanted is not None and wanted.name else section.name
    return DraftBlock(
        key=str(key),
        id=ids[key],
        name=shown if places.fold(places.clean_name(shown)) == places.fold(ids[key]) else ids[key],
        type=kind,
        skip=section.skip or _folded(wanted, section, part),
        upstream=tuple(str(item) for item in above[key]),
        takes=tuple(sorted(part.takes)),
        gives=tuple(part.gives),
        cells=tuple(cell.number for cell in section.cells),
        code=text,
        warnings=tuple(dict.fromkeys(warnings)),
    )


def _id(pipeline: str) -> str:
    """Return the id of a pipeline that would be made; a name that cannot be one is refused then."""
    try:
        return places.clean_name(pipeline)
    except BadRequest:
        return pipeline


def _folded(wanted: Edit | None, section: Section, part: Part) -> bool:
    """Whether a section only holds what is repeated where it is needed: imports, functions."""
    if (wanted is not None and wanted.skip is False) or not section.cells or section.type:
        return False
    return not any(
        item.kind == links.BODY and not isinstance(item.node, ast.Pass) for item in part.statements
    )


def _etag(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:32]
