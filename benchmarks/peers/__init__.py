"""Other products that do the same work, where their virtual environments are given."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

COMMANDS = {"mage-ai": "mage", "papermill": "papermill", "dagster": "dagster"}


def found_in(folders: Iterable[Path]) -> dict[str, Path]:
    """Return the virtual environments by what is installed in them; folders of such count too."""
    found: dict[str, Path] = {}
    for folder in folders:
        for candidate in (folder, *sorted(folder.glob("*"))):
            for name, command in COMMANDS.items():
                if (candidate / "bin" / command).exists():
                    found.setdefault(name, candidate)
    return found
