"""Other products that do the same work, where their virtual environments are given."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

SIGNS = {
    "mage-ai": "bin/mage",
    "papermill": "bin/papermill",
    "dagster": "bin/dagster",
    "prefect": "bin/prefect",
    "jupyter-scheduler": "lib/python3*/site-packages/jupyter_scheduler",
}
"""A peer and the file that tells that an environment has it."""


def found_in(folders: Iterable[Path]) -> dict[str, Path]:
    """Return the virtual environments by what is installed in them; folders of such count too."""
    found: dict[str, Path] = {}
    for folder in folders:
        for candidate in (folder, *sorted(folder.glob("*"))):
            for name, sign in SIGNS.items():
                if any(candidate.glob(sign)):
                    found.setdefault(name, candidate)
    return found
