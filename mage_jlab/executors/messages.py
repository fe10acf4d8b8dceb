"""The messages of a kernel, as far as a run cares."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from mage_jlab.model.run import COMPLETED, FAILED, OutputSummary
from mage_jlab.run.ports import Outcome

STEP = "mage_step"
STORED = "mage_stored"
SETTLE = "mage_settle"


def parent_of(message: Mapping[str, Any]) -> str | None:
    """Return the id of the request a message answers."""
    found = (message.get("parent_header") or {}).get("msg_id")
    return None if found is None else str(found)


def moment(text: Any) -> datetime | None:
    """Read an ISO 8601 time, in UTC when it names no zone."""
    if not isinstance(text, str):
        return None
    try:
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=timezone.utc)


def outcome(content: Mapping[str, Any]) -> Outcome:
    """Turn the `finished` event of a block into how its step ended."""
    failed = content.get("state") != COMPLETED
    return Outcome(
        state=FAILED if failed else COMPLETED,
        version=content.get("version"),
        started=moment(content.get("started")),
        ended=moment(content.get("ended")),
        error=_reason(content) if failed else None,
        code_hash=content.get("code_hash"),
        outputs=tuple(_output(item) for item in content.get("outputs") or ()),
        result=content.get("result"),
    )


def raised(content: Mapping[str, Any]) -> str:
    """Return one line about an `error` message or a failed reply."""
    name, value = content.get("ename") or "Error", str(content.get("evalue") or "")
    return f"{name}: {value.splitlines()[0]}" if value else str(name)


def _reason(content: Mapping[str, Any]) -> str:
    error = content.get("error") or {}
    message = str(error.get("message") or "").strip()
    line = f", line {error['line']}" if error.get("line") else ""
    first = message.splitlines()[0] if message else "it gave no reason"
    first = first.removesuffix(".") if line else first
    name = None if error.get("sentence") else error.get("name")
    return f"{name}: {first}{line}" if name else f"{first}{line}"


def _output(item: Mapping[str, Any]) -> OutputSummary:
    return OutputSummary(
        name=str(item.get("name")),
        kind=str(item.get("kind")),
        rows=item.get("rows"),
        columns=item.get("columns"),
        bytes=item.get("bytes"),
    )
