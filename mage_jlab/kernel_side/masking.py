"""Stars in place of the secrets that this kernel asked for, in whatever it publishes.

Only texts are looked through: what a block prints, displays, raises or logs.
What it returns is data and stays as it is.
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import quote, quote_plus

STARS = "********"
_SHORTEST = 4
"""Shorter values stand in ordinary words by chance."""

_hidden: set[str] = set()
_pattern: re.Pattern[str] | None = None


def hide(value: Any) -> None:
    """Show stars from now on where this value would be published."""
    global _pattern
    if not isinstance(value, str) or len(value.strip()) < _SHORTEST:
        return
    # As it is, as it stands in an address, and as `repr` and JSON write it.
    forms = {value, value.strip(), quote(value, safe=""), quote_plus(value)}
    forms |= {repr(value)[1:-1], json.dumps(value)[1:-1]}
    lines = [line.strip() for line in value.splitlines()]
    forms |= {line for line in lines if len(line) >= 4 * _SHORTEST}  # a key of several lines
    if forms <= _hidden:
        return
    _hidden.update(forms)
    longest_first = sorted(_hidden, key=len, reverse=True)
    _pattern = re.compile("|".join(re.escape(form) for form in longest_first))


def active() -> bool:
    """Whether there is anything to hide."""
    return _pattern is not None


def text(words: str) -> str:
    """Return a text with stars in place of secrets."""
    return words if _pattern is None else _pattern.sub(STARS, words)


def anything(value: Any, kept: frozenset[str] = frozenset()) -> Any:
    """Return plain data with stars in its texts; values under the `kept` keys stay as they are."""
    if _pattern is None:
        return value
    if isinstance(value, str):
        return text(value)
    if isinstance(value, dict):
        return {k: v if k in kept else anything(v, kept) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [anything(item, kept) for item in value]
    return value
