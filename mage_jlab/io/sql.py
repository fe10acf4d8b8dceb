"""What databases with a connection share: loading, exporting, executing."""

from __future__ import annotations

import datetime
import json
import math
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from mage_jlab.errors import AlreadyExists, BadRequest
from mage_jlab.io.base import BaseSQLConnection, check_policy, frame
from mage_jlab.io.drivers import pandas
from mage_jlab.io.naming import clean_name

_TYPES = {
    "boolean": "BOOLEAN", "bytes": "BLOB", "date": "DATE", "datetime": "TIMESTAMP",
    "datetime64": "TIMESTAMP", "decimal": "DOUBLE PRECISION", "floating": "DOUBLE PRECISION",
    "integer": "BIGINT", "mixed-integer-float": "DOUBLE PRECISION", "period": "BIGINT",
    "time": "TIME", "timedelta": "BIGINT", "timedelta64": "BIGINT",
}  # fmt: skip
"""The type of a column by what pandas calls its values; TEXT for all others."""


class BaseSQL(BaseSQLConnection):
    """A database: subclasses say how to connect and what differs in its SQL."""

    asking = " with query\n\n{}\n\n"
    quote = '"'
    place = "%s"
    """What stands for a value in a statement."""
    types: ClassVar[Mapping[str, str]] = _TYPES
    text = "TEXT"
    end = ";"
    schemas = True
    """Whether tables lie in schemas that can be made."""

    # ---- what a database says of itself -------------------------------------

    def default_database(self) -> Any:
        """Return the database that is connected to."""
        return self.settings.get("database")

    def default_schema(self) -> Any:
        """Return the schema that is used when none is named."""
        return self.settings.get("schema")

    def table_exists(self, schema_name: str | None, table_name: str) -> bool:
        """Whether there is a table of that name."""
        found = self._rows(
            "SELECT 1 FROM information_schema.tables WHERE table_schema = "
            f"{self.place} AND table_name = {self.place}",
            (_bare(schema_name or self.default_schema() or "public"), _bare(table_name)),
        )
        return bool(found)

    def get_type(self, column: Any, dtype: str) -> str:
        """Return the type of a column for its values."""
        return self.types.get(dtype, self.text)

    def build_create_schema_command(self, schema_name: str) -> str:
        """Return the statement that makes a schema unless it is there."""
        return f"CREATE SCHEMA IF NOT EXISTS {schema_name}"

    def build_create_table_as_command(self, table_name: str, query_string: str) -> str:
        """Return the statement that makes a table of a query."""
        return f"CREATE TABLE {table_name} AS\n{query_string}"

    # ---- asking -----------------------------------------------------------

    def _rows(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        cursor = self.conn.cursor()
        try:
            cursor.execute(query, tuple(values)) if values else cursor.execute(query)
            return list(cursor.fetchall())
        finally:
            cursor.close()

    def fetch_query(self, cursor: Any, query: str, **kwargs: Any) -> Any:
        """Return what a query gives, as a frame; None when it is of a kind without rows."""
        pd = pandas("Loading data")
        if kwargs:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # pandas would like SQLAlchemy better
                return pd.read_sql(query, self.conn, **kwargs)
        asked = self.conn.cursor()
        try:
            asked.execute(query)
            if asked.description is None:
                return None
            names = [column[0] for column in asked.description]
            return pd.DataFrame.from_records(asked.fetchall(), columns=names, coerce_float=True)
        finally:
            asked.close()

    def _frame(self, query: str, **kwargs: Any) -> Any:
        return self.fetch_query(None, query, **kwargs)

    def execute(self, query_string: str, **query_vars: Any) -> None:
        """Execute a statement; ``commit()`` makes it last."""
        with self.printer.print_msg(f"Executing query '{query_string}'"):
            cursor = self.conn.cursor()
            try:
                query = self._clean_query(query_string)
                cursor.execute(query, query_vars) if query_vars else cursor.execute(query)
            finally:
                cursor.close()

    def execute_query_raw(self, query: str, **_kwargs: Any) -> None:
        """Execute a text as it is, in one call, and commit."""
        cursor = self.conn.cursor()
        try:
            cursor.execute(query)
        finally:
            cursor.close()
        self.commit()

    def execute_queries(
        self,
        queries: Iterable[str],
        query_variables: Sequence[Mapping[str, Any]] | None = None,
        commit: bool = False,
        fetch_query_at_indexes: Sequence[Any] | None = None,
        **_kwargs: Any,
    ) -> list[Any]:
        """Execute statements; those to be fetched that have rows give a frame, the others None."""
        results: list[Any] = []
        fetch = list(fetch_query_at_indexes or ())
        for number, text in enumerate(queries):
            query = self._clean_query(text)
            if number < len(fetch) and fetch[number]:
                results.append(self.fetch_query(None, query))
                continue
            values = query_variables[number] if query_variables else None
            cursor = self.conn.cursor()
            try:
                cursor.execute(query, values) if values else cursor.execute(query)
            finally:
                cursor.close()
            results.append(None)
        if commit:
            self.commit()
        return results

    # ---- exporting --------------------------------------------------------

    def full_name(self, schema_name: str | None, table_name: str) -> str:
        """Return the table's name with its schema."""
        return f"{schema_name}.{table_name}" if schema_name else table_name

    def export(  # noqa: PLR0913 - Mage's own signature
        self,
        df: Any,
        schema_name: str | None = None,
        table_name: str | None = None,
        if_exists: Any = "replace",
        index: bool = False,
        verbose: bool = True,
        allow_reserved_words: bool = False,
        auto_clean_name: bool = True,
        case_sensitive: bool = False,
        cascade_on_drop: bool = False,
        drop_table_on_replace: bool = False,
        overwrite_types: Mapping[str, str] | None = None,
        query_string: str | None = None,
        unique_conflict_method: str | None = None,
        unique_constraints: Sequence[str] | None = None,
        **kwargs: Any,
    ) -> None:
        """Write a frame (or what a query gives) into a table, which is made when it is not there.

        Raises:
            BadRequest: when no table is named.
            AlreadyExists: when it is there and ``if_exists`` is ``fail``.
        """
        if not table_name:
            raise BadRequest("Please name the table to export to: export(df, table_name=…).")
        schema = schema_name or self.default_schema()
        full = self.full_name(schema, table_name)
        policy = check_policy(if_exists)
        data: Any = None
        if not query_string:
            data = frame(df)
            data = self._prepared(
                data.reset_index() if index else data,
                lambda name: self.clean_column_name(
                    str(name), allow_reserved_words, auto_clean_name, case_sensitive
                ),
            )
        with self.printer.print_msg(f"Exporting data to '{full}'" if verbose else ""):
            there = self._make_room(
                schema, table_name, policy, drop=drop_table_on_replace, cascade=cascade_on_drop
            )
            if query_string:
                self._of_query(full, query_string, there=there)
            else:
                keys = [
                    self.clean_column_name(
                        name, allow_reserved_words, auto_clean_name, case_sensitive
                    )
                    for name in unique_constraints or ()
                ]
                if not there:
                    self._create(full, data, keys, overwrite_types)
                if len(data):
                    self.upload(full, data, keys, unique_conflict_method)
            self.commit()

    def _prepared(self, data: Any, cleaned: Any) -> Any:
        """Return a frame whose columns databases understand."""
        renamed = data.rename(columns={name: cleaned(name) for name in data.columns})
        for name in renamed.columns:
            column = renamed[name]
            kind = getattr(column.dtype, "name", "")
            if kind == "category":
                renamed[name] = column.astype(object).where(column.notna(), None)
            elif kind.startswith(("timedelta", "period")):
                renamed[name] = column.astype("int64")
        return renamed

    def _make_room(
        self, schema: str | None, table: str, policy: str, *, drop: bool, cascade: bool
    ) -> bool:
        """Do what is to be done to a table that is there; return whether there is one then."""
        full = self.full_name(schema, table)
        if schema and self.schemas:
            self._do(self.build_create_schema_command(schema))
        if not self.table_exists(schema, table):
            return False
        if policy == "fail":
            raise AlreadyExists(
                f"The table '{full}' is there already, and the write policy is 'fail'."
            )
        if policy == "append":
            return True
        if drop:
            self._do(f"DROP TABLE {full}{' CASCADE' if cascade else ''}")
            return False
        self._do(f"DELETE FROM {full}")
        return True

    def _do(self, statement: str) -> None:
        cursor = self.conn.cursor()
        try:
            cursor.execute(statement)
        finally:
            cursor.close()

    def _of_query(self, full: str, query: str, *, there: bool) -> None:
        text = query.strip().rstrip(";")
        if there:
            self._do(f"INSERT INTO {full}\n{text}")
        else:
            self._do(self.build_create_table_as_command(full, text))

    def quoted(self, name: str) -> str:
        """Return a column's name in quotes."""
        return f"{self.quote}{str(name).replace(self.quote, self.quote * 2)}{self.quote}"

    def _create(
        self, full: str, data: Any, keys: Sequence[str], given: Mapping[str, str] | None
    ) -> None:
        infer = pandas().api.types.infer_dtype
        types = {
            name: (given or {}).get(name)
            or self.get_type(data[name], infer(data[name], skipna=True))
            for name in data.columns
        }
        parts = [f"{self.quoted(name)} {kind}" for name, kind in types.items()]
        if keys:
            title = f"unique{clean_name('_'.join([full, *keys]))}"[:60]
            parts.append(f"CONSTRAINT {title} UNIQUE ({', '.join(map(self.quoted, keys))})")
        self._do(f"CREATE TABLE {full} ({', '.join(parts)}){self.end}")

    def upload(self, full: str, data: Any, keys: Sequence[str], conflict: str | None) -> None:
        """Write the rows, in the fastest way the driver has; this one sends them in batches."""
        columns = ", ".join(map(self.quoted, data.columns))
        places = ", ".join(self.places(len(data.columns)))
        tail = self.on_conflict(list(data.columns), keys, conflict) if keys and conflict else ""
        cursor = self.conn.cursor()
        try:
            cursor.executemany(
                f"INSERT INTO {full} ({columns}) VALUES ({places}){tail}", records(data)
            )
        finally:
            cursor.close()

    def places(self, count: int) -> list[str]:
        """Return what stands for so many values."""
        return [self.place] * count

    def on_conflict(self, columns: Sequence[str], keys: Sequence[str], method: str) -> str:
        """Return the end of a statement that says what to do with rows that are there."""
        names = ", ".join(map(self.quoted, keys))
        if method.upper() != "UPDATE":
            return f" ON CONFLICT ({names}) DO NOTHING"
        changes = ", ".join(f"{self.quoted(c)} = EXCLUDED.{self.quoted(c)}" for c in columns)
        return f" ON CONFLICT ({names}) DO UPDATE SET {changes}"


def _bare(name: str) -> str:
    return str(name).replace('"', "").replace("`", "")


def as_json(value: Any) -> str:
    """Return a value as JSON; what JSON has no word for becomes null or text."""
    return json.dumps(_plain(value), ensure_ascii=False, default=str)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [_plain(item) for item in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return value.isoformat()
    return value


def cell(value: Any) -> Any:
    """Return a value of a frame as drivers take it."""
    if value is None or value is pandas().NA or value is pandas().NaT:
        return None
    if isinstance(value, (dict, list, tuple, set)) or type(value).__name__ == "ndarray":
        return as_json(value)
    if hasattr(value, "to_pydatetime"):
        return value.to_pydatetime(warn=False)
    if hasattr(value, "item") and not isinstance(value, (str, bytes)):
        value = value.item()
    return None if isinstance(value, float) and math.isnan(value) else value


def records(data: Any) -> list[tuple[Any, ...]]:
    """Return the rows of a frame as drivers take them."""
    columns = [[cell(value) for value in data[name]] for name in data.columns]
    return list(zip(*columns))  # noqa: B905 - Python 3.9 has no strict
