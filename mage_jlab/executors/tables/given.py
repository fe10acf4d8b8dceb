"""The inputs of a block, as `kernel_side.stored` describes them, as Arrow tables."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from mage_jlab.errors import StepFailed
from mage_jlab.products import manifest
from mage_jlab.products.columns import arrow_path, queryable, without_views
from mage_jlab.products.formats import arrow_file, spark_frame


def table(said: Mapping[str, Any]) -> pa.Table | None:
    """Return an input as a table without a pandas index; None when it is none.

    Raises:
        StepFailed: when its file cannot be read.
    """
    if said["kind"] == "table":
        return _stored(said)
    if said["kind"] == "json":
        return _of_rows(json.loads(Path(said["path"]).read_text(encoding="utf-8")))
    if said["kind"] == "list":
        return _of_list(said["items"])
    return None


def parquet(said: Mapping[str, Any]) -> str | None:
    """Return the files of an input that is stored as Parquet, for whoever scans them itself."""
    if said["kind"] != "table" or said["output"]["format"] != spark_frame.NAME:
        return None
    folder = Path(said["folder"]) / said["output"]["files"][0]
    return str(folder / "**" / "*.parquet")


def _stored(said: Mapping[str, Any]) -> pa.Table:
    output = manifest.output(said["output"])
    try:
        found = without_views(arrow_file.open_table(arrow_path(Path(said["folder"]), output)))
    except (pa.ArrowException, OSError) as error:
        raise StepFailed(f"The output of '{said['block']}' cannot be read: {error}.") from error
    index = int(output.options.get("index_columns") or 0)
    return found.drop_columns(found.schema.names[:index]) if index else found


def _of_list(items: list[Mapping[str, Any]]) -> pa.Table | None:
    """Return the first table of several outputs; dictionaries are rows of one."""
    if items and items[0]["kind"] == "table":
        return _stored(items[0])
    if all(item["kind"] == "json" for item in items):
        texts = [Path(item["path"]).read_text(encoding="utf-8") for item in items]
        return _of_rows([json.loads(text) for text in texts])
    return None


def _of_rows(value: Any) -> pa.Table | None:
    """Return a list of dictionaries, a dictionary of lists or one dictionary as a table."""
    try:
        if isinstance(value, list) and value and all(isinstance(row, dict) for row in value):
            names = dict.fromkeys(name for row in value for name in row)
            return pa.table({name: _array([row.get(name) for row in value]) for name in names})
        if isinstance(value, dict) and value:
            lists = all(isinstance(column, list) for column in value.values())
            columns = {n: _array(c if lists else [c]) for n, c in value.items()}
            return pa.table(columns)
    except pa.ArrowException:
        return None
    return None


def _array(values: list[Any]) -> pa.Array:
    try:
        return pa.array(values)
    except (pa.ArrowException, OverflowError):  # of several kinds, too large: as text
        return pa.array([v if v is None or isinstance(v, str) else json.dumps(v) for v in values])


def for_duckdb(found: pa.Table) -> pa.Table:
    """Return a table as DuckDB scans it: mapped, in pieces, with columns it understands."""
    columns = [queryable(column, zoned=True) for column in found.columns]
    if not columns:
        return found
    return arrow_file.in_batches(pa.table(columns, names=found.schema.names))
