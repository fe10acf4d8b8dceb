"""What a curve is: the same work on more and more."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.report import figure
from benchmarks.stage import Stage

Point = Mapping[str, float]
"""Figures by their title: seconds, or whatever the title says."""


@dataclass(frozen=True)
class Curve:
    """A table of its own."""

    name: str
    work: str
    what: str
    """What grows."""
    sizes: Sequence[int]
    quick: Sequence[int]
    point: Callable[[Stage, int], Point]

    def measure(self, stage: Stage) -> tuple[list[str], list[dict[str, Any]]]:
        """Measure every size; return the lines of a table and the figures."""
        points = []
        for size in self.quick if stage.quick else self.sizes:
            points.append({self.what: size, **self.point(stage, size)})
        titles = list(dict.fromkeys(title for point in points for title in point))[1:]
        lines = [f"| {self.what} | {' | '.join(titles)} |", "|---" * (len(titles) + 1) + "|"]
        for point in points:
            cells = [_cell(title, point.get(title)) for title in titles]
            lines.append(f"| {point[self.what]:,} | {' | '.join(cells)} |")
        return lines, points


def _cell(title: str, value: float | None) -> str:
    if title.endswith("MB"):
        return "" if value is None else f"{value:,.0f}"
    return figure(value, "s") if value is None or value >= 0.01 else f"{value * 1000:.2f} ms"


def median(work: Callable[[], object], times: int = 7) -> float:
    """Return the median of the seconds that something takes."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)
