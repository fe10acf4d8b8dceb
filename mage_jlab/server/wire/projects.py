"""The server itself, projects, their kernels, requirements and secrets."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from mage_jlab.server.wire.envelope import Name, Request
from mage_jlab.server.wire.pipelines import Problem


class Health(Struct):
    """Whether the parts live.

    `scheduler` is starting | running | standby | failed | stopped.
    `products_bytes` is what the stored outputs and logs take. Of every block the newest
    `products_keep` executions in notebooks stay, within `products_limit` bytes; of every pipeline
    the newest `runs_keep` runs, while none of their blocks takes more than `runs_limit` bytes.
    """

    version: str
    scheduler: str
    scheduler_message: str | None
    database: str
    active_runs: int
    products_bytes: int | None = None
    products_keep: int | None = None
    products_limit: int | None = None
    runs_keep: int | None = None
    runs_limit: int | None = None


class Project(Struct):
    """A project. `slug` is its id in URLs and drive paths; `id` its path below the root."""

    slug: str
    id: str
    name: str
    path: str
    pipelines: int
    problems: list[Problem] = []


class ProjectCreate(Request):
    """Make a project folder at `path`, relative to the server's root."""

    path: str
    example: bool = False


class KernelStart(Struct):
    """Code that, executed once in a kernel, makes it run blocks of a pipeline."""

    code: str
    key: str
    """Changes when the code or the pipeline changes."""


class Requirement(Struct):
    """One requirement of a project: state is met | missing | other_version | unknown."""

    requirement: str
    state: str
    installed: str | None = None


class Requirements(Struct):
    """A project's requirements against a kernel's environment."""

    kernel: str
    items: list[Requirement]
    install_command: str | None = None
    message: str | None = None


class SecretCreate(Request):
    """Keep a secret for a project, or for one pipeline of it (its id)."""

    name: Name
    value: Annotated[str, Meta(min_length=1)]
    pipeline: str | None = None
    replace: bool = False
    """Whether a secret of that name may be there already."""


class Secret(Struct):
    """What may be known of a secret: never its value."""

    name: str
    slug: str
    pipeline: str | None
    """None: for the whole project."""
    changed: datetime
