"""ClickHouse, by clickhouse-connect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mage_jlab.errors import AlreadyExists, BadRequest
from mage_jlab.io.base import BaseSQLClient, check_policy, frame
from mage_jlab.io.config import given, needed
from mage_jlab.io.drivers import package, pandas

_TYPES = {
    "boolean": "Bool", "bytes": "String", "date": "Date32", "datetime": "DateTime64(6)",
    "datetime64": "DateTime64(6)", "decimal": "Float64", "floating": "Float64",
    "integer": "Int64", "mixed-integer-float": "Float64",
}  # fmt: skip


class ClickHouse(BaseSQLClient):
    """A ClickHouse server; it connects when first asked."""

    def __init__(self, verbose: bool = True, **options: Any) -> None:
        """Keep the settings."""
        super().__init__(verbose, **options)
        self.database = options.get("database") or "default"

    @classmethod
    def with_config(cls, config: Any, **kwargs: Any) -> ClickHouse:
        """Make one by a profile of io_config.yaml."""
        names = ("DATABASE", "INTERFACE", "PASSWORD", "PORT", "USERNAME")
        found = {
            **needed(config, "ClickHouse", "CLICKHOUSE_HOST"),
            **given(config, *(f"CLICKHOUSE_{name}" for name in names)),
        }
        settings = {key.partition("_")[2].lower(): value for key, value in found.items()}
        return cls(**{**settings, **kwargs})

    @property
    def client(self) -> Any:
        """The driver's client, made when first asked for."""
        if self._client is None:
            module = package("clickhouse_connect", "clickhouse-connect", "ClickHouse")
            options = {key: value for key, value in self._options.items() if value is not None}
            with self.printer.print_msg("Connecting to ClickHouse"):
                self._client = module.get_client(**options)
        return self._client

    def default_database(self) -> Any:
        """Return the database that is used when none is named."""
        return self.database

    def default_schema(self) -> Any:
        """Return None: ClickHouse has databases only."""
        return None

    def _frame(self, query: str, **kwargs: Any) -> Any:
        return self.client.query_df(query, **kwargs)

    def execute(self, command_string: str, **kwargs: Any) -> None:
        """Execute a statement."""
        with self.printer.print_msg(f"Executing query '{command_string}'"):
            self.client.command(self._clean_query(command_string), **kwargs)

    def execute_query(self, query: str, parameters: Any = None, **_kwargs: Any) -> Any:
        """Return what a query gives, as a frame."""
        return self.client.query_df(self._clean_query(query), parameters=parameters)

    def execute_query_raw(self, query: str, **_kwargs: Any) -> None:
        """Execute a text as it is."""
        self.client.command(query)

    def execute_queries(
        self,
        queries: Sequence[str],
        query_variables: Any = None,
        commit: bool = False,
        fetch_query_at_indexes: Sequence[Any] | None = None,
        **_kwargs: Any,
    ) -> list[Any]:
        """Execute statements; those that are to be fetched give a frame, the others None."""
        results: list[Any] = []
        fetch = list(fetch_query_at_indexes or ())
        for number, text in enumerate(queries):
            values = query_variables[number] if query_variables else None
            query = self._clean_query(text)
            if number < len(fetch) and fetch[number]:
                results.append(self.client.query_df(query, parameters=values))
            else:
                self.client.command(query, parameters=values)
                results.append(None)
        return results

    def table_exists(self, database: str, table_name: str) -> bool:
        """Whether there is a table of that name."""
        return str(self.client.command(f"EXISTS TABLE {database}.{table_name}")) == "1"

    def export(  # noqa: PLR0913 - Mage's own signature
        self,
        df: Any,
        table_name: str | None = None,
        database: str | None = None,
        if_exists: Any = "append",
        index: bool = False,
        query_string: str | None = None,
        create_table_statement: str | None = None,
        verbose: bool = True,
        overwrite_types: Mapping[str, str] | None = None,
        **_kwargs: Any,
    ) -> None:
        """Write a frame (or what a query gives) into a table, as one block of columns.

        Raises:
            BadRequest: when no table is named.
            AlreadyExists: when it is there and ``if_exists`` is ``fail``.
        """
        if not table_name:
            raise BadRequest("Please name the table to export to: export(df, table_name=…).")
        full = f"{database or self.database}.{table_name}"
        policy = check_policy(if_exists)
        with self.printer.print_msg(f"Exporting data to table '{full}'" if verbose else ""):
            there = self.table_exists(database or self.database, table_name)
            if there and policy == "fail":
                raise AlreadyExists(
                    f"The table '{full}' is there already, and the write policy is 'fail'."
                )
            if there and policy == "replace":
                self.client.command(f"DROP TABLE {full}")
                there = False
            if query_string:
                if not there:
                    self.client.command(
                        f"CREATE TABLE {full} ENGINE = Memory EMPTY AS\n{query_string}"
                    )
                self.client.command(f"INSERT INTO {full}\n{query_string}")
                return
            data = frame(df)
            data = data.reset_index() if index else data
            if not there:
                statement = create_table_statement or _creation(full, data, overwrite_types or {})
                self.client.command(statement)
            self.client.insert_df(full, data)


def _creation(full: str, data: Any, given_types: Mapping[str, str]) -> str:
    infer = pandas().api.types.infer_dtype
    parts = []
    for name in data.columns:
        kind = _TYPES.get(infer(data[name], skipna=True), "String")
        if data[name].isna().any():
            kind = f"Nullable({kind})"
        parts.append(f"`{name}` {given_types.get(name, kind)}")
    return f"CREATE TABLE {full} ({', '.join(parts)}) ENGINE = Memory"
