"""A step that waits for something outside its run: since when, and for how long."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mage_jlab import clock
from mage_jlab.model.run import FAILED
from mage_jlab.plan.build import PlannedStep
from mage_jlab.products.places import new_version
from mage_jlab.run.ports import Outcome

_LEAST = 0.05


class Waiting:
    """The wait of one attempt. Its timeout counts from the beginning."""

    def __init__(self, step: PlannedStep) -> None:
        """Begin now."""
        self.started = clock.now()
        self.version = new_version(self.started)
        self._timeout = step.timeout
        self._until = None if step.timeout is None else clock.monotonic() + step.timeout

    @property
    def left(self) -> float | None:
        """Return the seconds until time is up, or None when there is no limit."""
        return None if self._until is None else max(self._until - clock.monotonic(), _LEAST)

    def options(self) -> dict[str, Any]:
        """Return what the kernel is told once the wait is over."""
        return {"version": self.version, "timeout": self.left}

    def too_late(self) -> Outcome:
        """Return the end of a step whose time is up."""
        return self.failed(f"It ran longer than its timeout of {self._timeout:g} s.")

    def failed(self, reason: str) -> Outcome:
        """Return the end of a step that waited in vain."""
        return Outcome(FAILED, started=self.started, ended=clock.now(), error=reason)

    def ended(self, outcome: Outcome) -> Outcome:
        """Return an end as that of the whole attempt."""
        return replace(outcome, started=self.started)
