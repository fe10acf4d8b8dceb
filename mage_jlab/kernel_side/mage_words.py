"""Words of Mage that blocks compare with: kinds of blocks, languages, states."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Any


class StrEnum(str, enum.Enum):
    """Words that are also their own text."""

    def __str__(self) -> str:
        return str(self.value)


def _enum(name: str, values: str) -> Any:
    make: Any = StrEnum
    made = make(name, [(value.upper(), value) for value in values.split()])
    made.__module__ = __name__
    return made


BlockType = _enum(
    "BlockType",
    "callback conditional chart custom data_exporter data_loader dbt dynamic_child extension "
    "global_data_product hook markdown scratchpad sensor transformer group pipeline",
)
BlockLanguage = _enum("BlockLanguage", "markdown python r sql yaml")
BlockStatus = _enum("BlockStatus", "executed failed not_executed updated")
CallbackStatus = _enum("CallbackStatus", "cancelled failure success")
BlockColor = _enum("BlockColor", "blue grey pink purple teal yellow")
PipelineType = _enum("PipelineType", "integration databricks python pyspark streaming")
ExecutorType = _enum(
    "ExecutorType",
    "azure_container_instance ecs gcp_cloud_run k8s local_python local_python_force pyspark",
)


@dataclass
class SparkConfig:
    """How a Spark session is made."""

    app_name: str | None = None
    spark_master: str | None = None
    spark_home: str | None = None
    executor_env: dict[str, Any] = field(default_factory=dict)
    spark_jars: list[str] = field(default_factory=list)
    others: dict[str, Any] = field(default_factory=dict)
    use_custom_session: bool = False
    custom_session_var_name: str = "spark"

    @classmethod
    def load(cls, config: Any = None, **_kwargs: Any) -> SparkConfig:
        """Make one of a dictionary; keys that are not known are left out."""
        known = {name: value for name, value in dict(config or {}).items() if name in _FIELDS}
        return cls(**known)


_FIELDS = frozenset(SparkConfig.__dataclass_fields__)

DATAFRAME_ANALYSIS_MAX_COLUMNS = 100
DATAFRAME_ANALYSIS_MAX_ROWS = 100_000
DATAFRAME_SAMPLE_COUNT = 1000
DATAFRAME_SAMPLE_COUNT_PREVIEW = 10
DATAFRAME_SAMPLE_MAX_COLUMNS = 1000
"""Mage's limits, which the code of its charts uses."""
