"""The `mage` drive: projects as folders, pipelines as notebooks.

The REST handlers are Jupyter's own; only what they ask is ours. A path is
``<project slug>/<pipeline slug>.ipynb``. What a document's hash covers is
sources and structure, so neither outputs nor trust make it look changed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timezone
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

import nbformat
from jupyter_server.services.contents.checkpoints import AsyncCheckpoints
from jupyter_server.services.contents.manager import AsyncContentsManager
from tornado import web
from traitlets import Any as AnyTrait
from traitlets import Type

from mage_jlab.errors import AlreadyExists, BadRequest, Conflict, MageError, NotFound
from mage_jlab.files import places
from mage_jlab.ids import PipelineId, slug
from mage_jlab.model.block import Block
from mage_jlab.model.product import INTERACTIVE
from mage_jlab.model.project import Project
from mage_jlab.server import lookup

if TYPE_CHECKING:
    from mage_jlab.assembly import Engine
    from mage_jlab.server.app import MageApp

NOTEBOOK = ".ipynb"
ALGORITHM = "sha256"
_START = datetime(1970, 1, 1, tzinfo=timezone.utc)
_Method = TypeVar("_Method", bound=Callable[..., Any])
Outputs = Callable[[Block], tuple[list[Any], dict[str, Any] | None]]


class DriveError(web.HTTPError):
    """An error of ours on its way through Jupyter's contents handlers."""

    def __init__(self, error: MageError) -> None:
        """Keep the error for the answer."""
        super().__init__(error.status, error.message.replace("%", "%%"), reason=error.reason)
        self.error = error


def last_outputs(engine: Engine, of: Project, pipeline: str) -> Outputs:
    """Return what gives a block's outputs and state of its last interactive run."""
    store = engine.products(of)

    def outputs(block: Block) -> tuple[list[Any], dict[str, Any] | None]:
        state = store.last_step(pipeline, INTERACTIVE, block.id)
        if state is None:
            return [], None
        version = str(state.get("version", ""))
        return list(store.record(pipeline, INTERACTIVE, block.id, version)), dict(state)

    return outputs


def _aside(method: _Method) -> Callable[..., Any]:
    """Make a blocking method of the manager a coroutine whose errors Jupyter understands."""

    @wraps(method)
    async def run(self: MageContents, *args: Any, **kwargs: Any) -> Any:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self.app.pool, lambda: method(self, *args, **kwargs))
        except MageError as error:
            raise DriveError(error) from error

    return run


class NoCheckpoints(AsyncCheckpoints):
    """There are no checkpoints: the files are the user's, and git keeps their history."""

    async def create_checkpoint(self, contents_mgr: Any, path: str) -> dict[str, Any]:
        """Pretend: JupyterLab asks for one at every save."""
        model = await contents_mgr.get(path, content=False)
        return {"id": "saved", "last_modified": model["last_modified"]}

    async def restore_checkpoint(self, contents_mgr: Any, checkpoint_id: str, path: str) -> None:
        """Refuse."""
        raise DriveError(Conflict("Pipelines have no checkpoints; use git to go back."))

    async def list_checkpoints(self, path: str) -> list[dict[str, Any]]:
        """There are none."""
        return []

    async def delete_checkpoint(self, checkpoint_id: str, path: str) -> None:
        """Nothing is to be done."""

    async def rename_checkpoint(self, checkpoint_id: str, old_path: str, new_path: str) -> None:
        """Nothing is to be done."""

    async def rename_all_checkpoints(self, old_path: str, new_path: str) -> None:
        """Nothing is to be done."""

    async def delete_all_checkpoints(self, path: str) -> None:
        """Nothing is to be done."""


class MageContents(AsyncContentsManager):
    """Projects and pipelines as Jupyter's contents service wants them."""

    app: MageApp = AnyTrait()  # type: ignore[assignment]
    checkpoints_class = Type(NoCheckpoints)

    @property
    def engine(self) -> Engine:
        """The engine; only to be asked for in a thread."""
        return self.app.engine

    @property
    def _jupyter(self) -> Any:
        """What is inherited, and is not typed."""
        return self

    # Looking

    @_aside
    def dir_exists(self, path: str) -> bool:
        """Say whether a path is the drive itself or a project."""
        parts = _parts(path)
        return not parts or (len(parts) == 1 and self._project(parts[0]) is not None)

    @_aside
    def file_exists(self, path: str = "") -> bool:
        """Say whether a path is a pipeline."""
        return self._pipeline(path) is not None

    async def is_hidden(self, path: str) -> bool:
        """Nothing on this drive is hidden."""
        return False

    @_aside
    def get(
        self,
        path: str,
        content: bool = True,
        type: str | None = None,
        format: str | None = None,
        require_hash: bool = False,
    ) -> dict[str, Any]:
        """Return the model of a folder or of a notebook."""
        parts = _parts(path)
        if not parts or (len(parts) == 1 and not parts[0].endswith(NOTEBOOK)):
            if type not in (None, "directory"):
                raise BadRequest("That is a folder.")
            return self._folder(parts, content)
        if type == "directory":
            raise BadRequest("That is a pipeline, not a folder.")
        if type == "file":
            raise BadRequest("A pipeline opens as a notebook; its blocks are files of the project.")
        of, identity = self._must_find(path)
        return self._notebook(of, identity, content=bool(content), want_hash=bool(require_hash))

    # Changing

    async def save(self, model: dict[str, Any], path: str = "") -> dict[str, Any]:
        """Write a notebook back into the files of its pipeline; a new one makes a pipeline."""
        self._jupyter.run_pre_save_hooks(model=model, path=path)
        return cast("dict[str, Any]", await self._save(model, path))

    @_aside
    def _save(self, model: dict[str, Any], path: str) -> dict[str, Any]:
        if model.get("type") not in (None, "notebook"):
            raise BadRequest("Only pipelines (notebooks) can be stored on this drive.")
        content = model.get("content")
        if not isinstance(content, dict) or not isinstance(content.get("cells"), list):
            raise BadRequest("The notebook has no cells.", path="content")
        book = _notebook_from(content)
        found = self._pipeline(path)
        if found is None:
            of, name = self._place(path)
            made = self.engine.workspace.create_pipeline(of, name)
            found = of, made.id
            if book.cells:
                self.engine.workspace.save_notebook(of, made.id, book)
            state = "created"
        else:
            self._refuse_renames(*found, book)
            self.engine.workspace.save_notebook(*found, book)
            state = "changed"
        self.app.tell("pipeline", found[0], found[1], state=state)
        return self._notebook(*found, content=False, want_hash=True)

    @_aside
    def delete_file(self, path: str) -> None:
        """Delete a pipeline; the files of its blocks stay."""
        of, identity = self._must_find(path)
        lookup.refuse_active(self.engine, of, [identity])
        self.engine.delete_pipeline(of, identity)
        self.app.tell("pipeline", of, identity, state="deleted")

    async def rename_file(self, old_path: str, new_path: str) -> None:
        """Rename a pipeline after its notebook."""
        await self._rename(old_path, new_path)

    @_aside
    def _rename(self, old_path: str, new_path: str) -> str:
        of, identity = self._must_find(old_path)
        target, name = self._place(new_path)
        if target.id != of.id:
            raise BadRequest("A pipeline cannot be moved to another project.")
        if self._pipeline(new_path) is not None:
            raise AlreadyExists(f"There is already a pipeline '{name}'.")
        lookup.refuse_active(self.engine, of, [identity])
        changed = self.engine.workspace.change_pipeline(of, identity, {"name": name})
        self.app.tell("pipeline", of, changed.id, state="renamed")
        return _path(of, changed.id)

    async def update(self, model: dict[str, Any], path: str) -> dict[str, Any]:
        """Rename, and answer with the path that the name really got."""
        path = path.strip("/")
        wanted = str(model.get("path", path)).strip("/")
        if wanted != path:
            wanted = await self._rename(path, wanted)
        return cast("dict[str, Any]", await self.get(wanted, content=False))

    async def new_untitled(self, path: str = "", type: str = "", ext: str = "") -> dict[str, Any]:
        """Make a new, empty pipeline in a project."""
        if type == "directory" or (type == "file" and ext != NOTEBOOK):
            raise DriveError(BadRequest("Only pipelines can be made on this drive."))
        return cast("dict[str, Any]", await self._untitled(path))

    @_aside
    def _untitled(self, path: str) -> dict[str, Any]:
        of = self._must_find_project(path)
        name = places.free_name("untitled", self.engine.workspace.pipelines(of))
        made = self.engine.workspace.create_pipeline(of, name)
        self.app.tell("pipeline", of, made.id, state="created")
        return self._notebook(of, made.id, content=False, want_hash=True)

    @_aside
    def copy(self, from_path: str, to_path: str | None = None) -> dict[str, Any]:
        """Duplicate a pipeline within its project."""
        of, identity = self._must_find(from_path)
        if to_path and to_path.strip("/").endswith(NOTEBOOK):
            target, name = self._place(to_path)
        else:
            target = self._must_find_project(to_path) if to_path else of
            name = places.free_name(f"{identity}_copy", self.engine.workspace.pipelines(of))
        if target.id != of.id:
            raise BadRequest("A pipeline cannot be copied to another project.")
        made = self.engine.workspace.create_pipeline(of, name, copy_of=identity)
        self.app.tell("pipeline", of, made.id, state="created")
        return self._notebook(of, made.id, content=False, want_hash=True)

    async def trust_notebook(self, path: str) -> None:
        """Nothing is to be done: outputs on this drive come from runs on this machine."""

    # Inside

    def _project(self, wanted: str) -> Project | None:
        return next((p for p in self.engine.workspace.projects() if slug(p.id) == wanted), None)

    def _pipeline(self, path: str) -> tuple[Project, PipelineId] | None:
        parts = _parts(path)
        if len(parts) != 2 or not parts[1].endswith(NOTEBOOK):
            return None
        of = self._project(parts[0])
        if of is None:
            return None
        wanted = parts[1].removesuffix(NOTEBOOK)
        known = self.engine.workspace.pipelines(of)
        found = next((item for item in known if slug(item) == wanted), None)
        return None if found is None else (of, found)

    def _must_find(self, path: str) -> tuple[Project, PipelineId]:
        found = self._pipeline(path)
        if found is None:
            raise NotFound("There is no such pipeline on this drive.")
        return found

    def _must_find_project(self, path: str) -> Project:
        parts = _parts(path)
        found = self._project(parts[0]) if len(parts) == 1 else None
        if found is None:
            raise NotFound("There is no such project on this drive; make pipelines inside one.")
        return found

    def _place(self, path: str) -> tuple[Project, str]:
        """Return the project of a path that need not exist, and the name it asks for."""
        parts = _parts(path)
        if len(parts) != 2 or not parts[1].endswith(NOTEBOOK):
            raise BadRequest("A pipeline's path is <project>/<name>.ipynb.")
        return self._must_find_project(parts[0]), parts[1].removesuffix(NOTEBOOK)

    def _refuse_renames(self, of: Project, identity: PipelineId, book: Any) -> None:
        """Refuse a save that renames blocks an active run is at work on."""
        names = {block.id: block for block in self.engine.workspace.load(of, identity).blocks}
        for cell in book.cells:
            told = cell.metadata.get("mage")
            known = names.get(told.get("uuid", "")) if isinstance(told, dict) else None
            if known is not None and told.get("name") not in (None, known.name):
                users = self.engine.workspace.users_of(of, known)
                lookup.refuse_active(self.engine, of, {identity, *users})

    def _folder(self, parts: list[str], content: bool) -> dict[str, Any]:
        entries: list[dict[str, Any]] = []
        if not parts:
            model = _model("", "", "directory", _START)
            if content:
                entries = [
                    _model(slug(p.id), slug(p.id), "directory", _START)
                    for p in self.engine.workspace.projects()
                ]
        else:
            of = self._must_find_project(parts[0])
            model = _model(parts[0], parts[0], "directory", _START)
            if content:
                entries = [
                    _model(_path(of, item), f"{slug(item)}{NOTEBOOK}", "notebook", _time(of, item))
                    for item in self.engine.workspace.pipelines(of)
                ]
        if content:
            model["content"], model["format"] = entries, "json"
        return model

    def _notebook(
        self, of: Project, identity: PipelineId, *, content: bool, want_hash: bool
    ) -> dict[str, Any]:
        path = _path(of, identity)
        model = _model(path, f"{slug(identity)}{NOTEBOOK}", "notebook", _time(of, identity))
        if not content:
            if want_hash:
                model["hash"] = self.engine.workspace.pipeline_hash(of, identity)
                model["hash_algorithm"] = ALGORITHM
            return model
        self.app.warm_up(self.engine.products(of))
        outputs = last_outputs(self.engine, of, identity)
        book = self.engine.workspace.open_notebook(of, identity, outputs=outputs)
        if want_hash:
            # Before trust is written into the cells, else every save would look like a conflict.
            model["hash"] = self.engine.workspace.notebook_hash(book)
            model["hash_algorithm"] = ALGORITHM
        # Every output comes from a run on this machine, kept outside of the project.
        self._jupyter.notary.mark_cells(book, True)
        model["content"], model["format"] = book, "json"
        self._jupyter.validate_notebook_model(model)
        return model


def _parts(path: str) -> list[str]:
    return [part for part in path.strip("/").split("/") if part]


def _path(of: Project, identity: str) -> str:
    return f"{slug(of.id)}/{slug(identity)}{NOTEBOOK}"


def _model(path: str, name: str, kind: str, modified: datetime) -> dict[str, Any]:
    return {
        "name": name,
        "path": path,
        "type": kind,
        "writable": True,
        "created": modified,
        "last_modified": modified,
        "mimetype": None,
        "content": None,
        "format": None,
        "hash": None,
        "hash_algorithm": None,
    }


def _time(of: Project, identity: str) -> datetime:
    try:
        seconds = places.pipeline_file(of.root, identity).stat().st_mtime
    except (OSError, MageError):
        return _START
    return datetime.fromtimestamp(seconds, timezone.utc)


def _notebook_from(content: dict[str, Any]) -> Any:
    """Return the notebook of a request, in the newest format and without marks of trust."""
    try:
        book = nbformat.from_dict(content)
        if book.get("nbformat", 4) != 4:
            raise BadRequest("The notebook's format is too old; only nbformat 4 is understood.")
        for cell in book.cells:
            cell.setdefault("metadata", {}).pop("trusted", None)
            cell.setdefault("source", "")
    except (TypeError, AttributeError, ValueError) as error:
        raise BadRequest("That is no notebook.", path="content") from error
    return book
