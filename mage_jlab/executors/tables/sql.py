"""SQL over stored tables by DuckDB: the tables are mapped, the result goes straight to disk."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from mage_jlab.errors import StepFailed
from mage_jlab.executors.tables import given
from mage_jlab.executors.tables.program import Tell
from mage_jlab.kernel_side.sql import filled, text
from mage_jlab.kernel_side.wire import HostChannel
from mage_jlab.products.arrow_frames import FrameWriter
from mage_jlab.products.formats.target import Target, storage_error

_ROWS = 1_000_000
_LINE = re.compile(r"^LINE (\d+):", re.M)
_NAMED = re.compile(r"with name \"?([\w.]+)\"? does not exist|named \"?(\w+)\"?")
_PROJECTED = {
    "INTERVAL": "epoch_us(#{n})::BIGINT",
    "UUID": "#{n}::VARCHAR",
    "TIME WITH TIME ZONE": "#{n}::VARCHAR",
    "BIT": "#{n}::VARCHAR",
    "BIGNUM": "#{n}::DOUBLE",
    "VARINT": "#{n}::DOUBLE",
    '"NULL"': "#{n}::VARCHAR",
}
_WIDE = ("HUGEINT", "UHUGEINT")


def run(
    tell: Tell, *, block: str, source: str, inputs: list[Mapping[str, Any]],
    variables: Mapping[str, Any], around: Mapping[str, Any], target: str, name: str,
) -> dict[str, Any]:  # fmt: skip
    """Run a block's text over its inputs; return the stored output and its first page.

    Raises:
        StepFailed: when an input is no table, a template or the SQL is wrong.
    """
    os.chdir(around["cwd"])
    channel = around.get("channel")
    asked = HostChannel(channel["address"], channel["token"]) if channel else None
    made = filled.fill(
        block, source, variables, len(inputs), environment=around["environment"], channel=asked
    )
    if made.text != source:
        tell({"compiled": made.shown()})
    with tempfile.TemporaryDirectory(prefix="mage-jlab-") as spill:
        connection = duckdb.connect(
            ":memory:", config={"temp_directory": spill, "arrow_large_buffer_size": True}
        )
        try:
            connection.execute("SET TimeZone='UTC'")
            for number, said in enumerate(inputs, 1):
                _register(block, connection, number, said, made.text)
            work = _Work(connection, made, source, Path(target), name)
            return work.run(block)
        finally:
            connection.close()


def _register(
    block: str, connection: Any, number: int, said: Mapping[str, Any], query: str
) -> None:
    parquet = given.parquet(said)
    if parquet is not None:
        for name in {f"df_{number}", str(said["block"])}:
            connection.read_parquet(parquet).create_view(name)
        return
    found = given.table(said)
    if found is None or not found.num_columns:
        if not re.search(rf"\b(df_{number}|{re.escape(str(said['block']))})\b", query):
            return
        what = said.get("type") or ("empty" if found is not None else said["kind"])
        raise StepFailed(
            f"Block '{block}' asks the output of '{said['block']}' by SQL, which is no table "
            f"({what}); return a table, a dictionary or a list of dictionaries there."
        )
    table = given.for_duckdb(found)
    for name in {f"df_{number}", str(said["block"])}:
        connection.register(name, table)


class _Work:
    """The statements of one block."""

    def __init__(
        self, connection: Any, made: filled.Filled, source: str, folder: Path, name: str
    ) -> None:
        self._connection = connection
        self._made = made
        self._source = source
        self._folder = folder
        self._name = name

    def run(self, block: str) -> dict[str, Any]:
        text_, at = self._made.text, 0
        result: dict[str, Any] = {"output": None}
        try:
            statements = self._connection.extract_statements(text_)
        except duckdb.Error as error:
            raise self._failed(block, error, 0, text_) from None
        if not statements:
            raise StepFailed(f"Block '{block}' has no SQL to run.")
        for statement in statements:
            query = statement.query
            at = max(text_.find(query, at), at)
            names = statement.named_parameters
            wanted = {name: self._made.values[name] for name in names}
            try:
                if statement.type == duckdb.StatementType.SELECT:
                    result = self._select(query, wanted) or result
                else:
                    self._connection.execute(query, wanted or None)
            except duckdb.Error as error:
                located = self._located(error, query, wanted)
                raise self._failed(block, located, text_.count("\n", 0, at), query) from None
            except OSError as error:
                raise storage_error(error, self._folder, "the result of the SQL") from error
            at += len(query)
        return result

    def _located(self, error: Exception, query: str, wanted: Mapping[str, Any]) -> Exception:
        """Return the error as it is told with its line, if it can be told so."""
        if _LINE.search(str(error)):
            return error
        try:
            self._connection.execute(f"EXPLAIN {query}", dict(wanted) or None)
        except duckdb.Error as told:
            return told if _LINE.search(str(told)) else error
        return error

    def _select(self, query: str, wanted: Mapping[str, Any]) -> dict[str, Any] | None:
        for wide in ("BIGINT", "DOUBLE"):
            try:
                return self._store(query, wanted, wide)
            except duckdb.ConversionException:
                if wide == "DOUBLE":
                    raise
        raise AssertionError("the second try returns or raises")

    def _store(self, query: str, wanted: Mapping[str, Any], wide: str) -> dict[str, Any] | None:
        """Write what a query gives, piece by piece, however large it is."""
        relation = self._connection.sql(query, params=dict(wanted) or None)
        if relation is None:
            return None
        kinds = [str(kind) for kind in relation.types]
        shown = [_expression(number, kind, wide) for number, kind in enumerate(kinds, 1)]
        names = list(relation.columns)
        if any(item is not None for item in shown):
            parts = [
                f"{item or f'#{number}'} AS {_quoted(name)}"
                for number, (item, name) in enumerate(zip(shown, names, strict=True), 1)
            ]
            relation = relation.project(", ".join(parts))
        reader = _reader(relation)
        spans = [number for number, kind in enumerate(kinds) if kind == "INTERVAL"]
        target = Target(self._folder, self._name)
        schema = pa.schema([f.with_name(n) for f, n in zip(reader.schema, names, strict=True)])
        for number in spans:
            schema = schema.set(number, schema.field(number).with_type(pa.duration("us")))
        writer = FrameWriter(target, schema)
        try:
            for batch in reader:
                writer.add(_with_spans(batch, spans))
            output = writer.finish()
        except BaseException:
            writer.discard()
            raise
        return {"output": asdict(output), "page": writer.page}

    def _failed(self, block: str, error: Exception, before: int, query: str) -> StepFailed:
        words = str(error).strip()
        found = _LINE.search(words)
        line = int(found.group(1)) if found else _line_of_name(words, query)
        whole = None if line is None else before + line
        sentence = words.split("\n\nLINE ", 1)[0]
        return StepFailed(
            f"The SQL of block '{block}' failed: {sentence}",
            line=text.source_line(self._source, self._made.text, whole),
        )


def _expression(number: int, kind: str, wide: str) -> str | None:
    """Return what is asked for instead of a column of a type that pandas has no word for."""
    if kind in _WIDE:
        return f"#{number}::{wide}"
    if kind.startswith("DECIMAL"):
        return f"#{number}::DOUBLE"
    asked = _PROJECTED.get(kind)
    return None if asked is None else asked.format(n=number)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _reader(relation: Any) -> Any:
    for name in ("to_arrow_reader", "fetch_arrow_reader", "fetch_record_batch"):
        method = getattr(relation, name, None)
        if method is not None:
            return method(_ROWS)
    raise AssertionError("every DuckDB gives Arrow")


def _with_spans(batch: pa.RecordBatch, spans: list[int]) -> pa.RecordBatch:
    columns = list(batch.columns)
    for number in spans:
        columns[number] = columns[number].view(pa.duration("us"))
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _line_of_name(words: str, query: str) -> int | None:
    """Return the line that says a name the error speaks of."""
    found = _NAMED.search(words)
    if not found:
        return None
    name = (found.group(1) or found.group(2)).lower()
    lines = query.split("\n")
    hits = [number for number, line in enumerate(lines, 1) if name in line.lower()]
    return hits[0] if hits else None
