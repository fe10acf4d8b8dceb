"""Names as databases like them: lower case, words joined by ``_``."""

from __future__ import annotations

import re
from collections.abc import Iterable

from mage_jlab.io.reserved import WORDS

_GONE = re.compile('[\ufeff"$\n\r\t]')


def clean_name(
    name: str,
    allow_characters: Iterable[str] | None = None,
    allow_number: bool = False,
    case_sensitive: bool = False,
) -> str:
    """Return a name of letters, digits and ``_`` that does not begin with a digit."""
    allowed = set(allow_characters or ())
    name = _GONE.sub("", name)
    name = "".join(c if c in allowed or re.match(r"\w", c) else "_" for c in name)
    if name and not allow_number and re.match(r"\d", name):
        name = f"letter_{name}"
    return name if case_sensitive else name.lower()


def clean_column(
    name: str, allow_reserved_words: bool = False, case_sensitive: bool = False
) -> str:
    """Return a column name that needs no quotes; a reserved word gets ``_`` in front."""
    cleaned = clean_name(name, case_sensitive=case_sensitive)
    if not allow_reserved_words and cleaned.lower() in WORDS:
        return f"_{cleaned}"
    return cleaned
