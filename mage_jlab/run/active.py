"""The run as a state machine. It starts nothing: it says what may start.

Two kinds of method: "what may start?" (`ready`, `openable`) and "this happened"
(`started`, `handed`, `opened`, `finished`, `stopped`). A step can end in six ways:

1. completed: its own kernel said so.
2. failed: its code, its tests, its timeout or its kernel failed.
3. upstream_failed: a step above it failed.
4. skipped: its condition, or that of a step above it, was false.
5. cancelled: the run was cancelled, or gave up after a failure elsewhere.
6. interrupted: the server ended.

A step that has left its output in its kernel but not yet on disk still runs;
what comes after it may begin (`handed`).

A *group* is a step that runs once for each item of what is above it. It is no
work itself: once its children can be told it is opened, it runs as long as one
of them has not ended, and ends as they did.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Mapping

from mage_jlab.model import graph
from mage_jlab.model.run import (
    CANCELLED,
    COMPLETED,
    ENDED_STEP,
    FAILED,
    INTERRUPTED,
    QUEUED,
    RUNNING,
    SKIPPED,
    UPSTREAM_FAILED,
)  # fmt: skip
from mage_jlab.plan.dynamic import Opening

_WORST = (FAILED, UPSTREAM_FAILED, INTERRUPTED, CANCELLED)
_Rank = tuple[int, int, int]


class ActiveRun:
    """The states of the steps of one run."""

    def __init__(
        self,
        after: Mapping[str, tuple[str, ...]],
        *,
        done: Iterable[str] = (),
        keep_going: bool = False,
        groups: Mapping[str, Opening] | None = None,
    ) -> None:
        """Begin with every step waiting, but those `done` in an earlier attempt.

        `keep_going` (Mage's allow_blocks_to_fail) lets other branches go on
        after a failure; without it nothing new starts. A group is never done
        before it was opened: its children are.
        """
        graph.order(after)
        self._after = dict(after)
        self._below = {step: list(found) for step, found in graph.downstream(after).items()}
        self._keep_going = keep_going
        self._groups = dict(groups or {})
        self._children: dict[str, tuple[str, ...]] = {}
        self._group_of: dict[str, str] = {}
        self._left: dict[str, int] = {}
        self._handed: set[str] = set()
        self._ranks: dict[str, _Rank] = {s: (0, place, 0) for place, s in enumerate(after)}
        self._ready: list[tuple[_Rank, str]] = []
        self.failed = False
        """Whether a step failed."""
        finished = set(done) - set(self._groups)
        self.states = {step: COMPLETED if step in finished else QUEUED for step in after}
        self._missing = {step: self._count(step) for step in after}
        self._open = sum(1 for state in self.states.values() if state not in ENDED_STEP)
        for step in after:
            self._look(step)

    @property
    def ended(self) -> bool:
        """Whether nothing will change any more."""
        return self._open == 0

    @property
    def unfinished(self) -> tuple[str, ...]:
        """Return the steps that have not ended."""
        return tuple(step for step, state in self.states.items() if state not in ENDED_STEP)

    def children(self, group: str) -> tuple[str, ...]:
        """Return the children of a group that was opened."""
        return self._children.get(group, ())

    def is_open(self, group: str) -> bool:
        """Whether a group was opened."""
        return group in self._children

    def ready(self) -> tuple[str, ...]:
        """Return the steps that may start now: in plan order, then children, deepest first."""
        if self.failed and not self._keep_going:
            return ()
        return tuple(step for _, step in self._ready)

    def openable(self) -> tuple[str, ...]:
        """Return the groups whose children can be told now."""
        if self.failed and not self._keep_going:
            return ()
        return tuple(
            group
            for group, needs in self._groups.items()
            if self.states[group] == QUEUED
            and group not in self._children
            and all(self._there(step) for step in needs.ended)
            and all(step in self._children for step in needs.opened)
        )

    def started(self, step: str) -> None:
        """A step began."""
        self._expect(step, QUEUED)
        if self._missing[step] or step in self._groups:
            raise RuntimeError(f"step '{step}' started before what it waits for")
        self._set(step, RUNNING)

    def handed(self, step: str) -> None:
        """What a running step leaves can be had, though it is not stored yet."""
        self._expect(step, RUNNING)
        if step not in self._handed:
            self._handed.add(step)
            self._arrived(step)

    def opened(
        self, group: str, children: Mapping[str, tuple[str, ...]], done: Iterable[str] = ()
    ) -> dict[str, str]:
        """A group has these children, each after some steps; return what changed, it first."""
        self._expect(group, QUEUED)
        finished = set(done)
        place = self._ranks[group][1]
        self._children[group] = tuple(children)
        self._set(group, RUNNING)
        for index, (child, after) in enumerate(children.items()):
            self._after[child] = after
            self._below[child] = [group]
            for parent in after:
                self._below.setdefault(parent, []).append(child)
            self._group_of[child] = group
            self._ranks[child] = (1, -place, index)
            self.states[child] = COMPLETED if child in finished else QUEUED
            self._missing[child] = self._count(child)
        waiting = [child for child in children if self.states[child] == QUEUED]
        self._open += len(waiting)
        self._left[group] = len(waiting)
        changed = {group: RUNNING}
        for child in waiting:
            bad = next((s for s in map(self._verdict, self._after[child]) if s), None)
            if bad is not None:
                self._end(child, bad, changed)
            self._look(child)
        if self._left.get(group) == 0 and self.states[group] == RUNNING:
            self._close(group, changed)
        return changed

    def finished(self, step: str, state: str) -> dict[str, str]:
        """A running step ended; return the steps whose state changed, this one first."""
        self._expect(step, RUNNING)
        if state not in ENDED_STEP:
            raise RuntimeError(f"'{state}' is no end of a step")
        changed: dict[str, str] = {}
        self._end(step, state, changed)
        return changed

    def refused(self, group: str) -> dict[str, str]:
        """A group that could be opened has no children that make sense: it failed."""
        self._expect(group, QUEUED)
        self._children[group] = ()
        self._set(group, RUNNING)
        return self.finished(group, FAILED)

    def stopped(self, state: str) -> dict[str, str]:
        """The whole run is stopped: whatever has not ended gets this state."""
        changed = dict.fromkeys(self.unfinished, state)
        for step in changed:
            self._set(step, state)
        return changed

    def outcome(self) -> str:
        """Return the state of the run.

        Raises:
            RuntimeError: when a step has not ended: a run never ends quietly.
        """
        if not self.ended:
            raise RuntimeError(f"the run would end with unfinished steps: {self.unfinished}")
        states = set(self.states.values())
        for state in (FAILED, UPSTREAM_FAILED):
            if state in states:
                return FAILED
        rest = states - {COMPLETED, SKIPPED}
        return rest.pop() if rest else COMPLETED

    # ---- keeping count ---------------------------------------------------

    def _set(self, step: str, state: str) -> None:
        """Change a state and the counts that follow from it."""
        was_open = self.states[step] not in ENDED_STEP
        if self.states[step] == QUEUED:
            self._unready(step)
        self.states[step] = state
        if was_open and state in ENDED_STEP:
            self._open -= 1
            group = self._group_of.get(step)
            if group is not None:
                self._left[group] -= 1
        self.failed = self.failed or state == FAILED

    def _end(self, step: str, state: str, changed: dict[str, str]) -> None:
        """End a step, and with it what cannot run any more and what it was the last of."""
        self._set(step, state)
        changed[step] = state
        if state == COMPLETED:
            # What was handed over has arrived already.
            if step not in self._handed:
                self._arrived(step)
        else:
            self._spread(step, UPSTREAM_FAILED if state == FAILED else state, changed)
            if state == FAILED and not self._keep_going:
                for waiting in [s for s, now in self.states.items() if now == QUEUED]:
                    self._set(waiting, CANCELLED)
                    changed[waiting] = CANCELLED
        self._handed.discard(step)
        for group in [g for g, left in self._left.items() if left == 0]:
            if self.states[group] == RUNNING:
                self._close(group, changed)

    def _close(self, group: str, changed: dict[str, str]) -> None:
        """End a group as its children did; one skipped child is no skipped group."""
        states = {self.states[child] for child in self._children[group]}
        state = next((bad for bad in _WORST if bad in states), COMPLETED)
        if states == {SKIPPED}:
            state = SKIPPED
        self._left.pop(group, None)
        if state == COMPLETED and SKIPPED in states:
            self._set(group, COMPLETED)
            changed[group] = COMPLETED
            self._spread(group, SKIPPED, changed)
            self._arrived(group)
            return
        self._end(group, state, changed)

    def _spread(self, step: str, state: str, changed: dict[str, str]) -> None:
        reached = self._reach(step, state)
        for below in sorted((s for s in reached if self.states[s] == QUEUED), key=self._place):
            self._set(below, state)
            changed[below] = state

    def _reach(self, step: str, state: str) -> frozenset[str]:
        """Return what lies below a step; what is skipped for one child is not for the others."""
        found: set[str] = set()
        stack = [step]
        while stack:
            node = stack.pop()
            if node in found:
                continue
            found.add(node)
            below = self._below.get(node, [])
            if state == SKIPPED and node in self._children:
                below = [item for item in below if item not in self._groups]
            stack.extend(below)
        return frozenset(found)

    def _verdict(self, parent: str) -> str | None:
        """Return what becomes of a child whose parent had ended before it was made."""
        state = self.states.get(parent)
        if state == FAILED:
            return UPSTREAM_FAILED
        return state if state in ENDED_STEP and state != COMPLETED else None

    def _arrived(self, step: str) -> None:
        for below in self._below.get(step, ()):
            if below in self._missing and self._group_of.get(step) != below:
                self._missing[below] -= 1
                self._look(below)

    def _count(self, step: str) -> int:
        return sum(1 for parent in self._after[step] if not self._there(parent))

    def _there(self, step: str) -> bool:
        return self.states[step] == COMPLETED or step in self._handed

    def _look(self, step: str) -> None:
        """Take a step among the ready ones when it is."""
        ready = self.states[step] == QUEUED and self._missing[step] == 0
        if ready and step not in self._groups:
            entry = self._ranks[step], step
            place = bisect.bisect_left(self._ready, entry)
            if place == len(self._ready) or self._ready[place] != entry:
                self._ready.insert(place, entry)

    def _unready(self, step: str) -> None:
        entry = self._ranks[step], step
        place = bisect.bisect_left(self._ready, entry)
        if place < len(self._ready) and self._ready[place] == entry:
            del self._ready[place]

    def _place(self, step: str) -> _Rank:
        rank = self._ranks[step]
        return (-rank[1], rank[2], 1) if rank[0] else (rank[1], 0, 0)

    def _expect(self, step: str, state: str) -> None:
        if self.states.get(step) != state:
            raise RuntimeError(f"step '{step}' is {self.states.get(step)}, not {state}")
