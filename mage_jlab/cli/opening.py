"""From what is typed to an engine: folders to projects, run ids to their engine."""

from __future__ import annotations

from pathlib import Path

from mage_jlab.assembly import Engine
from mage_jlab.cli import early
from mage_jlab.db.roots import Root
from mage_jlab.db.runs import RunStore
from mage_jlab.db.triggers import TriggerStore
from mage_jlab.errors import PipelineNotFound, ProjectNotFound
from mage_jlab.files.projects import Finder, is_project
from mage_jlab.files.state import known_root, state_folder
from mage_jlab.ids import PipelineId, find
from mage_jlab.model.project import Project


def project(path: str, root: str | None = None) -> tuple[Engine, Project]:
    """Return an engine (not started) that sees the project in a folder, and the project.

    The root is what `--root` says, else the one a Jupyter server last saw the
    project from, else the current folder when the project lies below it.

    Raises:
        ProjectNotFound: when there is no project in the folder.
    """
    folder = Path(path).expanduser().resolve()
    if not is_project(folder):
        found = Finder(folder).all() if folder.is_dir() else []
        hint = (
            f"those below it are: {', '.join(str(Path(path, item.id)) for item in found[:20])}"
            if found
            else "a project is a folder with metadata.yaml and pipelines/. "
            "Make one with: mage-jlab init PATH"
        )
        raise ProjectNotFound(f"There is no Mage project in {folder}: {hint}", project=path)
    engine = Engine(_root(folder, root), kind="cli", kernels=early.kernels())
    return engine, engine.workspace.project(folder.relative_to(engine.root).as_posix().lstrip("."))


def several(path: str) -> Engine | None:
    """Return an engine (not started) of the projects in a folder that is none itself, if any."""
    folder = Path(path).expanduser().resolve()
    if not folder.is_dir() or is_project(folder):
        return None
    engine = Engine(folder, kind="cli", kernels=early.kernels())
    return engine if engine.workspace.projects() else None


def pipeline(engine: Engine, of: Project, name: str) -> PipelineId:
    """Return the pipeline of that id or slug.

    Raises:
        PipelineNotFound: the message names those there are.
    """
    known = engine.workspace.pipelines(of)
    match = PipelineId(name) if name in known else find(name, known)
    if match is None:
        listed = ", ".join(known) or "none"
        raise PipelineNotFound(
            f"Project '{of.name}' has no pipeline '{name}'; it has: {listed}.", pipeline=name
        )
    return match


def everywhere() -> tuple[RunStore, TriggerStore, Root]:
    """Return the stores as seen from the top of the disk: all projects of this database."""
    engine = Engine(Path("/"), kind="cli")
    engine.open()
    return engine.runs, engine.triggers, Root(engine.root)


def of_stored(project_id: str) -> tuple[Engine, Project]:
    """Return an engine for a project as seen from the top of the disk."""
    return project(str(Path("/") / project_id))


def _root(folder: Path, given: str | None) -> Path:
    if given is not None:
        root = Path(given).expanduser().resolve()
        if not folder.is_relative_to(root):
            raise ProjectNotFound(f"The project {folder} does not lie below the root {root}.")
        return root
    seen = known_root(state_folder(), folder)
    if seen is not None and folder.is_relative_to(seen):
        return seen
    here = Path.cwd().resolve()
    return here if folder.is_relative_to(here) and here != Path(here.anchor) else folder
