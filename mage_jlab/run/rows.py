"""The rows of a run's steps: what is written down of each, and announced once it is written."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from mage_jlab import clock
from mage_jlab.model.run import (
    CANCELLED,
    COMPLETED,
    QUEUED,
    RUNNING,
    SKIPPED,
    UPSTREAM_FAILED,
    Step,
    group_of,
)  # fmt: skip
from mage_jlab.plan.build import PlannedStep
from mage_jlab.run.active import ActiveRun
from mage_jlab.run.book import Book
from mage_jlab.run.families import how_it_ended
from mage_jlab.run.ports import Outcome, Started

Tell = Callable[[str, str | None, str], None]


class Rows:
    """The rows as they stand now."""

    def __init__(self, rows: Mapping[str, Step], active: ActiveRun, book: Book, tell: Tell) -> None:
        """Begin with the rows of earlier attempts; `tell(kind, block, state)` announces changes."""
        self._rows = dict(rows)
        self._before = dict(rows)
        self._active = active
        self._book = book
        self._tell = tell

    def attempt(self, step: str) -> int:
        """Return the attempt that a step is at, or begins with."""
        return max(self._rows[step].attempt, 1)

    def state(self, step: str) -> str:
        """Return the state that was written down last."""
        return self._rows[step].state

    async def children(self, group: str, children: Iterable[PlannedStep]) -> list[str]:
        """Write the children of a group; return those that completed in an earlier attempt."""
        made = {child.id: self._before.get(child.id) or child.row() for child in children}
        await self._book.children(group, list(made.values()))
        self._rows |= made
        for name, row in self._before.items():  # of an earlier attempt, with other items
            if name not in made and row.state == QUEUED and group_of(name, {group}) == group:
                self._note(replace(row, state=CANCELLED, error="Its item is not there any more."))
        return [name for name, row in made.items() if row.state == COMPLETED]

    def again(self, step: PlannedStep, attempt: int) -> None:
        """A step is about to be tried again; it is written when it begins."""
        self._rows[step.id] = replace(step.row(), state=RUNNING, attempt=attempt)

    def began(self, step: str, attempt: int, started: Started) -> None:
        """A step began in a kernel."""
        row = replace(
            self._rows[step],
            state=RUNNING,
            attempt=attempt,
            started=started.at,
            ended=None,
            error=None,
            version=started.version,
        )
        self._note(row)

    def save(self, step: str, outcome: Outcome, attempt: int) -> None:
        """An attempt of a step ended."""
        before = self._rows[step]
        # A sensor is asked many times in one attempt, which began with the first.
        known = before.started if before.attempt == attempt else None
        row = replace(
            before,
            state=outcome.state,
            attempt=attempt,
            started=known or outcome.started or before.started,
            ended=outcome.ended or clock.now(),
            error=outcome.error,
            version=outcome.version or before.version,
            code_hash=outcome.code_hash,
            outputs=outcome.outputs,
        )
        self._note(row)

    def mark(self, step: str, state: str, error: str | None) -> None:
        """A step got a state without having run."""
        self._note(replace(self._rows[step], state=state, error=error, ended=clock.now()))

    def follow(self, changed: Mapping[str, str], cause: str) -> None:
        """Write down what became of other steps because of one."""
        for step, state in changed.items():
            if state == RUNNING or self._active.is_open(step):
                self._mark_group(step, state)
            else:
                self.mark(step, state, reason(state, cause))

    def _mark_group(self, group: str, state: str) -> None:
        before = self._rows[group]
        if state == before.state == COMPLETED:
            return  # all children were done in an earlier attempt
        children = [self._rows[child] for child in self._active.children(group)]
        row = replace(
            before,
            state=state,
            attempt=max(before.attempt, 1),
            started=before.started or clock.now(),
            ended=None if state == RUNNING else clock.now(),
            error=how_it_ended(state, children),
        )
        self._note(row)

    def _note(self, row: Step) -> None:
        """Have a row written; it is announced when whoever asks would find it."""
        self._rows[row.block] = row
        self._book.note(row, functools.partial(self._tell, "step", row.block, row.state))


def reason(state: str, block: str) -> str | None:
    """Say why a step did not run, because of another one."""
    return {
        UPSTREAM_FAILED: f"Not run, because block '{block}' failed.",
        CANCELLED: f"Not started, because block '{block}' failed.",
        SKIPPED: f"Skipped with block '{block}'.",
    }.get(state)
