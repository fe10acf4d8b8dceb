"""How often a failed step is tried again, and after how long (Mage's rules)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class RetryPolicy:
    """Retries of a step.

    Before each retry the step waits `delay` seconds, doubled every time when
    `exponential`. It gives up early once all waiting together would reach
    `max_delay`, as Mage does: 5 retries of 30 s with a limit of 60 s are one.
    """

    retries: int = 0
    delay: float = 5
    max_delay: float = 60
    exponential: bool = True

    def delays(self) -> tuple[float, ...]:
        """Return the waits before each retry that will really happen."""
        result: list[float] = []
        delay = self.delay
        while len(result) < self.retries and sum(result) + delay < self.max_delay:
            result.append(delay)
            delay = delay * 2 if self.exponential else delay
        return tuple(result)


def merged(*configs: Mapping[str, Any] | None) -> RetryPolicy:
    """Merge retry settings, later ones over earlier ones; senseless values are ignored.

    Mage merges the project's under the block's; a pipeline's own retry_config
    counts for streaming pipelines only, so it is not given here.
    """
    values: dict[str, Any] = {}
    for config in configs:
        if isinstance(config, Mapping):
            values |= {str(key): value for key, value in config.items() if value is not None}
    standard = RetryPolicy()
    return RetryPolicy(
        retries=int(_number(values.get("retries"), standard.retries)),
        delay=_number(values.get("delay"), standard.delay),
        max_delay=_number(values.get("max_delay"), standard.max_delay),
        exponential=bool(values.get("exponential_backoff", standard.exponential)),
    )


def _number(value: Any, otherwise: float) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return otherwise
    return number if 0 <= number < float("inf") else otherwise
