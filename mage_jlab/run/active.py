"""The run as a state machine. It starts nothing: it says what may start.

Two kinds of method: "what may start?" (`ready`) and "this happened"
(`started`, `finished`, `skipped`, `stopped`). A step can end in six ways:

1. completed: its own kernel said so.
2. failed: its code, its tests, its timeout or its kernel failed.
3. upstream_failed: a step above it failed.
4. skipped: its condition, or that of a step above it, was false.
5. cancelled: the run was cancelled, or gave up after a failure elsewhere.
6. interrupted: the server ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mage_jlab.model import graph
from mage_jlab.model.run import (
    CANCELLED,
    COMPLETED,
    ENDED_STEP,
    FAILED,
    QUEUED,
    RUNNING,
    SKIPPED,
    UPSTREAM_FAILED,
)  # fmt: skip


class ActiveRun:
    """The states of the steps of one run."""

    def __init__(
        self,
        after: Mapping[str, tuple[str, ...]],
        *,
        done: Iterable[str] = (),
        keep_going: bool = False,
    ) -> None:
        """Begin with every step waiting, but those `done` in an earlier attempt.

        `keep_going` (Mage's allow_blocks_to_fail) lets other branches go on
        after a failure; without it nothing new starts.
        """
        graph.order(after)
        self._after = dict(after)
        self._below = graph.downstream(after)
        self._keep_going = keep_going
        finished = set(done)
        self.states = {block: COMPLETED if block in finished else QUEUED for block in after}

    @property
    def ended(self) -> bool:
        """Whether nothing will change any more."""
        return all(state in ENDED_STEP for state in self.states.values())

    @property
    def failed(self) -> bool:
        """Whether a step failed."""
        return FAILED in self.states.values()

    @property
    def unfinished(self) -> tuple[str, ...]:
        """Return the steps that have not ended."""
        return tuple(b for b, state in self.states.items() if state not in ENDED_STEP)

    def ready(self) -> tuple[str, ...]:
        """Return the steps that may start now, in plan order."""
        if self.failed and not self._keep_going:
            return ()
        return tuple(
            block
            for block, state in self.states.items()
            if state == QUEUED and all(self.states[p] == COMPLETED for p in self._after[block])
        )

    def started(self, block: str) -> None:
        """A step began."""
        self._expect(block, QUEUED)
        if any(self.states[parent] != COMPLETED for parent in self._after[block]):
            raise RuntimeError(f"step '{block}' started before what it waits for")
        self.states[block] = RUNNING

    def finished(self, block: str, state: str) -> dict[str, str]:
        """A running step ended; return the steps whose state changed, this one first."""
        self._expect(block, RUNNING)
        if state not in ENDED_STEP:
            raise RuntimeError(f"'{state}' is no end of a step")
        self.states[block] = state
        changed = {block: state}
        if state == FAILED:
            changed |= self._spread(block, UPSTREAM_FAILED)
            if not self._keep_going:
                changed |= self._stop(CANCELLED)
        elif state == SKIPPED:
            changed |= self._spread(block, SKIPPED)
        elif state != COMPLETED:
            changed |= self._spread(block, state)
        return changed

    def stopped(self, state: str) -> dict[str, str]:
        """The whole run is stopped: whatever has not ended gets this state."""
        changed = {block: state for block in self.unfinished}
        self.states |= changed
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

    def _spread(self, block: str, state: str) -> dict[str, str]:
        changed = {}
        for below in self.states:
            if self.states[below] == QUEUED and below in self._reach(block):
                self.states[below] = state
                changed[below] = state
        return changed

    def _stop(self, state: str) -> dict[str, str]:
        """Give up on what has not begun; what runs may end by itself."""
        waiting = [block for block, now in self.states.items() if now == QUEUED]
        self.states |= dict.fromkeys(waiting, state)
        return dict.fromkeys(waiting, state)

    def _reach(self, block: str) -> frozenset[str]:
        return graph.reachable([block], self._below)

    def _expect(self, block: str, state: str) -> None:
        if self.states.get(block) != state:
            raise RuntimeError(f"step '{block}' is {self.states.get(block)}, not {state}")
