"""Plain data as R can hold it: its numbers are doubles, which know whole numbers up to 2^53."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

MOST = 2**53
MANY_DIGITS = re.compile(rb"\d{16}")
"""Text of JSON without a match has no whole number that R would round."""


def bearable(value: Any) -> Any:
    """Return plain data with whole numbers beyond 2^53 as texts, so that no digit is lost."""
    if isinstance(value, Mapping):
        return {key: bearable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [bearable(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > MOST:
        return str(value)
    return value
