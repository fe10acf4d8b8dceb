"""Pipelines: list, make, read, change, delete; their kernel's start code and last outputs."""

from __future__ import annotations

from typing import Any

import msgspec

from mage_jlab.errors import BrokenFile, PipelineNotFound
from mage_jlab.ids import PipelineId, slug
from mage_jlab.model import check
from mage_jlab.model.product import INTERACTIVE
from mage_jlab.model.project import Project
from mage_jlab.schedule import due
from mage_jlab.server import lookup, views, wire
from mage_jlab.server.base import PAGING, MageHandler, Query, operation

PIPELINES = "mage_pipelines"


class PipelinesHandler(MageHandler):
    """The pipelines of a project."""

    @operation(
        "read", PIPELINES, answer=wire.Page[wire.PipelineSummary], query=PAGING, errors=(404,)
    )
    def get(self, project: str) -> wire.Page[wire.PipelineSummary]:
        """List the pipelines of a project with their last run and next fire time."""
        of = lookup.project(self.engine, project)
        page = self.page(self.engine.workspace.pipelines(of))
        return wire.Page(self._summaries(of, page.items), page.next)

    @operation(
        "write",
        PIPELINES,
        answer=wire.Pipeline,
        body=wire.PipelineCreate,
        status=201,
        errors=(404, 409),
    )
    def post(self, project: str) -> wire.Pipeline:
        """Make a pipeline, empty or as a copy."""
        of = lookup.project(self.engine, project)
        wanted = self.read(wire.PipelineCreate)
        if wanted.copy_of is not None:
            lookup.named_pipeline(self.engine, of, wanted.copy_of)
        made = self.engine.workspace.create_pipeline(
            of,
            wanted.name,
            type=wanted.type,
            description=wanted.description,
            copy_of=PipelineId(wanted.copy_of) if wanted.copy_of else None,
            template=wanted.template,
        )
        self.app.tell("pipeline", of, made.id, state="created")
        answer = views.pipeline(self.engine, of, made)
        self.set_header("ETag", f'"{answer.etag}"')
        return answer

    def _summaries(self, of: Project, ids: list[PipelineId]) -> list[wire.PipelineSummary]:
        fires: dict[str, Any] = {}
        for trigger in self.engine.triggers.list(project=of.id):
            if (when := due.coming(trigger)) is not None:
                fires[trigger.pipeline] = min(when, fires.get(trigger.pipeline, when))
        return [self._summary(of, item, fires.get(item)) for item in ids]

    def _summary(self, of: Project, identity: PipelineId, fire: Any) -> wire.PipelineSummary:
        summary = wire.PipelineSummary(
            project=slug(of.id),
            slug=slug(identity),
            id=identity,
            name=identity,
            type="unknown",
            path=lookup.drive_path(of, identity),
            blocks=0,
            tags=[],
            next_fire=fire,
        )
        try:
            loaded = self.engine.workspace.load(of, identity)
        except BrokenFile as error:
            line = error.detail.get("line")
            summary.problem = wire.Problem(
                check.ERROR,  # type: ignore[arg-type]
                error.message,
                pipeline=identity,
                file=str(error.detail.get("file", "")) or None,
                line=line if isinstance(line, int) else None,
            )
        except PipelineNotFound as error:  # deleted since it was listed
            summary.problem = wire.Problem("error", error.message, pipeline=identity)
        else:
            summary.name, summary.type = loaded.name, loaded.type
            summary.blocks, summary.tags = len(loaded.blocks), list(loaded.tags)
            summary.description = loaded.description
        last, _ = self.engine.runs.list(project=of.id, pipeline=identity, limit=1)
        if last:
            summary.state, summary.last_run = last[0].state, last[0].id
            summary.last_run_at = last[0].started or last[0].created
        return summary


class PipelineHandler(MageHandler):
    """One pipeline."""

    @operation("read", PIPELINES, answer=wire.Pipeline, errors=(404, 422))
    def get(self, project: str, pipeline: str) -> wire.Pipeline:
        """Read a pipeline with its blocks and their sources."""
        of, loaded = lookup.pipeline(self.engine, project, pipeline)
        answer = views.pipeline(self.engine, of, loaded)
        self.set_header("ETag", f'"{answer.etag}"')
        return answer

    @operation(
        "write",
        PIPELINES,
        answer=wire.Pipeline,
        body=wire.PipelineChange,
        errors=(404, 409, 412, 422, 428),
        matches=True,
    )
    def patch(self, project: str, pipeline: str) -> wire.Pipeline:
        """Change a pipeline; a new name renames its folder too."""
        etag = self.match()
        of = lookup.project(self.engine, project)
        identity = lookup.pipeline_id(self.engine, of, pipeline)
        changes = given(self.read(wire.PipelineChange))
        if "name" in changes:
            lookup.refuse_active(self.engine, of, [identity])
        changed = self.engine.workspace.change_pipeline(of, identity, changes, etag=etag)
        self.app.tell("pipeline", of, changed.id, state="changed")
        answer = views.pipeline(self.engine, of, changed)
        self.set_header("ETag", f'"{answer.etag}"')
        return answer

    @operation("write", PIPELINES, status=204, errors=(404, 409, 412, 428), matches=True)
    def delete(self, project: str, pipeline: str) -> None:
        """Delete a pipeline's folder; the files of its blocks stay."""
        etag = self.match()
        of = lookup.project(self.engine, project)
        identity = lookup.pipeline_id(self.engine, of, pipeline)
        lookup.refuse_active(self.engine, of, [identity])
        self.engine.delete_pipeline(of, identity, etag=etag)
        self.app.tell("pipeline", of, identity, state="deleted")


class KernelHandler(MageHandler):
    """What a kernel must execute to run blocks."""

    @operation(
        "execute",
        PIPELINES,
        answer=wire.KernelStart,
        query=(Query("kernel", str, "name of the kernel that asks"),),
        errors=(404, 422),
    )
    def get(self, project: str, pipeline: str) -> wire.KernelStart:
        """Give the code that makes a kernel run blocks of the pipeline."""
        of = lookup.project(self.engine, project)
        identity = lookup.pipeline_id(self.engine, of, pipeline)
        code, key = self.engine.kernel_start(of, identity, scope=INTERACTIVE)
        return wire.KernelStart(code, key)


class OutputsHandler(MageHandler):
    """What the last interactive run of each block published."""

    @operation(
        "read",
        "mage_products",
        answer=wire.Page[wire.BlockOutputs],
        query=PAGING,
        errors=(404, 422),
    )
    def get(self, project: str, pipeline: str) -> wire.Page[wire.BlockOutputs]:
        """List what each block published in its last interactive run."""
        of, loaded = lookup.pipeline(self.engine, project, pipeline)
        store = self.engine.products(of)
        items = []
        for block in loaded.blocks:
            state = store.last_step(loaded.id, INTERACTIVE, block.id)
            if state is not None:
                version = str(state.get("version", ""))
                shown = store.record(loaded.id, INTERACTIVE, block.id, version)
                items.append(wire.BlockOutputs(block.id, dict(state), list(shown)))
        return self.page(items)


def given(change: msgspec.Struct) -> dict[str, Any]:
    """Return what a change says, without what it leaves as it is."""
    values = {name: getattr(change, name) for name in change.__struct_fields__}
    return {name: value for name, value in values.items() if value is not msgspec.UNSET}
