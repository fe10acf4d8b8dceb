"""Where our own data lies, outside every project, and what stands there about a project."""

from __future__ import annotations

import os
from pathlib import Path

from jupyter_core.paths import jupyter_data_dir

from mage_jlab.files.places import state_name

_ROOT = "root"


def state_folder() -> Path:
    """Return the folder of our own state: `MAGE_JLAB_STATE_DIR` or Jupyter's data folder."""
    given = os.environ.get("MAGE_JLAB_STATE_DIR")
    return Path(given).expanduser() if given else Path(jupyter_data_dir()) / "mage_jlab"


def known_root(state: Path, project: Path) -> Path | None:
    """Return the root from which a server last saw a project, None when none did."""
    try:
        text = (state / "projects" / state_name(project) / _ROOT).read_text("utf-8")
    except OSError:
        return None
    return Path(text.strip())


def note_root(own: Path, root: Path) -> None:
    """Remember in a project's state folder from which root it is seen."""
    (own / _ROOT).write_text(str(root), "utf-8")
