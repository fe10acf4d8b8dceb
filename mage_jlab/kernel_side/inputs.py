"""What a block's function is called with: inputs of upstream blocks, variables."""

from __future__ import annotations

import datetime
import inspect
import logging
import sys
from collections.abc import Callable, Sequence
from typing import Any

from mage_jlab.errors import BadRequest, MissingInput, WrongArguments
from mage_jlab.kernel_side import dynamic, mage_outputs, spark
from mage_jlab.kernel_side.event_loop import awaited
from mage_jlab.kernel_side.held import held
from mage_jlab.kernel_side.mage_calls import Calls, this_run
from mage_jlab.kernel_side.step import Context, Step
from mage_jlab.products import execution

_VAR = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def load(step: Step, upstream: Sequence[str] | None = None) -> list[Any]:
    """Return one input per upstream block, in order: value, list of values, or [].

    Raises:
        MissingInput: when an upstream block has no stored output.
    """
    versions = step.options.get("inputs") or {}
    scope = str(step.options.get("inputs_scope") or step.context.scope)
    told = dynamic.said(step).get("inputs") or {}
    result = []
    for block in step.upstream if upstream is None else upstream:
        if block in told:
            result.append(dynamic.reader.value(step, told[block]))
            continue
        try:
            values = values_of(step.context, scope, block, versions.get(block))
        except MissingInput:
            found = left_by_mage(step, block)
            if found is None:
                raise MissingInput(
                    f"Block '{step.block}' needs the output of block '{block}', which has none "
                    f"yet; run '{block}' first.",
                    block=step.block,
                    upstream=block,
                ) from None
            values = found
        result.append(values[0] if len(values) == 1 else values)
    return result


def left_by_mage(step: Step, block: str) -> list[Any] | None:
    """Return what Mage's own notebook left of a block; a run takes only what it made itself."""
    if not step.context.interactive:
        return None
    context = step.context
    path = mage_outputs.find(context.mage_data, context.pipeline, block)
    if path is None:
        return None
    moment = f"{mage_outputs.written(path):%Y-%m-%d %H:%M} UTC"
    print(f"'{block}' has not run here yet; its output of {moment} comes from Mage.")
    return mage_outputs.values(context.mage_data, context.pipeline, block)


def values_of(context: Context, scope: str, block: str, version: str | None = None) -> list[Any]:
    """Return what a block left, from this kernel's memory when it is there.

    Raises:
        MissingInput: when it left nothing.
    """
    entry = held.find((context.pipeline, scope, block), version)
    if entry is not None:
        return entry.values()
    return execution.read_values(context.store, context.pipeline, scope, block, version)


def release(step: Step) -> None:
    """Let go of what no later step of the run wants; a notebook's kernel has a limit instead."""
    wanted = step.options.get("keep")
    if isinstance(wanted, list):
        held.retain(step.context.pipeline, step.context.scope, wanted)


def own_outputs(step: Step) -> tuple[list[Any], str]:
    """Return the stored outputs of the block itself, and their version.

    Raises:
        MissingInput: when there are none.
    """
    scope = str(step.options.get("inputs_scope") or step.context.scope)
    version = step.options.get("version")
    folder = execution.find(step.context.store, step.context.pipeline, scope, step.block, version)
    if folder is None:
        raise MissingInput(
            f"Block '{step.block}' has no stored output to test; run the block first.",
            block=step.block,
        )
    values = execution.read_values(
        step.context.store, step.context.pipeline, scope, step.block, folder.name
    )
    return values, folder.name


def call(function: Callable[..., Any], inputs: Sequence[Any], step: Step) -> Any:
    """Call a block's function as Mage does.

    Raises:
        WrongArguments: when it does not take that many inputs.
    """
    names, positional, keyword = parameters(function)
    check(step, function, names, len(inputs), star=positional)
    if not keyword:
        return awaited(function(*inputs))
    arguments = keyword_arguments(step)
    result = awaited(function(*inputs, **arguments))
    spark.learn(step, arguments["context"])
    return result


def check(
    step: Step, function: Callable[..., Any], names: list[str], inputs: int, *, star: bool
) -> None:
    """Compare the parameters of a function with the number of inputs.

    Raises:
        WrongArguments: when they do not fit; parameters with defaults count.
    """
    wanted = len(names)
    title = f"The function '{getattr(function, '__name__', '?')}' of block '{step.block}'"
    takes = f"takes {wanted} input{'' if wanted == 1 else 's'} ({', '.join(names) or 'none'})"
    has = f"the block has {inputs} upstream block{'' if inputs == 1 else 's'}"
    if wanted > inputs:
        raise WrongArguments(
            f"{title} {takes} but {has}; connect {wanted - inputs} more upstream "
            f"block{'' if wanted - inputs == 1 else 's'} or remove parameters. Variables arrive "
            "in **kwargs, not as named parameters.",
            block=step.block, parameters=wanted, inputs=inputs,
        )  # fmt: skip
    if wanted < inputs and not star:
        raise WrongArguments(
            f"{title} {takes} but {has}; add *args to the function, a parameter for each "
            "input, or disconnect upstream blocks.",
            block=step.block, parameters=wanted, inputs=inputs,
        )  # fmt: skip


def parameters(function: Callable[..., Any]) -> tuple[list[str], bool, bool]:
    """Return the names that take inputs, and whether there are *args and **kwargs."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return [], True, False
    names = [
        item.name
        for item in parameters
        if item.kind not in _VAR
        and not (item.kind is item.KEYWORD_ONLY and item.default is not item.empty)
    ]
    return (
        names,
        any(item.kind is item.VAR_POSITIONAL for item in parameters),
        any(item.kind is item.VAR_KEYWORD for item in parameters),
    )


def call_sensor(function: Callable[..., Any], inputs: Sequence[Any], step: Step) -> Any:
    """Call a sensor: variables only with **kwargs, inputs only with *args too."""
    _, positional, keyword = parameters(function)
    if not keyword:
        return awaited(function())
    return awaited(function(*(inputs if positional else ()), **keyword_arguments(step)))


def call_test(function: Callable[..., Any], outputs: Sequence[Any], step: Step) -> Any:
    """Call a test with all outputs; one that left none is tested as None."""
    names, _, keyword = parameters(function)
    arguments = list(outputs) or ([None] if names else [])
    if keyword:
        return awaited(function(*arguments, **keyword_arguments(step)))
    return awaited(function(*arguments))


def call_attached(
    function: Callable[..., Any], inputs: dict[str, Any], step: Step, extra: dict[str, Any]
) -> Any:
    """Call a callback: inputs positionally, or in ``__input`` when it takes none."""
    names, positional, keyword = parameters(function)
    given = list(inputs.values())[: None if positional else len(names)]
    if not keyword:
        return awaited(function(*given))
    arguments = {**keyword_arguments(step), **extra}
    if not names and not positional:
        numbered = {f"df_{number}": value for number, value in enumerate(inputs.values(), 1)}
        return awaited(function(**{**arguments, "__input": {**inputs, **numbered}}))
    return awaited(
        function(*list(inputs.values())[: None if positional else len(names)], **arguments)
    )


def keyword_arguments(step: Step) -> dict[str, Any]:
    """Return what arrives in **kwargs: variables of every level, then Mage's own names."""
    context, options = step.context, step.options
    event = dict(context.trigger.get("event") or {})
    variables = {**context.variables, **dict(options.get("variables") or {})}
    moment = _moment(options.get("execution_date") or context.execution_date)
    result: dict[str, Any] = {
        **{key: value for key, value in event.items() if key not in variables},
        **variables,
        "env": context.env,
        "event": event,
        "execution_date": moment,
        "pipeline_uuid": context.pipeline,
        "block_uuid": step.block,
        "repo_path": str(context.root),
        "configuration": attached(step).get("configuration", step.configuration),
        "context": shared(step),
        "logger": logger(step),
        **_intervals(context.trigger, moment, interactive=context.interactive),
    }
    if not context.interactive:
        run = context.run or {}
        result.update(
            ds=moment.strftime("%Y-%m-%d"),
            hr=moment.strftime("%H"),
            execution_partition=run.get("partition") or f"{run.get('id')}/{_stamp(moment)}",
            pipeline_run_id=run.get("id"),
            trigger_name=context.trigger.get("name"),
            retry={"attempts": int(options.get("attempt") or 0)},
        )
    if isinstance(variables.get("remote_blocks"), list):
        result["remote_blocks"] = _remote(context, variables["remote_blocks"])
    host = attached(step).get("block")
    if host:
        result.update(parent_block_uuid=str(host), pipeline_run=this_run(context))
    result.update(spark.keywords(step))
    result.update(dynamic.keywords(step))
    return result


def _remote(context: Context, said: Sequence[Any]) -> list[Any]:
    """Return the outputs of blocks of other runs, as ``trigger_pipeline`` was told to hand on."""
    calls = Calls(lambda: context)
    return [
        calls.outputs(
            str(item.get("pipeline_uuid") or context.pipeline), str(item.get("block_uuid")),
            item.get("execution_partition"),
        )
        if isinstance(item, dict) else item
        for item in said
    ]  # fmt: skip


def shared(step: Step) -> dict[str, Any]:
    """Return ``context``: that of the block in its run; its conditions and callbacks have it, too.

    It is that of all blocks of the run when they share one process.
    """
    if step.context.interactive:
        return step.shared
    name = "" if step.context.one_process else str(attached(step).get("step") or step.block)
    return step.context.shared.setdefault(name, {})


def attached(step: Step) -> dict[str, Any]:
    """Return what is said of the block that a condition or callback belongs to, when it acts."""
    return dict(step.options.get("attached") or {})


def _stamp(moment: datetime.datetime) -> str:
    return moment.strftime("%Y%m%dT%H%M%S")


def _intervals(
    trigger: dict[str, Any], moment: datetime.datetime, *, interactive: bool
) -> dict[str, Any]:
    """Return the interval of the trigger; by hand it is the day that begins now."""
    if interactive and "interval_start" not in trigger:
        day = datetime.timedelta(days=1)
        start, end, before = moment, moment + day, moment - day
        return {
            "interval_start_datetime": start,
            "interval_end_datetime": end,
            "interval_seconds": day.total_seconds(),
            "interval_start_datetime_previous": before,
        }
    if "interval_start" not in trigger:
        return {}
    return {
        "interval_start_datetime": _optional(trigger.get("interval_start")),
        "interval_end_datetime": _optional(trigger.get("interval_end")),
        "interval_seconds": trigger.get("interval_seconds"),
        "interval_start_datetime_previous": _optional(trigger.get("interval_start_previous")),
    }


def _optional(text: Any) -> datetime.datetime | None:
    return _moment(text) if text else None


def _moment(text: Any) -> datetime.datetime:
    """Return a moment in UTC without a zone: what code is used to compare with in Mage."""
    if not text:
        return datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    try:
        found = datetime.datetime.fromisoformat(str(text).replace("Z", "+00:00"))
    except ValueError:
        raise BadRequest(f"'{text}' is no date and time in ISO 8601.") from None
    return found.astimezone(datetime.timezone.utc).replace(tzinfo=None) if found.tzinfo else found


class BlockLogger(logging.Logger):
    """A standard logger that also takes tags: ``logger.info('done', rows=10)``."""

    def _log(
        self,
        level: int,
        msg: object,
        args: Any,
        exc_info: Any = None,
        extra: Any = None,
        stack_info: bool = False,
        stacklevel: int = 1,
        **tags: Any,
    ) -> None:
        if tags:
            msg = f"{msg} " + " ".join(f"{key}={value!r}" for key, value in tags.items())
        super()._log(level, msg, args, exc_info, extra, stack_info, stacklevel)


class _Printed(logging.Handler):
    """Writes to the block's output; in a run to one stream, for two would lose their order."""

    def __init__(self, *, apart: bool) -> None:
        super().__init__()
        self._apart = apart

    def emit(self, record: logging.LogRecord) -> None:
        grave = self._apart and record.levelno >= logging.WARNING
        (sys.stderr if grave else sys.stdout).write(self.format(record) + "\n")


def logger(step: Step) -> logging.Logger:
    """Return the logger of a block: it writes to the block's output, level by level."""
    result = BlockLogger(f"mage.{step.block}", logging.DEBUG)
    handler = _Printed(apart=step.context.interactive)
    handler.setFormatter(
        logging.Formatter("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S")
    )
    result.addHandler(handler)
    return result
