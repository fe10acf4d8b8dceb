"""Snowflake, by snowflake-connector-python."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mage_jlab.errors import BadRequest
from mage_jlab.io.base import check_policy, frame
from mage_jlab.io.config import given, needed
from mage_jlab.io.drivers import package
from mage_jlab.io.sql import BaseSQL

_INSTALL = "snowflake-connector-python[pandas]"


class Snowflake(BaseSQL):
    """A Snowflake warehouse."""

    def __init__(self, verbose: bool = True, **settings: Any) -> None:
        """Keep what the driver connects with."""
        super().__init__(verbose, **settings)

    @classmethod
    def with_config(
        cls, config: Any, database: Any = None, schema: Any = None, **kwargs: Any
    ) -> Snowflake:
        """Make one by a profile of io_config.yaml: a password, or a private key."""
        found = {
            **needed(config, "Snowflake", "SNOWFLAKE_ACCOUNT", "SNOWFLAKE_USER"),
            **given(
                config, "SNOWFLAKE_DEFAULT_DB", "SNOWFLAKE_DEFAULT_SCHEMA", "SNOWFLAKE_DEFAULT_WH",
                "SNOWFLAKE_ROLE", "SNOWFLAKE_PASSWORD", "SNOWFLAKE_TIMEOUT",
                "SNOWFLAKE_PRIVATE_KEY_PATH", "SNOWFLAKE_PRIVATE_KEY_PASSPHRASE",
            ),
        }  # fmt: skip
        settings = {
            "account": found["SNOWFLAKE_ACCOUNT"],
            "user": found["SNOWFLAKE_USER"],
            "database": database or found["SNOWFLAKE_DEFAULT_DB"],
            "schema": schema or found["SNOWFLAKE_DEFAULT_SCHEMA"],
            "warehouse": found["SNOWFLAKE_DEFAULT_WH"],
            "role": found["SNOWFLAKE_ROLE"],
            "network_timeout": found["SNOWFLAKE_TIMEOUT"],
            "password": found["SNOWFLAKE_PASSWORD"],
        }
        if not settings["password"] and found["SNOWFLAKE_PRIVATE_KEY_PATH"]:
            settings["private_key"] = _private_key(
                found["SNOWFLAKE_PRIVATE_KEY_PATH"], found["SNOWFLAKE_PRIVATE_KEY_PASSPHRASE"]
            )
        return cls(**{**settings, **kwargs})

    def open(self) -> None:
        """Connect."""
        driver = package("snowflake.connector", _INSTALL, "Snowflake")
        options = {key: value for key, value in self.settings.items() if value is not None}
        with self.printer.print_msg("Connecting to Snowflake warehouse"):
            self._ctx = driver.connect(**options)

    def full_name(self, schema_name: str | None, table_name: str) -> str:
        """Return the table's name in quotes: Snowflake writes others in capitals."""
        parts = [self.default_database(), schema_name or self.default_schema(), table_name]
        return ".".join(f'"{part}"' for part in parts if part)

    def fetch_query(self, cursor: Any, query: str, **kwargs: Any) -> Any:
        """Return what a query gives, by Arrow where the driver can."""
        with self.conn.cursor() as opened:
            opened.execute(query, **kwargs)
            return opened.fetch_pandas_all()

    def table_exists(self, schema_name: str | None, table_name: str) -> bool:
        """Whether there is a table of that name."""
        schema = schema_name or self.default_schema()
        query = (
            "SELECT 1 FROM information_schema.tables WHERE table_schema = %s AND table_name = %s"
        )
        return bool(self._rows(query, (schema, table_name)))

    def export(  # type: ignore[override] # noqa: PLR0913 - Mage's own signature
        self,
        df: Any,
        table_name: str | None = None,
        database: str | None = None,
        schema: str | None = None,
        if_exists: Any = "append",
        query_string: str | None = None,
        unique_conflict_method: str | None = None,
        unique_constraints: Sequence[str] | None = None,
        verbose: bool = True,
        **kwargs: Any,
    ) -> None:
        """Write a frame (or what a query gives) into a table, by Snowflake's bulk loading.

        Raises:
            BadRequest: when no table is named.
        """
        if not table_name:
            raise BadRequest("Please name the table to export to: export(df, table_name=…).")
        schema = schema or kwargs.pop("schema_name", None) or self.default_schema()
        database = database or self.default_database()
        full = f'"{database}"."{schema}"."{table_name}"'
        with self.printer.print_msg(f"Exporting data to {full}" if verbose else ""):
            self._do(f"CREATE SCHEMA IF NOT EXISTS {database}.{schema}")
            self._do(f"USE DATABASE {database}")
            self._do(f"USE SCHEMA {schema}")
            there = self._make_room(schema, table_name, check_policy(if_exists), drop=True,
                                    cascade=False)  # fmt: skip
            if query_string:
                self._of_query(full, query_string, there=there)
                return
            keys = list(unique_constraints or ()) if unique_conflict_method else []
            if keys and there:
                self._merge(full, df, table_name, database, schema, keys, unique_conflict_method)
            else:
                self._write(df, table_name, database, schema, create=not there)

    def _write(self, df: Any, table: str, database: Any, schema: Any, **options: Any) -> None:
        tools = package("snowflake.connector.pandas_tools", _INSTALL, "Snowflake")
        create = options.pop("create")
        tools.write_pandas(
            self.conn, frame(df), table, database=database, schema=schema,
            auto_create_table=create, use_logical_type=True, **options,
        )  # fmt: skip

    def _merge(self, full: str, df: Any, table: str, database: Any, schema: Any, keys: list[str],
               method: str | None) -> None:  # fmt: skip
        data = frame(df)
        temporary = f"temp_{table}"
        self._write(data, temporary, database, schema, create=True, table_type="temp")
        columns = [self.quoted(name) for name in data.columns]
        same = " AND ".join(f"a.{self.quoted(k)} = b.{self.quoted(k)}" for k in keys)
        changes = ", ".join(f"a.{c} = b.{c}" for c in columns)
        update = f" WHEN MATCHED THEN UPDATE SET {changes}" if method == "UPDATE" else ""
        self._do(
            f'MERGE INTO {full} AS a USING "{database}"."{schema}"."{temporary}" AS b ON {same}'
            f"{update} WHEN NOT MATCHED THEN INSERT ({', '.join(columns)}) "
            f"VALUES ({', '.join(f'b.{c}' for c in columns)})"
        )


def _private_key(path: str, passphrase: str | None) -> bytes:
    module = package("cryptography.hazmat.primitives.serialization", "cryptography", "Snowflake")
    password = passphrase.encode() if passphrase else None
    key = module.load_pem_private_key(Path(path).read_bytes(), password=password)
    made: bytes = key.private_bytes(
        encoding=module.Encoding.DER,
        format=module.PrivateFormat.PKCS8,
        encryption_algorithm=module.NoEncryption(),
    )
    return made
