"""What a row of the table is: a piece of work, its target, and who else does the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass

from benchmarks.measure import Sample
from benchmarks.stage import Stage

Once = Callable[[], Sample]
Open = Callable[[Stage], AbstractContextManager[Once]]
OURS = "mage-jlab"


@dataclass(frozen=True)
class Side:
    """Somebody who does the work of a row."""

    name: str
    open: Open
    """Prepares everything; gives what does the work once. Cleans up at the end."""
    most: int | None = None
    """At most so many repetitions: for work that takes minutes."""
    warm: bool = True
    """Whether the work is done once before, without being counted."""
    peer: str | None = None
    """The virtual environment that this needs, by the name of the package in it."""


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    name: str
    """Short, for ``--only``."""
    work: str
    target: str
    sides: tuple[Side, ...]
    limit: float | None = None
    """The target as a number in the row's unit; None when there is none."""
    unit: str = "s"
    by: str = "median"
    """Which figure the target is about: median or p95."""
    repeat: int = 5
    recorded: str = ""
    """What peers took on a machine like the one of the first measurements."""
    limits: str = ""
    """What limits the figure, found by profiling."""

    def present(self, stage: Stage) -> Iterator[Side]:
        """Yield the sides that can be measured here."""
        for side in self.sides:
            if side.peer is None or side.peer in stage.peers:
                yield side
