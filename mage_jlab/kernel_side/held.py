"""What blocks left in the memory of this kernel for the blocks after them.

A run says which blocks' outputs are still wanted; everything else is let go of
at once. In a notebook the newest version of each block stays, as long as all
of them together take no more than a limit.
"""

from __future__ import annotations

import collections
import os
import threading
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mage_jlab.model.product import Output
from mage_jlab.products import manifest, places
from mage_jlab.products.formats import registry
from mage_jlab.products.formats.kept import Kept

Key = tuple[str, str, str]
"""Pipeline, scope, block."""
_SHARE = 8
_MOST = 4 * 1024**3


@dataclass
class Entry:
    """One execution: its outputs in the order in which they were returned."""

    folder: Path
    kept: list[Kept | None]
    written: list[Output | None]
    """For those that are not kept: the files to read, which are complete, if not on disk."""

    @property
    def version(self) -> str:
        """Return the version of the execution."""
        return self.folder.name

    @property
    def bytes(self) -> int:
        """Return what the kept values take."""
        return sum(item.bytes for item in self.kept if item is not None)

    def values(self) -> list[Any]:
        """Return the outputs as the store would, each in a copy that may be changed."""
        if len(self.written) != len(self.kept):  # many plain outputs in one file
            return registry.read_all(self.folder, [item for item in self.written if item])
        order = sorted(range(len(self.kept)), key=lambda number: f"output_{number}")
        return [self._value(number) for number in order]

    def _value(self, number: int) -> Any:
        kept, output = self.kept[number], self.written[number]
        if kept is not None:
            return kept.fresh()
        if output is None:
            raise AssertionError("an output is either kept or written")
        return registry.read(self.folder, output)


class Held:
    """The values in this kernel's memory."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._entries: collections.OrderedDict[Key, Entry] = collections.OrderedDict()
        self._lock = threading.RLock()

    def put(self, key: Key, entry: Entry, limit: int | None) -> None:
        """Hold the newest execution of a block; what came first goes first beyond a limit."""
        with self._lock:
            self._entries.pop(key, None)
            self._entries[key] = entry
            if limit is None:
                return
            total = sum(item.bytes for item in self._entries.values())
            for old in list(self._entries):
                if total <= limit:
                    break
                total -= self._entries.pop(old).bytes

    def find(self, key: Key, version: str | None) -> Entry | None:
        """Return the execution asked for; without a version the newest, if it is the newest."""
        with self._lock:
            entry = self._entries.get(key)
        if entry is None or (version is not None and entry.version != version):
            return None
        if version is None and _newer(entry.folder):
            return None
        if not entry.folder.is_dir():  # somebody removed or renamed it
            self.drop(key, entry.version)
            return None
        return entry

    def drop(self, key: Key, version: str) -> None:
        """Let go of an execution: it could not be stored."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is not None and entry.version == version:
                del self._entries[key]

    def retain(self, pipeline: str, scope: str, blocks: Collection[str]) -> None:
        """Let go of everything in a scope but the outputs of some blocks."""
        with self._lock:
            for key in [k for k in self._entries if k[:2] == (pipeline, scope)]:
                if key[2] not in blocks:
                    del self._entries[key]


def _newer(folder: Path) -> bool:
    """Whether another process stored a newer execution of the same block."""
    for name in places.versions(folder.parent):
        if name <= folder.name:
            return False
        if (folder.parent / name / manifest.FILE).is_file():
            return True
    return False


def limit(wanted: Any) -> int:
    """Return how many bytes may be held in a notebook's kernel: an eighth of the memory."""
    if wanted is not None:
        return int(wanted)
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return _MOST // _SHARE
    return min(_MOST, memory // _SHARE)


held = Held()
