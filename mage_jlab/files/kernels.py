"""What a notebook says of its kernel, remembered from the last save.

JupyterLab writes what a running kernel tells of itself into the notebook. A
notebook that is opened with anything else looks changed at once, so it is
opened with what was told last.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mage_jlab.files import notebook, save, yaml_load


def read_json(file: Path) -> dict[str, Any]:
    """Return the mapping in a JSON file of the state folder, {} when there is none."""
    try:
        found = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


class KernelMemory:
    """Kernelspec and language_info by the kernel's name, in the state folder."""

    def __init__(self, state: Path) -> None:
        self._file = state / "kernels.json"
        self._lock = threading.Lock()

    def info(self, name: str) -> dict[str, Any]:
        """Return kernelspec and language_info for a notebook with this kernel."""
        known = read_json(self._file).get(name)
        if isinstance(known, dict) and {"kernelspec", "language_info"} <= known.keys():
            return known
        return notebook.default_kernel(name)

    def learn(self, nb: Mapping[str, Any]) -> None:
        """Remember what a saved notebook says, when a kernel has told it."""
        metadata = yaml_load.plain(nb.get("metadata", {}))
        spec, info = metadata.get("kernelspec"), metadata.get("language_info")
        if not (isinstance(spec, dict) and isinstance(info, dict) and info.get("version")):
            return
        name = spec.get("name")
        if not isinstance(name, str) or not name:
            return
        with self._lock:
            known = read_json(self._file)
            told = {"kernelspec": spec, "language_info": info}
            if known.get(name) != told:
                known[name] = told
                save.write(self._file, json.dumps(known).encode())
