"""The connectors that a profile of ``io_config.yaml`` may hold settings of, and their keys."""

from __future__ import annotations

import re
from dataclasses import dataclass

TEXT, NUMBER, SECRET, SWITCH = "text", "number", "secret", "switch"

_SECRET_NAME = re.compile(
    r"PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|CREDENTIAL|PRIVATE|PKEY|PWD|CONNECTION_STRING"
    r"|(API|ACC|ACCESS|APPLICATION|ACCOUNT)_?KEY$|(^|_)(KEY|SAS|AUTH)$",
    re.IGNORECASE,
)
_NOT_SECRET = re.compile(r"(_PATH|_FILEPATH|_FILE|_METHOD|KEY_ID|PKEY_PATH)$", re.IGNORECASE)
_WITH_PASSWORD = re.compile(r"://[^/\s@]*:[^/\s@]*@")


@dataclass(frozen=True)
class Setting:
    """One key of a connector."""

    key: str
    label: str
    kind: str = TEXT
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Connector:
    """A connector, its keys, and whether its connection can be tested."""

    id: str
    label: str
    settings: tuple[Setting, ...]
    testable: bool = True


def is_secret(key: str, value: object = None) -> bool:
    """Whether what a key holds must not be shown: by its name, or by what is written there."""
    known = BY_KEY.get(key)
    if known is not None:
        named = known.kind == SECRET
    else:
        named = bool(_SECRET_NAME.search(key)) and not _NOT_SECRET.search(key)
    return named or (isinstance(value, str) and bool(_WITH_PASSWORD.search(value)))


def _connector(id: str, label: str, prefix: str, lines: str, *, test: bool = True) -> Connector:
    """Read a table of keys: ``NAME | label | kind or choices``, one a line."""
    settings = []
    for line in lines.strip().splitlines():
        name, label_, kind, *_ = [part.strip() for part in f"{line}||".split("|")]
        choices = tuple(kind.split("/")) if "/" in kind else ()
        key = name[1:] if name.startswith("=") else f"{prefix}_{name}"
        settings.append(Setting(key, label_, TEXT if choices else kind or TEXT, choices))
    return Connector(id, label, tuple(settings), test)


CONNECTORS: tuple[Connector, ...] = (
    _connector("postgres", "PostgreSQL", "POSTGRES", """
        HOST | Host
        PORT | Port | number
        DBNAME | Database
        SCHEMA | Schema
        USER | User
        PASSWORD | Password | secret
        CONNECT_TIMEOUT | Seconds to wait for a connection | number
        CONNECTION_METHOD | Connection | direct/ssh_tunnel
        SSH_HOST | SSH host
        SSH_PORT | SSH port | number
        SSH_USERNAME | SSH user
        SSH_PASSWORD | SSH password | secret
        SSH_PKEY | SSH private key file
    """),
    _connector("mysql", "MySQL, MariaDB", "MYSQL", """
        HOST | Host
        PORT | Port | number
        DATABASE | Database
        USER | User
        PASSWORD | Password | secret
        CONNECTION_METHOD | Connection | direct/ssh_tunnel
        ALLOW_LOCAL_INFILE | Load rows by LOAD DATA LOCAL INFILE | switch
    """),
    _connector("sqlite", "SQLite", "SQLITE", "DATABASE | File"),
    _connector("duckdb", "DuckDB", "DUCKDB", """
        DATABASE | File, or md:name
        SCHEMA | Schema
        =MOTHERDUCK_TOKEN | MotherDuck token | secret
    """),
    _connector("s3", "Amazon S3, MinIO", "AWS", """
        ACCESS_KEY_ID | Access key ID
        SECRET_ACCESS_KEY | Secret access key | secret
        SESSION_TOKEN | Session token | secret
        REGION | Region
        ENDPOINT | Address of another service (MinIO …)
    """),
    _connector("mssql", "Microsoft SQL Server", "MSSQL", """
        HOST | Host
        PORT | Port | number
        DATABASE | Database
        SCHEMA | Schema
        USER | User
        PASSWORD | Password | secret
        DRIVER | ODBC driver
        AUTHENTICATION | Authentication
    """),
    _connector("bigquery", "BigQuery, Google Cloud Storage", "GOOGLE", """
        SERVICE_ACC_KEY_FILEPATH | File with the service account's key
        SERVICE_ACC_KEY | Service account's key (JSON) | secret
        LOCATION | Location
    """),
    _connector("snowflake", "Snowflake", "SNOWFLAKE", """
        ACCOUNT | Account
        USER | User
        PASSWORD | Password | secret
        ROLE | Role
        DEFAULT_WH | Warehouse
        DEFAULT_DB | Database
        DEFAULT_SCHEMA | Schema
        PRIVATE_KEY_PATH | Private key file
        PRIVATE_KEY_PASSPHRASE | Passphrase of the key | secret
        TIMEOUT | Seconds to wait | number
    """),
    _connector("redshift", "Redshift", "REDSHIFT", """
        HOST | Host
        PORT | Port | number
        DBNAME | Database
        SCHEMA | Schema
        TEMP_CRED_USER | User
        TEMP_CRED_PASSWORD | Password | secret
        DBUSER | Database user (IAM)
        CLUSTER_ID | Cluster (IAM)
        IAM_PROFILE | Profile (IAM)
    """),
    _connector("clickhouse", "ClickHouse", "CLICKHOUSE", """
        HOST | Host
        PORT | Port | number
        DATABASE | Database
        USERNAME | User
        PASSWORD | Password | secret
        INTERFACE | Interface | http/https
    """),
    _connector("trino", "Trino", "TRINO", """
        HOST | Host
        PORT | Port | number
        CATALOG | Catalog
        SCHEMA | Schema
        USER | User
        PASSWORD | Password | secret
    """),
    _connector("oracledb", "Oracle", "ORACLEDB", """
        HOST | Host
        PORT | Port | number
        SERVICE | Service
        USER | User
        PASSWORD | Password | secret
        MODE | Mode | thin/thick
    """),
    _connector("mongodb", "MongoDB", "MONGODB", """
        CONNECTION_STRING | Connection string (instead of host and user) | secret
        HOST | Host
        PORT | Port | number
        USER | User
        PASSWORD | Password | secret
        DATABASE | Database
        COLLECTION | Collection
    """),
    _connector("azure_blob_storage", "Azure Blob Storage", "AZURE", """
        STORAGE_ACCOUNT_NAME | Storage account
        TENANT_ID | Tenant
        CLIENT_ID | Client
        CLIENT_SECRET | Client secret | secret
    """),
    _connector("airtable", "Airtable", "AIRTABLE", "ACCESS_TOKEN | Access token | secret"),
    _connector("spark", "Spark", "SPARK", """
        METHOD | Method
        HOST | Host
        PORT | Port | number
        USER | User
        TOKEN | Token | secret
        SCHEMA | Schema
        CLUSTER | Cluster
        ENDPOINT | Endpoint
        DRIVER | Driver
        ORGANIZATION | Organization
        SERVER_SIDE_PARAMETERS | Server-side parameters
    """, test=False),
    _connector("druid", "Druid", "DRUID", """
        HOST | Host
        PORT | Port | number
        PATH | Path
        SCHEME | Scheme | http/https
        USER | User
        PASSWORD | Password | secret
    """, test=False),
    _connector("pinot", "Pinot", "PINOT", """
        HOST | Host
        PORT | Port | number
        PATH | Path
        SCHEME | Scheme | http/https
        USER | User
        PASSWORD | Password | secret
    """, test=False),
    _connector("backblaze", "Backblaze B2", "B2", """
        APPLICATION_KEY_ID | Key ID
        APPLICATION_KEY | Key | secret
        ENDPOINT_URL | Address
    """, test=False),
    _connector("algolia", "Algolia", "ALGOLIA", """
        APP_ID | Application
        API_KEY | API key | secret
        INDEX_NAME | Index
    """, test=False),
    _connector("chroma", "Chroma", "CHROMA", """
        COLLECTION | Collection
        PATH | Path
    """, test=False),
    _connector("qdrant", "Qdrant", "QDRANT", """
        COLLECTION | Collection
        PATH | Path
    """, test=False),
    _connector("weaviate", "Weaviate", "WEAVIATE", """
        ENDPOINT | Address
        INSTANCE_API_KEY | API key | secret
        INFERENCE_API_KEY | API key of the model | secret
        COLLECTION | Collection
    """, test=False),
)  # fmt: skip

BY_ID = {connector.id: connector for connector in CONNECTORS}
BY_KEY = {item.key: item for connector in CONNECTORS for item in connector.settings}

SECTIONS: dict[str, str] = {
    "Airtable": "airtable", "Algolia": "algolia", "AWS": "s3", "Backblaze B2": "backblaze",
    "BigQuery": "bigquery", "Chroma": "chroma", "ClickHouse": "clickhouse", "Druid": "druid",
    "Duck DB": "duckdb", "Pinot": "pinot", "PostgreSQL": "postgres", "Qdrant": "qdrant",
    "Snowflake": "snowflake", "Spark": "spark", "Weaviate": "weaviate", "Redshift": "redshift",
    "trino": "trino",
}  # fmt: skip
"""The sections of the older layout, and the connector each belongs to."""
