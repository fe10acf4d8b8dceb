"""PostgreSQL, by psycopg (3) or psycopg2."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from mage_jlab.io.config import given, needed
from mage_jlab.io.drivers import package, pandas
from mage_jlab.io.sql import BaseSQL, as_json

_OWN = (
    "dbname", "schema", "connection_method", "ssh_host", "ssh_port", "ssh_username",
    "ssh_password", "ssh_pkey", "verbose",
)  # fmt: skip


class Postgres(BaseSQL):
    """A PostgreSQL database."""

    types: ClassVar[Mapping[str, str]] = {
        **BaseSQL.types,
        "bytes": "bytea", "date": "date", "datetime": "timestamp", "datetime64": "timestamp",
        "decimal": "double precision", "floating": "double precision", "boolean": "boolean",
        "mixed-integer-float": "double precision", "time": "time", "period": "bigint",
        "timedelta": "bigint", "timedelta64": "bigint",
    }  # fmt: skip
    text = "text"

    def __init__(
        self,
        dbname: str | None = None,
        user: str | None = None,
        password: str | None = None,
        host: str | None = None,
        port: Any = None,
        verbose: bool = True,
        **settings: Any,
    ) -> None:
        """Keep the settings; other ones go to the driver."""
        super().__init__(
            verbose, dbname=dbname, user=user, password=password, host=host, port=port, **settings
        )
        self._tunnel: Any = None

    @classmethod
    def with_config(cls, config: Any, **kwargs: Any) -> Postgres:
        """Make one by a profile of io_config.yaml."""
        found = {
            **needed(config, "Postgres", "POSTGRES_DBNAME"),
            **given(config, *(f"POSTGRES_{name}" for name in (
                "USER", "PASSWORD", "HOST", "PORT", "SCHEMA", "CONNECTION_METHOD", "SSH_HOST",
                "SSH_PORT", "SSH_USERNAME", "SSH_PASSWORD", "SSH_PKEY", "CONNECT_TIMEOUT",
            ))),
        }  # fmt: skip
        settings = {key.partition("_")[2].lower(): value for key, value in found.items()}
        return cls(**{**settings, **kwargs})

    def default_database(self) -> Any:
        """Return the database that is connected to."""
        return self.settings["dbname"]

    def open(self) -> None:
        """Connect, through an SSH tunnel when the profile says so."""
        driver = package("psycopg psycopg2", "psycopg[binary]", "Postgres")
        options = {
            key: value
            for key, value in self.settings.items()
            if key not in _OWN and value is not None
        }
        options.setdefault("keepalives", 1)
        options.setdefault("keepalives_idle", 300)
        if self.settings.get("connection_method") == "ssh_tunnel":
            options["host"], options["port"] = "127.0.0.1", self._open_tunnel()
        with self.printer.print_msg("Opening connection to PostgreSQL database"):
            try:
                self._ctx = driver.connect(dbname=self.settings["dbname"], **options)
            except BaseException:
                self._close_tunnel()
                raise

    def _open_tunnel(self) -> int:
        module = package("sshtunnel", "sshtunnel", "Postgres through an SSH tunnel")
        settings = self.settings
        secret = {"ssh_pkey": settings.get("ssh_pkey")}
        if not settings.get("ssh_pkey"):
            secret = {"ssh_password": settings.get("ssh_password")}
        self._tunnel = module.SSHTunnelForwarder(
            (settings["ssh_host"], int(settings.get("ssh_port") or 22)),
            ssh_username=settings.get("ssh_username"),
            remote_bind_address=(settings["host"], int(settings.get("port") or 5432)),
            **secret,
        )
        self._tunnel.start()
        return int(self._tunnel.local_bind_port)

    def _close_tunnel(self) -> None:
        if self._tunnel is not None:
            self._tunnel.stop()
            self._tunnel = None

    def close(self) -> None:
        """Close the connection and the tunnel."""
        super().close()
        self._close_tunnel()

    def build_create_schema_command(self, schema_name: str) -> str:
        """Return the statement that makes a schema; one that is there needs no right to make it."""
        name = schema_name.strip('"').replace("'", "''")
        return (
            "DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM information_schema.schemata "
            f"WHERE schema_name = '{name}') THEN EXECUTE 'CREATE SCHEMA {schema_name}'; "
            "END IF; END $$"
        )

    def _make_room(
        self, schema: str | None, table: str, policy: str, *, drop: bool, cascade: bool
    ) -> bool:
        # Blocks side by side may bring the same rows here; the lock goes with the transaction.
        name = self.full_name(schema, table).replace("'", "''")
        self._do(f"SELECT pg_advisory_xact_lock(hashtext('{name}'))")
        return super()._make_room(schema, table, policy, drop=drop, cascade=cascade)

    def get_type(self, column: Any, dtype: str) -> str:
        """Return the type of a column for its values."""
        if dtype == "integer":
            low, high = column.min(), column.max()
            for bits, name in ((15, "smallint"), (31, "integer")):
                if -(2**bits) <= low and high < 2**bits:
                    return name
            return "bigint"
        if dtype.startswith("datetime") and getattr(column.dtype, "tz", None) is not None:
            return "timestamptz"
        if dtype in ("mixed", "unknown-array", "complex"):
            return self._type_of_objects(column)
        return super().get_type(column, dtype)

    def _type_of_objects(self, column: Any) -> str:
        values = [item for item in column if item is not None and not _is_gap(item)]
        values = [item for item in values if not (isinstance(item, list) and not item)]
        if not values:
            return "JSONB"
        first = values[0]
        if isinstance(first, list):
            if isinstance(first[0], dict):
                return "JSONB"
            items = pandas().Series(first)
            if items.dtype == object or getattr(items.dtype, "kind", "O") not in "iufbM":
                return "text[]"
            kind = pandas().api.types.infer_dtype(items)
            return f"{self.get_type(items, kind)}[]"
        return "JSONB"

    def upload(self, full: str, data: Any, keys: Sequence[str], conflict: str | None) -> None:
        """Write the rows by COPY; row by row only when rows that are there are to be updated."""
        if keys and conflict:
            super().upload(full, data, keys, conflict)
            return
        columns = ", ".join(map(self.quoted, data.columns))
        # As in Mage, an empty text becomes NULL.
        statement = (
            f"COPY {full} ({columns}) FROM STDIN "
            f"(FORMAT csv, DELIMITER ',', NULL '', FORCE_NULL({columns}))"
        )
        text = self._csv(data)
        cursor = self.conn.cursor()
        try:
            if hasattr(cursor, "copy_expert"):
                cursor.copy_expert(statement, io.StringIO(text))
            else:
                with cursor.copy(statement) as copy:
                    copy.write(text)
        finally:
            cursor.close()

    def _csv(self, data: Any) -> str:
        written = data.copy(deep=False)
        for name in written.columns:
            if getattr(written[name].dtype, "kind", "O") == "O":
                written[name] = [_copied(item) for item in written[name]]
        return str(written.to_csv(header=False, index=False, na_rep=""))


def _is_gap(item: Any) -> bool:
    return isinstance(item, float) and item != item


def _copied(item: Any) -> Any:
    """Return a value as COPY reads it: JSON, or an array in braces."""
    if isinstance(item, dict) or type(item).__name__ == "ndarray":
        return as_json(item)
    if isinstance(item, (list, tuple)):
        text = as_json(item)
        if item and isinstance(item[0], dict):
            return text
        return text.replace("[", "{").replace("]", "}")
    return item
