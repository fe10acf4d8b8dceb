"""A small project for the tests of the file layer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mage_jlab.files.workspace import Workspace
from mage_jlab.model.project import Project

PIPELINE = """\
# Orders of the night.
blocks:
- configuration: {}
  downstream_blocks:
  - clean
  language: python
  name: load
  type: data_loader
  upstream_blocks: []
  uuid: load
- configuration:
    file_source:
      path: transformers/clean.py
  downstream_blocks:
  - export
  language: python
  name: Clean it
  type: transformer
  upstream_blocks:
  - load
  uuid: clean
- downstream_blocks: []
  name: export
  type: data_exporter
  upstream_blocks:
  - clean
  uuid: export
- language: markdown
  name: notes
  type: markdown
  upstream_blocks: []
  uuid: notes
name: orders
type: python
uuid: orders
variables:
  country: ES
widgets:
- configuration:
    chart_type: bar chart
  language: python
  name: bars
  type: chart
  upstream_blocks:
  - clean
  uuid: bars
"""
OTHER = """\
blocks:
- language: python
  name: Clean it
  type: transformer
  upstream_blocks: []
  uuid: clean
- language: python
  name: after
  type: transformer
  configuration:
    upstream_block_configuration:
      clean:
        table_name: t
  upstream_blocks:
  - clean
  uuid: after
name: other
type: python
uuid: other
"""
FILES = {
    "metadata.yaml": "project_type: standalone\n",
    "pipelines/orders/metadata.yaml": PIPELINE,
    "pipelines/other/metadata.yaml": OTHER,
    "data_loaders/load.py": "loaded = 1\n",
    "transformers/clean.py": "cleaned = 1\r\nmore = 2\r\n",
    "transformers/after.py": "after = 1",
    "data_exporters/export.py": "exported = 1",
    "markdowns/notes.md": "# Notes\n",
    "charts/bars.py": "x = 1\n",
}


def make(tmp_path: Path) -> tuple[Workspace, Project]:
    """Write the project and return a workspace on it."""
    root = tmp_path / "root" / "shop"
    for relative, text in FILES.items():
        file = root / relative
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())
    workspace = Workspace(tmp_path / "root", tmp_path / "state")
    return workspace, workspace.project("shop")


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder with its bytes."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def changed(before: dict[str, bytes], after: dict[str, bytes]) -> dict[str, Any]:
    """Return what differs: file -> bytes now, or None when it is gone."""
    names = before.keys() | after.keys()
    return {n: after.get(n) for n in sorted(names) if before.get(n) != after.get(n)}
