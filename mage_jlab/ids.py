"""The ids of the project's nouns, and the one slash-free form they travel in.

Block and project ids may contain ``/`` (blocks in sub-folders, projects levels
deep). Notebook cell ids allow only ``[A-Za-z0-9_-]{1,64}`` (nbformat 4.5), URL
segments and file names have rules of their own. `slug` is the one encoding
that fits them all; drive, REST, cell ids and the product store share it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import NewType, TypeVar

ProjectId = NewType("ProjectId", str)
"""Path of the project folder relative to the server's root, ``/`` separated; ``""`` is the root."""
PipelineId = NewType("PipelineId", str)
"""Name of the pipeline's folder below ``pipelines/``."""
BlockId = NewType("BlockId", str)
"""Mage's block uuid; may contain ``/``."""
TriggerId = NewType("TriggerId", str)
RunId = NewType("RunId", str)

ROOT_SLUG = "-root"
_LIMIT = 64
_PLAIN = re.compile(r"[A-Za-z0-9_]")
_Id = TypeVar("_Id", bound=str)


def slug(value: str) -> str:
    """Encode an id into ``[A-Za-z0-9_-]{1,64}``.

    Letters, digits and ``_`` stay; ``/`` becomes ``-s``, ``-`` becomes ``--``
    and any other byte ``-xHH``. A result over 64 characters is cut and ends in
    a hash, so slugs are resolved by comparison (`find`), never by decoding.
    """
    if not value:
        return ROOT_SLUG
    parts = []
    for char in value:
        if _PLAIN.fullmatch(char):
            parts.append(char)
        elif char == "/":
            parts.append("-s")
        elif char == "-":
            parts.append("--")
        else:
            parts.extend(f"-x{byte:02x}" for byte in char.encode("utf-8"))
    text = "".join(parts)
    if len(text) <= _LIMIT:
        return text
    digest = hashlib.sha256(value.encode("utf-8")).hexdigest()[:16]
    return f"{text[: _LIMIT - 18]}-h{digest}"


def find(wanted: str, known: Iterable[_Id]) -> _Id | None:
    """Return the known id whose slug is `wanted`, or None.

    Only ids that exist can be found, so a hostile slug never becomes a path.
    """
    return next((item for item in known if slug(item) == wanted), None)
