"""Blocks of a pipeline, and the templates for new ones."""

from __future__ import annotations

from mage_jlab.server import lookup, views, wire
from mage_jlab.server.base import PAGING, MageHandler, Query, operation
from mage_jlab.server.pipelines import given

BLOCKS = "mage_pipelines"


class BlocksHandler(MageHandler):
    """The blocks of a pipeline."""

    @operation("read", BLOCKS, answer=wire.Page[wire.Block], query=PAGING, errors=(404, 422))
    def get(self, project: str, pipeline: str) -> wire.Page[wire.Block]:
        """List the blocks of a pipeline in file order."""
        of, loaded = lookup.pipeline(self.engine, project, pipeline)
        page = self.page(list(loaded.blocks))
        items = [views.block(self.engine, of, loaded, item) for item in page.items]
        return wire.Page(items, page.next)

    @operation(
        "write",
        BLOCKS,
        answer=wire.Block,
        body=wire.BlockCreate,
        status=201,
        errors=(404, 409, 412, 422, 428),
        matches=True,
    )
    def post(self, project: str, pipeline: str) -> wire.Block:
        """Add a block, from a template, a source, a copy or a file that is there."""
        etag = self.match()
        of = lookup.project(self.engine, project)
        identity = lookup.pipeline_id(self.engine, of, pipeline)
        wanted = self.read(wire.BlockCreate)
        spec = {name: value for name, value in given(wanted).items() if value is not None}
        changed, added = self.engine.workspace.add_block(of, identity, spec, etag=etag)
        self.app.tell("pipeline", of, identity, state="changed", block=added)
        self.set_header("ETag", f'"{self.engine.workspace.etag(of, identity)}"')
        return views.block(self.engine, of, changed, changed.block(added))


class BlockHandler(MageHandler):
    """One block of a pipeline."""

    @operation("read", BLOCKS, answer=wire.Block, errors=(404, 422))
    def get(self, project: str, pipeline: str, block: str) -> wire.Block:
        """Read a block with its source."""
        of, loaded = lookup.pipeline(self.engine, project, pipeline)
        self.set_header("ETag", f'"{self.engine.workspace.etag(of, loaded.id)}"')
        return views.block(self.engine, of, loaded, lookup.block(loaded, block))

    @operation(
        "write",
        BLOCKS,
        answer=wire.Block,
        body=wire.BlockChange,
        errors=(404, 409, 412, 422, 428),
        matches=True,
    )
    def patch(self, project: str, pipeline: str, block: str) -> wire.Block:
        """Change a block; a new name renames its file in every pipeline that uses it."""
        etag = self.match()
        of, loaded = lookup.pipeline(self.engine, project, pipeline)
        found = lookup.block(loaded, block)
        changes = given(self.read(wire.BlockChange))
        if "name" in changes and changes["name"] != found.name:
            users = self.engine.workspace.users_of(of, found)
            lookup.refuse_active(self.engine, of, {loaded.id, *users})
        changed, now = self.engine.workspace.change_block(
            of, loaded.id, found.id, changes, etag=etag
        )
        for user in dict.fromkeys(
            [loaded.id, *self.engine.workspace.users_of(of, changed.block(now))]
        ):
            self.app.tell("pipeline", of, user, state="changed", block=now)
        self.set_header("ETag", f'"{self.engine.workspace.etag(of, loaded.id)}"')
        return views.block(self.engine, of, changed, changed.block(now))

    @operation("write", BLOCKS, status=204, errors=(404, 409, 412, 422, 428), matches=True)
    def delete(self, project: str, pipeline: str, block: str) -> None:
        """Take a block out of a pipeline; its file stays."""
        etag = self.match()
        of, loaded = lookup.pipeline(self.engine, project, pipeline)
        found = lookup.block(loaded, block)
        self.engine.workspace.remove_block(of, loaded.id, found.id, etag=etag)
        self.app.tell("pipeline", of, loaded.id, state="changed", block=found.id)
        self.set_header("ETag", f'"{self.engine.workspace.etag(of, loaded.id)}"')


class TemplatesHandler(MageHandler):
    """The templates for new blocks."""

    @operation(
        "read",
        BLOCKS,
        answer=wire.Page[wire.BlockTemplate],
        query=(
            Query("type", str, "only templates of this block type"),
            Query("language", str, "only templates in this language"),
            Query("project", str, "slug of a project whose own templates are listed too"),
            *PAGING,
        ),
        errors=(404,),
    )
    def get(self) -> wire.Page[wire.BlockTemplate]:
        """List the templates for new blocks."""
        kind, language, wanted = self.text("type"), self.text("language"), self.text("project")
        of = lookup.project(self.engine, wanted) if wanted else None
        found = [
            item
            for item in self.engine.workspace.templates(of)
            if kind in (None, item.type) and language in (None, item.language)
        ]
        page = self.page(found)
        return wire.Page([views.template(item) for item in page.items], page.next)
