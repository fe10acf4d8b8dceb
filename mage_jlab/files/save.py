"""Atomic writing: a file is old or new, never half; several files change together.

One file: temporary file in the same folder, fsync, rename, fsync of the
folder. Several: all are prepared, then a journal in the state folder names
the steps, then they are taken; a journal found at start is played to its end.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mage_jlab.errors import AlreadyExists, DiskFull

TEMPORARY = ".mage-jlab-"
_SUFFIX = ".tmp"


def write(path: Path, data: bytes) -> None:
    """Write a file atomically; its folder is made when absent, its mode is kept."""
    temporary = prepare(path, data)
    with _clean(temporary):
        temporary.replace(path)
    sync_folder(path.parent)


def prepare(path: Path, data: bytes) -> Path:
    """Write the data beside the path, ready to take its place, and return where."""
    make_folder(path.parent)
    temporary = path.parent / f"{TEMPORARY}{os.getpid()}-{secrets.token_hex(4)}{_SUFFIX}"
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        mode = None
    with _clean(temporary):
        try:
            with temporary.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            if error.errno in (28, 122):  # ENOSPC, EDQUOT
                raise DiskFull(
                    f"There is no space left to save '{path.name}'; the old file is intact."
                ) from error
            raise
        if mode is not None:
            temporary.chmod(mode)
    return temporary


@contextlib.contextmanager
def _clean(temporary: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def make_folder(folder: Path) -> None:
    """Make a folder and the ones above it, durably."""
    missing = []
    place = folder
    while not place.exists():
        missing.append(place)
        place = place.parent
    folder.mkdir(parents=True, exist_ok=True)
    for made in reversed(missing):
        sync_folder(made.parent)


def sync_folder(folder: Path) -> None:
    """Make the entries of a folder durable, where the system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def remove_leftovers(folder: Path) -> int:
    """Remove temporary files of processes that are gone; return how many."""
    count = 0
    for path in folder.rglob(f"{TEMPORARY}*{_SUFFIX}"):
        owner = path.name.removeprefix(TEMPORARY).split("-")[0]
        if owner.isdigit() and int(owner) != os.getpid() and _alive(int(owner)):
            continue
        with contextlib.suppress(OSError):
            path.unlink()
            count += 1
    return count


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


@dataclass
class Change:
    """Several files that change together.

    `writes` path -> new bytes; `moves` (from, to); `removes` paths. In this
    order: writes, moves, removes. `note` is kept in the journal for whoever
    has to follow (products, history).
    """

    writes: dict[Path, bytes] = field(default_factory=dict)
    moves: list[tuple[Path, Path]] = field(default_factory=list)
    removes: list[Path] = field(default_factory=list)
    note: dict[str, Any] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.writes or self.moves or self.removes)

    @property
    def simple(self) -> bool:
        """Whether one rename does it, so that no journal is needed."""
        return len(self.writes) == 1 and not (self.moves or self.removes or self.note)


Follow = Callable[[Mapping[str, Any]], None]


def commit(change: Change, journal: Path, follow: Follow | None = None) -> None:
    """Apply a change: all of it, or (after a crash) all of it at the next start.

    Raises:
        AlreadyExists: when a move would overwrite something; nothing was changed.
    """
    if not change:
        return
    if change.simple:
        ((path, data),) = change.writes.items()
        write(path, data)
        return
    for source, target in change.moves:
        if target.exists() and not _same_file(source, target):
            raise AlreadyExists(f"There is already something at '{target.name}'.")
    prepared: list[tuple[Path, Path]] = []
    try:
        for path, data in change.writes.items():
            prepared.append((prepare(path, data), path))
    except BaseException:
        for temporary, _ in prepared:
            temporary.unlink(missing_ok=True)
        raise
    record = {
        "writes": [[str(a), str(b)] for a, b in prepared],
        "moves": [[str(a), str(b)] for a, b in change.moves],
        "removes": [str(path) for path in change.removes],
        "note": change.note,
    }
    entry = journal / f"{secrets.token_hex(8)}.json"
    write(entry, json.dumps(record).encode())
    _play(record, follow)
    entry.unlink(missing_ok=True)


def _same_file(one: Path, other: Path) -> bool:
    return one.exists() and other.exists() and one.samefile(other)


def replay(journal: Path, follow: Follow | None = None) -> int:
    """Play every change that a crash left in the journal to its end; return how many."""
    if not journal.is_dir():
        return 0
    count = 0
    for entry in sorted(journal.glob("*.json")):
        try:
            record = json.loads(entry.read_bytes())
        except ValueError:
            entry.unlink(missing_ok=True)
            continue
        _play(record, follow)
        entry.unlink(missing_ok=True)
        count += 1
    return count


def _play(record: Mapping[str, Any], follow: Follow | None) -> None:
    """Take every step that has not been taken; a step taken twice is harmless."""
    touched: set[Path] = set()
    for temporary, target in _paths(record["writes"]):
        with contextlib.suppress(FileNotFoundError):
            temporary.replace(target)
            touched.add(target.parent)
    for source, target in _paths(record["moves"]):
        make_folder(target.parent)
        with contextlib.suppress(FileNotFoundError):
            source.replace(target)
            touched.update((source.parent, target.parent))
    for path in record["removes"]:
        _remove(Path(path))
        touched.add(Path(path).parent)
    for folder in touched:
        sync_folder(folder)
    if follow is not None and record.get("note"):
        follow(record["note"])


def _paths(pairs: Sequence[Sequence[str]]) -> list[tuple[Path, Path]]:
    return [(Path(a), Path(b)) for a, b in pairs]


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        for child in path.iterdir():
            _remove(child)
        path.rmdir()
    else:
        path.unlink(missing_ok=True)
