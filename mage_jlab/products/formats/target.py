"""Where one output is written: its files, their size and their hash."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mage_jlab.errors import DiskFull, StoreError
from mage_jlab.model.product import Column, Output

_HASHED = 256 * 1024 * 1024
"""Outputs above this size are not hashed: it would cost as much as writing them."""


def dotted(value: object) -> str:
    """Return the dotted name of a value's type."""
    kind = type(value)
    return f"{kind.__module__}.{kind.__qualname__}"


def comes_from(value: object, package: str, *names: str) -> bool:
    """Whether a value is an instance of a class of an (optional) package, by name.

    The package is never imported for it: who has such a value has imported it.
    """
    for kind in type(value).__mro__:
        module = kind.__module__
        inside = module == package or module.startswith(f"{package}.")
        if inside and (not names or kind.__name__ in names):
            return True
    return False


def is_exactly(value: object, package: str, *names: str) -> bool:
    """Whether a value's own class (no subclass) is a named one of a package."""
    kind = type(value)
    inside = kind.__module__ == package or kind.__module__.startswith(f"{package}.")
    return inside and kind.__name__ in names


@dataclass
class Target:
    """The folder and the name under which a value is written."""

    folder: Path
    name: str
    files: list[str] = field(default_factory=list)

    def file(self, suffix: str) -> Path:
        """Return the path of a file of this output and remember it."""
        name = f"{self.name}{suffix}"
        if name not in self.files:
            self.files.append(name)
        return self.folder / name

    def write_text(self, suffix: str, text: str) -> None:
        """Write a text file."""
        self.write_bytes(suffix, text.encode("utf-8", "surrogatepass"))

    def write_bytes(self, suffix: str, data: bytes | bytearray | memoryview) -> None:
        """Write a file of bytes."""
        with self.file(suffix).open("wb") as file:
            file.write(data)

    def write_json(self, suffix: str, data: Any) -> None:
        """Write plain data as a JSON file."""
        self.write_text(suffix, json.dumps(data, ensure_ascii=False, allow_nan=False))

    def output(
        self,
        value: object,
        kind: str,
        format_: str,
        *,
        rows: int | None = None,
        columns: Iterable[Column] = (),
        media_type: str | None = None,
        preview: str | None = None,
        options: dict[str, Any] | None = None,
    ) -> Output:
        """Describe the files. That they are on disk is seen to before the manifest is written."""
        paths = self.paths()
        size = sum(path.stat().st_size for path in paths)
        return Output(
            name=self.name,
            kind=kind,
            type=dotted(value),
            format=format_,
            files=tuple(self.files),
            bytes=size,
            rows=rows,
            columns=tuple(columns),
            sha256=_hash(paths) if size <= _HASHED else None,
            media_type=media_type,
            preview=preview,
            options=options or {},
        )

    def paths(self) -> list[Path]:
        """Return the files of this output."""
        return all_files(self.folder, self.files)

    def discard(self) -> None:
        """Remove what was written of this output."""
        for name in self.files:
            path = self.folder / name
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
        self.files.clear()


def all_files(folder: Path, names: Iterable[str]) -> list[Path]:
    """Return the files of an output; a name may be that of a folder."""
    paths = [folder / name for name in names]
    return [
        file for path in paths for file in (sorted(path.rglob("*")) if path.is_dir() else [path])
    ]


def _hash(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while True:
                piece = file.read(1 << 20)
                if not piece:
                    break
                digest.update(piece)
    return digest.hexdigest()


def storage_error(error: OSError, folder: Path, what: str) -> StoreError:
    """Return the error that says in words why a file could not be written."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        try:
            free: int | None = shutil.disk_usage(folder).free
        except OSError:
            free = None
        left = "" if free is None else f" ({free / 1e6:,.0f} MB free)"
        return DiskFull(
            f"There is no space left to store {what} in {os.fspath(folder)}{left}; "
            "free some space and run the block again.",
            free=free,
        )
    return StoreError(f"{what[:1].upper()}{what[1:]} could not be stored: {error}.")
