"""Functions of Mage that need stored outputs or the engine: variables, secrets, other pipelines."""

from __future__ import annotations

import datetime
import enum
import json
import types
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from mage_jlab.errors import BadRequest, HostError, MissingInput, StepFailed
from mage_jlab.kernel_side import mage_outputs, masking
from mage_jlab.kernel_side.step import Context
from mage_jlab.products import execution

_TRIGGER_OPTIONS = frozenset({
    "check_status", "error_on_failure", "poll_interval", "poll_timeout", "schedule_name",
    "verbose", "remote_blocks", "return_remote_blocks",
})  # fmt: skip


class PipelineRunStatus(str, enum.Enum):
    """Mage's words for the state of a run."""

    INITIAL = "initial"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


_STATUS = {"queued": "initial", "cancelling": "running", "interrupted": "failed"}


current: list[Calls] = []
"""The functions of the kernel, for objects that came out of a block's stored output."""


class PipelineRun:
    """A run of a pipeline, as ``trigger_pipeline`` gives it back; a block may return it."""

    PipelineRunStatus = PipelineRunStatus

    def __init__(self, said: Mapping[str, Any]) -> None:
        """Keep what the engine said of it."""
        self._take(said)

    def __reduce__(self) -> tuple[type[PipelineRun], tuple[dict[str, Any]]]:
        """Only what was said of it is stored."""
        return PipelineRun, (self._said,)

    def _take(self, said: Mapping[str, Any]) -> None:
        self._said = dict(said)
        self.id = said.get("id")
        self.pipeline_uuid = said.get("pipeline_uuid")
        self.state = said.get("state")
        state = str(said.get("state") or "queued")
        word = _STATUS.get(state, state)
        known = {item.value for item in PipelineRunStatus}
        self.status = PipelineRunStatus(word if word in known else "failed")
        self.error = said.get("error")
        self.variables = said.get("variables") or {}
        self.event_variables = said.get("event") or {}
        self.execution_date = _moment(said.get("execution_date"))
        self.execution_partition = said.get("partition")
        self.created_at = _moment(said.get("created"))
        self.started_at = _moment(said.get("started"))
        self.completed_at = _moment(said.get("ended"))
        self.pipeline_schedule_id = said.get("trigger")
        self.pipeline_schedule_name = said.get("trigger_name")
        named = {"id": self.pipeline_schedule_id, "name": self.pipeline_schedule_name}
        self.pipeline_schedule = types.SimpleNamespace(**named) if any(named.values()) else None

    def refresh(self) -> None:
        """Ask the engine again."""
        self._take(current[0].host("run_state", run_id=self.id))

    def get_outputs(self, block_uuid: str) -> list[Any]:
        """Return the outputs of one of its blocks."""
        return current[0].outputs(str(self.pipeline_uuid), block_uuid, str(self.id))

    def __repr__(self) -> str:
        return f"PipelineRun(id={self.id!r}, pipeline={self.pipeline_uuid!r}, {self.status.value})"


class VariableManager:
    """What blocks left, as Mage's class of that name gives it; only to read."""

    def __init__(self, repo_path: str | None = None, variables_dir: str | None = None) -> None:
        """Work for this kernel's project, wherever Mage would look."""

    def get_variable(
        self, pipeline_uuid: str, block_uuid: str, variable_uuid: str, **options: Any
    ) -> Any:
        """Return one output of a block: of a run when its `partition` is given."""
        partition = options.get("partition")
        return current[0].get_variable(pipeline_uuid, block_uuid, variable_uuid, partition)

    def get_variables_by_block(
        self, pipeline_uuid: str, block_uuid: str, partition: str | None = None, **_options: Any
    ) -> list[str]:
        """Return the names of a block's outputs."""
        found = current[0].outputs(pipeline_uuid, block_uuid, partition)
        return [f"output_{number}" for number in range(len(found))]


def this_run(context: Context) -> PipelineRun | None:
    """Return the run a block belongs to, as its callbacks get it."""
    if context.run is None:
        return None
    known = {
        "pipeline_uuid": context.pipeline,
        "state": "running",
        "variables": context.variables,
        "execution_date": context.execution_date,
        "event": context.trigger.get("event"),
    }
    return PipelineRun({**known, **context.run})


def _moment(text: Any) -> datetime.datetime | None:
    """Return a moment in UTC without a zone, like those in ``**kwargs``."""
    if not text:
        return None
    found = datetime.datetime.fromisoformat(text)
    return found.astimezone(datetime.timezone.utc).replace(tzinfo=None) if found.tzinfo else found


class Calls:
    """The functions, for the context that holds when they are called."""

    def __init__(self, context: Callable[[], Context]) -> None:
        """Keep how to find the context."""
        self._context = context

    @property
    def pipeline(self) -> str:
        """The pipeline of the block that runs."""
        return self._context().pipeline

    def host(self, call: str, timeout: float | None = 30, **args: Any) -> Any:
        """Ask the engine.

        Raises:
            HostError: when there is none, or it refuses.
        """
        channel = self._context().channel
        if channel is None:
            raise HostError(
                f"'{call}' needs the mage-jlab engine, which this kernel is not connected to; "
                "open the pipeline in JupyterLab or run it with mage-jlab."
            )
        return channel.call(call, timeout, **args)

    # ---- outputs -----------------------------------------------------------

    def _scopes(self, pipeline: str, partition: Any) -> list[str]:
        """Return where outputs may lie: a run's, when its partition or id is given."""
        context = self._context()
        if not partition:
            return list({context.scope: 1, "interactive": 1})
        wanted = str(partition)
        if wanted == (context.run or {}).get("partition"):
            return [context.scope]
        scopes = [] if "/" in wanted else [wanted]
        if "/" in wanted and context.channel is not None:
            found = self.host("run_of_partition", pipeline=pipeline, partition=wanted)
            scopes += [str(found)] if found else []
        return scopes

    def outputs(self, pipeline: str, block: str, partition: Any = None) -> list[Any]:
        """Return the stored outputs of a block, else what Mage itself stored of it, else none."""
        context = self._context()
        for scope in self._scopes(pipeline, partition):
            try:
                return execution.read_values(context.store, pipeline, scope, block)
            except MissingInput:
                continue
        return mage_outputs.values(context.mage_data, pipeline, block, str(partition or "")) or []

    def get_variable(
        self,
        pipeline_uuid: str,
        block_uuid: str,
        variable_uuid: str | None = None,
        partition: str | None = None,
        **kwargs: Any,
    ) -> Any:
        """Return a stored output of a block of any pipeline; ``{}`` when there is none."""
        values = self.outputs(pipeline_uuid, block_uuid, partition)
        name = variable_uuid or kwargs.get("key")
        if not values:
            return {}
        if not name:
            return values[0] if len(values) == 1 else values
        order = sorted(range(len(values)), key=lambda number: f"output_{number}")
        wanted = str(name).rpartition("_")[2]
        if wanted.isdigit() and int(wanted) in order:
            return values[order.index(int(wanted))]
        return {}

    # ---- variables and secrets ---------------------------------------------

    def get_global_variable(self, pipeline_uuid: str, key: str, **_kwargs: Any) -> Any:
        """Return a variable of a pipeline."""
        return self.get_global_variables(pipeline_uuid).get(key)

    def get_global_variables(self, pipeline_uuid: str, **_kwargs: Any) -> dict[str, Any]:
        """Return all variables of a pipeline."""
        context = self._context()
        if context.channel is None and pipeline_uuid == context.pipeline:
            return dict(context.variables)
        return dict(self.host("get_variables", pipeline=pipeline_uuid) or {})

    def set_global_variable(self, pipeline_uuid: str, key: str, value: Any, **_kwargs: Any) -> None:
        """Set a variable of a pipeline in its file."""
        self.host("set_variable", pipeline=pipeline_uuid, key=key, value=value)
        if pipeline_uuid == self._context().pipeline:
            self._context().variables[key] = value

    def delete_global_variable(self, pipeline_uuid: str, key: str, **_kwargs: Any) -> None:
        """Remove a variable of a pipeline from its file."""
        self.host("set_variable", pipeline=pipeline_uuid, key=key, delete=True)
        if pipeline_uuid == self._context().pipeline:
            self._context().variables.pop(key, None)

    def get_secret_value(
        self, name: str, *_args: Any, pipeline_uuid: str | None = None, **_kwargs: Any
    ) -> Any:
        """Return a secret; what is published afterwards shows stars in its place.

        One that is nowhere is None, and a warning says so, as in Mage.
        """
        value = self.host("secret", name=name, pipeline_uuid=pipeline_uuid, required=False)
        if value is None:
            print(
                f"WARNING: There is no secret '{name}', and no environment variable of that name; "
                "add it (Secrets in the project's menu, or: mage-jlab secrets set)."
            )
            return None
        masking.hide(value)
        return value

    # ---- other pipelines ---------------------------------------------------

    def trigger_pipeline(
        self,
        pipeline_uuid: str,
        repo_path: str | None = None,
        variables: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> Any:
        """Start a run of another pipeline; with ``check_status`` wait for its end.

        Raises:
            BadRequest: when an option is not known.
            HostError: when the run failed and ``error_on_failure`` is set, or time is up.
        """
        unknown = set(options) - _TRIGGER_OPTIONS
        if unknown:
            raise BadRequest(f"trigger_pipeline has no option '{sorted(unknown)[0]}'.")
        wait = bool(options.get("check_status"))
        given = _plain(variables)
        if options.get("remote_blocks"):
            given["remote_blocks"] = [
                asdict(item) if isinstance(item, RemoteBlock) else dict(item)
                for item in options["remote_blocks"]
            ]
        said = self.host(
            "trigger_pipeline",
            None if wait else 60,
            pipeline=pipeline_uuid,
            variables=given,
            check_status=wait,
            error_on_failure=bool(options.get("error_on_failure")),
            poll_timeout=options.get("poll_timeout"),
            schedule_name=options.get("schedule_name"),
            repo_path=repo_path,
        )
        run = PipelineRun(said)
        if options.get("verbose", True):
            state = f" {run.state}" if run.state else ""
            print(f"Pipeline '{pipeline_uuid}': run {run.id}{state}.")
        if options.get("return_remote_blocks"):
            blocks = self.host("blocks", pipeline=pipeline_uuid)
            remote = [RemoteBlock(block, run.id, pipeline_uuid, repo_path) for block in blocks]
            return [{"remote_blocks": remote}]
        return run

    def run_pipeline(
        self,
        pipeline_uuid: str,
        project_path: str | None = None,
        block_uuid: str | None = None,
        run_sensors: bool = True,
        **variables: Any,
    ) -> Any:
        """Run a pipeline and wait for its end (``mage_ai.run``).

        Raises:
            BadRequest: when only a block is asked for.
        """
        if block_uuid is not None:
            raise BadRequest(
                "mage_ai.run of a single block is not there; make a pipeline of that block, or "
                "run it with: mage-jlab run PROJECT PIPELINE --block BLOCK."
            )
        return self.trigger_pipeline(
            pipeline_uuid, project_path, variables, check_status=True, error_on_failure=True
        )

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
            StepFailed: when that run (or that block in it) failed or was cancelled.
        """
        said = self.host(
            "run_state",
            pipeline=pipeline_uuid,
            execution_date=getattr(execution_date, "isoformat", lambda: execution_date)(),
            block_uuid=block_uuid,
            hours=hours,
            repo_path=repo_path,
        )
        if not said:
            return False
        state = said.get("block_state") if block_uuid else said.get("state")
        failed = state in ("failed", "cancelled") if block_uuid else said.get("failed")
        if failed:
            what = f"Block '{block_uuid}' in run" if block_uuid else "Run"
            raise StepFailed(
                f"{what} {said.get('id')} of pipeline '{pipeline_uuid}' ended as {state}."
            )
        return bool(state == "completed" if block_uuid else said.get("completed"))


@dataclass
class RemoteBlock:
    """A block's outputs in a run, read when asked for."""

    block_uuid: str
    execution_partition: str | None = None
    pipeline_uuid: str | None = None
    repo_path: str | None = None

    @classmethod
    def load(cls, **given: Any) -> RemoteBlock:
        """Make one of a dictionary."""
        names = ("block_uuid", "execution_partition", "pipeline_uuid", "repo_path")
        return cls(**{name: given.get(name) for name in names})  # type: ignore[arg-type]

    def to_dict(self, **_kwargs: Any) -> dict[str, Any]:
        """Return a dictionary of it."""
        return asdict(self)

    def get_outputs(self, **_kwargs: Any) -> list[Any]:
        """Return the outputs."""
        calls = current[0]
        pipeline = self.pipeline_uuid or calls.pipeline
        return calls.outputs(pipeline, self.block_uuid, self.execution_partition)


def _plain(variables: Mapping[str, Any] | None) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(dict(variables or {}), default=str))
    return found
