"""A block: one step of a pipeline and where its code lies."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mage_jlab.ids import BlockId

DATA_LOADER = "data_loader"
TRANSFORMER = "transformer"
DATA_EXPORTER = "data_exporter"
CUSTOM = "custom"
SENSOR = "sensor"
SCRATCHPAD = "scratchpad"
MARKDOWN = "markdown"
CHART = "chart"
CALLBACK = "callback"
CONDITIONAL = "conditional"
EXTENSION = "extension"
DBT = "dbt"
GLOBAL_DATA_PRODUCT = "global_data_product"

BLOCK_TYPES = (
    DATA_LOADER, TRANSFORMER, DATA_EXPORTER, CUSTOM, SENSOR, SCRATCHPAD, MARKDOWN,
    CHART, CALLBACK, CONDITIONAL, EXTENSION, DBT, GLOBAL_DATA_PRODUCT,
)  # fmt: skip
"""The types that are known; any other type is shown and kept, but inert."""

NEVER_SCHEDULED = frozenset({SCRATCHPAD, MARKDOWN, CHART, CALLBACK, CONDITIONAL, EXTENSION})
"""Types that are no step of a run of their own (charts, notes, attachments)."""

FOLDERS: Mapping[str, str] = {
    CUSTOM: "custom",
    DBT: "dbts",
    **{kind: f"{kind}s" for kind in BLOCK_TYPES if kind not in (CUSTOM, DBT, GLOBAL_DATA_PRODUCT)},
}
"""Folder of a block type below the project (Mage's layout); absent = has no file."""

EXTENSIONS: Mapping[str, str] = {
    "python": "py", "sql": "sql", "r": "r", "yaml": "yaml", "markdown": "md",
}  # fmt: skip

OTHER_EXTENSIONS: Mapping[str, str] = {
    "bash": "sh", "c++": "cpp", "haskell": "hs", "javascript": "js", "julia": "jl", "octave": "m",
    "perl": "pl", "powershell": "ps1", "ruby": "rb", "rust": "rs", "typescript": "ts",
}  # fmt: skip
"""Files of blocks in languages that Mage does not have but a Jupyter kernel may."""

ANY_LANGUAGE = frozenset({CUSTOM, SCRATCHPAD})
"""Types of blocks that may be written in any language with a Jupyter kernel."""

_LANGUAGE = re.compile(r"[a-z][a-z0-9_+#.-]{0,39}")


def speaks(kind: str, language: str) -> bool:
    """Whether blocks of a type may be written in a language."""
    return language in EXTENSIONS or (
        kind in ANY_LANGUAGE and _LANGUAGE.fullmatch(language) is not None
    )


def extension(language: str) -> str:
    """Return the ending of files in a language, without the dot."""
    known = EXTENSIONS.get(language) or OTHER_EXTENSIONS.get(language)
    return known or (language if language.isalnum() else "txt")


ROLES: Mapping[str, str] = {
    "blocks": "block",
    "callbacks": "callback",
    "conditionals": "conditional",
    "widgets": "chart",
    "extensions": "extension",
}
"""List of the pipeline file -> role of the blocks in it."""


@dataclass(frozen=True)
class Block:
    """One block entry of a pipeline.

    `upstream` is the truth about edges; downstream lists are derived.
    `path` is the source file relative to the project folder, ``/`` separated,
    or None when a block of this type has no file; the file may be missing.
    `entry` is the whole mapping of the pipeline file, unknown keys included.
    """

    id: BlockId
    name: str
    type: str
    language: str = "python"
    upstream: tuple[BlockId, ...] = ()
    role: str = "block"
    path: str | None = None
    configuration: Mapping[str, Any] = field(default_factory=dict)
    executor_type: str | None = None
    executor_config: Mapping[str, Any] | None = None
    retry_config: Mapping[str, Any] | None = None
    timeout: float | None = None
    color: str | None = None
    replicated_block: BlockId | None = None
    entry: Mapping[str, Any] = field(default_factory=dict)

    @property
    def known(self) -> bool:
        """Whether the type is one that mage-jlab can run."""
        return self.type in BLOCK_TYPES

    @property
    def scheduled(self) -> bool:
        """Whether the block becomes a step of a run."""
        return self.role == "block" and self.known and self.type not in NEVER_SCHEDULED
