"""Trino, by its own client."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from mage_jlab.io.base import QUERY_ROW_LIMIT
from mage_jlab.io.config import given, needed
from mage_jlab.io.drivers import package
from mage_jlab.io.sql import BaseSQL

_CONNECT = (
    "catalog", "host", "http_headers", "http_scheme", "port", "schema", "session_properties",
    "source", "user", "verify",
)  # fmt: skip


class Trino(BaseSQL):
    """A catalog of a Trino cluster."""

    place = "?"
    text = "VARCHAR"
    end = ""
    types: ClassVar[Mapping[str, str]] = {
        **BaseSQL.types,
        "bytes": "VARBINARY",
        "decimal": "DOUBLE",
        "floating": "DOUBLE",
        "mixed-integer-float": "DOUBLE",
    }

    def __init__(self, verbose: bool = True, **settings: Any) -> None:
        """Keep the settings."""
        super().__init__(verbose, **{"port": 8080, **settings})

    @classmethod
    def with_config(cls, config: Any, **kwargs: Any) -> Trino:
        """Make one by a profile of io_config.yaml; a nested ``trino`` map wins."""
        nested = config.get("trino")
        if isinstance(nested, dict):
            return cls(**{**nested, **kwargs})
        found = {
            **needed(config, "Trino", "TRINO_CATALOG", "TRINO_HOST", "TRINO_USER"),
            **given(config, "TRINO_PASSWORD", "TRINO_PORT", "TRINO_SCHEMA"),
        }
        settings = {key.partition("_")[2].lower(): value for key, value in found.items()}
        settings = {key: value for key, value in settings.items() if value is not None}
        return cls(**{**settings, **kwargs})

    def default_database(self) -> Any:
        """Return the catalog."""
        return self.settings["catalog"]

    def open(self) -> None:
        """Connect."""
        driver = package("trino", "trino", "Trino")
        settings = self.settings
        options = {key: settings[key] for key in _CONNECT if settings.get(key) is not None}
        if settings.get("password"):
            options["auth"] = driver.auth.BasicAuthentication(
                settings["user"], settings["password"]
            )
            options.setdefault("http_scheme", "https")
        with self.printer.print_msg("Opening connection to Trino"):
            self._ctx = driver.dbapi.connect(**options)

    def full_name(self, schema_name: str | None, table_name: str) -> str:
        """Return the table's name with catalog and schema."""
        parts = [self.default_database(), schema_name, table_name]
        return ".".join(str(part) for part in parts if part)

    def build_create_schema_command(self, schema_name: str) -> str:
        """Return the statement that makes a schema unless it is there."""
        return f"CREATE SCHEMA IF NOT EXISTS {self.default_database()}.{schema_name}"

    def _do(self, statement: str) -> None:
        cursor = self.conn.cursor()
        try:
            cursor.execute(statement)
            cursor.fetchall()  # a statement runs while its result is read
        finally:
            cursor.close()

    def commit(self) -> None:
        """Do nothing: each statement lasts by itself."""

    def _enforce_limit(self, query: str, limit: int = QUERY_ROW_LIMIT) -> str:
        return f"SELECT * FROM ({query.strip().rstrip(';')}) AS subquery LIMIT {limit}"
