"""What becomes of due fire times: which run, which were missed, which are skipped. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from mage_jlab.model.run import MISSED, QUEUED, SKIPPED
from mage_jlab.model.trigger import INITIAL, RUN_LIMIT, Trigger, positive
from mage_jlab.schedule import due

LATE = timedelta(seconds=60)
"""A fire time older than this was missed: nobody was there."""
MOST_MISSED = 100
"""So many missed fire times get a row of their own; older ones are only counted."""
CATCH_UP = 10
"""How many missed fire times the policy `all` runs, unless the trigger says otherwise."""


@dataclass(frozen=True)
class Fire:
    """One fire time and the state its run begins in."""

    time: datetime
    state: str = QUEUED
    error: str | None = None
    serial: bool = False


@dataclass(frozen=True)
class Decision:
    """Everything that follows from looking at a trigger at one moment."""

    fires: tuple[Fire, ...]
    anchor: datetime
    replaces: bool = False
    """Whether the active runs are cancelled first."""
    disable: bool = False


def decide(trigger: Trigger, anchor: datetime, now: datetime, active: int) -> Decision:
    """Decide about the fire times after `anchor`; `active`: so many runs have not ended yet."""
    keep = _catch_up(trigger)
    found = due.between(
        trigger.schedule or "", trigger.zone, anchor, now,
        limit=MOST_MISSED + keep, start=trigger.start,
    )  # fmt: skip
    times = list(found.times)
    if not times:
        return Decision((), anchor)
    run, missed = _split(trigger, times, now, keep)
    fires = [Fire(moment, MISSED, _missed(trigger)) for moment in missed[-MOST_MISSED:]]
    if fires and (found.more or len(missed) > MOST_MISSED):
        first = fires[0]
        fires[0] = Fire(first.time, MISSED, f"{first.error} Earlier ones are not listed.")
    fires.extend(_overlapped(trigger, run, active))
    once = (trigger.schedule or "").strip() == due.ONCE
    return Decision(
        tuple(fires), times[-1], replaces=trigger.overlap == "replace" and bool(run), disable=once
    )


def _catch_up(trigger: Trigger) -> int:
    if trigger.missed != "all":
        return 1
    try:
        wanted = int(trigger.settings.get("missed_max") or CATCH_UP)
    except (TypeError, ValueError):
        wanted = CATCH_UP
    return max(1, min(wanted, MOST_MISSED))


def _split(
    trigger: Trigger, times: list[datetime], now: datetime, keep: int
) -> tuple[list[datetime], list[datetime]]:
    """Return the fire times to run and those that were missed."""
    if trigger.missed == "none":
        fresh = [m for m in times if now - m <= LATE or _is_initial(trigger, m)][-1:]
        return fresh, [moment for moment in times if moment not in fresh]
    return times[-keep:], times[:-keep]


def _is_initial(trigger: Trigger, moment: datetime) -> bool:
    """Whether a fire time lies before the trigger was switched on and is run nevertheless."""
    on = trigger.enabled_at
    return bool(trigger.settings.get(INITIAL)) and on is not None and moment <= on


def _overlapped(trigger: Trigger, run: list[datetime], active: int) -> list[Fire]:
    """Apply the overlap policy; what is caught up in one go runs one after the other."""
    several = len(run) > 1
    limit = positive(trigger.settings.get(RUN_LIMIT))
    result = []
    for number, moment in enumerate(run):
        busy = bool(active) or number > 0
        if limit is not None and active + number >= limit:
            result.append(_over_limit(trigger, moment, limit))
            continue
        if trigger.overlap == "skip" and active and not several:
            error = "Skipped: the run before it was still active."
            result.append(Fire(moment, SKIPPED, error))
        else:
            serial = busy and trigger.overlap != "allow"
            result.append(Fire(moment, serial=serial))
    return result


def _over_limit(trigger: Trigger, moment: datetime, limit: float) -> Fire:
    if trigger.settings.get("on_pipeline_run_limit_reached") == "skip" or trigger.overlap == "skip":
        error = f"Skipped: {limit:g} runs of this trigger were active, as many as it may have."
        return Fire(moment, SKIPPED, error)
    return Fire(moment, serial=True)


def _missed(trigger: Trigger) -> str:
    if trigger.missed == "none":
        return "Missed: no scheduler was running at this time."
    return "Missed: no scheduler was running at this time; a later fire time was run instead."
