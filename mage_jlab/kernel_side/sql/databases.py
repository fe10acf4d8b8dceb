"""What differs between databases for a SQL block: names of tables, making them, reading them."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from mage_jlab.io.base import QUERY_ROW_LIMIT

_PACKAGE = __name__.partition(".")[0]


class Database:
    """A database with schemas, through its connector."""

    connector = ""
    keys: tuple[str, ...] = ()
    """The settings that say whether two profiles lead to the same database."""
    limited = True
    """Whether the limit holds for what is read back."""

    def __init__(self, config: Any, configuration: Mapping[str, Any]) -> None:
        """Make the connector by a profile; nothing is connected yet."""
        module, _, name = self.connector.partition(":")
        kind = getattr(importlib.import_module(f"{_PACKAGE}.io.{module}"), name)
        self.loader = kind.with_config(config, verbose=False)
        self.configuration = configuration

    def schema(self) -> Any:
        """Return the schema of the block's own table."""
        return self.configuration.get("data_provider_schema") or self.loader.default_schema()

    def reference(self, schema: Any, table: str) -> str:
        """Return how a query calls a table."""
        wanted = schema or self.loader.default_schema()
        return f"{wanted}.{table}" if wanted else table

    def upload(self, data: Any, schema: Any, table: str) -> None:
        """Write the rows of an upstream block into a table of their own; say what is renamed."""
        self.loader.export(
            data, schema or self.loader.default_schema(), table, if_exists="replace",
            drop_table_on_replace=True, verbose=False,
        )  # fmt: skip
        names = [str(name) for name in getattr(data, "columns", ())]
        renamed = [(name, self.loader.clean_column_name(name)) for name in names]
        words = ", ".join(f"{old} → {new}" for old, new in renamed if old != new)
        if words:
            print(f"Columns have other names in the database: {words}.")

    def build(self, query: str, table: str, policy: str) -> None:
        """Write what a query gives into the block's own table."""
        self.loader.export(
            None, self.schema(), table, if_exists=policy, query_string=query,
            drop_table_on_replace=True, verbose=False,
        )  # fmt: skip

    def read(self, table: str, limit: int) -> Any:
        """Return the rows of the block's own table."""
        most = limit if self.limited else QUERY_ROW_LIMIT
        query = f"SELECT * FROM {self.reference(self.schema(), table)}"
        return self.loader.load(query, limit=most, verbose=False)

    def first_rows(self, table: str, count: int) -> str:
        """Return the statement that reads the first rows of any table."""
        return f"SELECT * FROM {table} LIMIT {count}"


class Postgres(Database):
    """PostgreSQL."""

    connector = "postgres:Postgres"
    keys: tuple[str, ...] = ("POSTGRES_DBNAME", "POSTGRES_HOST", "POSTGRES_PORT")

    def reference(self, schema: Any, table: str) -> str:
        """Return how a query calls a table: Mage names the database, too."""
        return f'"{self.loader.default_database()}".{super().reference(schema, table)}'

    def read(self, table: str, limit: int) -> Any:
        """Return the rows of the block's own table."""
        query = f"SELECT * FROM {Database.reference(self, self.schema(), table)}"
        return self.loader.load(query, limit=limit, verbose=False)


class Redshift(Postgres):
    """Redshift."""

    connector = "redshift:Redshift"
    keys: tuple[str, ...] = (
        "REDSHIFT_CLUSTER_ID",
        "REDSHIFT_DBNAME",
        "REDSHIFT_HOST",
        "REDSHIFT_PORT",
    )

    def build(self, query: str, table: str, policy: str) -> None:
        """Write what a query gives into the block's own table."""
        self.loader.export(
            None, table, self.schema(), if_exists=policy, query_string=query,
            drop_table_on_replace=True, verbose=False,
        )  # fmt: skip

    def upload(self, data: Any, schema: Any, table: str) -> None:
        """Write the rows of an upstream block into a table of their own."""
        self.loader.export(
            data, table, schema or self.loader.default_schema(), if_exists="replace",
            drop_table_on_replace=True, verbose=False,
        )  # fmt: skip


class MySQL(Database):
    """MySQL: a schema is a database there, and that is the profile's."""

    connector = "mysql:MySQL"
    keys: tuple[str, ...] = ("MYSQL_DATABASE", "MYSQL_HOST", "MYSQL_PORT")

    def schema(self) -> Any:
        """Return None."""
        return None

    def reference(self, schema: Any, table: str) -> str:
        """Return how a query calls a table."""
        return table

    def upload(self, data: Any, schema: Any, table: str) -> None:
        """Write the rows of an upstream block into a table of their own."""
        super().upload(data, None, table)


class SQLite(MySQL):
    """SQLite has no schemas either."""

    connector = "sqlite:SQLite"
    keys: tuple[str, ...] = ("SQLITE_DATABASE",)


class DuckDB(Database):
    """DuckDB; Mage reads all rows back."""

    connector = "duckdb:DuckDB"
    keys: tuple[str, ...] = ("DUCKDB_DATABASE", "DUCKDB_SCHEMA")
    limited = False


class MSSQL(Database):
    """SQL Server: its limit stands at the front."""

    connector = "mssql:MSSQL"
    keys: tuple[str, ...] = ("MSSQL_DATABASE", "MSSQL_SCHEMA", "MSSQL_HOST", "MSSQL_PORT")

    def read(self, table: str, limit: int) -> Any:
        """Return the rows of the block's own table."""
        name = self.reference(self.schema(), table)
        return self.loader.load(f"SELECT TOP {limit} * FROM {name}", verbose=False)

    def first_rows(self, table: str, count: int) -> str:
        """Return the statement that reads the first rows of any table."""
        return f"SELECT TOP({count}) * FROM {table}"


class BigQuery(Database):
    """BigQuery: project, dataset and table."""

    connector = "bigquery:BigQuery"
    keys: tuple[str, ...] = (
        "GOOGLE_SERVICE_ACC_KEY",
        "GOOGLE_SERVICE_ACC_KEY_FILEPATH",
        "GOOGLE_LOCATION",
    )

    def _full(self, schema: Any, table: str) -> str:
        project = self.configuration.get("data_provider_database")
        return f"{project or self.loader.default_database()}.{schema}.{table}"

    def reference(self, schema: Any, table: str) -> str:
        """Return how a query calls a table."""
        return f"`{self._full(schema or self.schema(), table)}`"

    def upload(self, data: Any, schema: Any, table: str) -> None:
        """Write the rows of an upstream block into a table of their own."""
        self.loader.export(
            data, self._full(schema or self.schema(), table), if_exists="replace", verbose=False
        )

    def build(self, query: str, table: str, policy: str) -> None:
        """Write what a query gives into the block's own table."""
        self.loader.export(
            None, self._full(self.schema(), table), if_exists=policy, query_string=query,
            verbose=False,
        )  # fmt: skip


class Snowflake(Database):
    """Snowflake: names in capitals."""

    connector = "snowflake:Snowflake"
    keys: tuple[str, ...] = (
        "SNOWFLAKE_ACCOUNT",
        "SNOWFLAKE_DEFAULT_DB",
        "SNOWFLAKE_DEFAULT_SCHEMA",
    )

    def _parts(self, schema: Any, table: str) -> tuple[str, str, str]:
        database = self.configuration.get("data_provider_database")
        parts = (database or self.loader.default_database(), schema or self.schema(), table)
        return str(parts[0]).upper(), str(parts[1]).upper(), str(parts[2]).upper()

    def reference(self, schema: Any, table: str) -> str:
        """Return how a query calls a table."""
        return ".".join(f'"{part}"' for part in self._parts(schema, table))

    def upload(self, data: Any, schema: Any, table: str) -> None:
        """Write the rows of an upstream block into a table of their own."""
        database, own, name = self._parts(schema, table)
        self.loader.export(data, name, database, own, if_exists="replace", verbose=False)

    def build(self, query: str, table: str, policy: str) -> None:
        """Write what a query gives into the block's own table."""
        database, own, name = self._parts(None, table)
        self.loader.export(
            None, name, database, own, if_exists=policy, query_string=query, verbose=False
        )


class ClickHouse(Database):
    """ClickHouse: databases and tables; Mage reads all rows back."""

    connector = "clickhouse:ClickHouse"
    keys: tuple[str, ...] = ("CLICKHOUSE_DATABASE", "CLICKHOUSE_HOST", "CLICKHOUSE_PORT")
    limited = False

    def schema(self) -> Any:
        """Return the database of the block's own table."""
        return self.configuration.get("data_provider_database") or self.loader.default_database()

    def reference(self, schema: Any, table: str) -> str:
        """Return how a query calls a table."""
        return f"{self.schema()}.{table}"

    def upload(self, data: Any, schema: Any, table: str) -> None:
        """Write the rows of an upstream block into a table of their own."""
        self.loader.export(data, table, self.schema(), if_exists="replace", verbose=False)

    def build(self, query: str, table: str, policy: str) -> None:
        """Write what a query gives into the block's own table."""
        self.loader.export(
            None, table, self.schema(), if_exists=policy, query_string=query, verbose=False
        )


class Trino(Database):
    """Trino: catalog, schema and table."""

    connector = "trino:Trino"
    keys: tuple[str, ...] = ("TRINO_CATALOG", "TRINO_HOST", "TRINO_PORT")

    def reference(self, schema: Any, table: str) -> str:
        """Return how a query calls a table."""
        return f"{self.loader.default_database()}.{super().reference(schema, table)}"


BY_PROVIDER: dict[str, type[Database]] = {
    "bigquery": BigQuery,
    "clickhouse": ClickHouse,
    "duckdb": DuckDB,
    "mysql": MySQL,
    "postgres": Postgres,
    "redshift": Redshift,
    "snowflake": Snowflake,
    "sqlite": SQLite,
    "sqlserver": MSSQL,
    "mssql": MSSQL,
    "trino": Trino,
}
