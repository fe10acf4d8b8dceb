"""Tables and columns of a database, for completion: asked in a thread, kept for a while.

The front end asks by an expression of an execute request. The first answer is
that it is being found out; whatever fails is an empty answer, never an error.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Any

from mage_jlab.kernel_side import mage_table
from mage_jlab.kernel_side.sql.databases import BY_PROVIDER, Database
from mage_jlab.kernel_side.step import Context

_KEPT = 300.0
_AFTER_FAILURE = 60.0
_COLUMNS = 10_000
"""More columns than these are left out."""
_STANDARD = (
    "SELECT table_schema, table_name, column_name FROM information_schema.columns "
    "WHERE lower(table_schema) NOT IN ('information_schema', 'pg_catalog', 'mysql', 'sys', "
    "'performance_schema') ORDER BY table_schema, table_name, ordinal_position"
)
_POSTGRES = (
    "SELECT n.nspname, c.relname, a.attname FROM pg_catalog.pg_attribute a "
    "JOIN pg_catalog.pg_class c ON c.oid = a.attrelid "
    "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND a.attnum > 0 AND NOT a.attisdropped "
    "AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%' "
    "ORDER BY n.nspname IS DISTINCT FROM current_schema(), n.nspname, c.relname, a.attnum"
)
"""The standard's schema leaves materialised views out."""
_MYSQL = (
    # What an inner query orders is forgotten unless it has a limit.
    "SELECT table_schema, table_name, column_name FROM information_schema.columns "
    "WHERE table_schema NOT IN ('information_schema', 'mysql', 'sys', 'performance_schema') "
    "ORDER BY table_schema <> database(), table_schema, table_name, ordinal_position "
    f"LIMIT {_COLUMNS}"
)
_QUERIES = {
    "postgres": _POSTGRES,
    "mysql": _MYSQL,
    "sqlite": "SELECT '' AS s, m.name AS t, c.name AS c FROM sqlite_master m, "
    "pragma_table_info(m.name) c WHERE m.type IN ('table', 'view') ORDER BY m.name, c.cid",
    "clickhouse": "SELECT database, table, name FROM system.columns "
    "WHERE database NOT IN ('system', 'INFORMATION_SCHEMA', 'information_schema')",
}
_HOMES = {
    "bigquery": "",
    "clickhouse": "SELECT currentDatabase() AS name",
    "mssql": "SELECT schema_name() AS name",
    "mysql": "SELECT database() AS name",
    "sqlite": "",
    "sqlserver": "SELECT schema_name() AS name",
    "trino": "",
}


@dataclass
class Answer:
    """What is known: `tables` is [[schema, table, [columns]], …]; None while it is found out.

    Tables of `schema` are found without naming it.
    """

    tables: list[list[Any]] | None = None
    until: float = 0.0
    schema: str | None = None

    def _repr_json_(self) -> dict[str, Any]:
        return {"tables": self.tables, "schema": self.schema}

    def __repr__(self) -> str:
        return "the tables of a database"


@dataclass
class Schemas:
    """What is known of databases by provider and profile."""

    known: dict[tuple[str, str], Answer] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, context: Context, provider: str, profile: str) -> Answer:
        """Return what is known of a database now; look for it when that is old."""
        key = (provider, profile)
        with self.lock:
            found = self.known.get(key)
            if found is not None and (found.tables is None or time.monotonic() < found.until):
                return found
            asked = self.known[key] = Answer()
        if provider in BY_PROVIDER:
            work = threading.Thread(
                target=self._find, args=(context, key, asked), name="mage-schema", daemon=True
            )
            work.start()
        else:
            asked.tables = []
        return asked if found is None else found

    def _find(self, context: Context, key: tuple[str, str], answer: Answer) -> None:
        try:
            config = mage_table.profile(context, key[1])
            database = BY_PROVIDER[key[0]](config, {})
            with database.loader:
                rows = _rows(database, key[0])
                answer.schema = _home(database, key[0])
            kept = _KEPT
        except BaseException:  # noqa: BLE001 - completion is silent, whatever a driver raises
            rows, kept = [], _AFTER_FAILURE
        answer.until = time.monotonic() + kept
        answer.tables = _grouped(rows)


def _rows(database: Database, provider: str) -> list[list[str]]:
    query = _QUERIES.get(provider, _STANDARD)
    frame = database.loader.load(query, limit=_COLUMNS, verbose=False)
    return [[str(value) for value in row] for row in frame.itertuples(index=False)]


def _home(database: Database, provider: str) -> str | None:
    """Return the schema that a query need not name: the connection's, not the profile's."""
    query = _HOMES.get(provider, "SELECT current_schema() AS name")
    if not query:
        return str(database.schema() or "") or None
    frame = database.loader.load(query, limit=1, verbose=False)
    return str(frame.iloc[0, 0] or "") or None


def _grouped(rows: list[list[str]]) -> list[list[Any]]:
    found: dict[tuple[str, str], list[str]] = {}
    for schema, table, column in rows:
        found.setdefault((schema, table), []).append(column)
    return [[schema, table, columns] for (schema, table), columns in found.items()]


schemas = Schemas()


def of(provider: str, profile: str) -> Answer:
    """Return what is known of a database for the pipeline of this kernel."""
    from mage_jlab.kernel_side import start

    context = start.context()
    return Answer(tables=[]) if context is None else schemas.ask(context, provider, profile)
