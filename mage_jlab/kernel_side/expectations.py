"""Extension blocks: expectations of Great Expectations about the output of a block.

The package is the user's: it is imported from the kernel's environment when a
block needs it. Tried with 0.18 and 1.x.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import json
import os
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mage_jlab.errors import NoFunction, StepFailed
from mage_jlab.io.drivers import package
from mage_jlab.kernel_side import decorators, inputs, modules
from mage_jlab.kernel_side.step import Step
from mage_jlab.products import cells

NAME = "great_expectations"
_PRIVATE = {"GX_ANALYTICS_ENABLED": "False", "GE_USAGE_STATS": "False"}
"""The package tells its makers of every use unless one of these says no."""


@dataclass(frozen=True)
class Attached:
    """An extension block that looks at a block's output: its name, text and settings."""

    block: str
    source: str
    filename: str
    configuration: Mapping[str, Any]


def attached(step: Step) -> list[Attached]:
    """Return the extension blocks that the request names for a step."""
    found = []
    for said in step.options.get("extensions") or ():
        block = str(said.get("uuid"))
        path = str(said.get("path") or f"extensions/{block}.py")
        found.append(
            Attached(
                block,
                str(said.get("source") or ""),
                str(step.context.root / path),
                dict(said.get("configuration") or {}),
            )
        )
    return found


def check(step: Step, shell: Any, values: Sequence[Any]) -> list[str]:
    """Check the outputs of a block against every extension block attached to it.

    Each expectation becomes a test of the step. Returns the lines of what
    failed, as tests do.

    Raises:
        StepFailed: when the package is missing or the data is no table.
        NoFunction: when an extension block has no function.
    """
    lines: list[str] = []
    for extension in attached(step):
        module = types.ModuleType(f"mage_extension_{extension.block.replace('/', '_')}")
        module.__dict__.update(modules.offered("extension"), __file__=extension.filename)
        tree = ast.parse(extension.source, extension.filename)
        modules.names.learn(tree)
        with decorators.collecting() as marked:
            exec(compile(tree, extension.filename, "exec", dont_inherit=True), module.__dict__)  # noqa: S102 - running the block is what this is for
        value = values[0] if len(values) == 1 else (list(values) or None)
        lines += _checked(step, extension.block, marked, {step.block: value})
    return lines


def run(step: Step, marked: Sequence[decorators.Marked], values: Sequence[Any]) -> list[str]:
    """Check what the upstream blocks left, when an extension block is run by itself."""
    if not step.upstream:
        raise StepFailed(
            f"Block '{step.block}' looks at no block yet; connect it to the block whose output "
            "it is to check.",
            block=step.block,
        )
    return _checked(step, step.block, marked, dict(zip(step.upstream, values)))


def _checked(
    step: Step, name: str, marked: Sequence[decorators.Marked], values: Mapping[str, Any]
) -> list[str]:
    functions = [item for item in marked if item.name == "extension"]
    if not functions:
        raise NoFunction(
            f"Block '{name}' is an extension but its code has no function with "
            f"@extension('{NAME}').",
            block=step.block,
        )
    found = functions[0]
    kind = found.arguments[0] if found.arguments else None
    if kind != NAME:
        raise StepFailed(
            f"Block '{name}' asks for the extension {kind!r}; the one there is "
            f"is @extension('{NAME}').",
            block=step.block,
        )
    gx = _package(step)
    validators = {
        block: _validator(gx, block, table(name, block, value)) for block, value in values.items()
    }
    for expected in found.options.get("expectations") or ():
        for validator in validators.values():
            _expect(name, validator, expected)
    _call(found.function, list(validators.values()), step)
    lines: list[str] = []
    for block, validator in validators.items():
        shown = name if len(validators) == 1 else f"{name} on {block}"
        lines += _noted(step, shown, validator.validate())
    return lines


def _package(step: Step) -> Any:
    for variable, value in _PRIVATE.items():
        os.environ.setdefault(variable, value)
    gx = package(NAME, NAME, f"Checking what block '{step.block}' left")
    if not hasattr(gx, "get_context"):
        raise StepFailed(
            f"great_expectations {getattr(gx, '__version__', '')} is too old; 0.18 is the oldest "
            "that mage-jlab knows.",
            block=step.block,
        )
    return gx


def _validator(gx: Any, block: str, frame: Any) -> Any:
    """Return a validator of a frame; nothing is written anywhere."""
    context = gx.get_context(mode="ephemeral")
    suite = f"expectations of {block}"
    if hasattr(context, "data_sources"):
        asset = context.data_sources.add_pandas(block).add_dataframe_asset(block)
        definition = asset.add_batch_definition_whole_dataframe("whole")
        request = definition.build_batch_request({"dataframe": frame})
        given = {"expectation_suite": gx.ExpectationSuite(name=suite)}
    else:
        asset = context.sources.add_pandas(block).add_dataframe_asset(block)
        request = asset.build_batch_request(dataframe=frame)
        given = {"create_expectation_suite_with_name": suite}
    validator = context.get_validator(batch_request=request, **given)
    with contextlib.suppress(AttributeError):
        validator.metrics_calculator.show_progress_bars = False  # it would fill the log
    return validator


def table(name: str, block: str, value: Any) -> Any:
    """Return a block's output as the pandas frame that is checked.

    Raises:
        StepFailed: when it is no table.
    """
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if type(value).__module__.partition(".")[0] == "pandas" and hasattr(value, "columns"):
        return value
    if hasattr(value, "to_pandas"):  # polars, Arrow
        return value.to_pandas()
    try:
        pd = importlib.import_module("pandas")
        if isinstance(value, dict):
            return pd.DataFrame([value])
        if isinstance(value, list):
            return pd.DataFrame(value)
    except (ImportError, ValueError, TypeError):
        pass
    raise StepFailed(
        f"Extension block '{name}' checks tables, but block '{block}' left "
        f"{'nothing' if value is None else f'a {type(value).__name__}'}.",
        block=block,
    )


def _expect(name: str, validator: Any, said: Any) -> None:
    """Add an expectation that is written as data: its type and its arguments."""
    kind = said.get("expectation_type", said.get("type")) if isinstance(said, Mapping) else None
    if not isinstance(kind, str):
        raise StepFailed(
            f"An expectation of block '{name}' is no dictionary with `expectation_type` and "
            "`kwargs`.",
            block=name,
        )
    getattr(validator, kind)(**(said.get("kwargs") or {}))


def _call(function: Callable[..., Any], validators: list[Any], step: Step) -> None:
    names, star, keyword = inputs.parameters(function)
    given = validators if star else validators[: len(names)]
    function(*given, **(inputs.keyword_arguments(step) if keyword else {}))


def _noted(step: Step, name: str, result: Any) -> list[str]:
    """Note every expectation as a test; return the lines of those that failed."""
    lines = []
    for item in result.results:
        title = f"{name}: {_title(item.expectation_config)}"
        message = None if item.success else _message(item)
        step.tests.append({"name": title, "passed": bool(item.success), "message": message})
        if message is not None:
            lines.append(f"{title}: {message}")
    return lines


def _title(config: Any) -> str:
    kind = getattr(config, "expectation_type", None) or getattr(config, "type", "expectation")
    said = {key: value for key, value in dict(config.kwargs).items() if key != "batch_id"}
    words = ", ".join(f"{key}={cells.text(_short(value), 80)}" for key, value in said.items())
    return f"{kind}({words})"


def _short(value: Any) -> str:
    return json.dumps(value, default=str, ensure_ascii=False)


def _message(item: Any) -> str:
    raised = item.exception_info or {}
    if raised.get("raised_exception"):
        return cells.text(str(raised.get("exception_message")), 500)
    found = item.result or {}
    parts = []
    if found.get("unexpected_count"):
        share = found.get("unexpected_percent")
        of = f" of {found['element_count']:,}" if found.get("element_count") else ""
        parts.append(f"{found['unexpected_count']:,}{of} values are not as expected")
        if share is not None:
            parts[-1] += f" ({share:.3g} %)"
        some = [cells.text(str(value), 40) for value in found.get("partial_unexpected_list", ())]
        if some:
            parts.append(f"among them {', '.join(dict.fromkeys(some[:5]))}")
    if found.get("observed_value") is not None:
        parts.append(f"found {cells.text(_short(found['observed_value']), 200)}")
    return "; ".join(parts) or "it is not as expected"
