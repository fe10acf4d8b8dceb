"""A stored table as a file to download: the whole of it, sorted and filtered if asked."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from mage_jlab.model.product import Output
from mage_jlab.preview import csv_text
from mage_jlab.preview.order import Question
from mage_jlab.preview.source import Source, take

CHUNK = 20_000
_PIECE = 1 << 20


def csv(
    folder: Path,
    output: Output,
    *,
    sort: Sequence[Any] = (),
    filters: Sequence[Mapping[str, Any]] = (),
    safe: bool = False,
) -> Iterator[bytes]:
    """Return a table as pieces of CSV; with `safe`, no text reads as a formula.

    Raises:
        InvalidQuery: at once, when a sort or filter does not fit the table.
        StoreError: at once, when the output is no table.
    """
    source = Source(folder, output)
    return _csv(source, Question(source, sort, filters), safe=safe)


def _csv(source: Source, asked: Question, *, safe: bool) -> Iterator[bytes]:
    yield csv_text.header(source.names, safe=safe)
    for table in _chunks(source, asked):
        yield csv_text.lines(table, safe=safe)


def _chunks(source: Source, asked: Question) -> Iterator[pa.Table]:
    if asked.plain:
        for start in range(0, source.table.num_rows, CHUNK):
            yield source.table.slice(start, CHUNK)
        return
    numbers = asked.all_rows()
    for start in range(0, len(numbers), CHUNK):
        yield take(source.table, np.asarray(numbers[start : start + CHUNK]))


def parquet(
    folder: Path,
    output: Output,
    *,
    sort: Sequence[Any] = (),
    filters: Sequence[Mapping[str, Any]] = (),
) -> Iterator[bytes]:
    """Return a table as pieces of a Parquet file.

    Raises:
        InvalidQuery: at once, when a sort or filter does not fit the table.
        StoreError: at once, when the output is no table.
    """
    source = Source(folder, output)
    return _parquet(source, Question(source, sort, filters))


def _parquet(source: Source, asked: Question) -> Iterator[bytes]:
    with tempfile.TemporaryFile(prefix="mage-jlab-") as file:
        schema = _parquet_schema(source.table.schema)
        with pq.ParquetWriter(file, schema, compression="zstd") as writer:
            group: list[pa.Table] = []
            for table in _chunks(source, asked):
                group.append(table.cast(schema))
                if len(group) * CHUNK >= 200_000:
                    writer.write_table(pa.concat_tables(group))
                    group.clear()
            if group:
                writer.write_table(pa.concat_tables(group))
        file.seek(0)
        while piece := file.read(_PIECE):
            yield piece


def _parquet_schema(schema: pa.Schema) -> pa.Schema:
    """Return the schema without what Parquet does not know."""
    fields = []
    for field in schema:
        kind = field.type
        if pa.types.is_null(kind):
            kind = pa.string()
        elif pa.types.is_dictionary(kind) and not pa.types.is_string(kind.value_type):
            kind = kind.value_type
        elif pa.types.is_duration(kind):
            kind = pa.int64()
        fields.append(field.with_type(kind))
    return pa.schema(fields)
