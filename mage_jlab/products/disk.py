"""What lies in the store's folders: their sizes, and whose process still writes."""

from __future__ import annotations

import contextlib
import os
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil

from mage_jlab.errors import StoreError


def folders(path: Path) -> list[Path]:
    """Return the folders in a folder, by name.

    Raises:
        StoreError: when it cannot be listed.
    """
    try:
        return sorted(item for item in path.iterdir() if item.is_dir() and not item.is_symlink())
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise StoreError(f"The products cannot be listed: {error}.") from error


def size(path: Path) -> int:
    """Return the bytes of all files below a folder."""
    total = 0
    for folder, _, names in os.walk(path):
        for name in names:
            with contextlib.suppress(OSError):
                total += (Path(folder) / name).stat().st_size
    return total


def lives(step: dict[str, Any]) -> bool:
    """Whether the process that wrote a step file is still there (and not another one)."""
    pid = step.get("pid")
    if not isinstance(pid, int):
        return False
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        started = datetime.fromisoformat(str(step["started"])).timestamp()
        return bool(process.create_time() <= started + 2)
    except psutil.AccessDenied:
        return True
    except (psutil.NoSuchProcess, KeyError, ValueError):
        return False
