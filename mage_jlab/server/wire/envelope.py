"""What every answer and request has in common: pages, failures, strict bodies."""

from __future__ import annotations

from typing import Annotated, Any, Generic, Literal, TypeVar

from msgspec import Meta, Struct

T = TypeVar("T")

Direction = Literal["asc", "desc"]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
Seconds = Annotated[float, Meta(ge=0, le=31_536_000)]


class Request(Struct, forbid_unknown_fields=True):
    """A request body: unknown fields are refused, so typing errors are seen."""


class Failure(Struct, omit_defaults=True):
    """What is wrong, in one sentence; its name; plain data that belongs to it."""

    message: str
    reason: str | None = None
    detail: dict[str, Any] | None = None


class Page(Struct, Generic[T]):
    """Some items, and the cursor of the next ones when there are more."""

    items: list[T]
    next: str | None = None
