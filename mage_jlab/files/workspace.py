"""The workspace: every project below one root, read and changed by ids.

All writing goes through here: under one lock per project, checked against
the caller's etag, atomic, several files under a journal.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from mage_jlab.errors import (
    AlreadyExists,
    Changed,
    InvalidName,
    MageError,
    ProjectNotFound,
)
from mage_jlab.files import (
    block_changes,
    check,
    connections,
    custom_templates,
    data_products,
    interactions,
    notebook,
    notebook_save,
    pipeline_changes,
    places,
    projects,
    requirements,
    save,
    snapshot,
    templates,
    trigger_yaml,
)
from mage_jlab.files.connections import Connections, Edit
from mage_jlab.files.custom_templates import PipelineTemplate
from mage_jlab.files.from_notebook import draft
from mage_jlab.files.interactions import Form
from mage_jlab.files.kernels import KernelMemory, read_json
from mage_jlab.files.reader import Reader
from mage_jlab.files.snapshot import Snapshot
from mage_jlab.files.templates import Template
from mage_jlab.ids import BlockId, PipelineId
from mage_jlab.model.block import Block
from mage_jlab.model.check import Problem
from mage_jlab.model.data_product import DataProduct
from mage_jlab.model.pipeline import Pipeline
from mage_jlab.model.project import Project
from mage_jlab.model.trigger import Trigger

if TYPE_CHECKING:
    from nbformat import NotebookNode

Renamed = Callable[[Project, str, list[PipelineId], str, str], None]
"""(project, "block" or "pipeline", pipelines concerned, old id, new id)."""


class Workspace:
    """The projects below a root folder; `state` is where mage-jlab keeps its own data."""

    def __init__(self, root: Path, state: Path) -> None:
        self.root = Path(root).resolve()
        self.state_root = Path(state)
        self.reader = Reader(self.root)
        self.finder = projects.Finder(self.root)
        self.kernels = KernelMemory(self.state_root)
        self.renamed: list[Renamed] = []
        self.working_folder = "auto"
        """auto | parent | project | an absolute path: where code runs (see `cwd`)."""
        self._lock = threading.RLock()

    # -- projects -----------------------------------------------------------

    def projects(self) -> list[Project]:
        """Return the projects found below the root, several levels deep."""
        return self.finder.all()

    def project(self, id_or_slug: str) -> Project:
        """Return a project by its id (path below the root) or slug.

        Raises:
            ProjectNotFound: when there is none.
        """
        return self.finder.one(id_or_slug)

    def create_project(self, path: str, *, example: bool = False) -> Project:
        """Make a project at a path below the root; "" or "." is the root itself.

        Raises:
            AlreadyExists: when there is a project, or a file in the way.
            OutsideProject: when the path leads out of the root.
        """
        folder = places.inside(self.root, path.strip())
        for part in folder.relative_to(self.root).parts:
            if part.startswith((".", "-")) or part != part.strip():
                raise InvalidName(f"A project folder cannot be named {part!r}.")
        if projects.is_project(folder):
            raise AlreadyExists(f"There is already a project at '{folder.name}'.")
        with self._lock:
            pipeline_changes.create_project(folder, example=example)
        self.finder.forget()
        return self.project(folder.relative_to(self.root).as_posix().removeprefix("."))

    def state(self, project: Project) -> Path:
        """Return the folder where mage-jlab keeps its data of a project; made when absent."""
        folder = self.state_root / "projects" / places.state_name(project.root)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def cwd(self, project: Project) -> Path:
        """Return the working folder of code, the same for notebook, schedule and CLI.

        The project's parent, as in Mage, when it lies inside the root; else
        the project folder. Several projects in one share the parent of the whole.
        `working_folder` overrides.
        """
        if self.working_folder == "project":
            return project.root
        if self.working_folder not in ("auto", "parent"):
            return Path(self.working_folder)
        parent = project.root.parent
        whole = (parent / places.SETTINGS).is_file()
        if whole and places.is_inside(parent.parent, self.root):
            return parent.parent
        if self.working_folder == "parent" or places.is_inside(parent, self.root):
            return parent
        return project.root

    # -- reading ------------------------------------------------------------

    def pipelines(self, project: Project) -> list[PipelineId]:
        """Return the ids of a project's pipelines; one with a broken file is among them."""
        return self.reader.pipelines(project)

    def load(self, project: Project, pipeline_id: str) -> Pipeline:
        """Return a pipeline by id or slug.

        Raises:
            PipelineNotFound: when there is none.
            BrokenFile: when its file cannot be read; `detail` has file and line.
        """
        return self.reader.load(project, pipeline_id)

    def etag(self, project: Project, pipeline_id: str) -> str:
        """Return the content hash of a pipeline: its file and its blocks' sources."""
        return self.reader.etag(project, pipeline_id)

    def source(self, project: Project, block: Block) -> str | None:
        """Return a block's source as a cell shows it (newlines only, none at the end), or None.

        Raises:
            BrokenFile: when its file is no text.
        """
        return self.reader.source(project, block)

    def users_of(self, project: Project, block: Block) -> list[PipelineId]:
        """Return the pipelines that use a block's file, the block's own among them."""
        return list(self.reader.users(project).get(block.path, [])) if block.path else []

    def check(self, project: Project, pipeline_id: str | None = None) -> list[Problem]:
        """Return every problem of a pipeline or of the whole project; never raises for one."""
        return check.problems(self.reader, project, pipeline_id)

    def templates(self, project: Project | None = None) -> list[Template]:
        """Return the templates for blocks: ours, and the project's own."""
        own = custom_templates.blocks(project.root) if project is not None else ()
        return [*templates.shipped(), *own]

    def requirements(self, project: Project) -> list[str]:
        """Return the lines of the project's ``requirements.txt`` that name a package."""
        return requirements.lines(project.root)

    def snapshot(self, project: Project, pipeline_id: str, target: Path) -> Snapshot:
        """Copy what a run of a pipeline needs to `target`, so that edits do not reach it."""
        return snapshot.take(self.reader, project, pipeline_id, target)

    # -- pipelines ----------------------------------------------------------

    def create_pipeline(
        self,
        project: Project,
        name: str,
        *,
        type: str = "python",  # the word of the file format
        description: str | None = None,
        copy_of: str | None = None,
        template: str | None = None,
    ) -> Pipeline:
        """Make a pipeline: empty, a copy (it shares block files), or from the project's template.

        Raises:
            InvalidName: when the name cannot be used.
            AlreadyExists: when there is one of that name.
        """
        with self._writing(project):
            change, pipeline_id = pipeline_changes.create(
                self.reader, project, name, kind=type, description=description,
                copy_of=copy_of, template=template,
            )  # fmt: skip
            self._commit(project, change)
        return self.load(project, pipeline_id)

    def change_pipeline(
        self,
        project: Project,
        pipeline_id: str,
        changes: Mapping[str, Any],
        *,
        etag: str | None = None,
    ) -> Pipeline:
        """Change a pipeline: name (renames its folder), description, tags, variables, kernel,
        executor_type, retry_config, concurrency, order (ids of ``blocks``).

        Raises:
            Changed: when `etag` is given and the pipeline is another by now.
            EditRefused: when the edit cannot be written safely.
        """  # noqa: D205  # the keys are one list
        with self._writing(project):
            known = self._checked(project, pipeline_id, etag)
            change, known = pipeline_changes.change(self.reader, project, known, changes)
            self._commit(project, change)
        return self.load(project, known)

    def delete_pipeline(
        self, project: Project, pipeline_id: str, *, etag: str | None = None
    ) -> None:
        """Delete a pipeline's folder; the files of its blocks stay.

        Raises:
            Changed: when `etag` is given and the pipeline is another by now.
        """
        with self._writing(project):
            known = self._checked(project, pipeline_id, etag)
            folder = places.pipeline_folder(project.root, known)
            self._commit(project, save.Change(removes=[folder]))

    # -- blocks -------------------------------------------------------------

    def add_block(
        self,
        project: Project,
        pipeline_id: str,
        spec: Mapping[str, Any],
        *,
        etag: str | None = None,
    ) -> tuple[Pipeline, BlockId]:
        """Add a block; the keys of `spec` are those of `wire.BlockCreate`.

        Raises:
            AlreadyExists: when the name or its file is taken.
            BadRequest: when the type, a template or an upstream block is unknown.
        """
        with self._writing(project):
            known = self._checked(project, pipeline_id, etag)
            change, block_id = block_changes.add(
                self.reader, project, known, spec, tuple(self.templates(project))
            )
            self._commit(project, change)
        return self.load(project, known), block_id

    def change_block(
        self,
        project: Project,
        pipeline_id: str,
        block_id: str,
        changes: Mapping[str, Any],
        *,
        etag: str | None = None,
    ) -> tuple[Pipeline, BlockId]:
        """Change a block; a new ``name`` renames it and its file in every pipeline.

        Raises:
            CycleError: when new upstream blocks close a circle; the message names it.
            AlreadyExists: when the new name is taken.
        """
        with self._writing(project):
            known = self._checked(project, pipeline_id, etag)
            rest = {key: value for key, value in changes.items() if key != "name"}
            if "name" in changes and rest:
                # Refused before anything else is written.
                block_changes.rename(self.reader, project, known, block_id, changes["name"])
            if rest:
                self._commit(
                    project, block_changes.change(self.reader, project, known, block_id, rest)
                )
            new_id = BlockId(block_id)
            if "name" in changes:
                new_id = self._rename(project, known, block_id, changes["name"])
        return self.load(project, known), new_id

    def remove_block(
        self, project: Project, pipeline_id: str, block_id: str, *, etag: str | None = None
    ) -> Pipeline:
        """Take a block out of a pipeline. Its file stays.

        Raises:
            BlockNotFound: when the pipeline has no such block.
        """
        with self._writing(project):
            known = self._checked(project, pipeline_id, etag)
            self._commit(project, block_changes.remove(self.reader, project, known, block_id))
        return self.load(project, known)

    # -- the notebook -------------------------------------------------------

    def open_notebook(
        self, project: Project, pipeline_id: str, outputs: notebook.Outputs | None = None
    ) -> NotebookNode:
        """Return a pipeline as a notebook; `outputs(block)` gives a cell's outputs and state.

        Raises:
            BrokenFile: when the pipeline's file cannot be read.
        """
        pipeline = self.load(project, pipeline_id)
        users = self.reader.users(project)
        shown: dict[str, notebook.Shown] = {}
        for block in pipeline:
            others = users.get(block.path, []) if block.path else []
            shown[block.id] = notebook.Shown(
                self._shown(project, block),
                tuple(other for other in others if other != pipeline.id),
            )
        return notebook.build(
            project,
            pipeline,
            shown,
            etag=self.etag(project, pipeline.id),
            problems=self.check(project, pipeline.id),
            kernel=self.kernels.info(pipeline.kernel or notebook.DEFAULT_KERNEL),
            outputs=outputs,
        )

    def save_notebook(
        self,
        project: Project,
        pipeline_id: str,
        nb: Mapping[str, Any],
        *,
        etag: str | None = None,
    ) -> Pipeline:
        """Write what was edited in a notebook, and nothing else.

        Raises:
            Changed: when `etag` is given and the pipeline is another by now.
            CycleError: when the links close a circle. Nothing is written.
            EditRefused: when an edit cannot be written. Nothing is written.
        """
        with self._writing(project):
            known = self._checked(project, pipeline_id, etag)
            pipeline = self.load(project, known)
            self.reader.forget(project)
            aliases = self._aliases(project).get(known, {})
            outcome = notebook_save.plan(self.reader, project, pipeline, nb, aliases)
            for block_id, name in outcome.renames:
                block_changes.rename(self.reader, project, known, block_id, name)
            self._commit(project, self._saved(project, known, outcome))
            for block_id, name in outcome.renames:
                self._rename(project, known, block_id, name)
        self.kernels.learn(nb)
        return self.load(project, known)

    def pipeline_hash(self, project: Project, pipeline_id: str) -> str:
        """Return the notebook hash of a pipeline as it lies on disk, without looking at outputs.

        Raises:
            BrokenFile: when the pipeline's file cannot be read.
        """
        pipeline = self.load(project, pipeline_id)
        shown: dict[str, notebook.Shown] = {
            block.id: notebook.Shown(self._shown(project, block)) for block in pipeline
        }
        kernel = {
            "kernelspec": {"name": pipeline.kernel or notebook.DEFAULT_KERNEL},
            "language_info": {},
        }
        return notebook.content_hash(
            notebook.build(project, pipeline, shown, etag="", problems=[], kernel=kernel)
        )

    def _shown(self, project: Project, block: Block) -> str | None:
        try:
            return self.source(project, block)
        except MageError:
            return None  # `check` says why

    def notebook_hash(self, nb: Mapping[str, Any]) -> str:
        """Return the hash of a notebook's sources and structure; outputs are not in it."""
        return notebook.content_hash(nb)

    def _saved(
        self, project: Project, pipeline_id: PipelineId, outcome: notebook_save.Outcome
    ) -> save.Change:
        change = pipeline_changes.rewrite(self.reader, project, pipeline_id, outcome.document)
        for path, text in outcome.texts.items():
            block_changes.write_text(self.reader, project, change, path, text)
        return change

    # -- notebooks that become pipelines --------------------------------------

    def propose_import(
        self, project: Project, data: bytes, file: str, *,
        name: str | None = None, edits: Sequence[draft.Edit] = (),
    ) -> draft.Draft:  # fmt: skip
        """Return the pipeline that a notebook would become; nothing is run or written."""
        taken = draft.files_of(project)
        return draft.propose(data, file, name=name, edits=edits, taken=taken)

    def import_notebook(
        self, project: Project, data: bytes, file: str, *,
        name: str | None = None, edits: Sequence[draft.Edit] = (), etag: str | None = None,
    ) -> Pipeline:  # fmt: skip
        """Make a pipeline of a notebook: all of it in one change, or nothing.

        Raises:
            Changed: when `etag` is given and is not that of the notebook that was shown.
            AlreadyExists: when there is such a pipeline.
        """
        with self._writing(project):
            wanted = self.propose_import(project, data, file, name=name, edits=edits)
            change, pipeline_id = draft.written(self.reader, project, wanted, etag=etag)
            self._commit(project, change)
        return self.load(project, pipeline_id)

    # -- connections --------------------------------------------------------

    def connections(self, project: Project) -> Connections:
        """Return the profiles of ``io_config.yaml`` as they are written; secrets are left out."""
        return connections.read(project.root)

    def change_connections(
        self,
        project: Project,
        profile: str,
        edits: Sequence[Edit],
        *,
        create: bool = False,
        etag: str | None = None,
    ) -> Connections:
        """Change keys of a profile, or make one; see `connections.changed` for what is refused."""
        with self._writing(project):
            text = connections.changed(project.root, profile, edits, create=create, etag=etag)
            file = places.inside(project.root, places.IO_CONFIG)
            if not file.is_file() or places.read_bytes(file, len(text) * 4) != text.encode():
                self._commit(project, save.Change(writes={file: text.encode()}))
        return connections.read(project.root)

    # -- triggers in files --------------------------------------------------

    def file_triggers(self, project: Project) -> list[Trigger]:
        """Return the triggers in ``triggers.yaml`` of every pipeline; broken files give none."""
        return trigger_yaml.found(self.reader, project)

    def write_trigger(self, project: Project, trigger: Trigger) -> None:
        """Write a trigger into its pipeline's ``triggers.yaml``, new or changed."""
        with self._writing(project):
            self._commit(project, trigger_yaml.written(self.reader, project, trigger))

    def remove_trigger(self, project: Project, trigger: Trigger) -> None:
        """Take a trigger out of its pipeline's ``triggers.yaml``."""
        with self._writing(project):
            self._commit(project, trigger_yaml.removed(self.reader, project, trigger))

    # -- templates and forms --------------------------------------------------

    def pipeline_templates(self, project: Project) -> list[PipelineTemplate]:
        """Return the project's templates for pipelines."""
        return list(custom_templates.pipelines(project.root))

    def save_template(
        self, project: Project, pipeline_id: str, block_id: str | None, name: str, words: str = ""
    ) -> Template | PipelineTemplate:
        """Save a pipeline, or one block with its text and settings, as a template of the project.

        Raises:
            AlreadyExists: when there is a template of that name.
        """
        pipeline = self.load(project, pipeline_id)
        block = None if block_id is None else pipeline.block(block_id)
        with self._writing(project):
            if block is None:
                change, found = custom_templates.saved_pipeline(project, pipeline, name, words)
            else:
                source = self.source(project, block)
                change, found = custom_templates.saved_block(project, block, source, name, words)
            self._commit(project, change)
        known = self.pipeline_templates(project) if block is None else self.templates(project)
        return next(item for item in known if item.id == found)

    def interactions(self, project: Project, pipeline_id: str) -> list[Form]:
        """Return the forms that the project has for the variables of a pipeline."""
        return interactions.forms(project, self.load(project, pipeline_id))

    # -- global data products ------------------------------------------------

    def data_products(self, project: Project) -> list[DataProduct]:
        """Return the products in ``global_data_products.yaml``.

        Raises:
            BrokenFile: when the file cannot be read.
        """
        return data_products.read(project)

    def add_data_product(self, project: Project, name: str, said: Mapping[str, Any]) -> DataProduct:
        """Register a product; the keys of `said` are those of `wire.DataProductCreate`."""
        with self._writing(project):
            self._commit(project, data_products.added(self.reader, project, name, said))
        return data_products.get(project, places.clean_name(name))

    def change_data_product(
        self, project: Project, product: str, said: Mapping[str, Any]
    ) -> DataProduct:
        """Change a registered product."""
        with self._writing(project):
            self._commit(project, data_products.changed(self.reader, project, product, said))
        return data_products.get(project, product)

    def remove_data_product(self, project: Project, product: str) -> None:
        """Take a product out of the file; its pipeline and runs stay."""
        with self._writing(project):
            self._commit(project, data_products.removed(project, product))

    # -- writing ------------------------------------------------------------

    def recover(self) -> None:
        """Finish changes that a crash interrupted and remove temporary files."""
        for journal in sorted((self.state_root / "projects").glob("*/journal")):
            with self._lock, _file_lock(journal.parent):
                save.replay(journal, self._follow)
        for project in self.projects():
            for folder in pipeline_changes.written_folders(project.root):
                save.remove_leftovers(folder)
            self.reader.forget(project)

    def _checked(self, project: Project, pipeline_id: str, etag: str | None) -> PipelineId:
        known = self.reader.resolve(project, pipeline_id)
        if etag is not None and etag != self.etag(project, known):
            raise Changed(
                f"Pipeline '{known}' was changed elsewhere since it was read; reload it first.",
                pipeline=known,
            )
        return known

    def _rename(
        self, project: Project, pipeline_id: PipelineId, block_id: str, name: str
    ) -> BlockId:
        change, new_id = block_changes.rename(self.reader, project, pipeline_id, block_id, name)
        self._commit(project, change)
        return new_id

    def _commit(self, project: Project, change: save.Change) -> None:
        save.commit(change, self.state(project) / "journal", self._follow)
        self.reader.forget(project)

    def _follow(self, note: Mapping[str, Any]) -> None:
        """Tell products, history and triggers of a rename, and remember it for open notebooks."""
        root = Path(note["root"])
        project = next((p for p in self.projects() if p.root == root), None)
        if project is None:
            return
        pipelines = [PipelineId(item) for item in note["pipelines"]]
        self._remember(project, note)
        for tell in self.renamed:
            tell(project, note["kind"], pipelines, note["old"], note["new"])

    def _remember(self, project: Project, note: Mapping[str, Any]) -> None:
        """Remember old names, for notebooks that were open during a rename."""
        aliases = self._aliases(project)
        if note["kind"] == "pipeline":
            aliases[note["new"]] = aliases.pop(note["old"], {})
        else:
            for pipeline_id in note["pipelines"]:
                known = aliases.setdefault(pipeline_id, {})
                for old, new in list(known.items()):
                    if new == note["old"]:
                        known[old] = note["new"]
                known[note["old"]] = note["new"]
                known.pop(note["new"], None)
        save.write(self.state(project) / "aliases.json", json.dumps(aliases).encode())

    def _aliases(self, project: Project) -> dict[str, dict[str, str]]:
        return read_json(self.state(project) / "aliases.json")

    @contextlib.contextmanager
    def _writing(self, project: Project) -> Iterator[None]:
        if not projects.is_project(project.root):
            raise ProjectNotFound(f"The project '{project.name}' is no longer there.")
        with self._lock, _file_lock(self.state(project)):
            yield


@contextlib.contextmanager
def _file_lock(folder: Path) -> Iterator[None]:
    """Hold a lock against other processes, where the system has such locks."""
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    file: IO[bytes] = (folder / "write.lock").open("ab")
    with file:
        # A file system without locks (some network homes) still has the thread lock.
        with contextlib.suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


__all__ = ["Renamed", "Snapshot", "Template", "Workspace"]
