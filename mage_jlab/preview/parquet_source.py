"""What sorts and filters are asked of when a table lies in Parquet files: DuckDB reads them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa

from mage_jlab.products.parquet_folder import ParquetFolder


def view(table: ParquetFolder, numbers: Iterable[int], *, rows: bool) -> list[str]:
    """Return the statements that make the view ``t`` with the columns asked for."""
    files = [str(file) for file in table.files]
    columns = [_column(table.schema.field(number), number) for number in sorted(set(numbers))]
    if not files:
        named = [f"NULL::BIGINT AS c{n}" for n in sorted(set(numbers))]
        chosen = ", ".join([*named, "0::BIGINT AS r"])
        return [f"CREATE TEMP VIEW t AS SELECT {chosen} WHERE false"]
    listed = ", ".join(_text(file) for file in files)
    if not (rows or not columns):
        chosen = ", ".join(columns)
        query = f"SELECT {chosen} FROM read_parquet([{listed}]) p"  # noqa: S608 - our own files
        return [f"CREATE TEMP VIEW t AS {query}"]
    starts = ", ".join(
        f"({_text(f)}, {start})" for f, start in zip(files, table.starts, strict=True)
    )
    chosen = ", ".join([*columns, "s.start + p.file_row_number AS r"])
    source = f"read_parquet([{listed}], filename = true, file_row_number = true) p"
    query = f"SELECT {chosen} FROM {source} JOIN starts s ON s.file = p.filename"  # noqa: S608
    return [
        "CREATE TEMP TABLE starts (file VARCHAR, start BIGINT)",
        f"INSERT INTO starts VALUES {starts}",  # noqa: S608 - our own files
        f"CREATE TEMP VIEW t AS {query}",
    ]


def _column(field: pa.Field, number: int) -> str:
    name = f'p."{field.name.replace(chr(34), chr(34) * 2)}"'
    if pa.types.is_timestamp(field.type) and field.type.tz is not None:
        name = f"make_timestamp(epoch_us({name}))"  # as it is shown: the wall clock of UTC
    return f"{name} AS c{number}"


def _text(path: str | Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
