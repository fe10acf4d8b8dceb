"""Where our Unix sockets lie."""

from __future__ import annotations

import tempfile
from pathlib import Path

_LONGEST_FOLDER = 80


def make_folder() -> Path:
    """Make a folder only we can enter, with a path short enough for sockets in it."""
    base = tempfile.gettempdir()
    if len(base) > _LONGEST_FOLDER - 20 and Path("/tmp").is_dir():  # noqa: S108 - mkdtemp is safe
        base = "/tmp"  # noqa: S108
    return Path(tempfile.mkdtemp(prefix="mage-", dir=base))
