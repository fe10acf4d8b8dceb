"""A value on its way to the next block of the same kernel, without the detour over the disk.

What is kept never changes any more: it is immutable, or nobody else has it, or
whoever changes it gets a copy of its own. `fresh` gives it to a block, in the
form in which the store would give it back.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from mage_jlab.model.product import Column, Output
from mage_jlab.products.formats.target import Target

_PLAIN = frozenset({type(None), bool, int, float, str, bytes})
_DEPTH = 20
_PROBE = [object()]
_ALONE = sys.getrefcount(_PROBE[0])
"""What an object counts that only a list holds."""


@dataclass(frozen=True)
class Kept:
    """One output. `table` says that it may be written while the next block runs."""

    value: Any
    fresh: Callable[[], Any]
    bytes: int = 0
    table: bool = False
    rows: int | None = None
    columns: int | None = None


class Built(Protocol):
    """A table in the form in which it is stored, not written yet."""

    rows: int

    @property
    def columns(self) -> list[Column]:
        """Describe the columns."""

    def first(self, rows: int, width: int) -> list[list[Any]]:
        """Return the first values of the first columns, as the stored file has them."""

    def describe(self, target: Target) -> Output:
        """Say what is, or will be, stored."""

    def write(self, target: Target) -> Output:
        """Store it."""


def plain(value: Any, depth: int = 0) -> Kept | None:
    """Keep scalars, texts, bytes, and tuples of such."""
    if not _immutable(value, depth):
        return None
    return Kept(value, lambda: value, sys.getsizeof(value))


def _immutable(value: Any, depth: int) -> bool:
    if type(value) is tuple:
        return depth < _DEPTH and all(_immutable(item, depth + 1) for item in value)
    return type(value) in _PLAIN


def alone(holder: list[Any], number: int) -> bool:
    """Whether an object is held by a list and by nobody else."""
    return sys.getrefcount(holder[number]) <= _ALONE
