"""Filling in the templates of a SQL block: variables, environment, secrets, outputs of blocks."""

from __future__ import annotations

import datetime
import importlib
import json
import math
import os
import re
from typing import Any

from mage_jlab.errors import HostError, StepFailed
from mage_jlab.kernel_side import inputs, masking
from mage_jlab.kernel_side.step import Step

_BLOCK_OUTPUT = re.compile(r"\{\{\s*(block_output\([^{}]*\))\s*\}\}")
_SIMPLE = re.compile(r"\{\{(.*?)\}\}", re.S)


def names(step: Step) -> dict[str, Any]:
    """Return what a template may say: every variable by its name, and Mage's functions."""
    variables = inputs.keyword_arguments(step)
    moment = variables.get("execution_date")
    if isinstance(moment, datetime.datetime):
        variables["ds"] = moment.strftime("%Y-%m-%d")

    def secret(name: str, **_kwargs: Any) -> Any:
        if step.context.channel is None:
            raise HostError(f"The secret '{name}' can only be read through the mage-jlab engine.")
        value = step.context.channel.call("secret", name=name)
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
        "env_var": lambda name, default=None: os.environ.get(name, default),
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
    if "{{" not in text and "{%" not in text:
        return text
    known = names(step)
    try:
        with_outputs = {**known, "block_output": _outputs(step, values, known)}
        text = _BLOCK_OUTPUT.sub(lambda match: str(_evaluate(match[1], with_outputs)), text)
        return _jinja(text, known)
    except StepFailed:
        raise
    except Exception as error:
        raise StepFailed(
            f"A template in the SQL of block '{step.block}' cannot be filled in: "
            f"{type(error).__name__}: {error}",
            block=step.block,
        ) from error


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
