"""Tables of blocks on their way to and from dbt's database; runs in the process of dbt."""

from __future__ import annotations

import csv
import datetime
import decimal
import importlib
import io
import json
import os
import re
from pathlib import Path
from typing import Any

SOURCES = "mage_sources.yml"
_HERE = ("{{ target.schema }}", "{{ target.database }}")


def declare(models: list[Path], wanted: dict[str, Any]) -> None:
    """Declare the tables of blocks as sources; what is right already is left as it is.

    Also those of other pipelines that some model names: dbt refuses the whole project
    when one is missing.
    """
    file = models[0] / SOURCES
    try:
        data = yaml().safe_load(file.read_text("utf-8")) or {}
    except FileNotFoundError:
        data = {}
    before = json.dumps(data, sort_keys=True, default=str)
    sources = data["sources"] = data.get("sources") or []
    source = next((item for item in sources if item.get("name") == wanted["name"]), None)
    listed = [] if source is None else source.get("tables") or []
    # Mage of 2023 said nothing but the name.
    kept = [
        {**table, "identifier": table.get("identifier") or f"mage_{table.get('name')}"}
        for table in listed
        if not _gone(table, wanted)
    ]
    names = {table.get("name") for table in kept}
    for block in wanted["blocks"]:
        if f"{wanted['pipeline']}_{block}" not in names:
            kept.append(_entry(wanted["pipeline"], block))
            names.add(kept[-1]["name"])
    kept += [
        {"name": name, "identifier": f"mage_{name}"}
        for name in sorted(_named(models, wanted["name"]) - names)
    ]
    if not kept and source is None:
        return
    if source is None:
        source = {"name": wanted["name"], "description": "Tables of blocks of Mage pipelines"}
        sources.append(source)
    # Where the table lies follows the target: one block may write to another than the next.
    source["schema"], source["database"] = _HERE
    source["loader"], source["tables"] = "mage", kept
    data.setdefault("version", 2)
    if json.dumps(data, sort_keys=True, default=str) == before:
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    temporary.write_text(yaml().safe_dump(data), "utf-8")
    temporary.replace(file)


def _gone(table: dict[str, Any], wanted: dict[str, Any]) -> bool:
    """Whether a table belongs to a block of this pipeline that is no source any more."""
    meta = table.get("meta") or {}
    mine = wanted["all"] and meta.get("pipeline_uuid") == wanted["pipeline"]
    return bool(mine and meta.get("block_uuid") not in wanted["blocks"])


def _entry(pipeline: str, block: str) -> dict[str, Any]:
    return {
        "name": f"{pipeline}_{block}",
        "identifier": f"mage_{pipeline}_{block}",
        "description": f"Output of the block {block} of the pipeline {pipeline}",
        "meta": {"pipeline_uuid": pipeline, "block_uuid": block},
    }


def _named(models: list[Path], source: str) -> set[str]:
    """Return the tables of a source that models name and that no other file declares."""
    said = re.compile(rf"""\bsource\(\s*['"]{re.escape(source)}['"]\s*,\s*['"]([^'"]+)['"]""")
    found: set[str] = set()
    others = ""
    for folder in models:
        for file in folder.rglob("*.sql"):
            found |= set(said.findall(file.read_text("utf-8", "replace")))
        for file in [*folder.rglob("*.yml"), *folder.rglob("*.yaml")]:
            if file.name != SOURCES:
                others += file.read_text("utf-8", "replace")
    return {name for name in found if source not in others or name not in others}


def into_duckdb(cursor: Any, source: Any, frame: Any) -> None:
    """Make a table of a frame."""
    cursor.execute(f'create schema if not exists "{source.database}"."{source.schema}"')
    cursor.register("mage_frame", frame)
    query = f"create or replace table {source.relation_name} as select * from mage_frame"  # noqa: S608
    cursor.execute(query)
    cursor.unregister("mage_frame")


_COLUMNS = (
    "select attname, atttypid from pg_attribute where attrelid = to_regclass(%s) "
    "and attnum > 0 and not attisdropped order by attnum"
)


def into_postgres(connection: Any, source: Any, frame: Any) -> None:
    """Make a table of a frame by COPY.

    A table with the same columns is emptied and filled, as views may read it; only
    when the columns have changed are it and what reads it dropped.
    """
    table = source.relation_name
    here = table.split(".", 1)[1]
    columns = ", ".join(f'"{name}" {_type(frame[name])}' for name in frame.columns)
    text, null = _as_csv(frame)
    with connection.cursor() as cursor:
        cursor.execute(f'create schema if not exists "{source.schema}"')
        cursor.execute(f"create temporary table mage_columns ({columns})")
        cursor.execute(_COLUMNS, [here])
        before = cursor.fetchall()
        cursor.execute(_COLUMNS, ["mage_columns"])
        if before == cursor.fetchall():
            cursor.execute(f"truncate table {table}")
        else:
            cursor.execute(f"drop table if exists {table} cascade")
            cursor.execute(f"create table {table} ({columns})")
        cursor.execute("drop table mage_columns")
        cursor.copy_expert(f"copy {table} from stdin with (format csv, null '{null}')", text)
    connection.commit()


def _as_csv(frame: Any) -> tuple[io.BytesIO, str]:
    """Return the rows as CSV, and what stands in it for nothing."""
    file = io.BytesIO()
    try:  # many times faster
        pa, writer = importlib.import_module("pyarrow"), importlib.import_module("pyarrow.csv")
        table = pa.Table.from_pandas(frame, preserve_index=False)
        writer.write_csv(table, file, writer.WriteOptions(include_header=False))
        null = ""
    except Exception:  # noqa: BLE001 - no pyarrow, or a column of several kinds
        file, null = io.BytesIO(), "\\N"
        frame.to_csv(file, index=False, header=False, na_rep=null, quoting=csv.QUOTE_MINIMAL)
    file.seek(0)
    return file, null


def _type(column: Any) -> str:
    kind, name = getattr(column.dtype, "kind", "O"), str(column.dtype).lower()
    if kind == "M" or name.startswith("datetime"):
        return "timestamptz" if getattr(column.dtype, "tz", None) is not None else "timestamp"
    known = {"b": "boolean", "i": "bigint", "u": "numeric", "f": "double precision"}
    if kind in known:
        return known[kind]
    values = {type(value) for value in column.dropna()}
    for sort, word in (
        ({bool}, "boolean"), ({int}, "numeric"), ({decimal.Decimal}, "numeric"),
        ({datetime.date}, "date"), ({datetime.datetime}, "timestamp"),
    ):  # fmt: skip
        if values and values <= sort:
            return word
    return "text"


def read_frame(path: Path) -> Any:
    """Return the frame that the kernel left."""
    return importlib.import_module("pandas").read_pickle(path)


def pandas() -> Any:
    """Return pandas, or None."""
    try:
        return importlib.import_module("pandas")
    except ImportError:
        return None


def plain(value: Any) -> Any:
    """Return a value of agate as Python's own."""
    if isinstance(value, decimal.Decimal):
        return int(value) if value.as_tuple().exponent == 0 else float(value)
    return value


def yaml() -> Any:
    """Return PyYAML, which dbt brings along."""
    return importlib.import_module("yaml")
