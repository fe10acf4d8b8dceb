"""Bytes, with the media type that their first bytes tell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mage_jlab.model.product import IMAGE, MEDIA, Output
from mage_jlab.products.formats.target import Target

NAME = "bytes"
SUFFIX = ".bin"
_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"OggS", "audio/ogg"),
    (b"ID3", "audio/mpeg"),
    (b"PK\x03\x04", "application/zip"),
)


def accepts(value: object) -> bool:
    """Take bytes and bytearray."""
    return type(value) in (bytes, bytearray)


def media_type(data: bytes | bytearray) -> str:
    """Return the media type of some bytes."""
    for start, found in _SIGNATURES:
        if data.startswith(start):
            return found
    if data[:4] == b"RIFF":
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav"}.get(
            bytes(data[8:12]), "application/octet-stream"
        )
    if data[4:8] == b"ftyp":
        return "video/mp4"
    return "application/octet-stream"


def write(value: bytes | bytearray, target: Target) -> Output:
    """Store bytes."""
    target.write_bytes(SUFFIX, value)
    found = media_type(value)
    return target.output(
        value,
        IMAGE if found.startswith("image/") else MEDIA,
        NAME,
        media_type=found,
        preview=f"{len(value):,} bytes, {found}",
    )


def read(folder: Path, output: Output) -> Any:
    """Read the bytes back."""
    data = (folder / f"{output.name}{SUFFIX}").read_bytes()
    return bytearray(data) if output.type == "builtins.bytearray" else data
