"""The manifest of an execution as JSON, and the atomic writing of small files."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mage_jlab.errors import StoreError
from mage_jlab.model.product import Column, Manifest, Output

_CANNOT = (errno.EINVAL, errno.ENOTSUP, errno.EBADF)
"""What file systems say that cannot sync, or cannot sync folders."""
FILE = "manifest.json"
STEP = "step.json"
RECORD = "record.jsonl"
SOURCE = "source.txt"
"""The text that ran: what classes in a pickle are found by, and what the hash is of."""


def encode(manifest: Manifest) -> str:
    """Return the manifest as JSON text."""
    return json.dumps(dataclasses.asdict(manifest), ensure_ascii=False, default=str)


def decode(data: Mapping[str, Any]) -> Manifest:
    """Return the manifest that the JSON object describes; unknown keys are ignored."""
    try:
        outputs = tuple(output(item) for item in data["outputs"])
        manifest: Manifest = _build(Manifest, {**data, "outputs": outputs})
    except (KeyError, TypeError) as error:
        raise StoreError(f"A manifest cannot be understood: {error}.") from error
    return manifest


def output(data: Mapping[str, Any]) -> Output:
    """Return the output that the JSON object describes; unknown keys are ignored."""
    columns = tuple(_build(Column, column) for column in data.get("columns", ()))
    made: Output = _build(Output, {**data, "files": tuple(data["files"]), "columns": columns})
    return made


def _build(kind: Any, data: Mapping[str, Any]) -> Any:
    names = {item.name for item in dataclasses.fields(kind)}
    return kind(**{key: value for key, value in data.items() if key in names})


def read(folder: Path) -> Manifest | None:
    """Return the manifest of an execution folder, or None when it left no product."""
    data = read_json(folder / FILE)
    return None if data is None else decode(data)


def read_json(path: Path) -> dict[str, Any] | None:
    """Return the JSON object in a file, or None when it is absent or unreadable."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return data if isinstance(data, dict) else None


def sync(path: Path) -> None:
    """Wait until a file or folder is on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _CANNOT:
            raise
    finally:
        os.close(descriptor)


def write_atomic(path: Path, text: str, *, durable: bool = True) -> None:
    """Write a small file so that it is either old or new, never half.

    With `durable` it is on disk afterwards; without, it survives the end of
    this process, not that of the machine.
    """
    temporary = write_temporary(path, text)
    try:
        if durable:
            sync(temporary)
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    if durable and os.name == "posix":
        sync(path.parent)


def write_temporary(path: Path, text: str) -> Path:
    """Write the text that is to replace a file, beside it."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_text(text, encoding="utf-8")
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    return temporary
