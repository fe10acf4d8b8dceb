"""Microsoft SQL Server, by pyodbc."""

from __future__ import annotations

import datetime
import struct
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from mage_jlab.io.base import QUERY_ROW_LIMIT
from mage_jlab.io.config import given, needed
from mage_jlab.io.drivers import package
from mage_jlab.io.sql import BaseSQL, records

_DATETIMEOFFSET = -155


class MSSQL(BaseSQL):
    """A SQL Server database."""

    place = "?"
    types: ClassVar[Mapping[str, str]] = {
        **BaseSQL.types,
        "boolean": "bit", "bytes": "varbinary(max)", "date": "date", "datetime": "datetime2",
        "datetime64": "datetime2", "decimal": "float", "floating": "float", "integer": "bigint",
        "mixed-integer-float": "float", "time": "time",
    }  # fmt: skip
    text = "nvarchar(max)"

    def __init__(
        self,
        database: str | None = None,
        host: str | None = None,
        password: str | None = None,
        user: str | None = None,
        port: Any = 1433,
        verbose: bool = True,
        **settings: Any,
    ) -> None:
        """Keep the settings."""
        super().__init__(
            verbose,
            database=database,
            server=host,
            password=password,
            user=user,
            port=int(port or 1433),
            **settings,
        )

    @classmethod
    def with_config(cls, config: Any, **kwargs: Any) -> MSSQL:
        """Make one by a profile of io_config.yaml."""
        names = ("SCHEMA", "DRIVER", "PASSWORD", "PORT", "USER", "AUTHENTICATION")
        found = {
            **needed(config, "MSSQL", "MSSQL_DATABASE", "MSSQL_HOST"),
            **given(config, *(f"MSSQL_{name}" for name in names)),
        }
        settings = {key.partition("_")[2].lower(): value for key, value in found.items()}
        return cls(**{**settings, **kwargs})

    @property
    def connection_string(self) -> str:
        """What ODBC connects with."""
        settings = self.settings
        parts = [
            f"DRIVER={{{settings.get('driver') or 'ODBC Driver 18 for SQL Server'}}}",
            f"SERVER={settings['server']},{settings['port']}",
            f"DATABASE={settings['database']}",
            "ENCRYPT=yes",
            "TrustServerCertificate=yes",
        ]
        for name, key in (
            ("UID", "user"),
            ("PWD", "password"),
            ("Authentication", "authentication"),
        ):
            if settings.get(key):
                parts.append(f"{name}={settings[key]}")
        return ";".join(parts)

    def default_schema(self) -> Any:
        """Return the schema that is used when none is named."""
        return self.settings.get("schema") or "dbo"

    def open(self) -> None:
        """Connect."""
        driver = package("pyodbc", "pyodbc", "MSSQL")
        with self.printer.print_msg("Opening connection to MSSQL database"):
            self._ctx = driver.connect(self.connection_string)
            self._ctx.add_output_converter(_DATETIMEOFFSET, _with_offset)

    def build_create_schema_command(self, schema_name: str) -> str:
        """Return the statement that makes a schema unless it is there."""
        return (
            f"IF NOT EXISTS (SELECT * FROM information_schema.schemata WHERE schema_name = "
            f"'{schema_name}') BEGIN EXEC('CREATE SCHEMA {schema_name}') END"
        )

    def build_create_table_as_command(self, table_name: str, query_string: str) -> str:
        """Return the statement that makes a table of a query."""
        return f"SELECT * INTO {table_name}\nFROM ({query_string}) AS prev"

    def _enforce_limit(self, query: str, limit: int = QUERY_ROW_LIMIT) -> str:
        return query  # a WITH cannot stand in a sub-query here

    def upload(self, full: str, data: Any, keys: Sequence[str], conflict: str | None) -> None:
        """Write the rows in blocks of parameters; MERGE them when rows may be there."""
        columns = [self.quoted(name) for name in data.columns]
        places = ", ".join(self.places(len(columns)))
        statement = f"INSERT INTO {full} ({', '.join(columns)}) VALUES ({places})"
        if keys and conflict:
            same = " AND ".join(f"s.{self.quoted(k)} = t.{self.quoted(k)}" for k in keys)
            statement = (
                f"MERGE {full} AS t USING (VALUES ({places})) s({', '.join(columns)}) ON {same} "
                f"WHEN NOT MATCHED THEN INSERT ({', '.join(columns)}) "
                f"VALUES ({', '.join(f's.{c}' for c in columns)})"
            )
            if conflict.upper() == "UPDATE":
                changes = ", ".join(f"{c} = s.{c}" for c in columns)
                statement += f" WHEN MATCHED THEN UPDATE SET {changes}"
            statement += ";"
        cursor = self.conn.cursor()
        try:
            cursor.fast_executemany = True
            cursor.executemany(statement, records(data))
        finally:
            cursor.close()


def _with_offset(value: bytes) -> datetime.datetime:
    """Return SQL Server's datetimeoffset as a datetime with its zone."""
    year, month, day, hour, minute, second, nanos, hours, minutes = struct.unpack("<6hI2h", value)
    zone = datetime.timezone(datetime.timedelta(hours=hours, minutes=minutes))
    return datetime.datetime(year, month, day, hour, minute, second, nanos // 1000, zone)
