"""Filling in the templates of a SQL block: variables, environment, secrets, outputs of blocks."""

from __future__ import annotations

import datetime
import importlib
import json
import math
import os
import re
from collections.abc import Mapping
from typing import Any

from mage_jlab.errors import HostError, StepFailed
from mage_jlab.kernel_side import inputs, masking
from mage_jlab.kernel_side.step import Step
from mage_jlab.kernel_side.wire import HostChannel

_BLOCK_OUTPUT = re.compile(r"\{\{\s*(block_output\([^{}]*\))\s*\}\}")
_SIMPLE = re.compile(r"\{\{(.*?)\}\}", re.S)


def names(step: Step) -> dict[str, Any]:
    """Return what a template of a block may say."""
    return known(inputs.keyword_arguments(step), os.environ, step.context.channel)


def known(
    given: Mapping[str, Any], environment: Mapping[str, str], channel: HostChannel | None
) -> dict[str, Any]:
    """Return what a template may say: every variable by its name, and Mage's functions."""
    variables = dict(given)
    moment = variables.get("execution_date")
    if isinstance(moment, datetime.datetime):
        variables["ds"] = moment.strftime("%Y-%m-%d")

    def secret(name: str, **_kwargs: Any) -> Any:
        if channel is None:
            raise HostError(f"The secret '{name}' can only be read through the mage-jlab engine.")
        value = channel.call("secret", name=name)
        masking.hide(value)
        return value

    def other_secret(name: str, *_args: Any, **_kwargs: Any) -> Any:
        raise HostError(
            f"The secret '{name}' of a cloud's secret manager cannot be read yet; use "
            "mage_secret_var or env_var."
        )

    def variable(name: str, parse: Any = None) -> Any:
        value = variables.get(name)
        return parse(value) if parse else value

    def json_value(text: str, key: str) -> Any:
        found: Any = json.loads(text)
        for part in key.split("."):
            found = found.get(part) if isinstance(found, dict) else None
        return found

    libraries = {"datetime": datetime, "json": json, "math": math}
    return {
        **libraries,
        **variables,
        "variables": variable,
        "env_var": lambda name, default=None: environment.get(name, default),
        "mage_secret_var": secret,
        "aws_secret_var": other_secret,
        "azure_secret_var": other_secret,
        "json_value": json_value,
    }


def fill(step: Step, text: str, values: dict[str, Any] | None = None) -> str:
    """Return the text with its templates filled in.

    Raises:
        StepFailed: when a template is wrong or says a name that is not there.
    """
    if not _templates(text):
        return text
    said = names(step)
    return fill_in(step.block, fill_outputs(step, text, values, said), said)


def _templates(text: str) -> bool:
    return "{{" in text or "{%" in text


def fill_outputs(step: Step, text: str, values: dict[str, Any] | None, said: dict[str, Any]) -> str:
    """Put the outputs of blocks for ``{{ block_output(…) }}``, which only this kernel can read.

    Raises:
        StepFailed: when that cannot be done.
    """
    if not _BLOCK_OUTPUT.search(text):
        return text
    try:
        with_outputs = {**said, "block_output": _outputs(step, values, said)}
        return _BLOCK_OUTPUT.sub(lambda match: str(_evaluate(match[1], with_outputs)), text)
    except Exception as error:
        raise _wrong(step.block, error) from error


def fill_in(block: str, text: str, said: dict[str, Any]) -> str:
    """Return a text with its other templates filled in.

    Raises:
        StepFailed: when a template is wrong or says a name that is not there.
    """
    if not _templates(text):
        return text
    try:
        return _jinja(text, said)
    except Exception as error:
        raise _wrong(block, error) from error


def _wrong(block: str, error: Exception) -> StepFailed:
    if isinstance(error, StepFailed):
        return error
    line = getattr(error, "lineno", None)
    return StepFailed(
        f"A template in the SQL of block '{block}' cannot be filled in: "
        f"{type(error).__name__}: {error}",
        block=block,
        line=line if isinstance(line, int) else _template_line(error),
    )


def _template_line(error: BaseException) -> int | None:
    """Return the line of a template in which an error happened, as jinja2 tells it."""
    found, traceback = None, error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == "<template>":
            found = traceback.tb_lineno
        traceback = traceback.tb_next
    return found


def _jinja(text: str, known: dict[str, Any]) -> str:
    try:
        jinja2 = importlib.import_module("jinja2")
    except ImportError:
        # Simple templates are expressions of Python, too.
        if "{%" in text or "{#" in text:
            raise ImportError(
                "this template needs the package jinja2 in the kernel's environment"
            ) from None
        return _SIMPLE.sub(lambda match: str(_evaluate(match[1], known)), text)
    template = jinja2.Template(text, undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
    return str(template.render(known))


def _evaluate(expression: str, known: dict[str, Any]) -> Any:
    return eval(expression.strip(), dict(known))  # noqa: S307 - the user's own block


def _outputs(step: Step, values: dict[str, Any] | None, known: dict[str, Any]) -> Any:
    """Return Mage's ``block_output``: a block's output, or what a function makes of it."""

    def block_output(block_uuid: str | None = None, parse: Any = None) -> Any:
        nonlocal values
        if values is None:
            loaded = inputs.load(step)
            values = dict(zip(step.upstream, loaded))
        if block_uuid is not None:
            if block_uuid not in values:
                raise KeyError(f"'{block_uuid}' is no upstream block of '{step.block}'")
            data: Any = values[block_uuid]
        else:
            data = [_records(value) for value in values.values()]
        return parse(data, known) if parse else data

    return block_output


def _records(value: Any) -> Any:
    if type(value).__name__ == "DataFrame" and hasattr(value, "to_dict"):
        return value.to_dict(orient="records")
    return value
