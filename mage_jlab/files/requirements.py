"""The lines of a project's requirements.txt that name something to install."""

from __future__ import annotations

import re
from pathlib import Path

from mage_jlab.errors import OutsideProject
from mage_jlab.files import block_source, places

MAX_BYTES = 2 * 1024 * 1024
MAX_FILES = 50
_COMMENT = re.compile(r"(^|\s+)#.*$")
_INCLUDE = re.compile(r"(?:-r|--requirement)[\s=]*(\S.*)")
_EDITABLE = re.compile(r"(?:-e|--editable)[\s=]*(\S.*)")
_OPTIONS = re.compile(r"\s--?[A-Za-z].*$")


def lines(root: Path) -> list[str]:
    """Return one line per requirement, those of included files of the project too.

    Comments, constraints and options of pip are left out; what is installed
    editable keeps its ``-e``.
    """
    found: dict[str, None] = {}
    waiting, read = [places.REQUIREMENTS], set[str]()
    while waiting and len(read) < MAX_FILES:
        name = waiting.pop(0)
        if name in read:
            continue
        read.add(name)
        for line in _lines_of(root, name):
            included = _INCLUDE.fullmatch(line)
            editable = _EDITABLE.fullmatch(line)
            if included:
                waiting.append((Path(name).parent / included[1].strip()).as_posix())
            elif editable:
                found[f"-e {editable[1].strip()}"] = None
            elif not line.startswith("-"):
                found[_OPTIONS.sub("", line).strip()] = None
    return [line for line in found if line]


def _lines_of(root: Path, name: str) -> list[str]:
    try:
        data = places.read_bytes(places.inside(root, name), MAX_BYTES)
    except (OSError, OutsideProject, ValueError):
        return []
    if len(data) > MAX_BYTES:
        return []
    text = block_source.normal(data.decode("utf-8-sig", "replace")).replace("\\\n", " ")
    return [_COMMENT.sub("", line).strip() for line in text.split("\n")]
