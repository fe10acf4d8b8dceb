"""A data product: one stored output of one block, with its manifest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

TABLE = "table"
JSON = "json"
TEXT = "text"
IMAGE = "image"
MEDIA = "media"
PICKLE = "pickle"

INTERACTIVE = "interactive"
"""Scope of the outputs of notebook runs; any other scope is a run id."""


@dataclass(frozen=True)
class Column:
    """A column of a table: its name, its type as Arrow writes it, its nulls."""

    name: str
    type: str
    nulls: int | None = None


@dataclass(frozen=True)
class Output:
    """One output of a block, as the manifest records it.

    `files` are relative to the version's folder. `type` is the dotted Python
    type of the value (``pandas.core.frame.DataFrame``); `kind` how it is stored.
    """

    name: str
    kind: str
    type: str
    format: str
    files: tuple[str, ...]
    bytes: int = 0
    rows: int | None = None
    columns: tuple[Column, ...] = ()
    sha256: str | None = None
    media_type: str | None = None
    preview: str | None = None
    """A short text form, for lists and for what is never opened (pickles)."""
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Manifest:
    """What one execution of a block left. Written last: present = complete."""

    version: str
    project: str
    pipeline: str
    block: str
    scope: str
    created: str
    """ISO 8601, UTC."""
    duration: float
    code_hash: str
    outputs: tuple[Output, ...]
    partition: str | None = None
    python: str | None = None
    kernel: str | None = None
