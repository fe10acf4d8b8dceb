"""Which modules of Mage are given out, and what each holds.

A module is made when it is imported: a kernel that never says ``mage_ai.io.s3``
never compiles it.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable
from typing import Any

from mage_jlab.kernel_side import decorators, masking, spark
from mage_jlab.kernel_side.mage_calls import Calls, PipelineRun, RemoteBlock, VariableManager
from mage_jlab.kernel_side.step import Context

Maker = Callable[[], dict[str, Any]]
_PACKAGE = __name__.partition(".")[0]
_ACTIONS = "mage_ai.data_cleaner.transformer_actions"
_TYPES = "mage_ai.data_cleaner.column_types"

# Mage's module: the modules of ours it is made of, each with the names it takes from there.
_OURS: dict[str, str] = {
    "mage_ai.io.airtable": "io.airtable:Airtable",
    "mage_ai.io.azure_blob_storage": "io.azure_blob_storage:AzureBlobStorage",
    "mage_ai.io.base": "io.base:BaseIO,BaseFile,BaseSQLDatabase,BaseSQLConnection,DataSource,"
    "ExportWritePolicy,FileFormat,QUERY_ROW_LIMIT",
    "mage_ai.io.bigquery": "io.bigquery:BigQuery",
    "mage_ai.io.clickhouse": "io.clickhouse:ClickHouse",
    "mage_ai.io.config": "io.config:AWSSecretLoader,BaseConfigLoader,ConfigFileLoader,ConfigKey,"
    "EnvironmentVariableLoader",
    "mage_ai.io.duckdb": "io.duckdb:DuckDB",
    "mage_ai.io.file": "io.file:FileIO",
    "mage_ai.io.google_cloud_storage": "io.google_cloud_storage:GoogleCloudStorage",
    "mage_ai.io.google_sheets": "io.google_sheets:GoogleSheets",
    "mage_ai.io.mongodb": "io.mongodb:MongoDB",
    "mage_ai.io.mssql": "io.mssql:MSSQL",
    "mage_ai.io.mysql": "io.mysql:MySQL",
    "mage_ai.io.oracledb": "io.oracledb:OracleDB",
    "mage_ai.io.postgres": "io.postgres:Postgres",
    "mage_ai.io.redshift": "io.redshift:Redshift",
    "mage_ai.io.s3": "io.s3:S3",
    "mage_ai.io.snowflake": "io.snowflake:Snowflake",
    "mage_ai.io.sql": "io.sql:BaseSQL",
    "mage_ai.io.sqlite": "io.sqlite:SQLite",
    "mage_ai.io.trino": "io.trino:Trino",
    f"{_ACTIONS}.base": "kernel_side.cleaner.actions:BaseAction",
    f"{_ACTIONS}.constants": "kernel_side.cleaner.words:ActionType,Axis,ImputationStrategy,"
    "Operator,VariableType,CURRENCY_SYMBOLS",
    f"{_ACTIONS}.utils": "kernel_side.cleaner.actions:build_action_variables,"
    "build_transformer_action kernel_side.cleaner.columns:clean_column_name",
    f"{_TYPES}.column_type_detector": "kernel_side.cleaner.kinds:find_syntax_errors,"
    "infer_column_types",
    f"{_TYPES}.constants": "kernel_side.cleaner.words:ColumnType,NUMBER_TYPES,STRING_TYPES,"
    "CATEGORICAL_TYPES",
    "mage_ai.data_preparation.models.constants": "kernel_side.mage_words:BlockColor,"
    "BlockLanguage,BlockStatus,BlockType,CallbackStatus,ExecutorType,PipelineType,DATAFRAME_ANALYSIS_MAX_COLUMNS,"
    "DATAFRAME_ANALYSIS_MAX_ROWS,DATAFRAME_SAMPLE_COUNT,DATAFRAME_SAMPLE_COUNT_PREVIEW,"
    "DATAFRAME_SAMPLE_MAX_COLUMNS",
    "mage_ai.data_preparation.io": "io.azure_blob_storage:AzureBlobStorage",
    "mage_ai.streaming.sinks.base_python": "kernel_side.mage_models:BasePythonSink",
    "mage_ai.streaming.sources.base_python": "kernel_side.mage_models:BasePythonSource",
    "mage_ai.services.spark.config": "kernel_side.mage_words:SparkConfig",
    "mage_ai.shared.array": "kernel_side.mage_shared:batch,difference,find,find_index,"
    "flatten_list=flatten,sample,subtract,unique_by,is_iterable",
    "mage_ai.shared.enum": "kernel_side.mage_words:StrEnum enum:Enum,IntEnum",
    "mage_ai.shared.hash": "kernel_side.mage_shared:dig,extract,flatten,flatten_dict,"
    "get_json_value,get_safe_value,group_by,ignore_keys,ignore_keys_with_blank_values,index_by,"
    "merge_dict,set_value,camel_case_keys_to_snake_case",
    "mage_ai.shared.parsers": "kernel_side.mage_shared:convert_matrix_to_dataframe,"
    "encode_complex,extract_json_objects",
    "mage_ai.shared.strings": "kernel_side.mage_shared:camel_to_snake_case,classify,"
    "format_enum,is_json,is_number,string_to_number,remove_extension_from_filename",
    "mage_ai.shared.utils": "io.naming:clean_name kernel_side.mage_shared:files_in_path,"
    "is_port_in_use",
}


def _taken(what: str) -> Maker:
    def make() -> dict[str, Any]:
        found = {}
        for part in what.split(" "):
            module, _, listed = part.partition(":")
            own = module if module == "enum" else f"{_PACKAGE}.{module}"
            source = importlib.import_module(own)
            for item in listed.split(","):
                ours, _, theirs = item.partition("=")
                found[theirs or ours] = getattr(source, ours)
        return found

    return make


def table(context: Callable[[], Context]) -> dict[str, Maker]:
    """Return module -> what makes its names."""

    def get_repo_path(*_args: Any, **_kwargs: Any) -> str:
        """Return the path of the project folder."""
        return str(context().root)

    def get_repo_name(*_args: Any, **_kwargs: Any) -> str:
        """Return the name of the project folder."""
        return context().root.name

    def get_variables_dir(*_args: Any, **_kwargs: Any) -> str:
        """Return the folder of the project's stored outputs."""
        return str(context().store)

    calls = Calls(context)
    paths = {
        "get_data_dir": get_variables_dir,
        "get_repo_name": get_repo_name,
        "get_repo_path": get_repo_path,
        "get_variables_dir": get_variables_dir,
    }
    variables = {
        "get_variable": calls.get_variable,
        "get_variables": calls.get_global_variables,
        "get_global_variable": calls.get_global_variable,
        "get_global_variables": calls.get_global_variables,
        "set_global_variable": calls.set_global_variable,
        "delete_global_variable": calls.delete_global_variable,
        "VariableManager": VariableManager,
    }

    def configured() -> dict[str, Any]:
        """The profiles come from the engine, which knows the secrets."""
        config = importlib.import_module(f"{_PACKAGE}.io.config")
        config.ask[:] = [lambda path, profile: _profile(context(), path, profile)]
        config.root[:] = [lambda: context().root]
        return _taken(_OURS["mage_ai.io.config"])()

    made: dict[str, Maker] = {name: _taken(what) for name, what in _OURS.items()}
    fixed: dict[str, dict[str, Any]] = {
        "mage_ai": {"run": calls.run_pipeline},
        "mage_ai.data_preparation.decorators": dict(decorators.BY_NAME),
        "mage_ai.settings.repo": paths,
        "mage_ai.data_preparation.variable_manager": variables,
        "mage_ai.data_preparation.shared.secrets": {"get_secret_value": calls.get_secret_value},
        "mage_ai.data_preparation.models.block.remote.models": {"RemoteBlock": RemoteBlock},
        "mage_ai.services.spark.spark": {
            "get_spark_session": lambda spark_config=None: spark.with_settings(
                context(), spark_config
            )
        },
        "mage_ai.shared.logger": {"logging": logging},
        "mage_ai.orchestration.triggers.api": {"trigger_pipeline": calls.trigger_pipeline},
        "mage_ai.orchestration.run_status_checker": {"check_status": calls.check_status},
        "mage_ai.orchestration.db.models.schedules": {"PipelineRun": PipelineRun},
    }
    for name, names in fixed.items():
        made[name] = lambda names=names: names  # type: ignore[misc]

    def products() -> dict[str, Any]:
        module = importlib.import_module(f"{_PACKAGE}.kernel_side.mage_products")
        return {"GlobalDataProduct": module.make(calls, context)}

    def models(names: str, rest: dict[str, Any]) -> Maker:
        """Make classes that ask the engine, beside what the module has anyway."""

        def make() -> dict[str, Any]:
            module = importlib.import_module(f"{_PACKAGE}.kernel_side.mage_models")
            found = module.classes(calls.host, calls.outputs, lambda: context().root)
            return {**rest, **{item: found[item] for item in names.split()}}

        return make

    made["mage_ai.data_preparation.models.global_data_product"] = products
    made["mage_ai.data_preparation.models.pipeline"] = models("Pipeline", {})
    made["mage_ai.data_preparation.repo_manager"] = models("RepoConfig get_repo_config", paths)
    made["mage_ai.io.config"] = configured
    return made


def profile(context: Context, name: str) -> Any:
    """Return a profile of the project as ``ConfigFileLoader`` gives it, with its secrets.

    Raises:
        NotFound: when there is no such file or profile.
    """
    config = importlib.import_module(f"{_PACKAGE}.io.config")
    path = context.root.resolve() / "io_config.yaml"
    return config.ConfigFileLoader(path, name, config=_profile(context, str(path), name))


def _profile(context: Context, path: str, profile: str) -> Any:
    """Return a profile from the engine, or None when there is no engine."""
    if context.channel is None or not path.endswith("io_config.yaml"):
        return None
    said = context.channel.call("io_config", path=path, profile=profile)
    for value in said["secrets"]:
        masking.hide(value)
    return said["config"]
