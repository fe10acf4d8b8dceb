"""Problems found in a project: all of them, each with a severity."""

from __future__ import annotations

from dataclasses import dataclass

ERROR = "error"
WARNING = "warning"
INFO = "info"


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong or odd, where it is, in one sentence.

    `severity` is ``error`` (cannot run), ``warning`` (runs, but look) or
    ``info``. `line` counts from 1 in `file`, which is relative to the project.
    """

    severity: str
    message: str
    pipeline: str | None = None
    block: str | None = None
    file: str | None = None
    line: int | None = None
