"""Notebooks that become pipelines: shown first, written when that is wanted."""

from __future__ import annotations

from dataclasses import asdict

import msgspec

from mage_jlab.errors import BadRequest, NotFound
from mage_jlab.files import places
from mage_jlab.files.from_notebook import cells
from mage_jlab.files.from_notebook.draft import Edit
from mage_jlab.server import lookup, views, wire
from mage_jlab.server.base import MageHandler, operation

PIPELINES = "mage_pipelines"


class DraftHandler(MageHandler):
    """What would be made of a notebook."""

    @operation(
        "read",
        PIPELINES,
        answer=wire.NotebookDraft,
        body=wire.NotebookImport,
        errors=(404, 409, 422),
    )
    def post(self, project: str) -> wire.NotebookDraft:
        """Show the blocks that a notebook would become; nothing is run or written."""
        of = lookup.project(self.engine, project)
        wanted = self.read(wire.NotebookImport)
        data, file = _notebook(self, wanted)
        draft = self.engine.workspace.propose_import(
            of, data, file, name=wanted.name, edits=_edits(wanted)
        )
        blocks = [msgspec.convert(asdict(item), wire.NotebookBlock) for item in draft.blocks]
        types = [item for item in cells.CODE_TYPES]
        return wire.NotebookDraft(draft.name, draft.etag, blocks, types)


class ImportHandler(MageHandler):
    """Making a pipeline of a notebook."""

    @operation(
        "write",
        PIPELINES,
        answer=wire.Pipeline,
        body=wire.NotebookImport,
        status=201,
        errors=(404, 409, 412, 422),
    )
    def post(self, project: str) -> wire.Pipeline:
        """Make a pipeline of a notebook, in one change."""
        of = lookup.project(self.engine, project)
        wanted = self.read(wire.NotebookImport)
        data, file = _notebook(self, wanted)
        made = self.engine.workspace.import_notebook(
            of, data, file, name=wanted.name, edits=_edits(wanted), etag=wanted.etag
        )
        self.app.tell("pipeline", of, made.id)
        return views.pipeline(self.engine, of, made)


def _notebook(handler: MageHandler, wanted: wire.NotebookImport) -> tuple[bytes, str]:
    """Return the bytes of the notebook that is named, and its name."""
    path = places.inside(handler.engine.workspace.root, wanted.path)
    if path.suffix != ".ipynb":
        raise BadRequest("Only a notebook (.ipynb) becomes a pipeline.", path="path")
    try:
        return places.read_bytes(path, cells.MAX_BYTES), path.name
    except OSError as error:
        raise NotFound("There is no such notebook below the server's root.") from error


def _edits(wanted: wire.NotebookImport) -> list[Edit]:
    return [
        Edit(
            item.key,
            item.name,
            item.type,
            item.skip,
            None if item.upstream is None else tuple(item.upstream),
        )
        for item in wanted.blocks
    ]
