"""`mage-jlab product show`: the data a block left."""

from __future__ import annotations

import csv
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

from mage_jlab.assembly import Engine
from mage_jlab.cli import opening
from mage_jlab.cli.output import Output
from mage_jlab.errors import BadRequest, BlockNotFound, ProductNotFound
from mage_jlab.ids import BlockId, find
from mage_jlab.io.naming import clean_name
from mage_jlab.model import product as kinds
from mage_jlab.model.pipeline import Pipeline
from mage_jlab.model.product import INTERACTIVE, Manifest
from mage_jlab.model.product import Output as Stored
from mage_jlab.model.run import group_of
from mage_jlab.preview import page
from mage_jlab.products.formats import plain_json

_TEXT = 20_000
_LISTED = 20


def show(arguments: Namespace, output: Output) -> int:
    """Print the newest outputs of a block: of a run, else the newest there are."""
    engine, project = opening.project(arguments.project, arguments.root)
    pipeline = opening.pipeline(engine, project, arguments.pipeline)
    block = _block(engine.workspace.load(project, pipeline), arguments.block)
    store = engine.products(project)
    scope = arguments.run or _newest(engine, project.id, pipeline, BlockId(block))
    store.wait(pipeline, scope, block)
    manifest = store.latest(pipeline, scope, block)
    if manifest is None:
        raise ProductNotFound(_none(engine, project.id, pipeline, block, arguments.run))
    folder = store.execution(pipeline, scope, block, manifest.version)
    as_csv = arguments.format == "csv"
    if as_csv and not output.as_json:
        return _csv(folder, manifest, arguments.limit)
    shown = [_shown(folder, item, arguments.limit) for item in manifest.outputs]
    document = {
        "pipeline": pipeline,
        "block": block,
        "scope": scope,
        "version": manifest.version,
        "created": manifest.created,
        "outputs": shown,
    }
    if arguments.format == "json":
        output.as_json = True
    output.give(document)
    for item in shown:
        _print(item, output)
    return 0


def _block(of: Pipeline, wanted: str) -> str:
    """Return the block, or the child of one (``block:name``), that is meant.

    Raises:
        BlockNotFound: the message names those there are.
    """
    if wanted in of.ids:
        return wanted
    found = find(wanted, of.ids)
    if found is None and group_of(wanted, of.ids) is None:
        listed = ", ".join(of.ids) or "none"
        raise BlockNotFound(f"Pipeline '{of.id}' has no block '{wanted}'; it has: {listed}.")
    return found or wanted


def _none(engine: Engine, project_id: str, pipeline: str, block: str, run_id: str | None) -> str:
    """Say that a block left nothing, and what its children are called when it has some."""
    engine.open()
    runs = engine.runs
    ids = [run_id] if run_id else [run.id for run in runs.list(project_id, pipeline, limit=1)[0]]
    steps = [step.block for one in ids for step in runs.get(one).steps]
    group = group_of(block, steps) or block
    children = [name for name in steps if group_of(name, [group]) == group]
    where = f" in run {run_id}" if run_id else ""
    said = f"There is no stored output of block '{block}'{where}."
    if not children:
        return said
    more = ", …" if children[_LISTED:] else ""
    return f"{said} '{group}' ran once for each item; name one of: " + (
        f"{', '.join(children[:_LISTED])}{more}"
    )


def export(arguments: Namespace, output: Output) -> int:
    """Write what blocks left into a folder that mage-ai reads: ``get_variable`` finds it there."""
    from mage_jlab.executors.context import partition
    from mage_jlab.products import mage_layout

    engine, project = opening.project(arguments.project, arguments.root)
    pipeline = opening.pipeline(engine, project, arguments.pipeline)
    store, scope = engine.products(project), arguments.run or INTERACTIVE
    folder = Path(arguments.to).expanduser() / "pipelines" / pipeline / ".variables"
    if arguments.run:
        engine.open()
        folder /= partition(engine.runs.get(arguments.run))
    written: dict[BlockId, list[str]] = {}
    for block in engine.workspace.load(project, pipeline).ids:
        store.wait(pipeline, scope, block)
        found = store.latest(pipeline, scope, block)
        if found is not None:
            source = store.execution(pipeline, scope, block, found.version)
            made = folder / clean_name(block)
            written[block] = mage_layout.write(source, found.outputs, made)
    if not written:
        which = f"run {arguments.run}" if arguments.run else "the notebook"
        raise BadRequest(f"No block of pipeline '{pipeline}' left an output in {which}.")
    output.give({"folder": str(folder), "outputs": written})
    for block, names in written.items():
        output.say(f"{block}: {', '.join(names) or 'nothing'}")
    output.say(f"Written to {folder}.")
    return 0


def _newest(engine: Engine, project_id: str, pipeline: str, block: BlockId) -> str:
    """Return the scope of the newest outputs: the notebook's or a run's."""
    store = engine.products(engine.workspace.project(project_id))
    best, best_version = INTERACTIVE, ""
    found = store.latest(pipeline, INTERACTIVE, block)
    if found is not None:
        best_version = found.version
    engine.open()
    for run in engine.runs.list(project_id, pipeline, limit=50)[0]:
        found = store.latest(pipeline, run.id, block)
        if found is not None:
            return run.id if found.version > best_version else best
    return best


def _shown(folder: Path, item: Stored, limit: int) -> dict[str, Any]:
    said: dict[str, Any] = {
        "name": item.name,
        "kind": item.kind,
        "type": item.type,
        "bytes": item.bytes,
    }
    if item.kind == kinds.TABLE:
        window = page.window(folder, item, offset=0, limit=limit, sort=[], filters=[])
        names = [column["name"] for column in window["columns"]]
        said |= {
            "rows": item.rows,
            "columns": [{"name": c["name"], "type": c["type"]} for c in window["columns"]],
            "data": [dict(zip(names, row, strict=True)) for row in window["rows"]],
        }
    elif item.kind == kinds.JSON and item.files:
        said["data"] = plain_json.shown(folder, item)
    elif item.kind == kinds.TEXT and item.files:
        said["data"] = (folder / item.files[0]).read_text("utf-8", "replace")[:_TEXT]
    else:
        said["preview"] = item.preview
    return said


def _print(item: dict[str, Any], output: Output) -> None:
    rows = f", {item['rows']:,} rows" if item.get("rows") is not None else ""
    output.say(f"{item['name']}: {item['type']}{rows}")
    if isinstance(item.get("data"), list) and item["kind"] == kinds.TABLE:
        head = [column["name"] for column in item["columns"]]
        output.table(head, [list(row.values()) for row in item["data"]])
    else:
        output.say(str(item.get("data", item.get("preview") or "")))


def _csv(folder: Path, manifest: Manifest, limit: int) -> int:
    table = next((item for item in manifest.outputs if item.kind == kinds.TABLE), None)
    if table is None:
        raise BadRequest(f"Block '{manifest.block}' left no table; use --format json.")
    window = page.window(folder, table, offset=0, limit=limit, sort=[], filters=[])
    writer = csv.writer(sys.stdout)
    writer.writerow([column["name"] for column in window["columns"]])
    writer.writerows(window["rows"])
    return 0
