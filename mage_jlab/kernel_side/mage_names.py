"""The import names of Mage, given out inside the kernel only.

``import mage_ai…`` finds this table first, also where a real mage_ai is
installed; nothing is put on anybody's path. What is not in the table comes
from the installed mage_ai if there is one, else an ImportError says what to
use instead.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
import types
from collections.abc import Callable, Mapping
from typing import Any

from mage_jlab.errors import BadRequest, HostError, MissingInput, StepFailed
from mage_jlab.kernel_side import decorators
from mage_jlab.kernel_side.step import Context
from mage_jlab.products import execution

_ROOT = "mage_ai"
_INSTEAD = {
    "mage_ai.io": (
        "connectors of Mage are not part of mage-jlab yet (only mage_ai.io.file.FileIO); use the "
        "database's own Python package with the settings of ConfigFileLoader"
    ),
    "mage_ai.data_cleaner": (
        "Mage's data cleaner is not part of mage-jlab; use pandas (drop_duplicates, fillna, "
        "astype …)"
    ),
    "mage_ai.streaming": "streaming pipelines cannot be run in mage-jlab yet",
    "mage_ai.data_integrations": "data integration pipelines cannot be run in mage-jlab yet",
    "mage_ai.services": "Mage's own services are not part of mage-jlab",
}


class MageImportError(ModuleNotFoundError):
    """A name of Mage that is not there, with what to use instead."""


def _missing(name: str) -> MageImportError:
    start = name
    while start:
        if start in _INSTEAD:
            return MageImportError(f"No module named '{name}': {_INSTEAD[start]}.", name=name)
        start = start.rpartition(".")[0]
    return MageImportError(
        f"No module named '{name}': mage-jlab gives out the names of Mage that blocks use "
        "(decorators, settings, io.config, io.file, variables, secrets, trigger_pipeline); "
        "install mage-ai in this kernel's environment for others.",
        name=name,
    )


def table(context: Callable[[], Context]) -> dict[str, dict[str, Any]]:
    """Return module -> names for everything that is given out."""
    from mage_jlab.kernel_side import mage_io

    def get_repo_path(*_args: Any, **_kwargs: Any) -> str:
        """Return the path of the project folder."""
        return str(context().root)

    def get_variables_dir(*_args: Any, **_kwargs: Any) -> str:
        """Return the folder of the project's stored outputs."""
        return str(context().store)

    calls = _Calls(context)
    io = mage_io.names(context)
    repo = {"get_repo_path": get_repo_path, "get_variables_dir": get_variables_dir}
    variables = {
        "get_variable": calls.get_variable,
        "get_variables": calls.get_global_variables,
        "get_global_variable": calls.get_global_variable,
        "get_global_variables": calls.get_global_variables,
        "set_global_variable": calls.set_global_variable,
        "delete_global_variable": calls.delete_global_variable,
    }
    return {
        "mage_ai.data_preparation.decorators": dict(decorators.BY_NAME),
        "mage_ai.settings.repo": repo,
        "mage_ai.data_preparation.repo_manager": repo,
        "mage_ai.data_preparation.variable_manager": variables,
        "mage_ai.data_preparation.shared.secrets": {"get_secret_value": calls.get_secret_value},
        "mage_ai.orchestration.triggers.api": {"trigger_pipeline": calls.trigger_pipeline},
        "mage_ai.orchestration.run_status_checker": {"check_status": calls.check_status},
        "mage_ai.io.config": io["config"],
        "mage_ai.io.file": io["file"],
        "mage_ai.io.base": io["base"],
    }


class _Calls:
    """The functions of Mage that need stored outputs or the engine."""

    def __init__(self, context: Callable[[], Context]) -> None:
        self._context = context

    def _host(self, call: str, timeout: float | None = 30, **args: Any) -> Any:
        channel = self._context().channel
        if channel is None:
            raise HostError(
                f"'{call}' needs the mage-jlab engine, which this kernel is not connected to; "
                "open the pipeline in JupyterLab or run it with mage-jlab."
            )
        return channel.call(call, timeout, **args)

    def get_variable(
        self,
        pipeline_uuid: str,
        block_uuid: str,
        variable_uuid: str | None = None,
        partition: str | None = None,
        **_kwargs: Any,
    ) -> Any:
        """Return a stored output of a block, also of another pipeline."""
        context = self._context()
        scopes = [str(partition)] if partition else list({context.scope: 1, "interactive": 1})
        for scope in scopes:
            try:
                values = execution.read_values(context.store, pipeline_uuid, scope, block_uuid)
            except MissingInput:
                continue
            if not variable_uuid:
                return values[0] if len(values) == 1 else values
            order = sorted(range(len(values)), key=lambda number: f"output_{number}")
            wanted = str(variable_uuid).rpartition("_")[2]
            if wanted.isdigit() and int(wanted) in order:
                return values[order.index(int(wanted))]
            return None
        return None

    def get_global_variable(self, pipeline_uuid: str, key: str, **_kwargs: Any) -> Any:
        """Return a variable of a pipeline."""
        return self.get_global_variables(pipeline_uuid).get(key)

    def get_global_variables(self, pipeline_uuid: str, **_kwargs: Any) -> dict[str, Any]:
        """Return all variables of a pipeline."""
        context = self._context()
        if context.channel is None and pipeline_uuid == context.pipeline:
            return dict(context.variables)
        return dict(self._host("get_variables", pipeline=pipeline_uuid) or {})

    def set_global_variable(self, pipeline_uuid: str, key: str, value: Any, **_kwargs: Any) -> None:
        """Set a variable of a pipeline in its file."""
        self._host("set_variable", pipeline=pipeline_uuid, key=key, value=value)
        if pipeline_uuid == self._context().pipeline:
            self._context().variables[key] = value

    def delete_global_variable(self, pipeline_uuid: str, key: str, **_kwargs: Any) -> None:
        """Remove a variable of a pipeline from its file."""
        self._host("set_variable", pipeline=pipeline_uuid, key=key, delete=True)
        if pipeline_uuid == self._context().pipeline:
            self._context().variables.pop(key, None)

    def get_secret_value(self, name: str, *_args: Any, **_kwargs: Any) -> Any:
        """Return a secret."""
        return self._host("secret", name=name)

    def trigger_pipeline(
        self,
        pipeline_uuid: str,
        repo_path: str | None = None,
        variables: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> Any:
        """Start a run of another pipeline; with ``check_status`` wait for its end."""
        known = {
            "check_status", "error_on_failure", "poll_interval", "poll_timeout",
            "schedule_name", "verbose", "remote_blocks", "return_remote_blocks",
        }  # fmt: skip
        unknown = set(options) - known
        if unknown:
            raise BadRequest(f"trigger_pipeline has no option '{sorted(unknown)[0]}'.")
        wait = bool(options.get("check_status"))
        said = self._host(
            "trigger_pipeline",
            None if wait else 60,
            pipeline=pipeline_uuid,
            variables=dict(variables or {}),
            check_status=wait,
            error_on_failure=bool(options.get("error_on_failure")),
            poll_timeout=options.get("poll_timeout"),
            schedule_name=options.get("schedule_name"),
            repo_path=repo_path,
        )
        data = said if isinstance(said, dict) else {"id": said}
        if options.get("verbose", True):
            state = f" {data['state']}" if data.get("state") else ""
            print(f"Pipeline '{pipeline_uuid}': run {data.get('id')}{state}.")  # noqa: T201
        return types.SimpleNamespace(**data)

    def check_status(
        self,
        pipeline_uuid: str,
        execution_date: Any,
        repo_path: str | None = None,
        block_uuid: str | None = None,
        hours: float = 24,
    ) -> bool:
        """Whether the newest run of a pipeline in the hours before a date has completed.

        Raises:
            StepFailed: when that run failed or was cancelled.
        """
        said = self._host(
            "run_state",
            pipeline=pipeline_uuid,
            execution_date=getattr(execution_date, "isoformat", lambda: execution_date)(),
            block_uuid=block_uuid,
            hours=hours,
            repo_path=repo_path,
        )
        if not said:
            return False
        if said.get("failed"):
            raise StepFailed(
                f"Run {said.get('id')} of pipeline '{pipeline_uuid}' ended as {said.get('state')}."
            )
        if block_uuid:
            return bool(said.get("block_state") == "completed")
        return bool(said.get("completed"))


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def __init__(self, context: Callable[[], Context]) -> None:
        self._context = context
        self._table: dict[str, dict[str, Any]] | None = None

    def _names(self) -> dict[str, dict[str, Any]]:
        if self._table is None:
            self._table = table(self._context)
        return self._table

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> Any:
        if fullname != _ROOT and not fullname.startswith(f"{_ROOT}."):
            return None
        names = self._names()
        above = any(name.startswith(f"{fullname}.") for name in names)
        if fullname in names or above:
            return importlib.machinery.ModuleSpec(fullname, self, is_package=above)
        real = importlib.machinery.PathFinder.find_spec(fullname, path) if path else None
        if real is None:
            raise _missing(fullname)
        return real

    def create_module(self, spec: Any) -> types.ModuleType | None:
        return None

    def exec_module(self, module: types.ModuleType) -> None:
        name = module.__name__
        module.__dict__.update(self._names().get(name, {}))
        if module.__spec__ is not None and module.__spec__.submodule_search_locations is not None:
            module.__path__ = _installed(name)

        def missing(attribute: str) -> Any:
            if attribute.startswith("__"):
                raise AttributeError(attribute)
            raise _missing(f"{name}.{attribute}")

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
