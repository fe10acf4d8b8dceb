"""Where executions lie below the store's root. The only place that knows the layout."""

from __future__ import annotations

import datetime
import os
import re
from pathlib import Path

from mage_jlab.errors import ProductNotFound
from mage_jlab.ids import slug

_VERSION = re.compile(r"\d{8}T\d{12}-[0-9a-f]{4}")


def new_version(moment: datetime.datetime) -> str:
    """Return a name for an execution; names sort by time."""
    stamp = moment.astimezone(datetime.timezone.utc).strftime("%Y%m%dT%H%M%S%f")
    return f"{stamp}-{os.urandom(2).hex()}"


def is_version(name: str) -> bool:
    """Whether a folder's name is that of an execution."""
    return _VERSION.fullmatch(name) is not None


def block_folder(root: Path, pipeline: str, scope: str, block: str) -> Path:
    """Return the folder of a block's executions in a scope."""
    return root / slug(pipeline) / slug(scope) / slug(block)


def execution(root: Path, pipeline: str, scope: str, block: str, version: str) -> Path:
    """Return the folder of one execution.

    Raises:
        ProductNotFound: when `version` is no name of an execution.
    """
    if not is_version(version):
        raise ProductNotFound(f"'{version[:80]}' is no version of an output.")
    return block_folder(root, pipeline, scope, block) / version


def versions(folder: Path) -> list[str]:
    """Return the names of the executions in a block's folder, newest first."""
    try:
        names = [entry.name for entry in os.scandir(folder) if is_version(entry.name)]
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted(names, reverse=True)
