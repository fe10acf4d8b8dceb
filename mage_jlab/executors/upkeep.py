"""Looks after what other processes did or no longer do, and after what work leaves."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from mage_jlab import clock
from mage_jlab.db.leases import LeaseStore, Owner
from mage_jlab.db.runs import RunStore
from mage_jlab.errors import MageError
from mage_jlab.executors.recovery import recover
from mage_jlab.model.run import CANCELLED, INTERRUPTED
from mage_jlab.run.desk import CANCELLED_REASON, Desk, Hands
from mage_jlab.run.housekeeping import Housekeeping

log = logging.getLogger(__name__)
TIDY = 300.0
"""Seconds between two looks at what interactive work left."""


@dataclass
class Upkeep:
    """What is done at every tick, in a thread, and once at the start."""

    runs: RunStore
    leases: LeaseStore
    housekeeping: Housekeeping
    owner: Owner
    desk: Desk
    hands: Hands
    adopt: bool
    """Whether the queued runs of those who died are taken over."""
    _looked: datetime = field(init=False, default_factory=clock.now)
    _tidied: float = field(init=False, default_factory=clock.monotonic)
    _orphans: set[str] = field(init=False, default_factory=set)

    def recover(self) -> None:
        """Deal with those who died before this process began."""
        recover(self.runs, self.leases, self.owner, adopt=self.adopt)

    def look(self, carries: Callable[[str], bool]) -> None:
        """Look around once; `carries` tells whether a run is being carried out here."""
        owner = self.owner.id
        found = recover(self.runs, self.leases, self.owner, adopt=self.adopt)
        for run_id in self.runs.cancelling(owner):
            self.hands.stop(run_id, CANCELLED, CANCELLED_REASON)
        self._end_orphans(carries)
        looked, self._looked = self._looked, clock.now()
        for run in self.runs.changed_since(looked, owner):
            self.desk.tell(run)
        if found.adopted or self.runs.next_queued(owner) is not None:
            self.hands.wake()
        if clock.monotonic() - self._tidied > TIDY:
            self._tidied = clock.monotonic()
            self.housekeeping.look()

    def _end_orphans(self, carries: Callable[[str], bool]) -> None:
        """End runs that are ours and that nobody carries out: a fault of ours lost them.

        Only what was so at two looks: a run may just be beginning.
        """
        owner = self.owner.id
        lost = {item for item in self.runs.carried_by(owner) if not carries(item)}
        for run_id in lost & self._orphans:
            try:
                self.runs.finish(run_id, owner, INTERRUPTED, "mage-jlab lost track of this run.")
                self.desk.tell(self.runs.get(run_id))
            except MageError as error:
                log.warning("Run %s could not be ended: %s", run_id, error.message)
        self._orphans = lost
