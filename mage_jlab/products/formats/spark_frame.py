"""Spark data frames: Spark itself writes them as Parquet, without collecting them.

Read back as Spark frames where a session is wanted, else as pandas frames.
"""

from __future__ import annotations

import contextlib
import importlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mage_jlab.errors import StoreError
from mage_jlab.model.product import TABLE, Column, Output
from mage_jlab.products.formats.target import Target, comes_from

NAME = "spark"
SUFFIX = ".parquet"
"""Of a folder of files."""

find_session: list[Callable[[], Any]] = []
"""Asked for the session by which a frame is read; None says that pandas is wanted."""

_TYPES = {
    "string": "string", "bigint": "int64", "int": "int32", "smallint": "int16", "tinyint": "int8",
    "double": "double", "float": "float", "boolean": "bool", "date": "date32[day]",
    "timestamp": "timestamp[us, tz=UTC]", "timestamp_ntz": "timestamp[us]", "binary": "binary",
}  # fmt: skip
_DECIMAL = re.compile(r"decimal\((\d+),(\d+)\)")


def accepts(value: object) -> bool:
    """Take frames of pyspark, those with pandas' interface too."""
    return comes_from(value, "pyspark.sql", "DataFrame") or comes_from(
        value, "pyspark.pandas", "DataFrame"
    )


def write(value: Any, target: Target) -> Output:
    """Have Spark write the frame.

    Raises:
        StoreError: when what the executors wrote is not here.
    """
    frame = value.to_spark() if comes_from(value, "pyspark.pandas") else value
    folder = target.file(SUFFIX)
    frame.write.mode("overwrite").parquet(folder.as_uri())
    if not parts(folder):
        raise StoreError(
            f"{target.name} was written by Spark's executors to {folder}, but nothing is there: "
            "driver and executors need a disk that they share for mage-jlab's state folder."
        )
    stored = frame.sparkSession.read.parquet(folder.as_uri())
    columns = [Column(field.name, _arrow(field.dataType)) for field in stored.schema.fields]
    return target.output(value, TABLE, NAME, rows=int(stored.count()), columns=columns)


def parts(folder: Path) -> list[Path]:
    """Return the files of a frame, in order."""
    return sorted(folder.glob(f"*{SUFFIX}"))


def _arrow(kind: Any) -> str:
    name = str(kind.simpleString())
    decimal = _DECIMAL.fullmatch(name)
    if decimal:
        return f"decimal128({decimal[1]}, {decimal[2]})"
    return _TYPES.get(name, name)


def read(folder: Path, output: Output) -> Any:
    """Read the frame back: as Spark's where a session is wanted, else as pandas'."""
    path = folder / f"{output.name}{SUFFIX}"
    for find in find_session:
        session = find()
        if session is not None:
            return session.read.parquet(path.as_uri())
    return importlib.import_module("pandas").read_parquet(path)


def first(path: Path, rows: int, width: int) -> list[list[Any]]:
    """Return the first values of the first columns, column by column."""
    with contextlib.suppress(ImportError):
        return _first_by_arrow(path, rows, width)
    session = next((found for find in find_session if (found := find()) is not None), None)
    if session is None:
        return []
    taken = session.read.parquet(path.as_uri()).limit(rows).collect()
    return [
        [row[number] for row in taken]
        for number in range(min(width, len(taken[0]) if taken else 0))
    ]


def _first_by_arrow(path: Path, rows: int, width: int) -> list[list[Any]]:
    parquet = importlib.import_module("pyarrow.parquet")
    found: list[list[Any]] = []
    left = rows
    for part in parts(path):
        file = parquet.ParquetFile(part)
        names = file.schema_arrow.names[:width]
        found = found or [[] for _ in names]
        for batch in file.iter_batches(batch_size=left, columns=names):
            for column, values in zip(found, batch.columns):
                column += values.to_pylist()
            left -= batch.num_rows
            if left <= 0:
                return [column[:rows] for column in found]
    return found
