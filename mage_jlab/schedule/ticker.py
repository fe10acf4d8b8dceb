"""The only loop that looks at the clock: fires what is due, wakes for what comes.

It sleeps until the next fire time or until something changes, but never longer
than `LONGEST`: the wall clock may jump, a laptop may sleep, a lease must be
renewed and the dead must be found.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from mage_jlab import clock
from mage_jlab.errors import DiskFull, InvalidTrigger, MageError
from mage_jlab.model.trigger import Trigger
from mage_jlab.schedule import due
from mage_jlab.schedule.fires import Decision, decide

log = logging.getLogger(__name__)
LONGEST = 5.0
_RESTART = 1.0


class ArmedTrigger(Protocol):
    """An enabled trigger, and up to where its fire times are dealt with."""

    @property
    def trigger(self) -> Trigger:
        """Return the trigger."""

    @property
    def anchor(self) -> datetime:
        """Return the last moment that was dealt with."""


@dataclass
class Work:
    """What the ticker asks the rest of the engine to do, all of it in a thread."""

    armed: Callable[[], list[ArmedTrigger]]
    holds: Callable[[str], bool]
    """Whether this process may fire the triggers of a project (its lease)."""
    active: Callable[[str], list[str]]
    """The active runs of a trigger."""
    fire: Callable[[ArmedTrigger, Decision], list[str]]
    replace: Callable[[list[str]], None]
    reap: Callable[[], None]
    fired: Callable[[Trigger, list[str]], None]


@dataclass
class Health:
    """How the loop feels: running | standby | failed, and why."""

    state: str = "stopped"
    message: str | None = None
    restarts: int = 0


class Ticker:
    """Fires triggers when they are due."""

    def __init__(self, work: Work) -> None:
        """Begin asleep."""
        self._work = work
        self._wake = asyncio.Event()
        self._changed = True
        self._known: dict[str, ArmedTrigger] = {}
        self._heap: list[tuple[datetime, str]] = []
        self._last_seen: datetime | None = None
        self.health = Health()

    def wake(self) -> None:
        """Triggers changed: look again."""
        self._changed = True
        self._wake.set()

    async def serve(self) -> None:
        """Tick for ever; a tick that raises is reported and followed by the next one."""
        while True:
            try:
                pause = await self.tick()
            except asyncio.CancelledError:
                self.health.state = "stopped"
                raise
            except DiskFull as error:
                self.health.state, self.health.message = "failed", error.message
                pause = LONGEST
            except Exception as error:  # the schedule must go on
                log.exception("The scheduler failed; it starts again.")
                self.health.restarts += 1
                self.health.state = "failed"
                self.health.message = f"It failed and started again: {error}"
                self._changed = True
                pause = _RESTART
            await self._sleep(pause)

    async def _sleep(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError, asyncio.TimeoutError):
            await asyncio.wait_for(self._wake.wait(), max(seconds, 0.01))
        self._wake.clear()

    async def tick(self) -> float:
        """Do what is due now; return the seconds until it is worth looking again."""
        await asyncio.to_thread(self._work.reap)
        now = clock.now()
        jumped = self._last_seen is not None and now < self._last_seen
        self._last_seen = now
        # Another process may have changed the triggers: they are read each time.
        self._changed = False
        self._load(await asyncio.to_thread(self._work.armed), now)
        if jumped:
            log.warning("The clock went back; fire times that were dealt with stay so.")
        problems: list[str] = []
        standby = 0
        while self._heap and self._heap[0][0] <= now:
            _, trigger_id = heapq.heappop(self._heap)
            armed = self._known[trigger_id]
            if not await asyncio.to_thread(self._work.holds, armed.trigger.project):
                standby += 1
                continue
            await self._guarded(armed, now, problems)
        self._report(standby, problems)
        if self._changed or not self._heap:
            return 0.0 if self._changed else LONGEST
        return min((self._heap[0][0] - clock.now()).total_seconds(), LONGEST)

    def _load(self, armed: list[ArmedTrigger], now: datetime) -> None:
        self._known = {item.trigger.id: item for item in armed}
        self._heap = []
        for item in armed:
            trigger = item.trigger
            try:
                following = due.next_fires(
                    trigger.schedule or "", trigger.zone, item.anchor, 1, start=trigger.start
                )
            except InvalidTrigger:
                continue  # shown as a problem of the trigger; others go on
            if following:
                self._heap.append((following[0], trigger.id))
        heapq.heapify(self._heap)

    async def _guarded(self, armed: ArmedTrigger, now: datetime, problems: list[str]) -> None:
        """Fire one trigger; its failure must not keep the others from firing."""
        try:
            await self._fire(armed, now)
        except DiskFull:
            raise
        except MageError as error:
            problems.append(f"Trigger '{armed.trigger.name}': {error.message}")
        except Exception as error:  # one trigger's fault is one trigger's
            log.exception("Trigger %s could not fire.", armed.trigger.id)
            problems.append(f"Trigger '{armed.trigger.name}': {error}")

    async def _fire(self, armed: ArmedTrigger, now: datetime) -> None:
        trigger = armed.trigger
        active = await asyncio.to_thread(self._work.active, trigger.id)
        decision = decide(trigger, armed.anchor, now, bool(active))
        if decision.replaces and active:
            await asyncio.to_thread(self._work.replace, active)
        made = await asyncio.to_thread(self._work.fire, armed, decision)
        if made:
            self._work.fired(trigger, made)
            self._changed = True

    def _report(self, standby: int, problems: list[str]) -> None:
        if problems:
            self.health.state, self.health.message = "running", " ".join(problems)
        elif standby:
            self.health.state = "standby"
            self.health.message = "Another process fires the triggers."
        else:
            self.health.state, self.health.message = "running", None
