"""Arrow record batches stored so that Python blocks get them as pandas frames: our side only.

The note on each column (`how`) is what `formats/frame_encode` would have written
for a frame with such a column; `formats/frame_decode` reads it back.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pyarrow as pa

from mage_jlab.model.product import TABLE, Column, Output
from mage_jlab.products import cells
from mage_jlab.products.formats import arrow_file, frame
from mage_jlab.products.formats.target import Target

_TYPE = "pandas.DataFrame"


class FrameWriter:
    """One table on its way to the disk, batch by batch."""

    def __init__(self, target: Target, schema: pa.Schema) -> None:
        """Begin the file; columns of the same name are told apart."""
        names = arrow_file.unique(schema.names)
        self._target = target
        self.schema = pa.schema(
            [field.with_name(name).remove_metadata() for field, name in zip(schema, names)]
        )
        self._sink = pa.OSFile(str(target.file(arrow_file.SUFFIX)), "wb")
        self._writer = pa.ipc.new_file(self._sink, self.schema)
        self._nulls = [0] * len(names)
        self._labels: list[list[str] | None] = [None] * len(names)
        self.rows = 0
        self.page: list[list[Any]] = []
        """The first rows, as cells."""

    def add(self, batch: pa.RecordBatch) -> None:
        """Write rows behind those that were written."""
        batch = pa.RecordBatch.from_arrays(batch.columns, schema=self.schema)
        if not self.rows:
            start = batch.slice(0, cells.PAGE_ROWS)
            width = min(cells.PAGE_COLUMNS, start.num_columns)
            columns = [arrow_file.values(start.column(number)) for number in range(width)]
            self.page = cells.rows(columns)[0]
        for number, column in enumerate(batch.columns):
            self._nulls[number] += column.null_count
        self.rows += batch.num_rows
        self._writer.write_batch(batch)

    def finish(self) -> Output:
        """Close the file and describe it."""
        self._writer.close()
        self._sink.close()
        columns = [
            Column(field.name, str(field.type), nulls)
            for field, nulls in zip(self.schema, self._nulls)
        ]
        kept = {
            "index": {"range": [0, self.rows, 1], "name": None},
            "how": [_how(field.type, nulls) for field, nulls in zip(self.schema, self._nulls)],
            "series": False,
            "labels": {"texts": self.schema.names, "name": None, "dtype": "str"},
            "derived": False,
        }
        made = self._target.output(
            None, TABLE, frame.NAME, rows=self.rows, columns=columns,
            preview=f"{self.rows:,} rows × {len(columns):,} columns",
            options={"pandas": kept, "index_columns": 0},
        )  # fmt: skip
        return replace(made, type=_TYPE)

    def discard(self) -> None:
        """Remove what was written."""
        self._writer.close()
        self._sink.close()
        self._target.discard()


def _how(kind: pa.DataType, nulls: int) -> dict[str, Any]:
    """Say what a column is in pandas."""
    types = pa.types
    if types.is_integer(kind) or types.is_boolean(kind):
        name = "bool" if types.is_boolean(kind) else str(kind)
        if not nulls:
            return {"as": "number", "dtype": name}
        masked = {"bool": "boolean"}.get(name, name.replace("u", "U").replace("int", "Int"))
        return {"as": "masked", "dtype": masked}
    if types.is_floating(kind):
        return {"as": "number", "dtype": {"float": "float32"}.get(str(kind), "float64")}
    if types.is_timestamp(kind):
        if kind.tz is None:
            return {"as": "time", "dtype": f"datetime64[{kind.unit}]"}
        return {"as": "zoned", "dtype": f"datetime64[{kind.unit}, {kind.tz}]", "zone": kind.tz}
    if types.is_duration(kind):
        return {"as": "time", "dtype": f"timedelta64[{kind.unit}]"}
    if types.is_string(kind) or types.is_large_string(kind):
        return {"as": "text", "dtype": "str", "storage": "python", "null": "nan"}
    if types.is_large_binary(kind) or types.is_binary(kind):
        return {"as": "binary", "dtype": "object", "null": "none"}
    if types.is_dictionary(kind):
        return {"as": "category", "dtype": "str", "ordered": bool(kind.ordered), "own": False}
    return {"as": "typed", "dtype": "object", "null": "none"}
