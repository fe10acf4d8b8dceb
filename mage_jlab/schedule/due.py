"""When a schedule fires. Pure: no database, and a clock only in `coming` and `notes`.

A schedule is a 5-field cron expression in an IANA zone, or one of Mage's
intervals, which are meant in UTC whatever the zone says.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mage_jlab import clock
from mage_jlab.errors import InvalidTrigger, MageError
from mage_jlab.model.trigger import INITIAL, SCHEDULE, Trigger
from mage_jlab.schedule import cron, wording

ONCE = "@once"
ALWAYS_ON = "@always_on"
INTERVALS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@weekly": "0 0 * * 1",
    "@monthly": "0 0 1 * *",
}
UTC_ZONE = "UTC"
_YEAR_AHEAD = 400


@dataclass(frozen=True)
class Due:
    """The newest fire times of a span, oldest first; `more` tells of older ones left out."""

    times: tuple[datetime, ...]
    more: bool = False


def validate(schedule: str | None, zone: str = UTC_ZONE) -> None:
    """Check a schedule and its zone.

    Raises:
        InvalidTrigger: with a sentence that says what is wrong.
    """
    _zone(zone)
    if not schedule or not schedule.strip():
        raise InvalidTrigger(
            "The schedule is empty; type a cron expression such as '30 2 * * *' "
            "or one of @once, @hourly, @daily, @weekly, @monthly."
        )
    text = schedule.strip()
    if text in (ONCE, ALWAYS_ON):
        return
    if text.startswith("@") and text not in INTERVALS:
        raise InvalidTrigger(
            f"'{text}' is not known; the intervals are {', '.join((ONCE, *INTERVALS, ALWAYS_ON))}."
        )
    _parsed(INTERVALS.get(text, text))


def next_fires(
    schedule: str, zone: str, after: datetime, count: int, *, start: datetime | None = None
) -> list[datetime]:
    """Return the next fire times after a moment, in UTC; `start` is the earliest one allowed."""
    return list(itertools.islice(_fires(schedule, zone, after, start), count))


def between(
    schedule: str, zone: str, after: datetime, until: datetime, *, limit: int,
    start: datetime | None = None,
) -> Due:  # fmt: skip
    """Return the newest fire times in (after, until], at most `limit` of them."""
    text = schedule.strip()
    if text in (ONCE, ALWAYS_ON):
        found = [t for t in _fires(schedule, zone, after, start) if t <= until]
        return Due(tuple(found))
    expression, place = _placed(text, zone)
    newest: list[datetime] = []
    for moment in cron.backward(expression, place, until):
        if moment <= after or (start is not None and moment < start):
            break
        if len(newest) == limit:
            return Due(tuple(reversed(newest)), more=True)
        newest.append(moment)
    return Due(tuple(reversed(newest)))


def interval(
    schedule: str | None, zone: str, moment: datetime
) -> tuple[datetime | None, datetime | None]:
    """Return the end of the interval that starts at a fire time, and the start before it."""
    if not schedule or schedule.strip() in (ONCE, ALWAYS_ON):
        return None, None
    expression, place = _placed(schedule.strip(), zone)
    following = next(cron.forward(expression, place, moment), None)
    before = next(cron.backward(expression, place, moment - timedelta(seconds=1)), None)
    return following, before


def begun(trigger: Trigger) -> datetime | None:
    """Return the moment from which the period that has begun already is still to be run.

    None unless the trigger asks for an initial run and its schedule has periods.
    """
    text = (trigger.schedule or "").strip()
    if not (trigger.enabled and trigger.kind == SCHEDULE and trigger.settings.get(INITIAL)):
        return None
    if not text or text in (ONCE, ALWAYS_ON):
        return None
    expression, place = _placed(text, trigger.zone)
    last = next(cron.backward(expression, place, clock.now()), None)
    return None if last is None else last - timedelta(microseconds=1)


def coming(trigger: Trigger) -> datetime | None:
    """Return when a trigger fires next; None when it does not, or makes no sense."""
    if not trigger.enabled or trigger.kind != SCHEDULE or not trigger.schedule:
        return None
    now = clock.now()
    if trigger.schedule.strip() != ONCE:
        # Schedules have minutes: what comes after the begun minute is asked for again and again.
        now = now.replace(second=0, microsecond=0)
    return _coming(trigger.schedule, trigger.zone, now, trigger.start)


@lru_cache(maxsize=20_000)
def _coming(schedule: str, zone: str, now: datetime, start: datetime | None) -> datetime | None:
    try:
        return next(_fires(schedule, zone, now, start), None)
    except MageError:
        return None


def words(schedule: str | None, zone: str = UTC_ZONE) -> str:
    """Say in plain English when a schedule fires."""
    if not schedule:
        return "Never by itself"
    text = schedule.strip()
    if text == ONCE:
        return "Once, at its start time"
    if text == ALWAYS_ON:
        return "Always on (not run by mage-jlab)"
    if text in INTERVALS:
        zone = UTC_ZONE
    return wording.sentence(_parsed(INTERVALS.get(text, text)), zone)


def notes(
    schedule: str | None, zone: str = UTC_ZONE, after: datetime | None = None
) -> tuple[str, ...]:
    """Say what clock changes do to a schedule, and what else is odd about it."""
    if not schedule:
        return ()
    text = schedule.strip()
    if text == ONCE:
        return (
            "It fires once, at its start time, and is switched off then; without a start time "
            "in the future it never fires by itself: use Run now.",
        )
    if text == ALWAYS_ON:
        return ("Mage's always-on triggers are kept in the files, but mage-jlab runs none.",)
    result = []
    if text in INTERVALS and zone != UTC_ZONE:
        result.append("Mage's intervals are meant in UTC; use a cron expression for another zone.")
    expression, place = _placed(text, zone)
    since = after or clock.now()
    result.extend(wording.clock_changes(expression, place, since, _YEAR_AHEAD))
    return tuple(result)


def _fires(schedule: str, zone: str, after: datetime, start: datetime | None) -> Iterator[datetime]:
    text = schedule.strip()
    if text == ALWAYS_ON:
        return
    if text == ONCE:
        if start is not None and start > after:
            yield start.astimezone(timezone.utc)
        return
    expression, place = _placed(text, zone)
    if start is not None and start > after:
        after = start - timedelta(microseconds=1)
    yield from cron.forward(expression, place, after)


def _placed(text: str, zone: str) -> tuple[cron.Cron, ZoneInfo]:
    if text in INTERVALS:
        return _parsed(INTERVALS[text]), _zone(UTC_ZONE)
    return _parsed(text), _zone(zone)


@lru_cache(maxsize=2000)
def _parsed(text: str) -> cron.Cron:
    return cron.parse(text)


def _zone(zone: str) -> ZoneInfo:
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidTrigger(
            f"'{zone}' is no time zone; use a name such as 'Europe/Berlin' or 'UTC'.", zone=zone
        ) from error
