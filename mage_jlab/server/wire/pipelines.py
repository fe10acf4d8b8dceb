"""Pipelines and blocks: what is in the files, and changes to it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType

from mage_jlab.server.wire.envelope import Name, Request, Seconds

BlockLanguage = str

Severity = Literal["error", "warning", "info"]


class Problem(Struct):
    """One thing that is wrong or odd in a project."""

    severity: Severity
    message: str
    pipeline: str | None = None
    block: str | None = None
    file: str | None = None
    line: int | None = None


class PipelineSummary(Struct):
    """A pipeline in a list. `path` opens its notebook: ``mage:<project>/<pipeline>.ipynb``."""

    project: str
    slug: str
    id: str
    name: str
    type: str
    path: str
    blocks: int
    tags: list[str]
    description: str | None = None
    state: str | None = None
    last_run: str | None = None
    last_run_at: datetime | None = None
    next_fire: datetime | None = None
    problem: Problem | None = None


class OutputSummary(Struct):
    """One output of a step, in short."""

    name: str
    kind: str
    rows: int | None = None
    columns: int | None = None
    bytes: int | None = None


class Block(Struct):
    """A block of a pipeline. `source` is None when its file is missing or it has none."""

    slug: str
    id: str
    name: str
    type: str
    language: str
    role: str
    upstream: list[str]
    downstream: list[str]
    path: str | None
    source: str | None
    configuration: dict[str, Any]
    retry_config: dict[str, Any] | None = None
    timeout: float | None = None
    executor_type: str | None = None
    executor_config: dict[str, Any] | None = None
    color: str | None = None
    kernel: str | None = None
    used_in: list[str] = []
    """Other pipelines of the project that use the same file."""


class Pipeline(Struct):
    """A pipeline in full. `etag` goes into `If-Match` of a change."""

    project: str
    slug: str
    id: str
    name: str
    type: str
    path: str
    etag: str
    description: str | None
    tags: list[str]
    variables: dict[str, Any]
    kernel: str | None
    blocks: list[Block]
    problems: list[Problem]
    executor_type: str | None = None
    retry_config: dict[str, Any] | None = None
    concurrency: dict[str, Any] = {}


class PipelineCreate(Request):
    """Make a pipeline; `copy_of` (an id) duplicates one, `template` is one of the project."""

    name: Name
    type: str = "python"
    description: str | None = None
    copy_of: str | None = None
    template: str | None = None


class PipelineChange(Request):
    """Change a pipeline; a new `name` renames its folder too."""

    name: Name | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    tags: list[str] | UnsetType = UNSET
    variables: dict[str, Any] | UnsetType = UNSET
    kernel: str | UnsetType | None = UNSET
    executor_type: str | UnsetType | None = UNSET
    retry_config: dict[str, Any] | UnsetType | None = UNSET
    concurrency: dict[str, Any] | UnsetType = UNSET
    order: list[str] | UnsetType = UNSET
    """Ids of all entries of `blocks` in their new order."""


class BlockCreate(Request):
    """Add a block.

    `source` wins over `template`; `after` is a block id; `existing` (a path
    relative to the project) uses a file that is there already. `replica_of` runs the code of
    another block under a name, with inputs and settings, of its own.
    """

    name: Name
    type: str
    language: str = "python"
    template: str | None = None
    source: str | None = None
    existing: str | None = None
    upstream: list[str] = []
    after: str | None = None
    copy_of: str | None = None
    replica_of: str | None = None
    configuration: dict[str, Any] = {}


class BlockChange(Request):
    """Change a block; a new `name` renames its file in every pipeline that uses it."""

    name: Name | UnsetType = UNSET
    upstream: list[str] | UnsetType = UNSET
    configuration: dict[str, Any] | UnsetType = UNSET
    retry_config: dict[str, Any] | UnsetType | None = UNSET
    timeout: Seconds | UnsetType | None = UNSET
    executor_type: str | UnsetType | None = UNSET
    executor_config: dict[str, Any] | UnsetType | None = UNSET
    color: str | UnsetType | None = UNSET
    source: str | UnsetType = UNSET
    language: str | UnsetType = UNSET


class DbtModel(Struct):
    """A model or snapshot of a dbt project; paths are relative to `dbt/`.

    `upstream` are the models it refers to, `sources` the tables of blocks it reads, called
    `<pipeline>_<block>`.
    """

    project: str
    path: str
    name: str
    kind: str
    upstream: list[str]
    sources: list[str]
