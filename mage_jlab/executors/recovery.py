"""What to do about those who died: their runs, their kernels, their leases."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from mage_jlab import clock
from mage_jlab.db.leases import LEASE, LeaseStore, LeftKernel, Owner
from mage_jlab.db.runs import RunStore
from mage_jlab.executors import process

log = logging.getLogger(__name__)
DIED = "mage-jlab ended unexpectedly while this run was active."


@dataclass
class Recovered:
    """What was found: runs that were cut off, runs that were taken over."""

    interrupted: list[str] = field(default_factory=list)
    adopted: list[str] = field(default_factory=list)
    killed: list[int] = field(default_factory=list)


def dead(owner: Owner, host: str) -> bool:
    """Tell whether a process that carried out runs is gone.

    On this machine the process itself is looked at; elsewhere only its
    silence counts.
    """
    if owner.host == host:
        return process.mark(owner.pid) != owner.mark
    if process.same_machine(owner.host, host) and not _same_boot(owner.host, host):
        return True
    return clock.now() - owner.heartbeat > LEASE


def recover(
    runs: RunStore, leases: LeaseStore, me: Owner, *, adopt: bool,
    forget: Callable[[Owner], None] | None = None,
) -> Recovered:  # fmt: skip
    """Deal with everybody who died.

    Their kernels are killed first, by pid and the moment those began, so that
    nothing runs twice; then their active runs become interrupted. Runs that
    were still queued are taken over when `adopt`, and wait otherwise.
    """
    found = Recovered()
    for owner in leases.owners():
        if owner.id == me.id or not dead(owner, me.host):
            continue
        for kernel in leases.kernels_of(owner.id):
            if _end(kernel, me.host):
                found.killed.append(kernel.pid)
            leases.drop_kernels([kernel.id])
        found.interrupted += runs.interrupt_all(owner.id, DIED, queued=False)
        if adopt:
            found.adopted += runs.adopt(owner.id, me.id)
        found.interrupted += runs.interrupt_all(owner.id, DIED, queued=adopt)
        if adopt or not _still_queued(runs, owner.id):
            leases.leave(owner.id)
        if forget is not None:
            forget(owner)
    if found.interrupted or found.adopted:
        log.warning(
            "After an unexpected end: %d runs interrupted, %d taken over, %d kernels ended.",
            len(found.interrupted), len(found.adopted), len(found.killed),
        )  # fmt: skip
    return found


@dataclass(frozen=True)
class Others:
    """The runs of other processes, for somebody here who waits for one."""

    runs: RunStore
    leases: LeaseStore
    me: Callable[[], Owner | None]
    wake: Callable[[], None]

    def carry(self, run_id: str) -> bool:
        """Whether a run belongs to another process, living or dead."""
        me = self.me()
        return me is None or self.runs.owner(run_id) != me.id

    def inherit(self, run_id: str) -> None:
        """Take over a queued run whose process is gone."""
        me, owner = self.me(), self.runs.owner(run_id)
        if me is None or owner is None or owner == me.id:
            return
        known = next((item for item in self.leases.owners() if item.id == owner), None)
        if known is not None and not dead(known, me.host):
            return
        if self.runs.take_over(run_id, owner, me.id):
            self.wake()


def _end(kernel: LeftKernel, host: str) -> bool:
    """Kill what is left of a kernel of this machine; nothing else is touched."""
    if kernel.host != host:
        return False
    now = process.mark(kernel.pid)
    if now is not None and now != kernel.mark:
        return False  # the id belongs to somebody else by now
    alive = bool(process.members(kernel.pid, kernel.id))
    deadline = clock.monotonic() + 5
    while not process.kill_all(kernel.pid, kernel.id) and clock.monotonic() < deadline:
        continue
    return alive


def _still_queued(runs: RunStore, owner: str) -> bool:
    return runs.next_queued(owner) is not None


def _same_boot(one: str, other: str) -> bool:
    return one.split(":")[1:2] == other.split(":")[1:2]
