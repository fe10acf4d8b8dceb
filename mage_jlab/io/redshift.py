"""Amazon Redshift, by redshift_connector."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from mage_jlab.errors import BadRequest
from mage_jlab.io.config import given, needed
from mage_jlab.io.drivers import package
from mage_jlab.io.sql import BaseSQL, records

_CONNECT = (
    "access_key_id", "cluster_identifier", "database", "db_user", "host", "iam", "password",
    "port", "profile", "region", "secret_access_key", "user",
)  # fmt: skip
_ROWS = 1000


class Redshift(BaseSQL):
    """A Redshift cluster."""

    types: ClassVar[Mapping[str, str]] = {**BaseSQL.types, "bytes": "varbyte"}
    text = "varchar(65535)"

    def __init__(self, verbose: bool = True, **settings: Any) -> None:
        """Keep the settings."""
        super().__init__(verbose, **settings)

    @classmethod
    def with_config(cls, config: Any, database: str | None = None, **kwargs: Any) -> Redshift:
        """Make one by a profile of io_config.yaml: temporary credentials, or IAM.

        Raises:
            BadRequest: when the profile has neither.
        """
        name = needed(config, "Redshift", "REDSHIFT_DBNAME")["REDSHIFT_DBNAME"]
        found = given(
            config, "REDSHIFT_CLUSTER_ID", "REDSHIFT_DBUSER", "REDSHIFT_IAM_PROFILE",
            "REDSHIFT_TEMP_CRED_USER", "REDSHIFT_TEMP_CRED_PASSWORD", "REDSHIFT_HOST",
            "REDSHIFT_PORT", "REDSHIFT_SCHEMA", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
            "AWS_REGION",
        )  # fmt: skip
        settings = {
            "database": database or name,
            "schema": found["REDSHIFT_SCHEMA"],
            "access_key_id": found["AWS_ACCESS_KEY_ID"],
            "secret_access_key": found["AWS_SECRET_ACCESS_KEY"],
            "region": found["AWS_REGION"],
        }
        if found["REDSHIFT_CLUSTER_ID"] and found["REDSHIFT_DBUSER"]:
            settings.update(
                cluster_identifier=found["REDSHIFT_CLUSTER_ID"],
                db_user=found["REDSHIFT_DBUSER"],
                profile=found["REDSHIFT_IAM_PROFILE"],
                iam=True,
            )
        elif found["REDSHIFT_HOST"] and found["REDSHIFT_TEMP_CRED_USER"]:
            settings.update(
                host=found["REDSHIFT_HOST"],
                port=int(found["REDSHIFT_PORT"] or 5439),
                user=found["REDSHIFT_TEMP_CRED_USER"],
                password=found["REDSHIFT_TEMP_CRED_PASSWORD"],
            )
        else:
            raise BadRequest(
                "Redshift needs REDSHIFT_HOST with REDSHIFT_TEMP_CRED_USER and _PASSWORD, or "
                "REDSHIFT_CLUSTER_ID with REDSHIFT_DBUSER and REDSHIFT_IAM_PROFILE."
            )
        return cls(**{**settings, **kwargs})

    @classmethod
    def with_temporary_credentials(
        cls, database: str, host: str, user: str, password: str, port: int = 5439, **kwargs: Any
    ) -> Redshift:
        """Make one by a user and password."""
        return cls(database=database, host=host, user=user, password=password, port=port, **kwargs)

    @classmethod
    def with_iam(
        cls, cluster_identifier: str, database: str, db_user: str, profile: str = "default",
        **kwargs: Any,
    ) -> Redshift:  # fmt: skip
        """Make one by a profile of AWS."""
        return cls(
            cluster_identifier=cluster_identifier,
            database=database,
            db_user=db_user,
            profile=profile,
            iam=True,
            **kwargs,
        )

    def default_schema(self) -> Any:
        """Return the schema that is used when none is named."""
        return self.settings.get("schema")

    def open(self) -> None:
        """Connect."""
        driver = package("redshift_connector", "redshift-connector", "Redshift")
        options = {key: self.settings[key] for key in _CONNECT if self.settings.get(key)}
        with self.printer.print_msg("Connecting to Redshift cluster"):
            self._ctx = driver.connect(**options)

    def export(  # type: ignore[override] # Mage's own signature
        self,
        df: Any,
        table_name: str | None = None,
        schema: str | None = None,
        schema_name: str | None = None,
        if_exists: Any = "append",
        index: bool = False,
        verbose: bool = True,
        **kwargs: Any,
    ) -> None:
        """Write a frame into a table; ``schema.table`` may be given as one."""
        wanted = schema_name or schema
        if not wanted and table_name and "." in table_name:
            wanted, _, table_name = table_name.partition(".")
        kwargs.pop("create_schema", None)
        kwargs.setdefault("auto_clean_name", False)
        super().export(df, wanted, table_name, if_exists, index, verbose, **kwargs)

    def upload(self, full: str, data: Any, keys: Any, conflict: Any) -> None:
        """Write the rows, many in each statement."""
        columns = ", ".join(map(self.quoted, data.columns))
        row = f"({', '.join(self.places(len(data.columns)))})"
        rows = records(data)
        cursor = self.conn.cursor()
        try:
            for start in range(0, len(rows), _ROWS):
                part = rows[start : start + _ROWS]
                values = [value for item in part for value in item]
                places = ", ".join([row] * len(part))
                cursor.execute(f"INSERT INTO {full} ({columns}) VALUES {places}", values)
        finally:
            cursor.close()
