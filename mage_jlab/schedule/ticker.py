"""The only loop that looks at the clock: fires what is due, wakes for what comes.

It sleeps until the next fire time or until something changes, but never longer
than `LONGEST`: the wall clock may jump, a laptop may sleep, a lease must be
renewed and the dead must be found.
"""

from __future__ import annotations

import asyncio
import heapq
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from mage_jlab import clock
from mage_jlab.db.triggers import Armed
from mage_jlab.errors import DiskFull, InvalidTrigger, MageError
from mage_jlab.schedule import due
from mage_jlab.schedule.fires import decide
from mage_jlab.schedule.firing import Firing

log = logging.getLogger(__name__)
LONGEST = 5.0
_RESTART = 1.0


@dataclass
class Health:
    """How the loop feels: starting | running | standby | failed | stopped, and why."""

    state: str = "starting"
    message: str | None = None
    restarts: int = 0


class Ticker:
    """Fires triggers when they are due."""

    def __init__(
        self, firing: Firing | None = None, chores: Sequence[Callable[[], None]] = ()
    ) -> None:
        """Begin asleep. Without `firing` nothing fires; `chores` are done at every tick."""
        self._firing = firing
        self._chores = chores
        self._wake = asyncio.Event()
        self._changed = True
        self._known: dict[str, Armed] = {}
        self._times: dict[str, datetime | None] = {}
        self._heap: list[tuple[datetime, str]] = []
        self._last_seen: datetime | None = None
        self.health = Health()
        self.ticks = 0

    def wake(self) -> None:
        """Triggers changed: look again."""
        self._changed = True
        self._wake.set()

    async def serve(self) -> None:
        """Tick for ever; a tick that raises is reported and followed by the next one."""
        try:
            while True:
                await self._sleep(await self._once())
        finally:
            self.health.state = "stopped"

    async def _once(self) -> float:
        try:
            return await self.tick()
        except DiskFull as error:
            self.health.state, self.health.message = "failed", error.message
            return LONGEST
        except Exception as error:  # the schedule must go on
            log.exception("The scheduler failed; it starts again.")
            self.health.restarts += 1
            self.health.state = "failed"
            self.health.message = f"It failed and started again: {error}"
            self._changed = True
            return _RESTART

    async def _sleep(self, seconds: float) -> None:
        # Not wait_for: before Python 3.12 it swallows a cancellation that comes with the wake.
        alarm = asyncio.get_running_loop().call_later(max(seconds, 0.01), self._wake.set)
        try:
            await self._wake.wait()
        finally:
            alarm.cancel()
        self._wake.clear()

    async def tick(self) -> float:
        """Do what is due now; return the seconds until it is worth looking again."""
        for chore in self._chores:
            await asyncio.to_thread(chore)
        now = clock.now()
        jumped = self._last_seen is not None and now < self._last_seen
        self._last_seen = now
        # Another process may have changed the triggers: they are read each time.
        self._changed = False
        armed = [] if self._firing is None else await asyncio.to_thread(self._firing.armed)
        self._load(armed)
        if jumped:
            log.warning("The clock went back; fire times that were dealt with stay so.")
        problems: list[str] = []
        standby = 0 if self._firing is None else await self._due(self._firing, now, problems)
        self._report(standby, problems)
        self.ticks += 1
        if self._changed or not self._heap:
            return 0.0 if self._changed else LONGEST
        return min((self._heap[0][0] - clock.now()).total_seconds(), LONGEST)

    async def _due(self, firing: Firing, now: datetime, problems: list[str]) -> int:
        """Fire what is due; return how many triggers another process fires."""
        standby = 0
        while self._heap and self._heap[0][0] <= now:
            _, trigger_id = heapq.heappop(self._heap)
            armed = self._known[trigger_id]
            if await asyncio.to_thread(firing.holds, armed.trigger.project):
                await self._guarded(firing, armed, now, problems)
            else:
                standby += 1
        return standby

    def _load(self, armed: Sequence[Armed]) -> None:
        """Find out when each trigger is due; for those that did not change, it is known."""
        known, times = self._known, self._times
        self._known = {item.trigger.id: item for item in armed}
        self._times = {
            name: times[name] if known.get(name) is item else _following(item)
            for name, item in self._known.items()
        }
        self._heap = [(when, name) for name, when in self._times.items() if when is not None]
        heapq.heapify(self._heap)

    async def _guarded(
        self, firing: Firing, armed: Armed, now: datetime, problems: list[str]
    ) -> None:
        """Fire one trigger; its failure must not keep the others from firing."""
        try:
            await self._fire(firing, armed, now)
        except DiskFull:
            raise
        except MageError as error:
            problems.append(f"Trigger '{armed.trigger.name}': {error.message}")
        except Exception as error:  # one trigger's fault is one trigger's
            log.exception("Trigger %s could not fire.", armed.trigger.id)
            problems.append(f"Trigger '{armed.trigger.name}': {error}")

    async def _fire(self, firing: Firing, armed: Armed, now: datetime) -> None:
        trigger = armed.trigger
        active = await asyncio.to_thread(firing.active, trigger.id)
        decision = decide(trigger, armed.anchor, now, len(active))
        if decision.replaces and active:
            await asyncio.to_thread(firing.replace, active)
        made = await asyncio.to_thread(firing.fire, armed, decision)
        if made:
            firing.fired(trigger, made)
            self._changed = True

    def _report(self, standby: int, problems: list[str]) -> None:
        if problems:
            self.health.state, self.health.message = "running", " ".join(problems)
        elif standby:
            self.health.state = "standby"
            self.health.message = "Another process fires the triggers."
        else:
            self.health.state, self.health.message = "running", None


def _following(item: Armed) -> datetime | None:
    trigger = item.trigger
    try:
        following = due.next_fires(
            trigger.schedule or "", trigger.zone, item.anchor, 1, start=trigger.start
        )
    except InvalidTrigger:
        return None  # shown as a problem of the trigger; others go on
    return following[0] if following else None
