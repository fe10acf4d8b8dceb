"""DuckDB, and MotherDuck."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from mage_jlab.io.config import given
from mage_jlab.io.drivers import package
from mage_jlab.io.sql import BaseSQL, as_json


class DuckDB(BaseSQL):
    """A DuckDB database: a file, memory, or ``md:…``; it connects when first asked."""

    place = "?"
    types: ClassVar[Mapping[str, str]] = {
        **BaseSQL.types,
        "datetime": "TIMESTAMP",
        "decimal": "DOUBLE",
        "floating": "DOUBLE",
        "mixed-integer-float": "DOUBLE",
    }

    def __init__(
        self,
        database: Any = None,
        motherduck_token: str | None = None,
        schema: str | None = None,
        verbose: bool = True,
        **settings: Any,
    ) -> None:
        """Keep the settings."""
        super().__init__(
            verbose,
            database=database,
            motherduck_token=motherduck_token,
            schema=schema,
            **settings,
        )

    @classmethod
    def with_config(cls, config: Any, **kwargs: Any) -> DuckDB:
        """Make one by a profile of io_config.yaml."""
        found = given(config, "DUCKDB_DATABASE", "DUCKDB_SCHEMA", "MOTHERDUCK_TOKEN")
        settings = {
            "database": found["DUCKDB_DATABASE"],
            "schema": found["DUCKDB_SCHEMA"],
            "motherduck_token": found["MOTHERDUCK_TOKEN"],
        }
        return cls(**{**settings, **kwargs})

    @property
    def conn(self) -> Any:
        """The driver's connection; Mage's DuckDB needs no ``with``."""
        if self._ctx is None:
            self.open()
        return self._ctx

    def default_schema(self) -> Any:
        """Return the schema that is used when none is named."""
        return self.settings.get("schema") or "main"

    def open(self) -> None:
        """Open the database."""
        if self._ctx is not None:
            return
        driver = package("duckdb", "duckdb", "DuckDB")
        options: dict[str, Any] = {}
        database = str(self.settings["database"] or ":memory:")
        if database.startswith("md:") and self.settings.get("motherduck_token"):
            options["config"] = {"motherduck_token": self.settings["motherduck_token"]}
        with self.printer.print_msg("Opening connection to DuckDB"):
            self._ctx = driver.connect(database, **options)

    def fetch_query(self, cursor: Any, query: str, **kwargs: Any) -> Any:
        """Return what a query gives, as a frame, by Arrow."""
        relation = self.conn.execute(query, kwargs.get("params"))
        return relation.df()

    def _do(self, statement: str) -> None:
        self.conn.execute(statement)

    def commit(self) -> None:
        """Make changes last: DuckDB does so by itself unless a transaction was begun."""

    def upload(self, full: str, data: Any, keys: Sequence[str], conflict: str | None) -> None:
        """Write the rows straight from the frame."""
        name = "mage_rows"
        columns = ", ".join(map(self.quoted, data.columns))
        tail = self.on_conflict(list(data.columns), keys, conflict) if keys and conflict else ""
        connection = self.conn
        written = data.copy(deep=False)
        for title in written.columns:
            if getattr(written[title].dtype, "kind", "O") == "O":
                written[title] = [_text(item) for item in written[title]]
        connection.register(name, written)
        try:
            connection.execute(f"INSERT INTO {full} ({columns}) SELECT {columns} FROM {name}{tail}")
        finally:
            connection.unregister(name)


def _text(item: Any) -> Any:
    return as_json(item) if isinstance(item, (dict, list, tuple)) else item
