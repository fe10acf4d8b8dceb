"""Connectors to services that cannot be had here: what they ask of the driver.

No server answers; these tests hold the settings that a profile becomes and the statements
that are sent. The table in docs/connectors.md says so.
"""

from __future__ import annotations

import sys
from typing import Any
from unittest.mock import MagicMock

import pandas as pd
import pytest

from mage_jlab.errors import AlreadyExists, BadRequest, MissingPackage
from mage_jlab.io.config import ConfigFileLoader

FRAME = pd.DataFrame({"n": [1, 2], "word": ["a", None]})


class Driver:
    """A driver that notes what it is asked, put in the place of the real one."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
        self.module = MagicMock()
        for name in names:
            monkeypatch.setitem(sys.modules, name, self.module)
        self.cursor = self.module.connect.return_value.cursor.return_value
        self.cursor.__enter__.return_value = self.cursor
        self.cursor.fetchall.return_value = []

    @property
    def statements(self) -> list[str]:
        calls = [*self.cursor.execute.call_args_list, *self.cursor.executemany.call_args_list]
        return [" ".join(call.args[0].split()) for call in calls]


def profile(**settings: Any) -> ConfigFileLoader:
    return ConfigFileLoader(config=settings)


def test_sql_server(monkeypatch: pytest.MonkeyPatch) -> None:
    from mage_jlab.io.mssql import MSSQL

    driver = Driver(monkeypatch, "pyodbc")
    config = profile(MSSQL_DATABASE="d", MSSQL_HOST="h", MSSQL_USER="u", MSSQL_PASSWORD="p",
                     MSSQL_DRIVER="ODBC Driver 18 for SQL Server", MSSQL_PORT=1444)  # fmt: skip
    with MSSQL.with_config(config) as loader:
        text = driver.module.connect.call_args.args[0]
        assert "SERVER=h,1444" in text and "UID=u" in text and "DATABASE=d" in text
        loader.export(FRAME, table_name="t")
    assert driver.statements[0].startswith("IF NOT EXISTS (SELECT * FROM information_schema")
    assert 'CREATE TABLE dbo.t ("n" bigint, "word" nvarchar(max));' in driver.statements
    assert driver.statements[-1] == 'INSERT INTO dbo.t ("n", "word") VALUES (?, ?)'
    assert driver.cursor.executemany.call_args.args[1] == [(1, "a"), (2, None)]
    assert driver.cursor.fast_executemany is True
    assert loader.build_create_table_as_command("dbo.t", "SELECT 1 AS n").startswith(
        "SELECT * INTO dbo.t"
    )


def test_snowflake(monkeypatch: pytest.MonkeyPatch) -> None:
    from mage_jlab.io.snowflake import Snowflake

    driver = Driver(
        monkeypatch, "snowflake", "snowflake.connector", "snowflake.connector.pandas_tools"
    )
    config = profile(SNOWFLAKE_ACCOUNT="a", SNOWFLAKE_USER="u", SNOWFLAKE_PASSWORD="p",
                     SNOWFLAKE_DEFAULT_DB="DB", SNOWFLAKE_DEFAULT_SCHEMA="S",
                     SNOWFLAKE_DEFAULT_WH="W", SNOWFLAKE_ROLE="None")  # fmt: skip
    with Snowflake.with_config(config) as loader:
        assert driver.module.connect.call_args.kwargs == {
            "account": "a", "user": "u", "database": "DB", "schema": "S", "warehouse": "W",
            "password": "p",
        }  # fmt: skip
        loader.export(FRAME, "T")
        assert driver.module.write_pandas.call_args.kwargs["auto_create_table"] is True
        driver.cursor.fetchall.return_value = [(1,)]
        loader.export(FRAME, "T", unique_constraints=["n"], unique_conflict_method="UPDATE")
        assert any(s.startswith('MERGE INTO "DB"."S"."T" AS a') for s in driver.statements)
        with pytest.raises(AlreadyExists):
            loader.export(FRAME, "T", if_exists="fail")
        loader.load("SELECT 1", limit=5)
        assert driver.statements[-1].endswith("FROM subquery LIMIT 5")


def test_redshift(monkeypatch: pytest.MonkeyPatch) -> None:
    from mage_jlab.io.redshift import Redshift

    driver = Driver(monkeypatch, "redshift_connector")
    config = profile(REDSHIFT_DBNAME="d", REDSHIFT_HOST="h", REDSHIFT_TEMP_CRED_USER="u",
                     REDSHIFT_TEMP_CRED_PASSWORD="p", REDSHIFT_SCHEMA="s")  # fmt: skip
    with Redshift.with_config(config) as loader:
        loader.export(FRAME, "mart.t")
    assert driver.module.connect.call_args.kwargs["port"] == 5439
    assert driver.statements[-1] == 'INSERT INTO mart.t ("n", "word") VALUES (%s, %s), (%s, %s)'
    with pytest.raises(BadRequest, match="REDSHIFT_HOST"):
        Redshift.with_config(profile(REDSHIFT_DBNAME="d"))


def test_trino(monkeypatch: pytest.MonkeyPatch) -> None:
    from mage_jlab.io.trino import Trino

    driver = Driver(monkeypatch, "trino")
    driver.cursor = driver.module.dbapi.connect.return_value.cursor.return_value
    driver.cursor.fetchall.return_value = []
    config = ConfigFileLoader(
        config={"trino": {"catalog": "c", "host": "h", "user": "u", "schema": "s", "password": "p"}}
    )
    with Trino.with_config(config) as loader:
        loader.export(FRAME, table_name="t")
    assert driver.module.dbapi.connect.call_args.kwargs["http_scheme"] == "https"
    assert 'CREATE TABLE c.s.t ("n" BIGINT, "word" VARCHAR)' in driver.statements


def test_oracle(monkeypatch: pytest.MonkeyPatch) -> None:
    from mage_jlab.io.oracledb import OracleDB

    driver = Driver(monkeypatch, "oracledb")
    config = profile(ORACLEDB_HOST="h", ORACLEDB_SERVICE="x", ORACLEDB_USER="u")
    with OracleDB.with_config(config) as loader:
        loader.export(FRAME, "t")
        loader.load("SELECT 1 FROM dual", limit=3)
    assert driver.module.connect.call_args.kwargs["dsn"] == "h:1521/x"
    assert 'CREATE TABLE t ("n" NUMBER(19), "word" VARCHAR2(4000))' in driver.statements
    assert 'INSERT INTO t ("n", "word") VALUES (:1, :2)' in driver.statements


def test_bigquery(monkeypatch: pytest.MonkeyPatch) -> None:
    from mage_jlab.io.bigquery import BigQuery

    names = ["google.cloud.bigquery", "google.oauth2.service_account", "google.api_core.exceptions"]
    driver = Driver(monkeypatch, *names)
    driver.module.NotFound = KeyError
    client = driver.module.Client.return_value
    client.project = "prj"
    loader = BigQuery.with_config(profile(GOOGLE_SERVICE_ACC_KEY={"k": 1}, GOOGLE_LOCATION="EU"))
    loader.export(FRAME, "ds.t", if_exists="append")
    assert driver.module.Client.call_args.kwargs["location"] == "EU"
    client.create_dataset.assert_called_with("prj.ds", exists_ok=True)
    assert client.load_table_from_dataframe.call_args.args[1] == "prj.ds.t"
    assert driver.module.LoadJobConfig.call_args.kwargs["write_disposition"] == "WRITE_APPEND"
    client.get_table.side_effect = KeyError
    loader.export(None, "prj.ds.t", query_string="SELECT 1 AS n", if_exists="append")
    assert client.query.call_args.args[0] == "CREATE OR REPLACE TABLE `prj.ds.t` AS\nSELECT 1 AS n"
    client.get_table.side_effect = None
    loader.export(None, "prj.ds.t", query_string="SELECT 1 AS n", if_exists="append")
    assert client.query.call_args.args[0].startswith("INSERT INTO `prj.ds.t`")
    with pytest.raises(BadRequest, match=r"project\.dataset\.table"):
        loader.export(FRAME, "t")


def test_clickhouse(monkeypatch: pytest.MonkeyPatch) -> None:
    from mage_jlab.io.clickhouse import ClickHouse

    driver = Driver(monkeypatch, "clickhouse_connect")
    client = driver.module.get_client.return_value
    client.command.return_value = 0
    loader = ClickHouse.with_config(profile(CLICKHOUSE_HOST="h", CLICKHOUSE_DATABASE="d"))
    loader.export(FRAME, "t")
    texts = [call.args[0] for call in client.command.call_args_list]
    assert texts[-1] == "CREATE TABLE d.t (`n` Int64, `word` Nullable(String)) ENGINE = Memory"
    client.insert_df.assert_called_once()


def test_mongodb_airtable_and_sheets(monkeypatch: pytest.MonkeyPatch) -> None:
    from mage_jlab.io.airtable import Airtable
    from mage_jlab.io.google_sheets import GoogleSheets
    from mage_jlab.io.mongodb import MongoDB

    driver = Driver(monkeypatch, "pymongo", "pyairtable", "gspread")
    loader = MongoDB.with_config(
        profile(MONGODB_DATABASE="d", MONGODB_HOST="h", MONGODB_COLLECTION="c")
    )
    loader.export(FRAME)
    rows = loader.database["c"].insert_many.call_args.args[0]
    assert rows[0] == {"n": 1, "word": "a"}
    table = driver.module.Api.return_value.table.return_value
    table.all.return_value = [{"id": "r", "createdTime": "t", "fields": {"a": 1}}]
    found = Airtable.with_config(profile(AIRTABLE_ACCESS_TOKEN="t")).load("b", "x")
    assert found.to_dict("records") == [{"id": "r", "createdTime": "t", "a": 1}]
    sheets = GoogleSheets(credentials=object())
    sheet = driver.module.authorize.return_value.open_by_key.return_value
    sheet.get_worksheet.return_value.get_all_records.return_value = [{"a": 1}]
    assert sheets.load(sheet_id="s").to_dict("records") == [{"a": 1}]
    with pytest.raises(BadRequest, match="sheet_url, sheet_id or sheet_name"):
        sheets.load()


def test_buckets_of_google_and_azure(monkeypatch: pytest.MonkeyPatch) -> None:
    from mage_jlab.io.azure_blob_storage import AzureBlobStorage
    from mage_jlab.io.google_cloud_storage import GoogleCloudStorage

    driver = Driver(monkeypatch, "google.cloud.storage", "azure.storage.blob", "azure.identity")
    blob = driver.module.Client.return_value.bucket.return_value.blob.return_value
    gcs = GoogleCloudStorage.with_config(profile())
    gcs.export(FRAME, "b", "a.csv", index=False)
    assert blob.upload_from_string.call_args.args[0] == b"n,word\n1,a\n2,\n"
    blob.exists.return_value = False
    assert gcs.load("b", "a.csv").empty
    azure = AzureBlobStorage.with_config(profile(AZURE_STORAGE_ACCOUNT_NAME="acc"))
    azure.export(FRAME, "c", "a.parquet", upload_kwargs={"overwrite": True})
    service = driver.module.BlobServiceClient
    assert service.call_args.args[0] == "https://acc.blob.core.windows.net"
    upload = service.return_value.get_blob_client.return_value.upload_blob
    assert upload.call_args.args[0][:4] == b"PAR1" and upload.call_args.kwargs == {
        "overwrite": True
    }


@pytest.mark.parametrize(
    ("module", "name", "driver", "settings", "install"),
    [
        ("mssql", "MSSQL", "pyodbc", {"MSSQL_DATABASE": "d", "MSSQL_HOST": "h"}, "pyodbc"),
        ("trino", "Trino", "trino", {"trino": {"catalog": "c"}}, "trino"),
        ("s3", "S3", "boto3", {}, "boto3"),
        ("clickhouse", "ClickHouse", "clickhouse_connect", {"CLICKHOUSE_HOST": "h"}, "clickhouse-connect"),
        ("mongodb", "MongoDB", "pymongo", {"MONGODB_DATABASE": "d"}, "pymongo"),
    ],
)  # fmt: skip
def test_a_driver_that_is_not_there_is_named(
    monkeypatch: pytest.MonkeyPatch,
    module: str,
    name: str,
    driver: str,
    settings: Any,
    install: str,
) -> None:
    import importlib

    monkeypatch.setitem(sys.modules, driver, None)
    kind = getattr(importlib.import_module(f"mage_jlab.io.{module}"), name)
    loader = kind.with_config(ConfigFileLoader(config=settings or {"X": 1}))
    with pytest.raises(MissingPackage, match=f"needs the package {install}"):
        loader.client if hasattr(kind, "client") else loader.open()


def test_the_older_layout_of_a_profile() -> None:
    config = ConfigFileLoader(
        config={
            "PostgreSQL": {"database": "d", "user": "u", "host": "h"},
            "AWS": {"access_key_id": "k", "Redshift": {"database": "r", "db_user": "x"}},
            "Snowflake": {"warehouse": "w"},
            "Duck DB": {"motherduck_token": "t"},
        }
    )
    wanted = {
        "POSTGRES_DBNAME": "d", "POSTGRES_USER": "u", "AWS_ACCESS_KEY_ID": "k",
        "REDSHIFT_DBNAME": "r", "REDSHIFT_DBUSER": "x", "SNOWFLAKE_DEFAULT_WH": "w",
        "MOTHERDUCK_TOKEN": "t",
    }  # fmt: skip
    assert {key: config[key] for key in wanted} == wanted
