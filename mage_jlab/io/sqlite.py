"""SQLite, by Python's own module."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any, ClassVar

from mage_jlab.io.config import needed
from mage_jlab.io.sql import BaseSQL


class SQLite(BaseSQL):
    """A SQLite database: a file, or ``:memory:``."""

    place = "?"
    schemas = False
    types: ClassVar[Mapping[str, str]] = {
        **BaseSQL.types,
        "boolean": "BOOLEAN",
        "integer": "INTEGER",
        "floating": "REAL",
        "decimal": "REAL",
        "mixed-integer-float": "REAL",
    }

    def __init__(self, database: Any = ":memory:", verbose: bool = True, **settings: Any) -> None:
        """Keep the path of the database."""
        super().__init__(verbose, database=database, **settings)

    @classmethod
    def with_config(cls, config: Any, **kwargs: Any) -> SQLite:
        """Make one by a profile of io_config.yaml (SQLITE_DATABASE)."""
        found = needed(config, "SQLite", "SQLITE_DATABASE")
        return cls(**{"database": found["SQLITE_DATABASE"], **kwargs})

    def default_schema(self) -> Any:
        """Return None: SQLite has no schemas."""
        return None

    def open(self) -> None:
        """Open the file."""
        with self.printer.print_msg("Opening SQLite database"):
            self._ctx = sqlite3.connect(str(self.settings["database"]))

    def table_exists(self, schema_name: str | None, table_name: str) -> bool:
        """Whether there is a table of that name."""
        query = "SELECT 1 FROM sqlite_master WHERE type IN ('table', 'view') AND name = ?"
        return bool(self._rows(query, (table_name.replace('"', ""),)))

    def upload(self, full: str, data: Any, keys: Any, conflict: Any) -> None:
        """Write the rows; SQLite takes dates as text."""
        written = data.copy(deep=False)
        for name in written.columns:
            kind = getattr(written[name].dtype, "kind", "O")
            if kind == "M":
                texts = written[name].astype(str)
                written[name] = texts.where(written[name].notna(), None)
            elif kind == "O":
                written[name] = [_text(item) for item in written[name]]
        super().upload(full, written, keys, conflict)


def _text(item: Any) -> Any:
    if type(item).__name__ == "Decimal":
        return float(item)
    return item.isoformat() if hasattr(item, "isoformat") else item
