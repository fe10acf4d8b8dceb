"""Inputs for kernels of other languages, and what they left as stored outputs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv

from mage_jlab.errors import StepFailed
from mage_jlab.executors.tables import columns_of_r, given
from mage_jlab.executors.tables.program import Tell
from mage_jlab.kernel_side.beside.r_values import MANY_DIGITS, bearable
from mage_jlab.products.arrow_frames import FrameWriter
from mage_jlab.products.formats import arrow_file, registry
from mage_jlab.products.formats.target import Target, storage_error


def give_r(
    tell: Tell, *, block: str, inputs: list[Mapping[str, Any]], folder: str, wide: bool
) -> dict[str, Any]:
    """Write the inputs of an R block where R reads them; return what to tell it.

    Raises:
        StepFailed: when R cannot take an input.
    """
    del tell
    said = [
        _for_r(block, item, Path(folder) / f"input_{number}", wide=wide)
        for number, item in enumerate(inputs, 1)
    ]
    return {"inputs": said}


def _for_r(block: str, said: Mapping[str, Any], place: Path, *, wide: bool) -> dict[str, Any]:
    rows = said["kind"] == "list" and all(item["kind"] == "json" for item in said["items"])
    if said["kind"] == "list" and not (rows and given.table(said) is not None):
        items = [
            _for_r(block, item, place.with_name(f"{place.name}_{number}"), wide=wide)
            for number, item in enumerate(said["items"])
        ]
        return {"kind": "list", "items": items}
    if said["kind"] == "json":
        return {"kind": "json", "path": str(_bearable(Path(said["path"]), place))}
    if said["kind"] == "text":
        return {"kind": "text", "path": said["path"]}
    table = given.table(said)
    if table is None:
        raise StepFailed(
            f"Block '{block}' cannot take the output of '{said['block']}', a {said.get('type')}, "
            "into R; return a table, a dictionary or a list of dictionaries there."
        )
    try:
        columns_of_r.write(table, place, wide=wide)
    except OSError as error:
        raise storage_error(error, place.parent, "the inputs for R") from error
    return {"kind": "table", "folder": str(place)}


def _bearable(path: Path, place: Path) -> Path:
    """Return a file of JSON that R reads without rounding; the same one where it can be."""
    text = path.read_bytes()
    if MANY_DIGITS.search(text) is None:
        return path
    written = place.with_suffix(".json")
    written.write_text(json.dumps(bearable(json.loads(text))), encoding="utf-8")
    return written


def take_r(tell: Tell, *, made: list[Mapping[str, Any]], target: str, name: str) -> dict[str, Any]:
    """Store what an R block left; return the outputs and the first pages of tables."""
    del tell
    outputs = []
    for number, said in enumerate(made):
        more = f"output_{number}" if name == "output_0" else f"{name}-{number}"
        named = more if number else name
        if said["kind"] == "table":
            table = columns_of_r.read(Path(said["folder"]))
            outputs.append(_stored(table, Path(target), named))
        else:
            value = json.loads(Path(said["path"]).read_text(encoding="utf-8"))
            outputs.append(
                {"output": asdict(registry.write(value, Path(target), named)), "page": []}
            )
    return {"outputs": outputs}


def _stored(table: pa.Table, folder: Path, name: str) -> dict[str, Any]:
    target = Target(folder, name)
    writer = FrameWriter(target, table.schema)
    try:
        for batch in table.combine_chunks().to_batches():
            writer.add(batch)
        return {"output": asdict(writer.finish()), "page": writer.page}
    except OSError as error:
        writer.discard()
        raise storage_error(error, folder, name) from error


def give_files(
    tell: Tell, *, block: str, inputs: list[Mapping[str, Any]], folder: str
) -> dict[str, Any]:
    """Write the inputs of a block as files any program reads: CSV and Arrow, JSON, text."""
    del tell, block
    names = []
    for number, said in enumerate(inputs, 1):
        table = given.table(said) if said["kind"] in ("table", "list") else None
        place = Path(folder) / f"df_{number}"
        if table is not None:
            pa.csv.write_csv(_flat(table), f"{place}.csv")
            arrow_file.write(Path(f"{place}.arrow"), table)
            names.append(f"df_{number}.csv")
        elif said["kind"] in ("json", "text"):
            ending = "json" if said["kind"] == "json" else "txt"
            shutil.copyfile(said["path"], f"{place}.{ending}")
            names.append(f"df_{number}.{ending}")
        else:
            names.append("")
    return {"files": names}


def _flat(table: pa.Table) -> pa.Table:
    """Return a table that CSV has words for."""
    columns = []
    for column in table.columns:
        if pa.types.is_nested(column.type):
            texts = [None if v is None else json.dumps(v, default=str) for v in column.to_pylist()]
            columns.append(pa.chunked_array([pa.array(texts, pa.string())]))
        elif pa.types.is_dictionary(column.type):
            columns.append(column.cast(column.type.value_type))
        else:
            columns.append(column)
    return pa.Table.from_arrays(columns, names=table.schema.names)


def take_files(tell: Tell, *, folder: str, target: str, name: str) -> dict[str, Any]:
    """Store what a block left in its folder: ``output.csv``, ``output.arrow``, ``output.json``.

    Raises:
        StepFailed: when it cannot be read.
    """
    del tell
    place, store = Path(folder), Path(target)
    try:
        if (place / "output.arrow").exists():
            return {
                "outputs": [_stored(arrow_file.open_table(place / "output.arrow"), store, name)]
            }
        if (place / "output.csv").exists():
            return {"outputs": [_stored(pa.csv.read_csv(place / "output.csv"), store, name)]}
        if (place / "output.json").exists():
            value = json.loads((place / "output.json").read_text(encoding="utf-8"))
            return {"outputs": [{"output": asdict(registry.write(value, store, name)), "page": []}]}
    except (pa.ArrowException, ValueError) as error:
        raise StepFailed(f"The output file of the block cannot be read: {error}.") from error
    return {"outputs": []}
