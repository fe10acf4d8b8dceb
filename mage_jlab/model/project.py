"""A project: a folder with ``metadata.yaml`` and ``pipelines/``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mage_jlab.ids import ProjectId


@dataclass(frozen=True)
class Project:
    """A Mage project. `root` is the real, absolute path of its folder."""

    id: ProjectId
    name: str
    root: Path
    settings: Mapping[str, Any] = field(default_factory=dict)
