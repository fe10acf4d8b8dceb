"""The import names of Mage, given out inside the kernel only.

``import mage_ai…`` finds the table first, also where a real mage_ai is
installed; nothing is put on anybody's path. What is not in the table comes
from the installed mage_ai if there is one, else an ImportError says what to
use instead.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
import types
from collections.abc import Callable
from typing import Any

from mage_jlab.kernel_side import mage_calls
from mage_jlab.kernel_side.mage_table import Maker, table
from mage_jlab.kernel_side.step import Context

_ROOT = "mage_ai"
_PACKAGES = {
    "algolia": "algoliasearch", "backblaze_b2": "b2sdk", "chroma": "chromadb",
    "databricks": "databricks-sql-connector", "druid": "pydruid", "iceberg_s3": "pyiceberg",
    "pinot": "pinotdb", "qdrant": "qdrant-client", "salesforce": "simple-salesforce",
    "spark": "pyspark", "weaviate": "weaviate-client",
}  # fmt: skip
_INSTEAD = {
    "mage_ai.io.io_config": "use mage_ai.io.config.ConfigFileLoader",
    "mage_ai.data_cleaner.transformer_actions": (
        "there are base.BaseAction, constants (ActionType, Axis, ImputationStrategy) and "
        "utils.build_transformer_action"
    ),
    "mage_ai.data_cleaner": (
        "of Mage's data cleaner there are transformer_actions and column_types; for others use "
        "pandas (describe, isna, corr …)"
    ),
    "mage_ai.streaming": "streaming pipelines cannot be run in mage-jlab yet",
    "mage_ai.data_preparation.streaming": (
        "derive sources from mage_ai.streaming.sources.base_python.BasePythonSource; streaming "
        "pipelines cannot be run in mage-jlab yet"
    ),
    "mage_ai.data_integrations": "data integration pipelines cannot be run in mage-jlab yet",
    "mage_ai.data_preparation.models.global_data_product": (
        "there is GlobalDataProduct with get, load_all, get_outputs and is_outdated"
    ),
    "mage_ai.data_preparation.models": (
        "there are pipeline.Pipeline, global_data_product.GlobalDataProduct and constants; use "
        "get_variable for outputs, trigger_pipeline to run a pipeline"
    ),
    "mage_ai.data_preparation.io": "use the connectors of mage_ai.io",
    "mage_ai.data_preparation.variable_manager": (
        "use get_variable, get_global_variable(s), set_global_variable or delete_global_variable"
    ),
    "mage_ai.data_preparation.shared.secrets": (
        "use get_secret_value; secrets are set on their page or with: mage-jlab secrets set"
    ),
    "mage_ai.orchestration": (
        "there are triggers.api.trigger_pipeline, run_status_checker.check_status and "
        "db.models.schedules.PipelineRun (the result of trigger_pipeline)"
    ),
    "mage_ai.services.spark": (
        "there are spark.get_spark_session and config.SparkConfig; else use kwargs['spark'], or "
        "pyspark itself"
    ),
    "mage_ai.services": "use the service's own Python package (boto3, slack_sdk, kubernetes …)",
}


class MageImportError(ModuleNotFoundError):
    """A name of Mage that is not there, with what to use instead."""


def _missing(name: str) -> MageImportError:
    start = name
    while start:
        if start in _INSTEAD:
            return MageImportError(f"No module named '{name}': {_INSTEAD[start]}.", name=name)
        start = start.rpartition(".")[0]
    parts = name.split(".")
    if parts[:2] == [_ROOT, "io"] and len(parts) > 2:
        package = _PACKAGES.get(parts[2])
        words = f"the package {package}" if package else "the service's own Python package"
        return MageImportError(
            f"No module named '{name}': mage-jlab has no such connector; use {words} with the "
            "settings of ConfigFileLoader.",
            name=name,
        )
    return MageImportError(
        f"No module named '{name}': mage-jlab gives out the names of Mage that blocks use "
        "(decorators, settings, connectors, transformer actions, variables, secrets, "
        "trigger_pipeline); install mage-ai in this kernel's environment for others.",
        name=name,
    )


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def __init__(self, context: Callable[[], Context]) -> None:
        self._context = context
        self._table: dict[str, Maker] | None = None

    def _modules(self) -> dict[str, Maker]:
        if self._table is None:
            self._table = table(self._context)
        return self._table

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> Any:
        if fullname != _ROOT and not fullname.startswith(f"{_ROOT}."):
            return None
        modules = self._modules()
        above = any(name.startswith(f"{fullname}.") for name in modules)
        if fullname in modules or above:
            return importlib.machinery.ModuleSpec(fullname, self, is_package=above)
        real = importlib.machinery.PathFinder.find_spec(fullname, path) if path else None
        if real is None:
            raise _missing(fullname)
        return real

    def create_module(self, spec: Any) -> types.ModuleType | None:
        return None

    def exec_module(self, module: types.ModuleType) -> None:
        name = module.__name__
        make = self._modules().get(name)
        if make is not None:
            module.__dict__.update(make())
        if module.__spec__ is not None and module.__spec__.submodule_search_locations is not None:
            module.__path__ = _installed(name)

        def missing(attribute: str) -> Any:
            if attribute.startswith("__"):
                raise AttributeError(attribute)
            inner = f"{name}.{attribute}"
            if hasattr(module, "__path__"):
                return importlib.import_module(inner)  # from mage_ai.io import config
            raise _missing(inner)

        module.__getattr__ = missing  # type: ignore[method-assign]


def _installed(name: str) -> list[str]:
    """Return where an installed mage_ai has the package of that name, if there is one."""
    found = []
    parts = name.split(".")
    for entry in sys.path:
        folder = os.path.join(entry or os.getcwd(), *parts)  # noqa: PTH109, PTH118 - sys.path
        if os.path.isdir(folder):  # noqa: PTH112 - as above
            found.append(folder)
    return found


_finder: _Finder | None = None


def install(context: Callable[[], Context]) -> None:
    """Give the names out in this process."""
    global _finder
    mage_calls.current[:] = [mage_calls.Calls(context)]
    _finder = _Finder(context)
    for name in [item for item in sys.modules if item.partition(".")[0] == _ROOT]:
        del sys.modules[name]
    sys.meta_path.insert(0, _finder)


def uninstall() -> None:
    """Give them out no more."""
    global _finder
    if _finder in sys.meta_path:
        sys.meta_path.remove(_finder)
    for name in [item for item in sys.modules if item.partition(".")[0] == _ROOT]:
        del sys.modules[name]
    _finder = None
