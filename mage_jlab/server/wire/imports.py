"""Mage triggers and notebooks that are taken over."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from mage_jlab.server.wire.envelope import Name, Request


class ImportRequest(Request):
    """Import triggers, variables and history from a Mage database file.

    It lies in the project, or is `path`, relative to the server's root.
    """

    path: str | None = None


class ImportResult(Struct):
    """What was taken over."""

    triggers: int
    runs: int
    variables: int
    notes: list[str] = []


class ImportedBlock(Request):
    """What was changed of a proposed block; what is left out stays as proposed."""

    key: Annotated[str, Meta(max_length=10)]
    name: Name | None = None
    type: Name | None = None
    skip: bool | None = None
    upstream: Annotated[list[str], Meta(max_length=2000)] | None = None
    """Keys of the blocks above it, in the order of the inputs."""


class NotebookImport(Request):
    """A notebook (its path below the server's root) that is to become a pipeline."""

    path: Annotated[str, Meta(min_length=1, max_length=4000)]
    name: Name | None = None
    blocks: Annotated[list[ImportedBlock], Meta(max_length=2000)] = []
    etag: str | None = None
    """Of the notebook that was shown; another one is refused."""


class NotebookBlock(Struct):
    """A block that would be made of some cells. Nothing is made of it while `skip`."""

    key: str
    id: str
    name: str
    type: str
    skip: bool
    upstream: list[str]
    takes: list[str]
    gives: list[str]
    cells: list[int]
    code: str
    warnings: list[str]


class NotebookDraft(Struct):
    """The pipeline that a notebook would become."""

    name: str
    etag: str
    blocks: list[NotebookBlock]
    types: list[str]
