"""Answers what code in a kernel asks over the host channel."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from mage_jlab import clock
from mage_jlab.db.runs import RunStore
from mage_jlab.db.triggers import TriggerStore
from mage_jlab.errors import (
    BadRequest,
    HostError,
    MageError,
    NotFound,
    OutsideProject,
    PipelineNotFound,
)
from mage_jlab.executors.channel import Asker
from mage_jlab.executors.context import iso, partition, plain
from mage_jlab.executors.data_products import Asked, DataProducts
from mage_jlab.executors.messages import moment
from mage_jlab.files import data_products, io_config, yaml_load
from mage_jlab.files.workspace import Workspace
from mage_jlab.ids import PipelineId
from mage_jlab.kernel_side.beside.kernel import chosen
from mage_jlab.model.block import Block
from mage_jlab.model.connectors import is_secret
from mage_jlab.model.project import Project
from mage_jlab.model.run import ACTIVE, CANCELLED, COMPLETED, FAILED, INTERRUPTED, Run
from mage_jlab.run.limits import Slots
from mage_jlab.secrets.store import SecretStore

FROM_CODE = "API_TRIGGER_CREATED_FROM_CODE"
MAX_VARIABLE = 1_000_000
_LEAST_POLL = 0.1


@dataclass
class Services:
    """What the answers are made of."""

    workspace: Workspace
    runs: RunStore
    triggers: TriggerStore
    submit: Callable[..., Run]
    slots: Slots
    secrets: Callable[[Project], SecretStore]
    data_products: DataProducts
    specs: Callable[[], Mapping[str, Mapping[str, Any]]]
    """All kernelspecs, as `jupyter_client` describes them."""


class Host:
    """The answering half of the host channel."""

    def __init__(self, services: Services) -> None:
        """Keep the services."""
        self._own = services
        self._threads = ThreadPoolExecutor(8, thread_name_prefix="mage-host")
        self._calls: dict[str, Callable[[Asker, Mapping[str, Any]], Any]] = {
            "get_variables": self._get_variables,
            "set_variable": self._set_variable,
            "io_config": self._io_config,
            "secret": self._secret,
            "run_state": self._run_state,
            "run_of_partition": self._run_of_partition,
            "blocks": self._blocks,
            "kernel_spec": self._kernel_spec,
            "block_details": self._block_details,
            "settings": self._settings,
            "pipelines": self._pipelines,
            "pipeline": self._described,
            "yaml": self._yaml,
            "data_products": self._data_products,
            "data_product_runs": self._data_product_runs,
            "data_product_outdated": self._data_product_outdated,
        }

    async def answer(self, asker: Asker, call: str, args: Mapping[str, Any]) -> Any:
        """Answer one request.

        Raises:
            HostError: when there is no such call.
        """
        if call == "trigger_pipeline":
            return await self._trigger_pipeline(asker, args)
        if call == "data_product":
            return await self._data_product(asker, args)
        found = self._calls.get(call)
        if found is None:
            raise HostError(f"The engine knows no call '{call}'.")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, found, asker, args)

    async def _trigger_pipeline(self, asker: Asker, args: Mapping[str, Any]) -> dict[str, Any]:
        """Run a pipeline; with check_status wait for it, giving the place away meanwhile."""
        loop = asyncio.get_running_loop()
        run = await loop.run_in_executor(self._threads, self._submit, asker, args)
        if not args.get("check_status"):
            return _told(run)
        timeout = float(args.get("poll_timeout") or 0)
        until = clock.monotonic() + timeout if timeout else None
        pause = _LEAST_POLL
        lent = asker.run is not None
        if lent:
            self._own.slots.lend()
        try:
            while run.state in ACTIVE:
                if until is not None and clock.monotonic() > until:
                    raise HostError(
                        f"Pipeline '{run.pipeline}' (run {run.id}) was still {run.state} "
                        f"after {timeout:g} s."
                    )
                await clock.sleep(pause)
                pause = min(pause * 1.5, 1.0)
                run = await loop.run_in_executor(self._threads, self._own.runs.get, run.id)
        finally:
            if lent:
                self._own.slots.reclaim()
        if args.get("error_on_failure") and run.state != COMPLETED:
            raise HostError(
                f"Pipeline '{run.pipeline}' (run {run.id}) ended {run.state}: {run.error or ''}"
            )
        return _told(run)

    async def _data_product(self, asker: Asker, args: Mapping[str, Any]) -> dict[str, Any]:
        """Wait until a global data product is fresh, giving the place away meanwhile."""
        said = args.get("configuration")
        user = f"{asker.pipeline} ({asker.run or 'notebook'})"
        asked = Asked(
            asker.project, asker.pipeline, said if isinstance(said, Mapping) else {}, user
        )
        lent = asker.run is not None
        if lent:
            self._own.slots.lend()
        try:
            return await self._own.data_products.ready(asked)
        finally:
            if lent:
                self._own.slots.reclaim()

    def _submit(self, asker: Asker, args: Mapping[str, Any]) -> Run:
        project = self._own.workspace.project(asker.project)
        pipeline = self._pipeline(project, asker, args)
        return self._own.submit(
            project.id,
            pipeline,
            variables=args.get("variables") or {},
            kind="api",
            user=f"{asker.pipeline} ({asker.run or 'notebook'})",
            trigger_name=str(args.get("schedule_name") or FROM_CODE),
        )

    def _get_variables(self, asker: Asker, args: Mapping[str, Any]) -> dict[str, Any]:
        project = self._own.workspace.project(asker.project)
        pipeline = self._own.workspace.load(project, self._pipeline(project, asker, args))
        return dict(pipeline.variables)

    def _set_variable(self, asker: Asker, args: Mapping[str, Any]) -> dict[str, Any]:
        project = self._own.workspace.project(asker.project)
        workspace = self._own.workspace
        pipeline = workspace.load(project, self._pipeline(project, asker, args))
        key = str(args.get("key") or "")
        if not key:
            raise BadRequest("A variable needs a name.")
        variables = dict(pipeline.variables)
        if args.get("delete"):
            variables.pop(key, None)
        else:
            value = args.get("value")
            if len(str(value)) > MAX_VARIABLE:
                raise BadRequest(
                    f"The value of variable '{key}' is larger than {MAX_VARIABLE:,} characters; "
                    "hand data on as a block's output instead."
                )
            variables[key] = value
        if variables != dict(pipeline.variables):
            workspace.change_pipeline(project, pipeline.id, {"variables": variables})
        return variables

    def _io_config(self, asker: Asker, args: Mapping[str, Any]) -> dict[str, Any]:
        project = self._own.workspace.project(asker.project)
        folder = project.root
        if args.get("path"):
            path = Path(str(args["path"])).resolve()
            if path.name != "io_config.yaml" or not path.is_relative_to(project.root):
                raise OutsideProject(
                    f"{path.name} is not an io_config.yaml of this project; "
                    "only those are read, so that nobody reads other files through the engine."
                )
            folder = path.parent
        told: list[str] = []

        def secret(name: Any, **_options: Any) -> str | None:
            found = self._own.secrets(project).get(str(name), asker.pipeline)
            if found is not None:
                told.append(found)
            return found

        name = str(args.get("profile") or "default")
        config = io_config.profile(folder, name, secret=secret)
        return {"config": config, "secrets": told, "hidden": [*told, *_secret_values(config)]}

    def _secret(self, asker: Asker, args: Mapping[str, Any]) -> str | None:
        """Return a secret: the pipeline's, the project's, the environment's."""
        project = self._own.workspace.project(asker.project)
        name = str(args.get("name") or "")
        pipeline = asker.pipeline
        if args.get("pipeline_uuid"):
            pipeline = self._pipeline(project, asker, args)
        value = self._own.secrets(project).get(name, pipeline)
        if value is None and args.get("required", True):
            raise NotFound(
                f"There is no secret '{name}' of pipeline '{pipeline}' or of the project, and no "
                "environment variable of that name; add it (Secrets in the project's menu, or: "
                "mage-jlab secrets set)."
            )
        return value

    def _run_state(self, asker: Asker, args: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the newest run of a pipeline whose date lies in a window, or None.

        A block may ask after another of its own run, but not after the end of that.
        """
        if args.get("run_id"):
            return _told(self._own.runs.get(str(args["run_id"])), args.get("block_uuid"))
        project = self._own.workspace.project(asker.project)
        pipeline = self._pipeline(project, asker, args)
        until = moment(args.get("execution_date")) or clock.now()
        since = until - timedelta(hours=float(args.get("hours") or 24))
        block = args.get("block_uuid")
        if block and block not in self._own.workspace.load(project, pipeline).ids:
            raise NotFound(f"Pipeline '{pipeline}' has no block '{block}'.")
        found, _ = self._own.runs.list(project.id, pipeline, limit=200)
        dated = [(_date(run), run) for run in found if block or run.id != asker.run]
        fitting = [(when, run) for when, run in dated if since <= when <= until]
        if not fitting:
            return None
        newest = max(fitting, key=lambda item: item[0])[1]
        return _told(self._own.runs.get(newest.id), args.get("block_uuid"))

    def _run_of_partition(self, asker: Asker, args: Mapping[str, Any]) -> str | None:
        """Return the run whose blocks were told this execution partition, or None."""
        project = self._own.workspace.project(asker.project)
        pipeline = self._pipeline(project, asker, args)
        wanted = str(args.get("partition") or "")
        found, _ = self._own.runs.list(project.id, pipeline, limit=1000)
        return next((run.id for run in found if partition(run) == wanted), None)

    def _blocks(self, asker: Asker, args: Mapping[str, Any]) -> list[str]:
        project = self._own.workspace.project(asker.project)
        pipeline = self._own.workspace.load(project, self._pipeline(project, asker, args))
        return [str(block) for block in pipeline.ids]

    def _settings(self, asker: Asker, args: Mapping[str, Any]) -> dict[str, Any]:
        return dict(self._own.workspace.project(asker.project).settings)

    def _pipelines(self, asker: Asker, args: Mapping[str, Any]) -> list[str]:
        return list(self._own.workspace.pipelines(self._own.workspace.project(asker.project)))

    def _described(self, asker: Asker, args: Mapping[str, Any]) -> dict[str, Any]:
        """Return what a pipeline's file says, for code that looks at it."""
        project = self._own.workspace.project(asker.project)
        found = self._own.workspace.load(project, self._pipeline(project, asker, args))
        return {
            "name": found.name,
            "type": found.type,
            "description": found.description,
            "tags": list(found.tags),
            "variables": dict(found.variables),
            "blocks": [
                {
                    "uuid": str(block.id),
                    "name": block.name,
                    "type": block.type,
                    "language": block.language,
                    "configuration": dict(block.configuration),
                    "upstream_block_uuids": [str(item) for item in block.upstream],
                }
                for block in found.blocks
            ],
        }

    def _kernel_spec(self, asker: Asker, args: Mapping[str, Any]) -> dict[str, Any]:
        """Return the kernelspec for a language: the block's, the project's, the first there is.

        When there is none, only the name of the `wanted` one (or None) is returned.
        """
        project = self._own.workspace.project(asker.project)
        language = str(args.get("language") or "").lower()
        named = project.settings.get("language_kernels")
        usual = named.get(language) if isinstance(named, Mapping) else None
        wanted = args.get("name") or usual
        name = None if wanted is None else str(wanted)
        return chosen(self._own.specs(), language, name) or {"wanted": name}

    def _block_details(self, asker: Asker, args: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return what a SQL block has to know of the blocks above it."""
        project = self._own.workspace.project(asker.project)
        pipeline = self._own.workspace.load(project, self._pipeline(project, asker, args))
        return [
            {
                "id": str(block.id),
                "type": block.type,
                "language": block.language,
                "configuration": dict(block.configuration),
                "upstream": [str(item) for item in block.upstream],
                "source": self._sql(project, block),
            }
            for block in pipeline.blocks
        ]

    def _sql(self, project: Project, block: Block) -> str | None:
        if block.language != "sql":
            return None
        try:
            return self._own.workspace.source(project, block)
        except MageError:
            return None

    def _yaml(self, asker: Asker, args: Mapping[str, Any]) -> Any:
        """Return what a text in YAML says, as plain data."""
        return plain(yaml_load.load(str(args.get("text") or ""), "the block"))

    def _data_products(self, asker: Asker, args: Mapping[str, Any]) -> list[dict[str, Any]]:
        project = self._own.workspace.project(asker.project)
        return [{**item.document, "uuid": item.id} for item in data_products.read(project)]

    def _data_product_runs(self, asker: Asker, args: Mapping[str, Any]) -> dict[str, list[str]]:
        project = self._own.workspace.project(asker.project)
        product = data_products.get(project, str(args.get("uuid")))
        return self._own.data_products.handed(project, product)

    def _data_product_outdated(self, asker: Asker, args: Mapping[str, Any]) -> bool:
        project = self._own.workspace.project(asker.project)
        product = data_products.get(project, str(args.get("uuid")))
        return self._own.data_products.standing(project, product)[0].outdated

    def _pipeline(self, project: Project, asker: Asker, args: Mapping[str, Any]) -> PipelineId:
        wanted = str(args.get("pipeline_uuid") or args.get("pipeline") or asker.pipeline)
        known = self._own.workspace.pipelines(project)
        if wanted not in known:
            raise PipelineNotFound(
                f"Project '{project.name}' has no pipeline '{wanted}'.", pipeline=wanted
            )
        return PipelineId(wanted)


def _secret_values(settings: Mapping[str, Any]) -> list[str]:
    """Return the values of a profile that no message may repeat, wherever they come from."""
    found: list[str] = []
    for key, value in settings.items():
        if isinstance(value, Mapping):
            found += _secret_values(value)
        elif value not in (None, "", "None") and is_secret(str(key), value):
            found.append(str(value))
    return found


def _date(run: Run) -> datetime:
    found = run.execution_date or run.fire_time or run.created
    return found or datetime.min.replace(tzinfo=timezone.utc)


def _told(run: Run, block: Any = None) -> dict[str, Any]:
    step = next((item for item in run.steps if item.block == block), None)
    return {
        "id": run.id,
        "pipeline_uuid": run.pipeline,
        "state": run.state,
        "status": "failed" if run.state in (FAILED, INTERRUPTED) else run.state,
        "completed": run.state == COMPLETED,
        "failed": run.state in (FAILED, CANCELLED, INTERRUPTED),
        "error": run.error,
        "execution_date": _date(run).isoformat(),
        "partition": partition(run),
        "variables": dict(run.variables),
        "created": iso(run.created),
        "started": iso(run.started),
        "ended": iso(run.ended),
        "trigger": run.trigger,
        "trigger_name": run.trigger_name,
        "block_state": None if step is None else step.state,
    }
