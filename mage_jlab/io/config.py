"""Profiles of ``io_config.yaml``: the settings that connectors are made with."""

from __future__ import annotations

import enum
import importlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from mage_jlab.errors import BadRequest, HostError, NotFound
from mage_jlab.io.drivers import package

ask: list[Callable[[str, str], Any]] = []
"""Asks the engine, which knows the secrets, for a profile; gives None when there is no engine."""
root: list[Callable[[], Path]] = []
"""Says where the project is."""

_KEYS = """
AIRTABLE_ACCESS_TOKEN ALGOLIA_APP_ID ALGOLIA_API_KEY ALGOLIA_INDEX_NAME AWS_ACCESS_KEY_ID
AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_REGION AWS_ENDPOINT AZURE_CLIENT_ID
AZURE_CLIENT_SECRET AZURE_STORAGE_ACCOUNT_NAME AZURE_TENANT_ID B2_APPLICATION_KEY_ID
B2_APPLICATION_KEY B2_ENDPOINT_URL CHROMA_COLLECTION CHROMA_PATH CLICKHOUSE_DATABASE
CLICKHOUSE_HOST CLICKHOUSE_INTERFACE CLICKHOUSE_PORT CLICKHOUSE_USERNAME CLICKHOUSE_PASSWORD
DRUID_HOST DRUID_PORT DRUID_PATH DRUID_SCHEME DRUID_USER DRUID_PASSWORD DUCKDB_DATABASE
DUCKDB_SCHEMA MOTHERDUCK_TOKEN GOOGLE_SERVICE_ACC_KEY GOOGLE_SERVICE_ACC_KEY_FILEPATH
GOOGLE_LOCATION MONGODB_CONNECTION_STRING MONGODB_HOST MONGODB_PORT MONGODB_USER MONGODB_PASSWORD
MONGODB_DATABASE MONGODB_COLLECTION MSSQL_DATABASE MSSQL_SCHEMA MSSQL_DRIVER MSSQL_HOST MSSQL_PORT
MSSQL_USER MSSQL_PASSWORD MSSQL_AUTHENTICATION MYSQL_DATABASE MYSQL_HOST MYSQL_PORT MYSQL_USER
MYSQL_PASSWORD MYSQL_CONNECTION_METHOD MYSQL_ALLOW_LOCAL_INFILE ORACLEDB_USER ORACLEDB_PASSWORD
ORACLEDB_HOST ORACLEDB_PORT ORACLEDB_SERVICE ORACLEDB_MODE PINOT_HOST PINOT_PORT PINOT_PATH
PINOT_SCHEME PINOT_USER PINOT_PASSWORD POSTGRES_DBNAME POSTGRES_SCHEMA POSTGRES_USER
POSTGRES_PASSWORD POSTGRES_HOST POSTGRES_PORT POSTGRES_CONNECT_TIMEOUT POSTGRES_CONNECTION_METHOD
POSTGRES_SSH_HOST POSTGRES_SSH_PORT POSTGRES_SSH_USERNAME POSTGRES_SSH_PASSWORD POSTGRES_SSH_PKEY
QDRANT_COLLECTION QDRANT_PATH REDSHIFT_SCHEMA REDSHIFT_DBNAME REDSHIFT_HOST REDSHIFT_PORT
REDSHIFT_TEMP_CRED_USER REDSHIFT_TEMP_CRED_PASSWORD REDSHIFT_DBUSER REDSHIFT_CLUSTER_ID
REDSHIFT_IAM_PROFILE SNOWFLAKE_ACCOUNT SNOWFLAKE_USER SNOWFLAKE_PASSWORD SNOWFLAKE_ROLE
SNOWFLAKE_DEFAULT_WH SNOWFLAKE_DEFAULT_DB SNOWFLAKE_DEFAULT_SCHEMA SNOWFLAKE_PRIVATE_KEY_PATH
SNOWFLAKE_PRIVATE_KEY_PASSPHRASE SNOWFLAKE_TIMEOUT SPARK_CLUSTER SPARK_DRIVER SPARK_ENDPOINT
SPARK_HOST SPARK_METHOD SPARK_ORGANIZATION SPARK_PORT SPARK_SCHEMA SPARK_SERVER_SIDE_PARAMETERS
SPARK_TOKEN SPARK_USER SQLITE_DATABASE TRINO_CATALOG TRINO_HOST TRINO_PORT TRINO_USER
TRINO_PASSWORD TRINO_SCHEMA WEAVIATE_ENDPOINT WEAVIATE_INSTANCE_API_KEY WEAVIATE_INFERENCE_API_KEY
WEAVIATE_COLLECTION
""".split()  # noqa: SIM905 - a list of quoted names is harder to read

ConfigKey = enum.Enum("ConfigKey", {key: key for key in _KEYS}, type=str)  # type: ignore[misc]

# The older layout: sections in a profile. Section path -> start of the keys, and names that differ.
_SECTIONS: tuple[tuple[tuple[str, ...], str, dict[str, str]], ...] = (
    (("Airtable",), "AIRTABLE", {}),
    (("Algolia",), "ALGOLIA", {}),
    (("AWS",), "AWS", {}),
    (("AWS", "Redshift"), "REDSHIFT", {
        "cluster_identifier": "CLUSTER_ID", "database": "DBNAME", "db_user": "DBUSER",
        "profile": "IAM_PROFILE", "password": "TEMP_CRED_PASSWORD", "user": "TEMP_CRED_USER",
    }),
    (("Backblaze B2",), "B2", {}),
    (("BigQuery",), "GOOGLE", {
        "credentials_mapping": "SERVICE_ACC_KEY", "path_to_credentials": "SERVICE_ACC_KEY_FILEPATH",
    }),
    (("Chroma",), "CHROMA", {}),
    (("ClickHouse",), "CLICKHOUSE", {}),
    (("Druid",), "DRUID", {}),
    (("Duck DB",), "DUCKDB", {"motherduck_token": "=MOTHERDUCK_TOKEN"}),
    (("Pinot",), "PINOT", {}),
    (("PostgreSQL",), "POSTGRES", {"database": "DBNAME"}),
    (("Qdrant",), "QDRANT", {}),
    (("Snowflake",), "SNOWFLAKE", {
        "database": "DEFAULT_DB", "schema": "DEFAULT_SCHEMA", "warehouse": "DEFAULT_WH",
    }),
    (("Spark",), "SPARK", {}),
    (("Weaviate",), "WEAVIATE", {}),
)  # fmt: skip


def _flat(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a profile with the keys of today, also when it is written in sections."""
    found = dict(config)
    for path, start, names in _SECTIONS:
        section: Any = config
        for part in path:
            section = section.get(part) if isinstance(section, Mapping) else None
        if not isinstance(section, Mapping):
            continue
        for key, value in section.items():
            if isinstance(value, Mapping) and key in ("Redshift",):
                continue
            name = names.get(str(key), str(key).upper())
            found.setdefault(name[1:] if name.startswith("=") else f"{start}_{name}", value)
    return found


def name_of(key: Any) -> str:
    """Return the text of a key."""
    return str(key.value) if isinstance(key, enum.Enum) else str(key)


class BaseConfigLoader:
    """Settings to read."""

    def get(self, key: Any, default: Any = None) -> Any:
        """Return a setting, or the default."""
        raise NotImplementedError

    def contains(self, key: Any, **_kwargs: Any) -> bool:
        """Whether there is such a setting."""
        return self.get(key) is not None

    def __contains__(self, key: Any) -> bool:
        return self.contains(key)

    def __getitem__(self, key: Any) -> Any:
        return self.get(key)


class ConfigFileLoader(BaseConfigLoader):
    """The settings of one profile of ``io_config.yaml``."""

    def __init__(
        self, filepath: Any = None, profile: str = "default", config: Any = None, **_kwargs: Any
    ) -> None:
        """Read a profile; the engine renders it, since it knows the secrets.

        Raises:
            NotFound: when there is no such file or profile.
        """
        self.version: Any = None
        self.profile = profile or "default"
        if config is not None:
            self.config: dict[str, Any] = _flat(config)
            return
        path = Path(str(filepath)) if filepath else _project() / "io_config.yaml"
        self.filepath = path.resolve()  # by this process's folder, not by the engine's
        said = ask[0](str(self.filepath), self.profile) if ask else None
        found = _read(self.filepath, self.profile) if said is None else said
        self.config = _flat(found or {})
        self.version = self.config.get("version")

    def get(self, key: Any, default: Any = None) -> Any:
        """Return a setting, or the default."""
        return self.config.get(name_of(key), default)

    def contains(self, key: Any, **_kwargs: Any) -> bool:
        """Whether there is such a setting."""
        return name_of(key) in self.config

    def __iter__(self) -> Iterator[str]:
        return iter(self.config)

    def keys(self) -> Any:
        """Return the names of the settings."""
        return self.config.keys()


class EnvironmentVariableLoader(BaseConfigLoader):
    """Settings straight from the environment."""

    def get(self, key: Any, default: Any = None) -> Any:
        """Return an environment variable, or the default."""
        return os.environ.get(name_of(key), default)


class AWSSecretLoader(BaseConfigLoader):
    """Settings that are secrets of AWS Secrets Manager, one secret a setting."""

    def __init__(self, **kwargs: Any) -> None:
        """Connect with what boto3's client takes."""
        boto3 = package("boto3", "boto3", "AWSSecretLoader")
        self.client = boto3.client("secretsmanager", **kwargs)

    def get(
        self, key: Any, version_id: str | None = None, version_stage_label: str | None = None
    ) -> Any:
        """Return a secret, or None when there is none of that name."""
        wanted = {"SecretId": name_of(key)}
        if version_id is not None:
            wanted["VersionId"] = version_id
        if version_stage_label is not None:
            wanted["VersionStage"] = version_stage_label
        try:
            said = self.client.get_secret_value(**wanted)
        except self.client.exceptions.ResourceNotFoundException:
            return None
        return said.get("SecretBinary", said.get("SecretString"))


def given(config: Any, *keys: str) -> dict[str, Any]:
    """Return settings by name; what is empty or the text ``None`` counts as not set.

    An environment variable that is not set becomes the text ``None`` in io_config.yaml.
    """
    found = {key: config[key] for key in keys}
    return {key: value if is_set(value) else None for key, value in found.items()}


def is_set(value: Any) -> bool:
    """Whether a setting says anything."""
    return value not in (None, "", "None")


def needed(config: Any, what: str, *keys: str) -> dict[str, Any]:
    """Return settings that must be there.

    Raises:
        BadRequest: when one is not; names it.
    """
    found = given(config, *keys)
    missing = [key for key, value in found.items() if value is None]
    if missing:
        profile = getattr(config, "profile", None)
        where = f" in profile '{profile}' of io_config.yaml" if profile else ""
        unset = any(config[key] == "None" for key in missing)
        why = "; an environment variable that it names is not set" if unset else ""
        settings = "setting" if len(missing) == 1 else "settings"
        raise BadRequest(f"{what} needs the {settings} {' and '.join(missing)}{where}{why}.")
    return found


def _project() -> Path:
    return root[0]() if root else Path.cwd()


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

    try:
        rendered = jinja2.Template(path.read_text(encoding="utf-8")).render(
            env_var=lambda name, *rest: os.environ.get(name, *rest),
            mage_secret_var=no_secret,
            aws_secret_var=no_secret,
            azure_secret_var=no_secret,
            json_value=json_value,
        )
        profiles = yaml.safe_load(rendered) or {}
    except jinja2.TemplateSyntaxError as error:
        raise BadRequest(f"{path} cannot be filled in: line {error.lineno}: {error}.") from None
    except yaml.YAMLError as error:
        raise BadRequest(f"{path} is no YAML once it is filled in: {error}") from None
    if profile not in profiles:
        raise NotFound(f"{path} has no profile '{profile}'.")
    found: Mapping[str, Any] = profiles[profile] or {}
    return found
