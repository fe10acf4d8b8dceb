"""`mage-jlab import-notebook`: a notebook becomes a pipeline, shown before it is written."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

from mage_jlab.cli import opening
from mage_jlab.cli.output import Output
from mage_jlab.errors import BadRequest
from mage_jlab.files.from_notebook import cells
from mage_jlab.files.from_notebook.draft import Draft


def run(arguments: Namespace, output: Output) -> int:
    """Show what a notebook would become, ask, and write it; `--dry-run` only shows."""
    engine, project = opening.project(arguments.project, arguments.root)
    path = Path(arguments.notebook).expanduser()
    if not path.is_file():
        raise BadRequest(f"There is no notebook {path}.")
    with path.open("rb") as file:
        data = file.read(cells.MAX_BYTES + 1)
    draft = engine.workspace.propose_import(project, data, path.name, name=arguments.name)
    _show(draft, output, code=arguments.code)
    if arguments.dry_run:
        output.give(draft)
        return 0
    if not arguments.yes and not _agreed(output):
        output.fail("Nothing was written.", "Interrupted")
        return 1
    made = engine.workspace.import_notebook(
        project, data, path.name, name=arguments.name, etag=draft.etag
    )
    output.give({"pipeline": made.id, "blocks": list(made.ids), "draft": draft})
    output.say(f"Made the pipeline {made.id}. Run it: mage-jlab run {arguments.project} {made.id}")
    return 0


def _show(draft: Draft, output: Output, *, code: bool) -> None:
    ids = {item.key: item.id for item in draft.blocks}
    output.say(f"{draft.name}: {sum(not item.skip for item in draft.blocks)} blocks")
    for item in draft.blocks:
        above = f"  ← {', '.join(ids[key] for key in item.upstream)}" if item.upstream else ""
        where = f"cells {', '.join(map(str, item.cells))}" if item.cells else "text"
        left = "  (no block: it is repeated where it is needed)" if item.skip else ""
        output.say(f"  {item.id}  {item.type}, {where}{above}{left}")
        for warning in item.warnings:
            output.say(f"    ! {warning}")
        if code and not item.skip:
            output.say("\n".join(f"      {line}" for line in item.code.split("\n")) + "\n")


def _agreed(output: Output) -> bool:
    if output.as_json or not sys.stdin.isatty():
        raise BadRequest("Say --yes to write the pipeline, or --dry-run to only look.")
    return input("Write it? [y/N] ").strip().lower() in ("y", "yes")
