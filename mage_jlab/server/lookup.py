"""From what stands in an address to the thing that is meant.

Slugs are compared with those of the things that exist (`ids.find`); nothing
of an address ever becomes a path, so a hostile one can only be not found.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from mage_jlab.errors import (
    BlockNotFound,
    PipelineNotFound,
    ProductNotFound,
    ProjectNotFound,
    StillActive,
)
from mage_jlab.ids import BlockId, PipelineId, find, slug
from mage_jlab.model.block import Block
from mage_jlab.model.pipeline import Pipeline
from mage_jlab.model.product import INTERACTIVE
from mage_jlab.model.project import Project

if TYPE_CHECKING:
    from mage_jlab.assembly import Engine

DRIVE = "mage:"


def project(engine: Engine, wanted: str) -> Project:
    """Return the project of that slug.

    Raises:
        ProjectNotFound: when there is none.
    """
    for item in engine.workspace.projects():
        if slug(item.id) == wanted:
            return item
    raise ProjectNotFound("There is no such project below the server's root.")


def project_of(engine: Engine, project_id: str) -> Project | None:
    """Return the project of an id (as runs and triggers carry it), or None."""
    return next((item for item in engine.workspace.projects() if item.id == project_id), None)


def pipeline_id(engine: Engine, of: Project, wanted: str) -> PipelineId:
    """Return the id of the pipeline with that slug.

    Raises:
        PipelineNotFound: when there is none.
    """
    found = find(wanted, engine.workspace.pipelines(of))
    if found is None:
        raise PipelineNotFound(f"Project '{of.name}' has no such pipeline.")
    return found


def named_pipeline(engine: Engine, of: Project, wanted: str) -> PipelineId:
    """Return the pipeline that a request body names by its id.

    Raises:
        PipelineNotFound: when there is none.
    """
    for item in engine.workspace.pipelines(of):
        if item == wanted:
            return item
    raise PipelineNotFound(f"Project '{of.name}' has no pipeline of that id.")


def pipeline(engine: Engine, project_slug: str, pipeline_slug: str) -> tuple[Project, Pipeline]:
    """Return a project and one of its pipelines, loaded."""
    of = project(engine, project_slug)
    return of, engine.workspace.load(of, pipeline_id(engine, of, pipeline_slug))


def block(of: Pipeline, wanted: str) -> Block:
    """Return the block of a pipeline with that slug.

    Raises:
        BlockNotFound: when it has none.
    """
    found = find(wanted, of.ids)
    if found is None:
        raise BlockNotFound(f"Pipeline '{of.name}' has no such block.")
    return of.block(found)


def product_ids(
    engine: Engine, project_slug: str, pipeline_slug: str, block_slug: str, scope: str
) -> tuple[Project, PipelineId, BlockId, str]:
    """Return the ids of what a product address names.

    The pipeline or block of a finished run may be gone meanwhile; then the
    ids are those that the run recorded.
    """
    of = project(engine, project_slug)
    if scope == INTERACTIVE:
        identity = pipeline_id(engine, of, pipeline_slug)
        loaded = engine.workspace.load(of, identity)
        return of, identity, block(loaded, block_slug).id, scope
    run = engine.runs.get(scope)
    if run.project != of.id or slug(run.pipeline) != pipeline_slug:
        raise ProductNotFound("That run is none of this pipeline.", run=run.id)
    found = find(block_slug, [BlockId(step.block) for step in run.steps])
    if found is None:
        raise ProductNotFound("That run has no such step.", run=run.id)
    return of, PipelineId(run.pipeline), found, run.id


def refuse_active(engine: Engine, of: Project, pipelines: Iterable[str]) -> None:
    """Refuse to rename or delete what an active run is at work on.

    Raises:
        StillActive: when one of the pipelines has a run that has not ended.
    """
    for identity in pipelines:
        active = engine.runs.active(of.id, identity)
        if active:
            raise StillActive(
                f"Pipeline '{identity}' has an active run; wait for it or cancel it first.",
                run=active[0].id,
            )


def drive_path(of: Project, identity: str) -> str:
    """Return the path of a pipeline's notebook in JupyterLab."""
    return f"{DRIVE}{slug(of.id)}/{slug(identity)}.ipynb"


def aware(moment: datetime | None) -> datetime | None:
    """Return a moment with its zone; one that came without is meant in UTC."""
    if moment is None or moment.tzinfo is not None:
        return moment
    return moment.replace(tzinfo=timezone.utc)
