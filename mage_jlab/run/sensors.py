"""A sensor that is asked again and again: when, under which version, and for how long."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from mage_jlab import clock
from mage_jlab.model.run import FAILED
from mage_jlab.plan.build import PlannedStep
from mage_jlab.run.ports import Outcome

_LEAST = 0.05


class Asking:
    """The questions of one attempt. Its timeout counts from the first one on."""

    def __init__(self, step: PlannedStep, seconds: float) -> None:
        """Begin now; `seconds` lie between two questions unless the block says otherwise."""
        self._timeout = step.timeout
        self._until = None if step.timeout is None else clock.monotonic() + step.timeout
        self._every = max(_seconds(step.block.configuration.get("poll_interval"), seconds), _LEAST)
        self._version: str | None = None
        self._started: datetime | None = None

    def options(self) -> dict[str, Any]:
        """Return what the kernel is told; all questions write one log."""
        found: dict[str, Any] = {"poll": self._every, "timeout": self._left()}
        if self._version is not None:
            found["version"] = self._version
        return found

    def heard(self, outcome: Outcome) -> None:
        """The sensor said no."""
        self._version = self._version or outcome.version
        self._started = self._started or outcome.started

    @property
    def started(self) -> datetime:
        """Return when the first question was asked."""
        return self._started or clock.now()

    @property
    def pause(self) -> float:
        """Return the seconds until the next question, or until time is up."""
        left = self._left()
        return self._every if left is None else min(self._every, left)

    @property
    def late(self) -> bool:
        """Whether time is up."""
        return self._until is not None and clock.monotonic() >= self._until

    def too_late(self) -> Outcome:
        """Return the end of a sensor whose time is up."""
        reason = f"It ran longer than its timeout of {self._timeout:g} s."
        return Outcome(FAILED, ended=clock.now(), error=reason)

    def ended(self, outcome: Outcome) -> Outcome:
        """Return an end as that of the whole attempt, from the first question on."""
        return replace(
            outcome,
            started=self._started or outcome.started,
            version=self._version or outcome.version,
        )

    def _left(self) -> float | None:
        return None if self._until is None else max(self._until - clock.monotonic(), _LEAST)


def _seconds(value: Any, otherwise: float) -> float:
    try:
        found = float(value)
    except (TypeError, ValueError):
        return otherwise
    return found if 0 < found < float("inf") else otherwise
