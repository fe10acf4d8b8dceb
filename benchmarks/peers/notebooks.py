"""papermill: the same pieces of code as cells of a notebook."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

import nbformat

from benchmarks import measure
from benchmarks.row import Once
from benchmarks.stage import Stage


@contextlib.contextmanager
def papermill(stage: Stage, name: str, cells: Sequence[str]) -> Iterator[Once]:
    """Run a notebook with papermill, from the shell."""
    folder = stage.folder / "papermill"
    folder.mkdir(exist_ok=True)
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "3", "language": "python"}
    nbformat.write(book, folder / f"{name}.ipynb")
    command = str(stage.peers["papermill"] / "bin" / "papermill")

    def once() -> measure.Sample:
        return measure.command(
            [command, f"{name}.ipynb", "out.ipynb", "--no-progress-bar"], cwd=folder,
            env={"PATH": str(stage.peers["papermill"] / "bin") + ":/usr/bin:/bin"},
        )  # fmt: skip

    yield once
