"""Projects as one server sees them: ids relative to its root, real paths in the database."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import Column, ColumnElement, or_


@dataclass(frozen=True)
class Root:
    """The real folder below which this process sees projects."""

    path: Path

    def stored(self, project_id: str) -> str:
        """Return the real path of a project id."""
        return str(self.path / project_id) if project_id else str(self.path)

    def seen(self, stored: str) -> str | None:
        """Return the project id of a real path, or None when it lies elsewhere."""
        return _seen(self.path, stored)

    def below(self, column: Column[Any]) -> ColumnElement[bool]:
        """Return the condition that a row's project is seen from here."""
        text = str(self.path)
        prefix = text if text.endswith("/") else text + "/"
        return or_(column == text, column.startswith(prefix, autoescape=True))


@lru_cache(maxsize=1000)  # asked for every row of a list, and there are few projects
def _seen(root: Path, stored: str) -> str | None:
    path = Path(stored)
    if path == root:
        return ""
    if not path.is_relative_to(root):
        return None
    return path.relative_to(root).as_posix()
