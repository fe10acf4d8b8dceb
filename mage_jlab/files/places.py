"""Ids to paths: the only place where a name becomes a place on disk.

Nothing outside the folder it belongs to is ever reached: a relative path is
checked part by part and its real path (links resolved) must lie inside.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import stat
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from mage_jlab.errors import AlreadyExists, InvalidName, OutsideProject

METADATA = "metadata.yaml"
PIPELINES = "pipelines"
TRIGGERS = "triggers.yaml"
IO_CONFIG = "io_config.yaml"
REQUIREMENTS = "requirements.txt"
SETTINGS = "settings.yaml"
"""Beside several projects that make one."""

NAME_BYTES = 255
"""What file systems allow for one part of a path."""
PATH_BYTES = 1024
_BINARY = getattr(os, "O_BINARY", 0)
_ROOM = 40
"""Bytes kept free in a name for an extension and for temporary names beside it."""
_RESERVED = frozenset(
    {"con", "prn", "aux", "nul", "__init__", "__pycache__", "__main__"}
    | {f"{device}{number}" for device in ("com", "lpt") for number in range(1, 10)}
)
_DROPPED = re.compile('[\ufeff"$\n\r\t\0]')
_HOSTILE = re.compile(r"[\0\\]|^[A-Za-z]:|^~")


def clean_name(name: str, *, folders: bool = False) -> str:
    """Turn what a person typed into an id, as Mage does.

    Lower case; whatever is no letter, digit or ``_`` becomes ``_``; a leading
    digit gets the prefix ``letter_``. With `folders`, ``/`` separates folders.

    Raises:
        InvalidName: when nothing usable is left, or the name is reserved or too long.
    """
    text = unicodedata.normalize("NFC", name).strip()
    parts = text.split("/") if folders else [text]
    if len(name) > PATH_BYTES or any(part.strip() in ("", ".", "..") for part in parts):
        raise InvalidName(_why(name, "it must not be empty or lead to another folder"))
    return "/".join(_clean_part(part.strip(), name) for part in parts)


def _clean_part(part: str, name: str) -> str:
    text = re.sub(r"\W", "_", _DROPPED.sub("", part)).lower()
    text = unicodedata.normalize("NFC", text)
    if not text.strip("_"):
        raise InvalidName(_why(name, "it needs a letter or a digit"))
    if text[0].isdigit():
        text = f"letter_{text}"
    if text in _RESERVED:
        raise InvalidName(_why(name, "this word is reserved"))
    if len(text.encode("utf-8")) > NAME_BYTES - _ROOM:
        raise InvalidName(_why(name, f"it is longer than {NAME_BYTES - _ROOM} bytes"))
    return text


def _why(name: str, reason: str) -> str:
    shown = name if len(name) <= 60 else f"{name[:57]}…"
    return f"The name {shown!r} cannot be used: {reason}. Choose another one."


def fold(name: str) -> str:
    """Return the form in which two names are the same on some file system."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def refuse_taken(name: str, known: Iterable[str], what: str) -> None:
    """Refuse a name that is there already, also if only case or Unicode form differ.

    Raises:
        AlreadyExists: when one of the known names is the same.
    """
    wanted = fold(name)
    for other in known:
        if fold(other) == wanted:
            raise AlreadyExists(f"There is already a {what} named '{other}'.", name=other)


def free_name(name: str, known: Iterable[str]) -> str:
    """Return the name, or the name with the first free number behind it."""
    taken = {fold(other) for other in known}
    if fold(name) not in taken:
        return name
    number = 2
    while fold(f"{name}_{number}") in taken:
        number += 1
    return f"{name}_{number}"


def parts_of(relative: str) -> tuple[str, ...]:
    """Split a relative path and refuse whatever could lead out of its folder.

    Raises:
        OutsideProject: when the path is absolute, holds ``..``, NUL, a backslash or a drive.
    """
    parts = tuple(part for part in relative.split("/") if part not in ("", "."))
    if (
        relative.startswith("/")
        or _HOSTILE.search(relative)
        or ".." in parts
        or len(relative.encode("utf-8", "surrogatepass")) > 4 * PATH_BYTES
        or any(len(part.encode("utf-8", "surrogatepass")) > NAME_BYTES for part in parts)
    ):
        shown = relative if len(relative) <= 80 else f"{relative[:77]}…"
        raise OutsideProject(f"The path {shown!r} is not a path inside the project.")
    return parts


def inside(folder: Path, relative: str) -> Path:
    """Return the real path of a relative path, which must lie inside the folder.

    The path need not exist. `folder` must be a real path.

    Raises:
        OutsideProject: when the path, or a link on its way, leads out of the folder.
    """
    path = folder.joinpath(*parts_of(relative))
    real = Path(os.path.realpath(path))
    if real != folder and folder not in real.parents:
        raise OutsideProject(f"The path {relative!r} leads out of '{folder.name}'.")
    return real


def is_inside(path: Path, folder: Path) -> bool:
    """Say whether a real path is the folder or lies below it."""
    return path == folder or folder in path.parents


def pipelines_folder(root: Path) -> Path:
    """Return the folder of a project's pipelines."""
    return root / PIPELINES


def pipeline_folder(root: Path, pipeline_id: str) -> Path:
    """Return the folder of a pipeline.

    Raises:
        OutsideProject: when the id is no plain folder name.
    """
    if "/" in pipeline_id or not pipeline_id:
        raise OutsideProject(f"{pipeline_id[:80]!r} is not the id of a pipeline.")
    return inside(root, f"{PIPELINES}/{pipeline_id}")


def pipeline_file(root: Path, pipeline_id: str) -> Path:
    """Return the file that defines a pipeline."""
    folder = pipeline_folder(root, pipeline_id)
    return inside(folder, METADATA)


def triggers_file(root: Path, pipeline_id: str) -> Path:
    """Return the file of a pipeline's triggers."""
    folder = pipeline_folder(root, pipeline_id)
    return inside(folder, TRIGGERS)


def read_bytes(path: Path, limit: int) -> bytes:
    """Return the bytes of a regular file, at most one more than the limit.

    A pipe or a device in a project would otherwise keep the server waiting.

    Raises:
        FileNotFoundError: when there is no regular file.
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | _BINARY)
    with os.fdopen(descriptor, "rb", closefd=True) as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise FileNotFoundError(errno.ENOENT, "not a regular file", str(path))
        return file.read(limit + 1)


def state_name(root: Path) -> str:
    """Return the name of a project's folder below the state folder."""
    digest = hashlib.sha256(os.fsencode(root)).hexdigest()[:12]
    name = re.sub(r"[^A-Za-z0-9._-]", "_", root.name)[:60] or "root"
    return f"{name}-{digest}"
