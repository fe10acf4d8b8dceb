"""Mage's decorators: they note the function for the block that is being executed.

The same functions are put into the block's module (for files that import them
guarded or not at all) and given out by ``mage_ai.data_preparation.decorators``
(for files that import them unguarded). Outside a block they do nothing.
"""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

NAMES = (
    "data_loader", "transformer", "data_exporter", "custom", "sensor", "condition", "callback",
    "on_success", "on_failure", "extension", "hook", "test", "preprocesser",
    "streaming_source", "streaming_sink",
    "data_source", "configuration", "render", "columns", "x", "y", "xy",
)  # fmt: skip
ALWAYS = (
    "data_loader", "transformer", "data_exporter", "custom", "sensor", "condition", "callback",
    "on_success", "on_failure", "test", "preprocesser",
)  # fmt: skip
"""Names that are there without an import. The others are words of everyday code."""
CHART = ("data_source", "configuration", "render", "columns", "x", "y", "xy")


@dataclass
class Marked:
    """A decorated function, and what was given to the decorator."""

    name: str
    function: Callable[..., Any]
    arguments: tuple[Any, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)


_registry: contextvars.ContextVar[list[Marked] | None] = contextvars.ContextVar(
    "mage_decorated", default=None
)


@contextmanager
def collecting() -> Iterator[list[Marked]]:
    """Collect the functions that are decorated inside."""
    found: list[Marked] = []
    token = _registry.set(found)
    try:
        yield found
    finally:
        _registry.reset(token)


def _note(
    name: str, function: Callable[..., Any], arguments: tuple[Any, ...], options: dict[str, Any]
) -> Any:
    registry = _registry.get()
    if registry is not None:
        registry.append(Marked(name, function, arguments, options))
    return function


def make(name: str) -> Callable[..., Any]:
    """Return the decorator of that name; it works with and without arguments."""

    def decorate(*args: Any, **kwargs: Any) -> Any:
        if len(args) == 1 and not kwargs and callable(args[0]):
            return _note(name, args[0], (), {})

        def mark(function: Callable[..., Any]) -> Any:
            return _note(name, function, args, kwargs)

        return mark

    decorate.__name__ = decorate.__qualname__ = name
    decorate.__doc__ = f"Mark the function as the block's {name}."
    return decorate


BY_NAME = {name: make(name) for name in NAMES}


def of_type(type_: str) -> str:
    """Return the decorator that a block of a type needs."""
    return {"conditional": "condition"}.get(type_, type_)
