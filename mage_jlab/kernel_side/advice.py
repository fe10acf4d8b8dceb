"""What an error means in a project that comes from elsewhere, beside the error's own words.

Projects were written in Mage's Docker image: with the packages it brings, its folder `/home/src`,
and with variables and environments of their authors.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mage_jlab.kernel_side import tracebacks
from mage_jlab.kernel_side.step import Step

_HOME = "/home/src"
_LOOKED_UP = {
    "kwargs": "the pipeline has no variable of this name",
    "environ": "the environment has no variable of this name",
}
_ADDED = re.compile(rf" \((?:{'|'.join(_LOOKED_UP.values())}|{_HOME} is a folder of [^)]*)\)")


def added(said: dict[str, Any], error: BaseException, step: Step) -> dict[str, Any]:
    """Return what is said of an error, with what its reader may not know."""
    words = _lookup(error, step) or _folder(said["message"], step)
    if words:
        first, *rest = said["message"].split("\n")
        said = {**said, "message": "\n".join([f"{first.rstrip('.')} ({words})", *rest])}
    return said


def taken_off(text: str) -> str:
    """Return the words of an error as its code said them."""
    return _ADDED.sub("", text, count=1)


def _lookup(error: BaseException, step: Step) -> str | None:
    """Say what lacks a key: the line tells where it was looked for."""
    if not (isinstance(error, KeyError) and error.args and isinstance(error.args[0], str)):
        return None
    key = re.escape(error.args[0])
    found = re.search(
        rf"\b({'|'.join(_LOOKED_UP)})\[\s*['\"]{key}['\"]\s*\]",
        tracebacks.source_line(error, step.filename),
    )
    return _LOOKED_UP[found[1]] if found else None


def _folder(message: str, step: Step) -> str | None:
    """Say where the folder lies here that Mage's Docker image has the project in."""
    if f"{_HOME}/" not in message or Path(_HOME).is_dir():
        return None
    here = step.context.root.parent
    return f"{_HOME} is a folder of Mage's Docker image; the project lies in {here}"
