"""Oracle, by python-oracledb."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from mage_jlab.io.base import QUERY_ROW_LIMIT
from mage_jlab.io.config import given, needed
from mage_jlab.io.drivers import package
from mage_jlab.io.sql import BaseSQL


class OracleDB(BaseSQL):
    """An Oracle database."""

    schemas = False
    end = ""
    text = "VARCHAR2(4000)"
    types: ClassVar[Mapping[str, str]] = {
        **BaseSQL.types,
        "boolean": "NUMBER(1)", "decimal": "BINARY_DOUBLE", "floating": "BINARY_DOUBLE",
        "integer": "NUMBER(19)", "mixed-integer-float": "BINARY_DOUBLE", "time": "TIMESTAMP",
    }  # fmt: skip

    def __init__(
        self,
        user: str | None = None,
        password: str | None = None,
        host: str | None = None,
        port: Any = 1521,
        service_name: str | None = None,
        mode: str | None = "thin",
        verbose: bool = True,
        **settings: Any,
    ) -> None:
        """Keep the settings."""
        super().__init__(
            verbose,
            user=user,
            password=password,
            host=host,
            port=int(port or 1521),
            service_name=service_name,
            mode=mode,
            **settings,
        )

    @classmethod
    def with_config(cls, config: Any, **kwargs: Any) -> OracleDB:
        """Make one by a profile of io_config.yaml."""
        found = {
            **needed(config, "OracleDB", "ORACLEDB_HOST", "ORACLEDB_SERVICE", "ORACLEDB_USER"),
            **given(config, "ORACLEDB_PASSWORD", "ORACLEDB_PORT", "ORACLEDB_MODE"),
        }
        settings = {
            "service_name" if key.endswith("SERVICE") else key.partition("_")[2].lower(): value
            for key, value in found.items()
        }
        return cls(**{**settings, **kwargs})

    def default_schema(self) -> Any:
        """Return None: a schema is a user here."""
        return None

    def open(self) -> None:
        """Connect."""
        driver = package("oracledb", "oracledb", "OracleDB")
        settings = self.settings
        if str(settings["mode"] or "").lower() == "thick":
            driver.init_oracle_client()
        with self.printer.print_msg("Opening connection to Oracle database"):
            self._ctx = driver.connect(
                user=settings["user"],
                password=settings["password"],
                dsn=f"{settings['host']}:{settings['port']}/{settings['service_name']}",
            )

    def table_exists(self, schema_name: str | None, table_name: str) -> bool:
        """Whether there is a table of that name."""
        query = "SELECT 1 FROM all_tables WHERE table_name IN (:1, :2)"
        bare = table_name.replace('"', "")
        return bool(self._rows(query, (bare, bare.upper())))

    def places(self, count: int) -> list[str]:
        """Return what stands for so many values."""
        return [f":{number}" for number in range(1, count + 1)]

    def export(  # type: ignore[override] # Mage's own signature
        self,
        df: Any,
        schema_name: str | None = None,
        table_name: str | None = None,
        if_exists: Any = "replace",
        **kwargs: Any,
    ) -> None:
        """Write a frame into a table; Mage's order (df, table_name, if_exists) works, too."""
        if table_name is None and schema_name is not None:
            schema_name, table_name = None, schema_name
        super().export(df, schema_name, table_name, if_exists, **kwargs)

    def _enforce_limit(self, query: str, limit: int = QUERY_ROW_LIMIT) -> str:
        inner = query.strip().rstrip(";")
        return f"SELECT * FROM (\n{inner}\n) FETCH FIRST {limit} ROWS ONLY"
