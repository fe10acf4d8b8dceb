"""Tries whether a profile's settings lead to a connection, and says in one sentence what is wrong.

Runs in a kernel of the project, where the drivers are. Nothing is written or
made; no sentence holds a value that is secret.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import re
import socket
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from mage_jlab.errors import BadRequest, MageError, MissingPackage
from mage_jlab.io import addresses
from mage_jlab.io.config import ConfigFileLoader, given, is_set

_SECONDS = 6
_CLASSES = {
    "postgres": "postgres:Postgres", "mysql": "mysql:MySQL", "sqlite": "sqlite:SQLite",
    "duckdb": "duckdb:DuckDB", "s3": "s3:S3", "mssql": "mssql:MSSQL",
    "bigquery": "bigquery:BigQuery", "snowflake": "snowflake:Snowflake",
    "redshift": "redshift:Redshift", "clickhouse": "clickhouse:ClickHouse",
    "trino": "trino:Trino", "oracledb": "oracledb:OracleDB", "mongodb": "mongodb:MongoDB",
    "azure_blob_storage": "azure_blob_storage:AzureBlobStorage", "airtable": "airtable:Airtable",
}  # fmt: skip
_PLACES = {
    "postgres": ("POSTGRES", 5432), "mysql": ("MYSQL", 3306), "mssql": ("MSSQL", 1433),
    "redshift": ("REDSHIFT", 5439), "clickhouse": ("CLICKHOUSE", 8123),
    "trino": ("TRINO", 8080), "oracledb": ("ORACLEDB", 1521), "mongodb": ("MONGODB", 27017),
}  # fmt: skip
_URLS = {"s3": "AWS_ENDPOINT", "mongodb": "MONGODB_CONNECTION_STRING"}
_REFUSED = (
    "password authentication failed", "access denied", "no password supplied", "login failed",
    "authentication failed", "invalid username", "incorrect username", "signaturedoesnotmatch",
    "invalidaccesskeyid", "fe_sendauth", "ora-01017", "unauthorized", "authenticationfailed",
    "no pg_hba.conf entry", "invalid_grant", "permission denied for database",
)  # fmt: skip
_NO_USER = re.compile(r'role "[^"]*" does not exist', re.IGNORECASE)
_NO_DATABASE = re.compile(
    r'database "[^"]*" does not exist|unknown database|cannot open database|ora-12514'
    r"|database .*doesn.t exist",
    re.IGNORECASE,
)
_QUERIES = {
    "OracleDB": "SELECT 1 FROM DUAL",
    "SQLite": "SELECT count(*) FROM sqlite_master",  # a constant needs no look at it
}
_LATE = ("timeout expired", "timed out", "timeout")


def run(connector: str, settings: Mapping[str, Any], secrets: Iterable[str], anywhere: bool) -> str:
    """Try a connection; return as JSON ``{ok, message, reason, seconds, missing_package?}``.

    `reason` is one of ok | settings | address | unreachable | password | database |
    missing_package | other.
    """
    began = time.monotonic()
    hidden = [str(item) for item in secrets]
    try:
        message = _try(connector, settings, anywhere)
        found: dict[str, Any] = {"ok": True, "message": message, "reason": "ok"}
    except MissingPackage as error:
        found = _failure("missing_package", error.message)
        found["missing_package"] = error.detail["missing_package"]
    except MageError as error:
        reason = "settings" if isinstance(error, BadRequest) else "other"
        found = _failure(str(error.detail.get("reason", reason)), error.message)
    except Exception as error:  # noqa: BLE001 - whatever a driver raises
        found = _failure(*_said(error))
    found["message"] = _without(found["message"], hidden)
    found["seconds"] = round(time.monotonic() - began, 3)
    return json.dumps(found)


def _failure(reason: str, message: str) -> dict[str, Any]:
    return {"ok": False, "reason": reason, "message": message}


def _try(connector: str, settings: Mapping[str, Any], anywhere: bool) -> str:
    config = ConfigFileLoader(config=settings)
    if not anywhere:
        # Keys that are not set are not to be looked for in the machine's surroundings.
        os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
        os.environ["NO_GCE_CHECK"] = "true"
    _reach(connector, config, anywhere)
    file, _, name = _CLASSES[connector].partition(":")
    kind = getattr(importlib.import_module(f"{__package__}.{file}"), name)
    check = _CHECKS.get(connector, _query)
    return check(kind, config)


# ---- the way there -----------------------------------------------------------


def _reach(connector: str, config: Any, anywhere: bool) -> None:
    """Look whether somebody listens where the settings point.

    Raises:
        BadRequest: with a sentence, when nobody does or the address is not allowed.
    """
    place = _place(connector, config)
    if place is None:
        return
    host, port = place
    where = f"{host}:{port}" if port else host
    try:
        if not anywhere:
            addresses.allowed(host, port)
        if port:
            socket.create_connection((host, port), timeout=_SECONDS).close()
    except BadRequest as error:
        raise BadRequest(error.message, reason="address") from None
    except socket.gaierror:
        message = f"The host '{host}' is not known; check its name."
        raise BadRequest(message, reason="unreachable") from None
    except TimeoutError:
        message = f"{where} does not answer within {_SECONDS} s; a firewall may be in between."
        raise BadRequest(message, reason="unreachable") from None
    except ConnectionRefusedError:
        message = f"Nobody listens at {where}; is the server running, and the port right?"
        raise BadRequest(message, reason="unreachable") from None
    except OSError as error:
        message = f"{where} cannot be reached: {error.strerror or error}."
        raise BadRequest(message, reason="unreachable") from None


def _place(connector: str, config: Any) -> tuple[str, int | None] | None:
    url = _URLS.get(connector)
    if url and is_set(config.get(url)):
        text = str(config.get(url))
        if text.startswith("mongodb+srv:"):
            return None
        # A string for a cluster names several hosts; the first one has to do.
        return addresses.of_url(text.split(",")[0])
    if connector not in _PLACES:
        return None
    prefix, usual = _PLACES[connector]
    if str(config.get(f"{prefix}_CONNECTION_METHOD")) == "ssh_tunnel":
        prefix, usual = f"{prefix}_SSH", 22
    found = given(config, f"{prefix}_HOST", f"{prefix}_PORT")
    host, port = found[f"{prefix}_HOST"], found[f"{prefix}_PORT"] or usual
    if not host or str(host).startswith("/"):
        return None  # a socket file, or an address of the service's own
    try:
        return str(host), int(port)
    except ValueError:
        raise BadRequest(f"The port {port!r} is no number.") from None


# ---- what is asked there -----------------------------------------------------


def _query(kind: Any, config: Any) -> str:
    options: dict[str, Any] = {"verbose": False}
    if kind.__name__ == "Postgres" and not is_set(config.get("POSTGRES_CONNECT_TIMEOUT")):
        options["connect_timeout"] = _SECONDS
    loader = kind.with_config(config, **options)
    with loader:
        cursor = loader.conn.cursor()
        try:
            cursor.execute(_QUERIES.get(kind.__name__, "SELECT 1"))
            cursor.fetchall()
        finally:
            cursor.close()
    return "Connected, and a query was answered."


def _file(kind: Any, config: Any) -> str:
    key = f"{kind.__name__.upper()}_DATABASE"
    name = str(given(config, key)[key] or "")
    if name and name != ":memory:" and not name.startswith("md:") and not Path(name).is_file():
        folder = Path(name).absolute().parent
        if not folder.is_dir():
            raise BadRequest(f"There is no folder {folder}.", reason="database")
        raise BadRequest(
            f"There is no file {Path(name).absolute()} yet; it is made when a block first writes.",
            reason="database",
        )
    return _query(kind, config)


def _buckets(kind: Any, config: Any) -> str:
    loader = kind.with_config(config)
    options = importlib.import_module("botocore.config") if _there("botocore") else None
    if options is not None:
        loader._options["config"] = options.Config(
            connect_timeout=_SECONDS, read_timeout=_SECONDS, retries={"max_attempts": 1}
        )
    try:
        found = loader.client.list_buckets().get("Buckets", [])
    except Exception as error:
        if _code(error) == "AccessDenied":
            return "Connected; these keys may not list buckets, which blocks need not."
        raise
    return f"Connected; {len(found)} bucket{'' if len(found) == 1 else 's'} can be seen."


def _ping(kind: Any, config: Any) -> str:
    wait = _SECONDS * 1000
    loader = kind.with_config(config, serverSelectionTimeoutMS=wait)
    loader.database.command("ping")
    return "Connected, and the server answered."


def _bigquery(kind: Any, config: Any) -> str:
    list(kind.with_config(config).client.query("SELECT 1").result(timeout=_SECONDS * 3))
    return "Connected, and a query was answered."


def _clickhouse(kind: Any, config: Any) -> str:
    kind.with_config(config).client.query("SELECT 1")
    return "Connected, and a query was answered."


def _containers(kind: Any, config: Any) -> str:
    next(iter(kind.with_config(config).service_client.list_containers(results_per_page=1)), None)
    return "Connected, and containers can be listed."


def _airtable(kind: Any, config: Any) -> str:
    kind.with_config(config).client.whoami()
    return "Connected; the token is accepted."


_CHECKS: dict[str, Callable[[Any, Any], str]] = {
    "sqlite": _file, "duckdb": _file, "s3": _buckets, "mongodb": _ping, "bigquery": _bigquery,
    "clickhouse": _clickhouse, "azure_blob_storage": _containers, "airtable": _airtable,
}  # fmt: skip


# ---- what went wrong ---------------------------------------------------------


def _said(error: Exception) -> tuple[str, str]:
    """Return the reason and a sentence for what a driver raised."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    first = lines[0][:300] if lines else type(error).__name__
    words = f"{_code(error)} {error}".lower()
    if _NO_DATABASE.search(words):
        return "database", f"The server answers, but there is no such database: {first}"
    if _NO_USER.search(words) or any(item in words for item in _REFUSED):
        return "password", f"The server answers, but refuses the user or the password: {first}"
    if "nocredentials" in type(error).__name__.lower() or "defaultcredentials" in words:
        return "settings", "No keys are set, and none were found elsewhere."
    if any(item in words for item in _LATE):
        return "unreachable", f"The server did not answer in time: {first}"
    if isinstance(error, FileNotFoundError):
        return "settings", f"There is no file {error.filename}."
    return "other", f"{type(error).__name__}: {first}"


def _code(error: Exception) -> str:
    """Return the code in an error of botocore, or nothing."""
    answer = getattr(error, "response", None)
    return str(answer.get("Error", {}).get("Code", "")) if isinstance(answer, dict) else ""


def _without(text: str, hidden: Iterable[str]) -> str:
    for value in sorted(hidden, key=len, reverse=True):
        if len(value) >= 3:
            text = text.replace(value, "********")
    return text


def _there(name: str) -> bool:
    return name in sys.modules or importlib.util.find_spec(name) is not None
