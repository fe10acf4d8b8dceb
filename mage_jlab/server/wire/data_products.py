"""Global data products."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from mage_jlab.server.wire.envelope import Name, Request


class DataProduct(Struct):
    """A global data product. `words` says when it is made again.

    `state` is fresh | outdated | never (no complete run yet) | broken (its pipeline is not there).
    `settings` is block -> how many of the newest runs are handed on; 0 is all.
    """

    project: str
    id: str
    slug: str
    pipeline: str
    outdated_after: dict[str, float]
    outdated_starting_at: dict[str, int]
    settings: dict[str, int]
    words: str
    state: str
    last_run: str | None = None
    last_made: datetime | None = None
    due: datetime | None = None
    making: str | None = None
    """The run that makes it now."""


Partitions = dict[str, Annotated[int, Meta(ge=0, le=100_000)]]


class DataProductCreate(Request):
    """Register the outputs of a pipeline (an id) as a global data product."""

    name: Name
    pipeline: str
    outdated_after: dict[str, float] = {}
    outdated_starting_at: dict[str, int] = {}
    settings: Partitions = {}


class DataProductChange(Request):
    """Change a global data product."""

    pipeline: str | UnsetType = UNSET
    outdated_after: dict[str, float] | UnsetType = UNSET
    outdated_starting_at: dict[str, int] | UnsetType = UNSET
    settings: Partitions | UnsetType = UNSET
