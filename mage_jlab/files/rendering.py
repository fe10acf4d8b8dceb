"""Jinja in a sandbox, for texts of a project; apart, because few of them have any."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.exceptions import SecurityError
from jinja2.sandbox import SandboxedEnvironment

from mage_jlab.errors import BadRequest

Functions = Mapping[str, Callable[..., Any]]

_SIMPLE = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Call, nodes.Name,
    nodes.Const, nodes.Keyword, nodes.Or, nodes.And, nodes.Filter,
)  # fmt: skip
_FILTERS = frozenset({"default", "d", "lower", "upper", "trim", "int", "string", "tojson"})


class _Environment(SandboxedEnvironment):
    """A sandbox in which a text cannot be made huge by multiplying."""

    intercepted_binops = frozenset({"*", "**"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        numbers = isinstance(left, int | float) and isinstance(right, int | float)
        if operator == "**" or not numbers:
            raise SecurityError(f"'{operator}' is not allowed in a template")
        return super().call_binop(context, operator, left, right)


def _environment() -> SandboxedEnvironment:
    """Return a sandbox that escapes nothing: the text is YAML, not HTML."""
    return _Environment(autoescape=False, keep_trailing_newline=True)


def render(text: str, known: Functions) -> str:
    """Fill in a template in a sandbox.

    Raises:
        BadRequest: when the template is wrong; the message says the line.
    """
    environment = _environment()
    try:
        return environment.from_string(text).render(dict(known))
    except jinja2.TemplateSyntaxError as error:
        raise BadRequest(
            f"Line {error.lineno} of the template: {error.message}", line=error.lineno
        ) from error
    except (jinja2.TemplateError, ValueError, TypeError, AttributeError, OverflowError) as error:
        raise BadRequest(f"The template cannot be filled in: {error}") from error


def render_simple(text: str, known: Functions) -> str:
    """Fill in a template that only fills in values; leave any other text as it is."""
    environment = _environment()
    try:
        tree = environment.parse(text)
        stack: list[nodes.Node] = [tree]
        while stack:
            node = stack.pop()
            if not isinstance(node, _SIMPLE):
                return text
            if isinstance(node, nodes.Call) and not isinstance(node.node, nodes.Name):
                return text
            if isinstance(node, nodes.Filter) and node.name not in _FILTERS:
                return text
            stack.extend(node.iter_child_nodes())
        return environment.from_string(text).render(known)
    except (jinja2.TemplateError, ValueError, TypeError, AttributeError, RecursionError):
        return text
