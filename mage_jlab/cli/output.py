"""What the command prints: text for people, or exactly one JSON document."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any


class Output:
    """Where the answer of a command goes."""

    def __init__(self, as_json: bool) -> None:
        """Print JSON instead of text when `as_json`."""
        self.as_json = as_json
        self._given = False

    def give(self, document: Any) -> None:
        """Print the answer as JSON, if that is wanted; a command gives one."""
        if self.as_json and not self._given:
            self._given = True
            json.dump(plain(document), sys.stdout, indent=2, ensure_ascii=False, allow_nan=False)
            sys.stdout.write("\n")
            sys.stdout.flush()

    def say(self, text: str = "") -> None:
        """Print a line for people."""
        if not self.as_json:
            print(text, flush=True)

    def table(self, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Print columns for people."""
        lines = [[str(cell) if cell is not None else "" for cell in row] for row in rows]
        if self.as_json or not lines:
            return
        widths = [max(len(row[n]) for row in [list(head), *lines]) for n in range(len(head))]
        for row in [list(head), *lines]:
            text = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            print(text.rstrip())

    def fail(self, message: str, reason: str, detail: Mapping[str, Any] | None = None) -> None:
        """Print what went wrong."""
        if self.as_json:
            said = {"message": message, "reason": reason}
            self.give(said | ({"detail": dict(detail)} if detail else {}))
        else:
            print(f"mage-jlab: {message}", file=sys.stderr)


def plain(value: Any) -> Any:
    """Return a value as JSON has it."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, float) and value != value:
        return None
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    return str(value) if isinstance(value, Path) else repr(value)


def span(start: datetime | None, end: datetime | None) -> str:
    """Return a duration for people: ``0.4 s``, ``3 min 20 s``."""
    if start is None or end is None:
        return ""
    seconds = (end - start).total_seconds()
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"


def when(moment: datetime | None) -> str:
    """Return a moment in local time, for people."""
    return "" if moment is None else f"{moment.astimezone():%Y-%m-%d %H:%M:%S}"
