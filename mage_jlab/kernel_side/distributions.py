"""The package to install for a module that a block imports and that is not there.

Only names on this list are ever offered: a misspelt name of a module of the project is
none of them, and nobody is led to install what happens to have that name.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import linecache
import re
import sys
import types

_OTHERWISE = {
    "azure.identity": "azure-identity", "azure.storage.blob": "azure-storage-blob",
    "bs4": "beautifulsoup4", "bson": "pymongo", "clickhouse_connect": "clickhouse-connect",
    "clickhouse_driver": "clickhouse-driver", "confluent_kafka": "confluent-kafka",
    "cv2": "opencv-python-headless", "cx_Oracle": "cx-Oracle", "dateutil": "python-dateutil",
    "delta": "delta-spark", "docx": "python-docx", "dotenv": "python-dotenv", "fitz": "PyMuPDF",
    "google.auth": "google-auth", "google.cloud.aiplatform": "google-cloud-aiplatform",
    "google.cloud.firestore": "google-cloud-firestore",
    "google.cloud.bigquery": "google-cloud-bigquery",
    "google.cloud.bigquery_storage": "google-cloud-bigquery-storage",
    "google.cloud.pubsub": "google-cloud-pubsub", "google.cloud.pubsub_v1": "google-cloud-pubsub",
    "google.cloud.secretmanager": "google-cloud-secret-manager",
    "google.cloud.storage": "google-cloud-storage", "google.oauth2": "google-auth",
    "google_auth_oauthlib": "google-auth-oauthlib", "googleapiclient": "google-api-python-client",
    "great_expectations": "great-expectations", "imblearn": "imbalanced-learn",
    "influxdb_client": "influxdb-client", "jwt": "PyJWT", "kafka": "kafka-python",
    "langchain_community": "langchain-community", "langchain_openai": "langchain-openai",
    "mysql.connector": "mysql-connector-python", "MySQLdb": "mysqlclient",
    "pandas_gbq": "pandas-gbq", "PIL": "Pillow", "psycopg2": "psycopg2-binary",
    "psycopg": "psycopg[binary]", "sentence_transformers": "sentence-transformers",
    "simple_salesforce": "simple-salesforce", "sklearn": "scikit-learn",
    "skopt": "scikit-optimize", "slack_sdk": "slack-sdk", "snowflake.connector":
    "snowflake-connector-python", "snowflake.sqlalchemy": "snowflake-sqlalchemy",
    "umap": "umap-learn", "unidecode": "Unidecode", "yaml": "PyYAML",
}  # fmt: skip
_SAME = """
    adlfs aiohttp altair arrow asyncpg bokeh boto3 botocore catboost cohere cryptography dask
    deltalake dlt duckdb elasticsearch evidently faker fastparquet feedparser folium fsspec ftfy
    gcsfs geopandas gspread h3 holidays httpx hyperopt ipywidgets jinja2 joblib jsonschema
    kaggle langchain lightgbm loguru lxml matplotlib minio mlflow networkx nltk numba numpy
    openai openpyxl optuna oracledb orjson pandas pandera paramiko pendulum pinecone plotly
    polars praw prophet psutil pyairtable pyarrow pycountry pydantic pyiceberg pymongo pymssql
    pymysql pyodbc pypdf pyproj pyspark pytz rasterio redis regex requests s3fs scipy scrapy
    seaborn selenium shap shapely sodapy spacy sqlalchemy sqlparse statsmodels stripe tabulate
    tenacity tensorflow tiktoken torch tqdm transformers trino tweepy wikipedia xarray xgboost
    xlrd xlsxwriter xmltodict yfinance
"""
_TOLD = re.compile(r"Missing optional dependency '(\w+)'|\b[Ii]nstall (?:the )?(\w+) (?:to|for)\b")


def lacked(error: ImportError) -> str | None:
    """Return what to install for a failed import, or None when that is not known."""
    if error.name is None:
        told = _TOLD.search(str(error))  # so pandas and fsspec say it
        return _of(told[1] or told[2]) if told else None
    if _is_there(error):
        return None
    importlib.invalidate_caches()  # it may be installed in a moment, while this kernel lives
    known = (_of(module) for module in (*_wanted(error), error.name))
    return next((found for found in known if found), None)


def _of(module: str) -> str | None:
    start = module
    while start:
        if start in _OTHERWISE:
            return _OTHERWISE[start]
        start = start.rpartition(".")[0]
    top = module.partition(".")[0]
    return top if top in _SAME.split() else None


def _is_there(error: ImportError) -> bool:
    """Whether the package is there and only lacks a part: another version of it may be wanted."""
    name = error.name or ""
    holder = name.rpartition(".")[0] if isinstance(error, ModuleNotFoundError) else name
    # `google.cloud` is no package but a place where several put theirs: it has no file.
    return getattr(sys.modules.get(holder), "__file__", None) is not None


def _wanted(error: ImportError) -> list[str]:
    """Return the modules that the failed line names.

    The error itself names only the part that is not there, which is ``google`` for
    ``google.cloud.storage``.
    """
    line = _line(error.__traceback__)
    found: list[str] = []
    with contextlib.suppress(SyntaxError, ValueError):
        for node in ast.walk(ast.parse(line.strip())):
            if isinstance(node, ast.Import):
                found += [item.name for item in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found += [f"{node.module}.{item.name}" for item in node.names]
    name = error.name or ""
    return [item for item in found if item == name or item.startswith(f"{name}.")]


def _line(traceback: types.TracebackType | None) -> str:
    """Return the text of the last line that is not the import machinery's."""
    text = ""
    while traceback is not None:
        code = traceback.tb_frame.f_code
        if not code.co_filename.startswith("<frozen"):
            text = linecache.getline(code.co_filename, traceback.tb_lineno)
        traceback = traceback.tb_next
    return text
