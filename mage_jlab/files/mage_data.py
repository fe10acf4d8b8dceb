"""Where Mage itself keeps the outputs of a project's blocks: its data folders.

Mage's order is MAGE_DATA_DIR, the project's ``variables_dir``, ``~/.mage_data``; below an
absolute one lies a folder with the project's name. What was committed lies in the project.
"""

from __future__ import annotations

import os
from pathlib import Path

from mage_jlab.model.project import Project

_HOME = "~/.mage_data"


def folders(project: Project) -> list[Path]:
    """Return the folders that exist and hold ``pipelines/<pipeline>/.variables``."""
    given = [os.environ.get("MAGE_DATA_DIR"), project.settings.get("variables_dir"), _HOME]
    found: dict[Path, None] = {}
    for text in given:
        if isinstance(text, str) and text and "://" not in text:
            found[_of(project, text)] = None
    found[project.root] = None
    return [path for path in found if (path / "pipelines").is_dir()]


def _of(project: Project, text: str) -> Path:
    path = Path(text).expanduser()
    if not path.is_absolute():
        return project.root / path
    return path if path == project.root else path / project.root.name
