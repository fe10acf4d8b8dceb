"""What an error means in a project that comes from elsewhere, beside the error's own words.

Projects were written in Mage's Docker image: with the packages it brings, its folder `/home/src`,
and with variables and environments of their authors.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mage_jlab.kernel_side import tracebacks
from mage_jlab.kernel_side.step import Step

_HOME = "/home/src"
_LOOKED_UP = {
    "kwargs": "the pipeline has no variable of this name",
    "environ": "the environment has no variable of this name",
}
_ADDED = re.compile(rf" \((?:{'|'.join(_LOOKED_UP.values())}|{_HOME} is a folder of [^)]*)\)")
_GOOGLE = re.compile(r"\bgoogle\.cloud(?:\.| import )(\w+)")


def added(said: dict[str, Any], error: BaseException, step: Step) -> dict[str, Any]:
    """Return what is said of an error, with what its reader may not know."""
    words = _lookup(error, step) or _folder(said["message"], step)
    if words:
        first, *rest = said["message"].split("\n")
        said = {**said, "message": "\n".join([f"{first.rstrip('.')} ({words})", *rest])}
    package = installable(error, tracebacks.source_line(error, step.filename))
    if package and "missing_package" not in said:
        here = {"environment": sys.prefix, "python": sys.executable, "wanted_by": "the block"}
        said = {**said, "missing_package": {"package": package, **here}}
    return said


def taken_off(text: str) -> str:
    """Return the words of an error as its code said them."""
    return _ADDED.sub("", text, count=1)


def _lookup(error: BaseException, step: Step) -> str | None:
    """Say what lacks a key: the line tells where it was looked for."""
    if not (isinstance(error, KeyError) and error.args and isinstance(error.args[0], str)):
        return None
    key = re.escape(error.args[0])
    found = re.search(
        rf"\b({'|'.join(_LOOKED_UP)})\[\s*['\"]{key}['\"]\s*\]",
        tracebacks.source_line(error, step.filename),
    )
    return _LOOKED_UP[found[1]] if found else None


def _folder(message: str, step: Step) -> str | None:
    """Say where the folder lies here that Mage's Docker image has the project in."""
    if f"{_HOME}/" not in message or Path(_HOME).is_dir():
        return None
    here = step.context.root.parent
    return f"{_HOME} is a folder of Mage's Docker image; the project lies in {here}"


def installable(error: BaseException, line: str = "") -> str | None:
    """Return the package that has the module which cannot be imported, if it is well known.

    A guess from the module's name could install anything: only packages of the list are named.
    """
    if not isinstance(error, ImportError) or not error.name:
        return None
    top = error.name.partition(".")[0]
    if top == "google":
        part = _GOOGLE.search(line)
        if part:
            return _CLOUD.get(part[1])
        return "google-auth" if error.name in ("google", "google.auth", "google.oauth2") else None
    if not isinstance(error, ModuleNotFoundError):
        return None  # the module is there, but lacks a name
    if error.name in _PACKAGES:
        return _PACKAGES[error.name]
    inner = (name for name in _PACKAGES if name.startswith(f"{error.name}.") and name in line)
    return _PACKAGES.get(next(inner, ""))


_CLOUD = {
    "aiplatform": "google-cloud-aiplatform",
    "bigquery": "google-cloud-bigquery",
    "firestore": "google-cloud-firestore",
    "pubsub_v1": "google-cloud-pubsub",
    "secretmanager": "google-cloud-secret-manager",
    "storage": "google-cloud-storage",
}
_SAME = """
adlfs aiohttp altair boto3 botocore catboost confluent_kafka dask deltalake dlt duckdb
elasticsearch faker feedparser fastparquet folium gcsfs geopandas great_expectations gspread httpx
hyperopt ipywidgets jinja2 kaggle lightgbm loguru lxml matplotlib mlflow nltk oracledb openai
openpyxl optuna pandas pandas_gbq pandera paramiko plotly polars prophet pyarrow pycountry pydantic
pyiceberg pymongo pymssql pymysql pyodbc pyspark pytz redis requests s3fs scipy seaborn shap shapely
slack_sdk sodapy spacy sqlalchemy statsmodels tabulate tenacity torch tqdm transformers tweepy
unidecode xgboost xlrd yfinance
"""
_PACKAGES: Mapping[str, str] = {
    **{name: name.replace("_", "-") for name in _SAME.split()},
    "azure.identity": "azure-identity",
    "azure.storage.blob": "azure-storage-blob",
    "bs4": "beautifulsoup4",
    "bson": "pymongo",
    "clickhouse_connect": "clickhouse-connect",
    "cv2": "opencv-python-headless",
    "dateutil": "python-dateutil",
    "dotenv": "python-dotenv",
    "googleapiclient": "google-api-python-client",
    "jwt": "pyjwt",
    "kafka": "kafka-python",
    "mysql.connector": "mysql-connector-python",
    "MySQLdb": "mysqlclient",
    "PIL": "pillow",
    "psycopg": "psycopg[binary]",
    "psycopg2": "psycopg2-binary",
    "sklearn": "scikit-learn",
    "snowflake.connector": "snowflake-connector-python",
    "yaml": "pyyaml",
}
