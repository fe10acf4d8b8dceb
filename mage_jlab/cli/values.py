"""Values typed on the command line."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

from mage_jlab.errors import BadRequest


def variable(text: str) -> tuple[str, Any]:
    """Read ``name=value``; a value that is JSON is taken as such, else as text."""
    name, sign, value = text.partition("=")
    if not sign or not name.strip():
        raise BadRequest(f"'{text}' is no variable; write --var name=value.")
    try:
        return name.strip(), json.loads(value)
    except ValueError:
        return name.strip(), value


def moment(text: str | None) -> datetime | None:
    """Read a date or a date and time, in UTC when it names no zone."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise BadRequest(
            f"'{text}' is no date; write for example 2026-11-22 or 2026-11-22T14:30."
        ) from None
    return found if found.tzinfo else found.replace(tzinfo=timezone.utc)
