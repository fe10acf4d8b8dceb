"""``mage_ai.io`` as far as it is there: profiles of io_config.yaml, and files."""

from __future__ import annotations

import enum
import glob
import importlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from mage_jlab.errors import BadRequest, HostError, NotFound
from mage_jlab.kernel_side.step import Context

_KEYS = """
AIRTABLE_ACCESS_TOKEN ALGOLIA_APP_ID ALGOLIA_API_KEY ALGOLIA_INDEX_NAME AWS_ACCESS_KEY_ID
AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_REGION AWS_ENDPOINT AZURE_CLIENT_ID
AZURE_CLIENT_SECRET AZURE_STORAGE_ACCOUNT_NAME AZURE_TENANT_ID CHROMA_COLLECTION CHROMA_PATH
CLICKHOUSE_DATABASE CLICKHOUSE_HOST CLICKHOUSE_INTERFACE CLICKHOUSE_PORT CLICKHOUSE_USERNAME
CLICKHOUSE_PASSWORD DRUID_HOST DRUID_PORT DRUID_PATH DRUID_SCHEME DRUID_USER DRUID_PASSWORD
DUCKDB_DATABASE DUCKDB_SCHEMA MOTHERDUCK_TOKEN GOOGLE_SERVICE_ACC_KEY
GOOGLE_SERVICE_ACC_KEY_FILEPATH GOOGLE_LOCATION MONGODB_CONNECTION_STRING MONGODB_HOST
MONGODB_PORT MONGODB_USER MONGODB_PASSWORD MONGODB_DATABASE MONGODB_COLLECTION MSSQL_DATABASE
MSSQL_SCHEMA MSSQL_DRIVER MSSQL_HOST MSSQL_PORT MSSQL_USER MSSQL_PASSWORD MSSQL_AUTHENTICATION
MYSQL_DATABASE MYSQL_HOST MYSQL_PORT MYSQL_USER MYSQL_PASSWORD MYSQL_CONNECTION_METHOD
MYSQL_ALLOW_LOCAL_INFILE ORACLEDB_USER ORACLEDB_PASSWORD ORACLEDB_HOST ORACLEDB_PORT
ORACLEDB_SERVICE ORACLEDB_MODE PINOT_HOST PINOT_PORT PINOT_PATH PINOT_SCHEME PINOT_USER
PINOT_PASSWORD POSTGRES_DBNAME POSTGRES_SCHEMA POSTGRES_USER POSTGRES_PASSWORD POSTGRES_HOST
POSTGRES_PORT POSTGRES_CONNECT_TIMEOUT POSTGRES_CONNECTION_METHOD POSTGRES_SSH_HOST
POSTGRES_SSH_PORT POSTGRES_SSH_USERNAME POSTGRES_SSH_PASSWORD POSTGRES_SSH_PKEY
QDRANT_COLLECTION QDRANT_PATH REDSHIFT_SCHEMA REDSHIFT_DBNAME REDSHIFT_HOST REDSHIFT_PORT
REDSHIFT_TEMP_CRED_USER REDSHIFT_TEMP_CRED_PASSWORD REDSHIFT_DBUSER REDSHIFT_CLUSTER_ID
REDSHIFT_IAM_PROFILE SNOWFLAKE_ACCOUNT SNOWFLAKE_USER SNOWFLAKE_PASSWORD SNOWFLAKE_ROLE
SNOWFLAKE_DEFAULT_WH SNOWFLAKE_DEFAULT_DB SNOWFLAKE_DEFAULT_SCHEMA SNOWFLAKE_PRIVATE_KEY_PATH
SNOWFLAKE_PRIVATE_KEY_PASSPHRASE SNOWFLAKE_TIMEOUT SPARK_METHOD SPARK_HOST SPARK_PORT SPARK_TOKEN
SPARK_SCHEMA SPARK_USER TRINO_CATALOG TRINO_HOST TRINO_PORT TRINO_USER TRINO_PASSWORD TRINO_SCHEMA
WEAVIATE_ENDPOINT WEAVIATE_INSTANCE_API_KEY WEAVIATE_INFERENCE_API_KEY WEAVIATE_COLLECTION
""".split()  # noqa: SIM905 - a list of quoted names is harder to read

ConfigKey = enum.Enum("ConfigKey", {key: key for key in _KEYS}, type=str)  # type: ignore[misc]


class ExportWritePolicy(str, enum.Enum):
    """What happens to a table that is there already."""

    APPEND = "append"
    FAIL = "fail"
    REPLACE = "replace"


class ConfigFileLoader:
    """The settings of one profile of ``io_config.yaml``."""

    def __init__(self, context: Context, filepath: Any = None, profile: str = "default") -> None:
        """Read a profile; the engine renders it, since it knows the secrets.

        Raises:
            NotFound: when there is no such file or profile.
        """
        path = Path(str(filepath)) if filepath else context.root / "io_config.yaml"
        path = path.resolve()  # by this process's folder, not by the engine's
        if context.channel is not None and path.name == "io_config.yaml":
            said = context.channel.call("io_config", path=str(path), profile=profile)
        else:
            said = _read(path, profile)
        self.config: dict[str, Any] = dict(said or {})
        self.profile = profile
        self.version = None

    @staticmethod
    def _name(key: Any) -> str:
        return str(key.value) if isinstance(key, enum.Enum) else str(key)

    def get(self, key: Any, default: Any = None) -> Any:
        """Return a setting, or the default."""
        return self.config.get(self._name(key), default)

    def __getitem__(self, key: Any) -> Any:
        return self.config[self._name(key)]

    def __contains__(self, key: Any) -> bool:
        return self._name(key) in self.config

    def __iter__(self) -> Iterator[str]:
        return iter(self.config)

    def keys(self) -> Any:
        """Return the names of the settings."""
        return self.config.keys()


def _read(path: Path, profile: str) -> Mapping[str, Any]:
    """Read a profile without the engine: environment variables only, no secrets."""
    try:
        yaml = importlib.import_module("yaml")
        jinja2 = importlib.import_module("jinja2")
    except ImportError:
        raise HostError(
            "ConfigFileLoader needs the mage-jlab engine, or the packages pyyaml and jinja2 in "
            "this kernel's environment."
        ) from None
    if not path.is_file():
        raise NotFound(f"There is no configuration file {path}.")

    def no_secret(name: str, *_args: Any) -> str:
        raise HostError(f"The secret '{name}' can only be read through the mage-jlab engine.")

    def json_value(text: str, key: str) -> Any:
        return json.loads(text)[key]

    rendered = jinja2.Template(path.read_text(encoding="utf-8")).render(
        env_var=lambda name, *rest: os.environ.get(name, *rest),
        mage_secret_var=no_secret,
        aws_secret_var=no_secret,
        azure_secret_var=no_secret,
        json_value=json_value,
    )
    profiles = yaml.safe_load(rendered) or {}
    if profile not in profiles:
        raise NotFound(f"{path} has no profile '{profile}'.")
    found: Mapping[str, Any] = profiles[profile] or {}
    return found


_READERS = {
    "csv": "read_csv", "json": "read_json", "parquet": "read_parquet", "excel": "read_excel",
    "xml": "read_xml", "hdf5": "read_hdf", "feather": "read_feather",
}  # fmt: skip
_SUFFIXES = {
    "csv": "csv", "tsv": "csv", "txt": "csv", "json": "json", "jsonl": "json", "parquet": "parquet",
    "xlsx": "excel", "xls": "excel", "xml": "xml", "h5": "hdf5", "hdf5": "hdf5",
    "feather": "feather", "arrow": "feather",
}  # fmt: skip


class FileIO:
    """Reads and writes data frames as files, by the ending of their name."""

    def __init__(self, verbose: bool = False, **_kwargs: Any) -> None:
        """Make a reader and writer of files."""
        self.verbose = verbose

    def __enter__(self) -> FileIO:
        return self

    def __exit__(self, *_args: object) -> None:
        return None

    @classmethod
    def with_config(cls, *_args: Any, **_kwargs: Any) -> FileIO:
        """Make one; files need no settings."""
        return cls()

    def load(
        self,
        filepath: Any = None,
        format: Any = None,
        file_directories: Any = None,
        limit: int | None = None,
        **kwargs: Any,
    ) -> Any:
        """Read a file or an address, or every file of some folders, into a frame."""
        pd = importlib.import_module("pandas")
        if file_directories:
            folders = [file_directories] if isinstance(file_directories, str) else file_directories
            paths = sorted(p for folder in folders for p in glob.glob(f"{folder}/*"))  # noqa: PTH207
            frames = [self.load(path, format, **kwargs) for path in paths if Path(path).is_file()]
            result = pd.concat(frames, ignore_index=True)
        else:
            kind = _format(filepath, format)
            if kind == "csv" and str(filepath).endswith(".tsv"):
                kwargs.setdefault("sep", "\t")
            if kind == "json" and str(filepath).endswith(".jsonl"):
                kwargs.setdefault("lines", True)
            result = getattr(pd, _READERS[kind])(filepath, **kwargs)
        return result if limit is None else result.head(limit)

    def export(
        self,
        df: Any,
        filepath: Any,
        format: Any = None,
        **kwargs: Any,
    ) -> None:
        """Write a frame to a file; the index is left out, as in Mage."""
        kind = _format(filepath, format)
        writer = {"excel": "to_excel", "hdf5": "to_hdf"}.get(kind, f"to_{kind}")
        if kind in ("csv", "excel", "xml"):
            kwargs.setdefault("index", False)
        if kind == "csv" and str(filepath).endswith(".tsv"):
            kwargs.setdefault("sep", "\t")
        if kind == "json":
            kwargs.setdefault("orient", "records")
        if kind == "hdf5":
            kwargs.setdefault("key", "df")
        getattr(df, writer)(filepath, **kwargs)

    def exists(self, filepath: Any) -> bool:
        """Whether the file is there."""
        return Path(str(filepath)).exists()


def _format(filepath: Any, given: Any) -> str:
    name = str(getattr(given, "value", given) or "").lower()
    if name:
        if name in _READERS:
            return name
        raise BadRequest(f"Files of format '{name}' cannot be read; use {', '.join(_READERS)}.")
    suffix = str(filepath).partition("?")[0].rpartition(".")[2].lower()
    if suffix in ("gz", "zip", "bz2", "xz"):
        suffix = str(filepath).rsplit(".", 2)[-2].lower()
    if suffix not in _SUFFIXES:
        raise BadRequest(
            f"The format of '{filepath}' is not known by its name; pass format='csv' or another of "
            f"{', '.join(_READERS)}."
        )
    return _SUFFIXES[suffix]


def names(context: Callable[[], Context]) -> dict[str, dict[str, Any]]:
    """Return what the modules of ``mage_ai.io`` give out."""

    class Loader(ConfigFileLoader):
        """The settings of one profile of ``io_config.yaml``."""

        def __init__(self, filepath: Any = None, profile: str = "default", **_kw: Any) -> None:
            super().__init__(context(), filepath, profile)

    Loader.__name__ = Loader.__qualname__ = "ConfigFileLoader"

    class EnvironmentVariableLoader:
        """Settings straight from the environment."""

        def get(self, key: Any, default: Any = None) -> Any:
            return os.environ.get(ConfigFileLoader._name(key), default)

        def __getitem__(self, key: Any) -> Any:
            return os.environ[ConfigFileLoader._name(key)]

        def __contains__(self, key: Any) -> bool:
            return ConfigFileLoader._name(key) in os.environ

    return {
        "config": {
            "ConfigFileLoader": Loader,
            "ConfigKey": ConfigKey,
            "EnvironmentVariableLoader": EnvironmentVariableLoader,
        },
        "file": {"FileIO": FileIO},
        "base": {"ExportWritePolicy": ExportWritePolicy},
    }
