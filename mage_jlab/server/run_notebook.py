"""A run as a notebook: the code that ran, with what it printed, displayed and raised."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mage_jlab.errors import MageError, RunNotFound
from mage_jlab.files import notebook
from mage_jlab.files.reader import Reader
from mage_jlab.model.block import Block
from mage_jlab.model.pipeline import Pipeline
from mage_jlab.model.project import Project
from mage_jlab.model.run import COMPLETED, FAILED, Run, Step, group_of
from mage_jlab.server import lookup
from mage_jlab.server.base import operation
from mage_jlab.server.products import ProductPage, safe_name

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from mage_jlab.assembly import Engine


_CHILDREN = 3
"""So many children of a block that runs for each item are shown."""


class RunNotebookHandler(ProductPage):
    """Download of a run as an executed notebook."""

    @operation(
        "read",
        "mage_runs",
        errors=(404, 422),
        media=("application/x-ipynb+json",),
    )
    async def get(self, run: str) -> None:
        """Download a run as a notebook: its code, and what each block put out."""
        name, data = await self.aside(self._text, run)
        await self.stream([data], "application/x-ipynb+json", f"{safe_name(name)}.ipynb")

    def _text(self, run_id: str) -> tuple[str, bytes]:
        import nbformat

        found = self.engine.runs.get(run_id)
        text: str = nbformat.writes(build(self.engine, found), version=4)
        return f"{found.pipeline}_{found.id}", text.encode()


def build(engine: Engine, run: Run) -> NotebookNode:
    """Return the notebook of a run, from the copy of the files that it worked on.

    Raises:
        RunNotFound: when that copy is gone, or never was (a run of Mage's own history).
    """
    of = lookup.project_of(engine, run.project)
    folder = None if of is None else engine.workspace.state(of) / "snapshots" / run.id
    root = None if folder is None else next(_folders(folder), None)
    if of is None or root is None:
        raise RunNotFound(
            "The files of this run are not kept, so there is no notebook of it.", run=run.id
        )
    copied = Project(of.id, of.name, root, of.settings)
    reader = Reader(root.parent)
    names = reader.pipelines(copied)
    pipeline = reader.load(copied, run.pipeline if run.pipeline in names else names[0])
    steps = _steps(pipeline, run)
    store = engine.products(of)

    def outputs(block: Block) -> tuple[list[Any], dict[str, Any] | None]:
        step = steps.get(block.id)
        if step is None:
            return [], None
        listed: list[Any] = []
        children = _children(run, step.block)
        for shown in children[:_CHILDREN] if children else [step]:
            if children:
                listed.append(_line(f"{shown.block}: {shown.state}\n"))
            if shown.version is not None:
                listed += store.record(run.pipeline, run.id, shown.block, shown.version)
        if len(children) > _CHILDREN:
            listed.append(_line(f"… and {len(children) - _CHILDREN} more children\n"))
        return listed, _state(step)

    book = notebook.build(
        copied,
        pipeline,
        {block.id: notebook.Shown(_source(reader, copied, block)) for block in pipeline},
        etag="",
        problems=(),
        kernel=engine.workspace.kernels.info(run.kernel or notebook.DEFAULT_KERNEL),
        outputs=outputs,
    )
    return _with_headings(book, pipeline, run)


def _with_headings(book: NotebookNode, pipeline: Pipeline, run: Run) -> NotebookNode:
    """Say which run it is, and before each cell which block: elsewhere nothing else does."""
    when = "" if run.started is None else f", begun {run.started:%Y-%m-%d %H:%M:%S} UTC"
    cells = [_text_cell("run", f"# {pipeline.name}\n\nRun `{run.id}`: {run.state}{when}.")]
    if run.error:
        cells[0].source += f"\n\n> {run.error}"
    for number, cell in enumerate(book.cells):
        if cell.cell_type == "code":
            state = cell.metadata.get("mage_state", {}).get("state")
            words = f" ({state})" if state not in (None, COMPLETED) else ""
            heading = f"## {cell.metadata.mage['name']}{words}"
            cells.append(_text_cell(f"about-{number}", heading))
        cells.append(cell)
    book.cells = cells
    return book


def _text_cell(identity: str, source: str) -> NotebookNode:
    from nbformat.v4 import new_markdown_cell

    cell: NotebookNode = new_markdown_cell(source, id=identity)
    return cell


def _line(text: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": text}


def _children(run: Run, block: str) -> list[Step]:
    """Return the steps that ran for single items, those that failed first."""
    known = {step.block for step in run.steps}
    found = [step for step in run.steps if group_of(step.block, known) == block]
    return sorted(found, key=lambda step: step.state != FAILED)


def _folders(path: Path) -> Any:
    return (item for item in path.iterdir() if item.is_dir()) if path.is_dir() else iter(())


def _source(reader: Reader, of: Project, block: Block) -> str | None:
    try:
        return reader.source(of, block)
    except MageError:
        return None


def _steps(pipeline: Pipeline, run: Run) -> Mapping[str, Step]:
    """Return block -> step. The copy has the names of its time, the history follows renames."""
    steps = {step.block: step for step in run.steps}
    blocks = [block.id for block in pipeline]
    gone = [step for step in run.steps if step.block not in blocks]
    unknown = [block for block in blocks if block not in steps]
    if len(gone) == 1 and len(unknown) == 1:
        steps[unknown[0]] = gone[0]
    return steps


def _state(step: Step) -> dict[str, Any]:
    return {
        "state": step.state,
        "attempt": step.attempt,
        "started": None if step.started is None else step.started.isoformat(),
        "ended": None if step.ended is None else step.ended.isoformat(),
        "error": step.error,
    }
