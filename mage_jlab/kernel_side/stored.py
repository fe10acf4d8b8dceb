"""The inputs of a block as they lie on disk, for programs that are not this kernel.

Each is a plain description: a stored table, a file of JSON or text, a list of
such, or of which type it is when it is none of these. What only this kernel can
open is opened here and written beside.
"""

from __future__ import annotations

import contextlib
import importlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mage_jlab.errors import MissingInput
from mage_jlab.kernel_side import dynamic
from mage_jlab.kernel_side.inputs import left_by_mage
from mage_jlab.kernel_side.step import Step
from mage_jlab.model.product import TABLE, TEXT, Output
from mage_jlab.products import execution, manifest
from mage_jlab.products.formats import json_list, plain_json, registry, typed_json
from mage_jlab.products.formats.target import comes_from, dotted


def inputs(step: Step, beside: Path) -> list[dict[str, Any]]:
    """Describe the inputs of a block, in order; wait for what is still being stored.

    Raises:
        MissingInput: when an upstream block has no stored output.
    """
    told = dynamic.said(step).get("inputs") or {}
    found = []
    for number, block in enumerate(step.upstream, 1):
        name = f"input_{number}"
        if block in told:
            value = dynamic.reader.value(step, told[block])
            found.append(_value(block, value, beside, name))
        else:
            found.append(_left(step, block, beside, name))
    return found


def _left(step: Step, block: str, beside: Path, name: str) -> dict[str, Any]:
    try:
        folder, outputs = _outputs(step, block)
    except MissingInput:
        values = left_by_mage(step, block)
        if values is None:
            raise
        return _value(block, values[0] if len(values) == 1 else values, beside, name)
    return _described(block, folder, outputs, beside, name)


def _outputs(step: Step, block: str) -> tuple[Path, Sequence[Output]]:
    context = step.context
    version = (step.options.get("inputs") or {}).get(block)
    scope = str(step.options.get("inputs_scope") or context.scope)
    folder = execution.find(context.store, context.pipeline, scope, block, version)
    made = None if folder is None else manifest.read(folder)
    if folder is None or made is None:
        raise MissingInput(
            f"Block '{step.block}' needs the output of block '{block}', which has none yet; "
            f"run '{block}' first.",
            block=step.block,
            upstream=block,
        )
    return folder, sorted(made.outputs, key=lambda item: item.name)


def _described(
    block: str, folder: Path, outputs: Sequence[Output], beside: Path, name: str
) -> dict[str, Any]:
    if len(outputs) == 1:
        return _one(block, folder, outputs[0], beside, name)
    items = [
        _one(block, folder, output, beside, f"{name}_{number}")
        for number, output in enumerate(outputs)
    ]
    return {"block": block, "kind": "list", "items": items}


def _one(block: str, folder: Path, output: Output, beside: Path, name: str) -> dict[str, Any]:
    if output.kind == TABLE:
        return _table(block, folder, output)
    restored = output.options.get("restore") is not None
    if output.format in (json_list.NAME, plain_json.NAME) and not restored:
        return {"block": block, "kind": "json", "path": str(folder / output.files[0])}
    if output.kind == TEXT:
        return {"block": block, "kind": "text", "path": str(folder / output.files[0])}
    return _value(block, registry.read(folder, output), beside, name)


def _table(block: str, folder: Path, output: Output) -> dict[str, Any]:
    return {"block": block, "kind": "table", "folder": str(folder), "output": asdict(output)}


def _value(block: str, value: Any, beside: Path, name: str) -> dict[str, Any]:
    """Write a value that this kernel alone has, as a table or as JSON."""
    if comes_from(value, "pandas", "Series"):  # a row of a dynamic block's table
        value = value.to_frame().T.infer_objects()
    if isinstance(value, str):
        path = beside / f"{name}.txt"
        path.write_text(value, encoding="utf-8")
        return {"block": block, "kind": "text", "path": str(path)}
    if value is None or isinstance(value, (bool, int, float, dict, list, tuple)):
        return _plain(block, value, beside, name)
    output = registry.write(_as_table(value), beside, name)
    if output.kind == TABLE:
        return _table(block, beside, output)
    return {"block": block, "kind": "other", "type": dotted(value)}


def _plain(block: str, value: Any, beside: Path, name: str) -> dict[str, Any]:
    rows = isinstance(value, list) and value and all(isinstance(item, dict) for item in value)
    if rows or any(registry.is_table(item) for item in _items(value)):
        made = _frame(value) if rows else None
        if made is not None:  # dates and times stay what they are
            return _table(block, beside, registry.write(made, beside, name))
        items = [
            _value(block, item, beside, f"{name}_{number}")
            for number, item in enumerate(_items(value))
        ]
        if not rows:
            return {"block": block, "kind": "list", "items": items}
    path = beside / f"{name}.json"
    path.write_text(json.dumps(typed_json.plain(value)), encoding="utf-8")
    return {"block": block, "kind": "json", "path": str(path)}


def _items(value: Any) -> list[Any]:
    """Return what may be tables in a value; a global data product has lists of them by block."""
    if isinstance(value, dict) and all(isinstance(item, list) for item in value.values()):
        return [item for items in value.values() for item in items]
    return list(value) if isinstance(value, (list, tuple)) else []


def _frame(rows: Any) -> Any:
    try:
        return importlib.import_module("pandas").DataFrame(rows)
    except (ImportError, ValueError, TypeError):
        return None


def _as_table(value: Any) -> Any:
    """Return what a library's own kind of table becomes when it is asked for a known one."""
    if registry.is_table(value):
        return value
    for name in ("to_arrow", "to_pandas", "toPandas"):
        method = getattr(value, name, None)
        if callable(method) and not isinstance(value, type):
            with contextlib.suppress(Exception):  # whatever a foreign object says to that
                return method()
    return value
