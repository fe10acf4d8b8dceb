"""MySQL and MariaDB, by mysql-connector-python or PyMySQL."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from mage_jlab.io.base import QUERY_ROW_LIMIT
from mage_jlab.io.config import given, needed
from mage_jlab.io.drivers import package
from mage_jlab.io.sql import BaseSQL, cell

_INSTALL = "mysql-connector-python"


class MySQL(BaseSQL):
    """A MySQL or MariaDB database."""

    quote = "`"
    schemas = False
    types: ClassVar[Mapping[str, str]] = {
        **BaseSQL.types,
        "bytes": "LONGBLOB", "datetime": "DATETIME(6)", "datetime64": "DATETIME(6)",
        "decimal": "DOUBLE", "floating": "DOUBLE", "mixed-integer-float": "DOUBLE",
        "time": "TIME(6)",
    }  # fmt: skip

    def __init__(
        self,
        database: str | None = None,
        host: str | None = None,
        password: str | None = None,
        user: str | None = None,
        port: Any = 3306,
        allow_local_infile: bool = False,
        verbose: bool = True,
        **settings: Any,
    ) -> None:
        """Keep the settings; other ones go to the driver."""
        super().__init__(
            verbose,
            database=database,
            host=host,
            password=password,
            user=user,
            port=int(port or 3306),
            allow_local_infile=bool(allow_local_infile),
            **settings,
        )

    @classmethod
    def with_config(cls, config: Any, **kwargs: Any) -> MySQL:
        """Make one by a profile of io_config.yaml."""
        found = {
            **needed(config, "MySQL", "MYSQL_DATABASE", "MYSQL_HOST"),
            **given(
                config, "MYSQL_PASSWORD", "MYSQL_PORT", "MYSQL_USER", "MYSQL_ALLOW_LOCAL_INFILE"
            ),
        }
        settings = {key.partition("_")[2].lower(): value for key, value in found.items()}
        return cls(**{**settings, **kwargs})

    def default_schema(self) -> Any:
        """Return None: a schema is a database here, and that is connected to."""
        return None

    def open(self) -> None:
        """Connect."""
        driver = package("mysql.connector pymysql", _INSTALL, "MySQL")
        options = {key: value for key, value in self.settings.items() if value is not None}
        if driver.__name__ == "pymysql":
            options["local_infile"] = options.pop("allow_local_infile")
        with self.printer.print_msg("Opening connection to MySQL database"):
            self._ctx = driver.connect(**options)

    def table_exists(self, schema_name: str | None, table_name: str) -> bool:
        """Whether there is a table of that name."""
        schema = schema_name or self.settings["database"]
        return super().table_exists(schema, table_name)

    def _enforce_limit(self, query: str, limit: int = QUERY_ROW_LIMIT) -> str:
        inner = query.strip().rstrip(";")
        return f"SELECT *\nFROM (\n{inner}\n) a\nLIMIT {limit}"

    def on_conflict(self, columns: Sequence[str], keys: Sequence[str], method: str) -> str:
        """Return the end of a statement that says what to do with rows that are there."""
        if method.upper() != "UPDATE":
            first = self.quoted(keys[0])
            return f" ON DUPLICATE KEY UPDATE {first} = {first}"
        changes = ", ".join(f"{self.quoted(c)} = VALUES({self.quoted(c)})" for c in columns)
        return f" ON DUPLICATE KEY UPDATE {changes}"

    def _create(self, full: str, data: Any, keys: Sequence[str], given: Any) -> None:
        # An index needs a length, which TEXT has not.
        short = {name: "VARCHAR(255)" for name in keys if _is_text(data[name])}
        super()._create(full, data, keys, {**short, **(given or {})})

    def upload(self, full: str, data: Any, keys: Sequence[str], conflict: str | None) -> None:
        """Write the rows: by LOAD DATA where the profile allows it, else in large batches."""
        if self.settings["allow_local_infile"] and not (keys and conflict):
            self._load_data(full, data)
        else:
            super().upload(full, data, keys, conflict)

    def _load_data(self, full: str, data: Any) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "rows.tsv"
            with path.open("w", encoding="utf-8", newline="") as file:
                columns = [data[name] for name in data.columns]
                for row in zip(*columns):  # noqa: B905 - Python 3.9 has no strict
                    file.write("\t".join(_escaped(item) for item in row) + "\n")
            columns_text = ", ".join(map(self.quoted, data.columns))
            self._do(
                f"LOAD DATA LOCAL INFILE '{path}' INTO TABLE {full} CHARACTER SET utf8mb4 "
                f"FIELDS TERMINATED BY '\\t' LINES TERMINATED BY '\\n' ({columns_text})"
            )


def _is_text(column: Any) -> bool:
    return getattr(column.dtype, "kind", "O") in "OU" or str(column.dtype) in ("str", "string")


def _escaped(item: Any) -> str:
    """Return a value as LOAD DATA reads it."""
    value = cell(item)
    if value is None:
        return "\\N"
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, (bytes, bytearray)):
        value = bytes(value).decode("latin-1")
    text = str(value).replace("\\", "\\\\")
    return text.replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
