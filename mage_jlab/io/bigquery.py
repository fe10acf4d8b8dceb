"""Google BigQuery, by google-cloud-bigquery."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from mage_jlab.errors import AlreadyExists, BadRequest
from mage_jlab.io import google
from mage_jlab.io.base import BaseSQLClient, check_policy, frame
from mage_jlab.io.drivers import package

_WHAT, _INSTALL = "BigQuery", "google-cloud-bigquery[pandas]"
_SCOPES = [
    "https://www.googleapis.com/auth/drive",
    "https://www.googleapis.com/auth/bigquery",
]


class BigQuery(BaseSQLClient):
    """A BigQuery project."""

    @classmethod
    def with_config(cls, config: Any, **kwargs: Any) -> BigQuery:
        """Make one by a profile of io_config.yaml."""
        return cls(**{**google.settings(config), **kwargs})

    @classmethod
    def with_credentials_file(cls, path_to_credentials: str, **kwargs: Any) -> BigQuery:
        """Make one by the file of a service account's key."""
        return cls(path_to_credentials=path_to_credentials, **kwargs)

    @classmethod
    def with_credentials_object(cls, credentials: Mapping[str, str], **kwargs: Any) -> BigQuery:
        """Make one by a service account's key."""
        return cls(credentials_mapping=credentials, **kwargs)

    @property
    def client(self) -> Any:
        """Google's client, made when first asked for."""
        if self._client is None:
            module = package("google.cloud.bigquery", _INSTALL, _WHAT)
            options = dict(self._options)
            key = google.credentials(options, _WHAT, _SCOPES)
            with self.printer.print_msg("Connecting to BigQuery warehouse"):
                self._client = module.Client(credentials=key, **options)
        return self._client

    def default_database(self) -> Any:
        """Return the project."""
        return self.client.project

    def default_schema(self) -> Any:
        """Return None: a dataset has to be named."""
        return None

    def commit(self) -> None:
        """Do nothing: each statement lasts by itself."""

    def rollback(self) -> None:
        """Do nothing: each statement lasts by itself."""

    def open(self) -> None:
        """Connect."""
        _ = self.client

    def _frame(self, query: str, **kwargs: Any) -> Any:
        return self.client.query(query, **kwargs).to_dataframe()

    def execute(self, query_string: str, **kwargs: Any) -> None:
        """Execute a statement and wait for its end."""
        with self.printer.print_msg(f"Executing query '{query_string}'"):
            self.client.query(self._clean_query(query_string), **kwargs).result()

    def execute_query_raw(self, query: str, **_kwargs: Any) -> None:
        """Execute a text as it is, in one call."""
        self.client.query(query).result()

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
            values = query_variables[number] if query_variables else {}
            job = self.client.query(self._clean_query(text), **values)
            if number < len(fetch) and fetch[number]:
                results.append(job.to_dataframe())
            else:
                job.result()
                results.append(None)
        return results

    def table_exists(self, table_id: str) -> bool:
        """Whether there is a table of that id."""
        errors = package("google.api_core.exceptions", _INSTALL, _WHAT)
        try:
            self.client.get_table(table_id)
        except errors.NotFound:
            return False
        return True

    def export(  # noqa: PLR0913 - Mage's own signature
        self,
        df: Any,
        table_id: str | None = None,
        database: str | None = None,
        if_exists: Any = "replace",
        overwrite_types: Mapping[str, str] | None = None,
        query_string: str | None = None,
        verbose: bool = True,
        unique_conflict_method: str | None = None,
        unique_constraints: Sequence[str] | None = None,
        write_disposition: str | None = None,
        create_dataset: bool = True,
        **job: Any,
    ) -> None:
        """Write a frame (or what a query gives) into ``project.dataset.table``, by a load job.

        Raises:
            BadRequest: when no table is named.
            AlreadyExists: when it is there and ``if_exists`` is ``fail``.
        """
        full = self._full(table_id or job.pop("table_name", None), database)
        policy = check_policy(if_exists)
        with self.printer.print_msg(f"Exporting data to table '{full}'" if verbose else ""):
            if query_string:
                self._of_query(full, query_string, policy)
                return
            if create_dataset:
                self.client.create_dataset(full.rpartition(".")[0], exists_ok=True)
            data = frame(df)
            keys = list(unique_constraints or ()) if unique_conflict_method else []
            if keys and policy == "append" and self.table_exists(full):
                self._merge(full, data, keys, str(unique_conflict_method), overwrite_types, job)
                return
            dispositions = {
                "append": "WRITE_APPEND", "replace": "WRITE_TRUNCATE", "fail": "WRITE_EMPTY",
            }  # fmt: skip
            self._load_rows(
                data, full, overwrite_types, write_disposition or dispositions[policy], job
            )

    def _full(self, table_id: str | None, database: str | None) -> str:
        parts = [part for part in str(table_id or "").replace("`", "").split(".") if part]
        if len(parts) == 3:
            return ".".join(parts)
        if len(parts) == 2:
            return ".".join([database or str(self.default_database()), *parts])
        raise BadRequest(
            f"Please name the table to export to as 'project.dataset.table', not {table_id!r}."
        )

    def _of_query(self, full: str, query: str, policy: str) -> None:
        there = self.table_exists(full)
        if there and policy == "fail":
            raise AlreadyExists(
                f"The table '{full}' is there already, and the write policy is 'fail'."
            )
        start = f"INSERT INTO `{full}`"
        if policy == "replace" or not there:
            start = f"CREATE OR REPLACE TABLE `{full}` AS"
        self.client.query(f"{start}\n{query}").result()

    def _load_rows(
        self, data: Any, full: str, types: Mapping[str, str] | None, disposition: str,
        job: Mapping[str, Any],
    ) -> None:  # fmt: skip
        module = package("google.cloud.bigquery", _INSTALL, _WHAT)
        config = module.LoadJobConfig(**{**job, "write_disposition": disposition})
        if types:
            config.schema = [module.SchemaField(name, kind) for name, kind in types.items()]
        named = data.rename(columns={name: str(name).replace(" ", "_") for name in data.columns})
        self.client.load_table_from_dataframe(named, full, job_config=config).result()

    def _merge(
        self, full: str, data: Any, keys: list[str], method: str, types: Any, job: Any
    ) -> None:
        temporary = f"{full}_{uuid.uuid4().hex}"
        try:
            self._load_rows(data, temporary, types, "WRITE_TRUNCATE", job)
            columns = [f"`{str(name).replace(' ', '_')}`" for name in data.columns]
            same = " AND ".join(
                f"(a.{k} = b.{k} OR (a.{k} IS NULL AND b.{k} IS NULL))" for k in keys
            )
            changes = ", ".join(f"{c} = b.{c}" for c in columns)
            update = f" WHEN MATCHED THEN UPDATE SET {changes}" if method == "UPDATE" else ""
            self.client.query(
                f"MERGE INTO `{full}` AS a USING `{temporary}` AS b ON {same}{update} "
                f"WHEN NOT MATCHED THEN INSERT ({', '.join(columns)}) "
                f"VALUES ({', '.join(f'b.{c}' for c in columns)})"
            ).result()
        finally:
            self.client.delete_table(temporary, not_found_ok=True)
