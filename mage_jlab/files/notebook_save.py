"""What saving a notebook means for the files: every kind of cell has a defined fate.

* a cell of a block: its text and settings are written when they changed;
* a cell without block metadata: code becomes a scratchpad, Markdown and raw
  text a note; empty ones are dropped;
* a second cell with the same block (paste, split): a copy with its own file;
* a block without a cell: its entry goes, its file stays;
* a cell with a new uuid: a new block with its file, or the file that is there
  when it says the same;
* another name: the block is renamed everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from mage_jlab.errors import AlreadyExists, BrokenFile, EditRefused, InvalidName
from mage_jlab.files import block_source, notebook, pipeline_yaml, places, structure
from mage_jlab.files.reader import Reader
from mage_jlab.files.yaml_load import plain
from mage_jlab.ids import BlockId, slug
from mage_jlab.model.block import (
    BLOCK_TYPES,
    DBT,
    GLOBAL_DATA_PRODUCT,
    MARKDOWN,
    SCRATCHPAD,
    Block,
    speaks,
)
from mage_jlab.model.pipeline import Pipeline
from mage_jlab.model.project import Project

_PLACES = ("file_source", "file_path")
"""Configuration that says where a block's file lies; a save never changes it."""


@dataclass
class Outcome:
    """What a save comes to: the wanted document, texts by file, blocks to rename."""

    document: structure.Document
    texts: dict[str, str] = field(default_factory=dict)
    renames: list[tuple[BlockId, str]] = field(default_factory=list)


@dataclass
class _Cell:
    """A cell, what it says about its block, and the block it turned out to be."""

    source: str
    code: bool
    said: dict[str, Any]
    cell_id: str
    block: Block | None = None
    id: BlockId = field(default_factory=lambda: BlockId(""))
    copy_of: Block | None = None


def plan(
    reader: Reader,
    project: Project,
    pipeline: Pipeline,
    nb: Mapping[str, Any],
    aliases: Mapping[str, str],
) -> Outcome:
    """Return what saving this notebook changes. Nothing is written here.

    Raises:
        CycleError: when new links close a circle.
        EditRefused: when a text has no file to go to.
    """
    return _Plan(reader, project, pipeline, aliases).run(nb)


class _Plan:
    def __init__(
        self, reader: Reader, project: Project, pipeline: Pipeline, aliases: Mapping[str, str]
    ) -> None:
        self.reader = reader
        self.project = project
        self.pipeline = pipeline
        self.aliases = aliases
        self.lookup = reader.lookup(project)
        self.known = {block.id: block for block in pipeline}
        self.outcome = Outcome(structure.copied(pipeline.document))
        self.taken: set[str] = set(self.known)
        self.ids: dict[str, BlockId] = {}
        """uuid as a cell says it -> id it got, for the links of other cells."""

    def run(self, nb: Mapping[str, Any]) -> Outcome:
        cells = [cell for raw in nb.get("cells", []) if (cell := _read(raw)) is not None]
        self.claim(cells)
        document = self.outcome.document
        kept = {cell.id for cell in cells if cell.block is not None}
        for block_id in self.known:
            if block_id not in kept:
                structure.remove(document, block_id)
        for cell in cells:
            if cell.block is not None:
                self.ids[str(cell.said.get("uuid"))] = cell.id
        for cell in cells:
            if cell.block is None:
                self.create(cell)
        self.refuse_two_texts(cells)
        entries = structure.index(document)
        for cell in cells:
            if cell.block is not None:
                self.update(cell, cell.block, entries)
        self.link(cells)
        for role in ("block", "callback", "conditional", "chart"):
            structure.reorder(document, self.order([cell.id for cell in cells], role), role)
        self.settings(nb)
        return self.outcome

    def order(self, ids: list[BlockId], role: str) -> list[BlockId]:
        """Return the order in the file: that of the cells, when somebody moved one.

        What is attached stands below its block in the notebook, wherever the file has it.
        """
        if role == "block":
            return ids
        shown = [b.id for b in notebook.in_order(self.pipeline) if b.role == role and b.id in ids]
        if [item for item in ids if item in shown] != shown:
            return ids
        return [b.id for b in self.pipeline if b.id in shown] + [
            item for item in ids if item not in shown
        ]

    def refuse_two_texts(self, cells: Sequence[_Cell]) -> None:
        """Refuse cells that share a file and differ: nobody can say which of them is meant."""
        texts: dict[str, str] = {}
        for cell in cells:
            block = cell.block
            if block is None:
                original = self.replicated(cell.said)
                block = self.known.get(original) if original is not None else None
            if block is None or block.path is None:
                continue
            if texts.setdefault(block.path, cell.source) != cell.source:
                raise EditRefused(
                    f"Two blocks share the file {block.path}, but their texts differ; "
                    "make them the same first.",
                    block=block.id,
                )

    def claim(self, cells: list[_Cell]) -> None:
        """Find the one cell of each block: the one with its cell id, else the first."""
        groups: dict[str, list[_Cell]] = {}
        for cell in cells:
            uuid = cell.said.get("uuid")
            if isinstance(uuid, str):
                groups.setdefault(uuid, []).append(cell)
        for uuid, group in groups.items():
            # Renamed by an earlier save while this notebook stayed open.
            name = uuid if uuid in self.known else self.aliases.get(uuid, uuid)
            if name not in self.known or (name != uuid and name in groups):
                continue
            owner = next((cell for cell in group if cell.cell_id == slug(uuid)), group[0])
            block = self.known[BlockId(name)]
            owner.block, owner.id = block, block.id
            for cell in group:
                if cell is not owner:
                    cell.copy_of = block

    # -- new blocks ---------------------------------------------------------

    def create(self, cell: _Cell) -> None:
        said = cell.said
        kind = _known(said.get("type"), BLOCK_TYPES)
        if kind is None:
            kind = SCRATCHPAD if cell.code else MARKDOWN
        language = "markdown" if kind == MARKDOWN else said.get("language")
        language = _spoken(kind, language) or "python"
        configuration = _mapping(said.get("configuration"))
        if cell.copy_of is not None:
            base = f"{cell.copy_of.id}_copy"
            name = f"{cell.copy_of.name} copy"
        else:
            base, name = self.base(said, kind)
        replica = self.replicated(said)
        model = self.model(cell, base) if (kind, language) == (DBT, "sql") else None
        for key in _PLACES:
            said_place = configuration.pop(key, None)
            if model is not None and said_place is not None:
                configuration[key] = said_place
        if replica is not None:
            cell.id = BlockId(places.free_name(base, self.taken))
        else:
            cell.id = model or self.place(cell, base, kind, language)
            if model is None and (kind, language) == (DBT, "sql"):
                configuration |= _model_place(cell.id)
        self.taken.add(cell.id)
        uuid = said.get("uuid")
        if isinstance(uuid, str) and cell.copy_of is None:
            self.ids.setdefault(uuid, cell.id)
        entry = structure.new_entry(cell.id, name, kind, language, configuration)
        if replica is not None:
            entry["replicated_block"] = replica
        structure.settle(entry, {k: said[k] for k in structure.SETTINGS[1:] if k in said})
        structure.add(self.outcome.document, entry, structure.role_of(kind))

    def replicated(self, said: Mapping[str, Any]) -> BlockId | None:
        """Return the block whose file a new block runs, when it is a replica of one."""
        named = said.get("replicated_block")
        if not isinstance(named, str):
            return None
        return self.ids.get(named) or (BlockId(named) if named in self.known else None)

    def model(self, cell: _Cell, base: str) -> BlockId | None:
        """Return the id of a block that is a dbt model of a project, and note its text.

        A model stays in its own file, which has a place and a name of its own in dbt.
        """
        said = _mapping(cell.said.get("configuration")).get("file_path")
        if cell.copy_of is not None or not isinstance(said, str) or base in self.taken:
            return None
        path = f"dbt/{said}"
        present = block_source.read(self.lookup.real(path), path)
        if present is None or places.clean_name(said.removesuffix(".sql"), folders=True) != base:
            return None
        if block_source.normal(present.text) != cell.source:
            self.outcome.texts[path] = cell.source
        return BlockId(base)

    def base(self, said: Mapping[str, Any], kind: str) -> tuple[str, str]:
        """Return id and name that a new block would like."""
        uuid, name = said.get("uuid"), said.get("name")
        for wish in (uuid, name, kind):
            if not isinstance(wish, str):
                continue
            try:
                clean = places.clean_name(wish, folders=True)
            except InvalidName:
                continue
            return clean, name if isinstance(name, str) and name.strip() else wish
        return kind, kind

    def place(self, cell: _Cell, base: str, kind: str, language: str) -> BlockId:
        """Return a free id for a new block, and note the text of its file."""
        number = 1
        taken = {places.fold(item) for item in self.taken}
        while True:
            block_id = BlockId(base if number == 1 else f"{base}_{number}")
            number += 1
            path = block_source.default_path(block_id, kind, language)
            if places.fold(block_id) in taken or path in self.outcome.texts:
                continue
            if path is None:
                return block_id
            file = self.lookup.real(path)
            present = block_source.read(file, path)
            if present is None:
                self.outcome.texts[path] = cell.source
                return block_id
            if cell.copy_of is not None:
                continue
            if block_source.normal(present.text) == cell.source:
                return block_id
            mine = cell.said.get("path") == path
            if mine and not self.reader.users(self.project).get(path):
                self.outcome.texts[path] = cell.source
                return block_id

    # -- blocks that are there ----------------------------------------------

    def update(
        self, cell: _Cell, block: Block, entries: Mapping[BlockId, pipeline_yaml.Entry]
    ) -> None:
        said = _where_it_is(cell.said, block)
        entry = entries[block.id].value
        structure.settle(entry, {k: said[k] for k in structure.SETTINGS if k in said}, block)
        kind = _known(said.get("type"), BLOCK_TYPES) or block.type
        language = _spoken(kind, said.get("language")) or block.language
        if (kind, language) != (block.type, block.language):
            self.convert(cell, block, kind, language)
        else:
            self.text(cell, block, entry)
        name = said.get("name")
        if isinstance(name, str) and name.strip() and name != block.name:
            self.outcome.renames.append((block.id, name.strip()))

    def text(self, cell: _Cell, block: Block, entry: dict[str, Any]) -> None:
        """Note a changed text for the block's file."""
        if block.type == GLOBAL_DATA_PRODUCT and cell.source in ("", notebook.DATA_PRODUCT):
            return
        try:
            current = self.reader.source(self.project, block)
        except BrokenFile:
            # It was shown as an empty cell; only text typed there asks for the file.
            if not cell.source:
                return
            raise
        if block_source.normal(current or "") == cell.source:
            return
        inline = entry.get("content")
        if isinstance(inline, str) and inline and self.reader.text(self.project, block) is None:
            entry["content"] = cell.source
            return
        if block.path is None:
            raise EditRefused(
                f"Block '{block.id}' of type '{block.type}' has no file, "
                "so text cannot be saved in it.",
                block=block.id,
            )
        self.outcome.texts[block.path] = cell.source

    def convert(self, cell: _Cell, block: Block, kind: str, language: str) -> None:
        """Turn a block into another type or language: a new file, the old one stays."""
        path = block_source.default_path(block.id, kind, language)
        if path is not None:
            present = block_source.read(self.lookup.real(path), path)
            if present is None:
                self.outcome.texts[path] = cell.source
            elif block_source.normal(present.text) != cell.source:
                raise AlreadyExists(
                    f"Block '{block.id}' cannot become a {kind}: there is a file {path} already.",
                    path=path,
                )
        convert_entry(self.outcome.document, block.id, kind, language)

    # -- the whole ------------------------------------------------------------

    def link(self, cells: Sequence[_Cell]) -> None:
        """Set the links of all cells, then look for circles once."""
        final = {cell.id for cell in cells}
        entries = structure.index(self.outcome.document)
        for cell in cells:
            upstream = cell.said.get("upstream")
            if not isinstance(upstream, list):
                continue
            own = cell.block.upstream if cell.block is not None else ()
            wanted = [self.ids.get(str(item), BlockId(str(item))) for item in upstream]
            # A link to nothing that the file has already is not ours to remove.
            dangling = [item for item in own if item not in self.known]
            listed = [item for item in wanted if item in final or item in dangling]
            if cell.block is not None and tuple(dict.fromkeys(listed)) == own == (
                pipeline_yaml.links(entries[cell.id].value.get("upstream_blocks"))
            ):
                continue
            structure.connect(self.outcome.document, cell.id, listed, check=False)
        structure.refuse_new_cycle(self.pipeline.document, self.outcome.document)

    def settings(self, nb: Mapping[str, Any]) -> None:
        document = self.outcome.document
        metadata = _mapping(nb.get("metadata"))
        mage = _mapping(metadata.get("mage"))
        shown = structure.shown(self.pipeline)
        for key in notebook.PIPELINE_KEYS:
            if key in mage and plain(mage[key]) != shown[key]:
                structure.put(document, key, plain(mage[key]))
        kernel = _mapping(metadata.get("kernelspec")).get("name")
        current = self.pipeline.kernel or notebook.DEFAULT_KERNEL
        if isinstance(kernel, str) and kernel and kernel != current:
            structure.kernel(document, kernel)


def convert_entry(document: structure.Document, block_id: str, kind: str, language: str) -> None:
    """Give a block another type or language in the document."""
    found = structure.find(document, block_id)
    entry = found.value
    configuration = entry.get("configuration")
    if isinstance(configuration, dict):
        for key in ("file_source", "file_path"):
            configuration.pop(key, None)
    entry["type"] = kind
    if entry.get("language", "python") != language:
        entry["language"] = language
    role = structure.role_of(kind)
    if role != found.role:
        holder: Any = document
        for key in found.keys:
            holder = holder[key]
        holder.pop(found.position)
        structure.list_for(document, role).append(entry)


def _model_place(block_id: str) -> dict[str, Any]:
    """Return where the file of a new dbt model lies, as Mage writes it down."""
    path = block_source.default_path(block_id, DBT, "sql") or ""
    file = path.removeprefix("dbt/")
    project = f"dbt/{file.partition('/')[0]}"
    return {"file_path": file, "file_source": {"path": path, "project_path": project}}


def _where_it_is(said: Mapping[str, Any], block: Block) -> Mapping[str, Any]:
    """Return what a cell says, with the file where the block has it.

    A notebook that was open during a rename still names the old file.
    """
    wanted = said.get("configuration")
    if not isinstance(wanted, Mapping):
        return said
    kept = {key: value for key, value in wanted.items() if key not in _PLACES}
    own = {key: value for key, value in block.configuration.items() if key in _PLACES}
    ordered = {k: {**kept, **own}[k] for k in [*wanted, *own] if k in kept or k in own}
    return {**said, "configuration": ordered}


def _read(raw: Any) -> _Cell | None:
    """Return a cell, or None for one that is dropped: empty and no block."""
    if not isinstance(raw, Mapping):
        return None
    source = block_source.normal(_with_images(raw))
    metadata = _mapping(raw.get("metadata"))
    said = _mapping(metadata.get("mage"))
    if not isinstance(said.get("uuid"), str) and not isinstance(said.get("type"), str):
        said = {}
    if not said and not source.strip():
        return None
    return _Cell(source, raw.get("cell_type") == "code", said, str(raw.get("id", "")))


def _with_images(raw: Mapping[str, Any]) -> str:
    """Return a cell's text; images pasted into it go into the text, where a file keeps them."""
    text = notebook.text(raw.get("source"))
    for name, bundle in _mapping(raw.get("attachments")).items():
        for media, data in bundle.items() if isinstance(bundle, dict) else ():
            if media.startswith("image/") and isinstance(data, str) and name:
                image = f"data:{media};base64,{''.join(data.split())}"
                for written in (name, quote(name)):
                    text = text.replace(f"(attachment:{written})", f"({image})")
    return text


def _mapping(value: Any) -> dict[str, Any]:
    return dict(plain(value)) if isinstance(value, Mapping) else {}


def _spoken(kind: str, language: Any) -> str | None:
    return language if isinstance(language, str) and speaks(kind, language) else None


def _known(value: Any, among: tuple[str, ...]) -> str | None:
    return value if isinstance(value, str) and value in among else None
