"""A cron expression taken apart, and the wall times of a day that it names.

croniter expands the fields; the walk through days and clock changes is ours:
a wall time that happens twice fires once, one that does not exist fires at
the next instant, and what fires in every hour keeps its rhythm.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

from croniter import croniter

from mage_jlab.errors import InvalidTrigger

FIELDS = ("minute", "hour", "day of the month", "month", "day of the week")
_RANGES = ("0 to 59", "0 to 23", "1 to 31 or L", "1 to 12 or jan to dec", "0 to 7 or sun to sat")
_SIZES = (60, 24, 31, 12, 7)
_HORIZON_DAYS = 366 * 41
_DAY = timedelta(days=1)
LAST = "l"


@dataclass(frozen=True)
class Cron:
    """The sets of the five fields; None means every value."""

    text: str
    minutes: tuple[int, ...] | None
    hours: tuple[int, ...] | None
    days: tuple[int | str, ...] | None
    months: tuple[int, ...] | None
    weekdays: tuple[int, ...] | None
    """0 is Sunday."""
    nth: dict[int, frozenset[int | str]]

    def on(self, day: date) -> bool:
        """Whether the expression names this day. Both day fields given: either counts."""
        if self.months is not None and day.month not in self.months:
            return False
        if self.days is None and self.weekdays is None:
            return True
        by_day = self.days is not None and self._by_day(day)
        by_weekday = self.weekdays is not None and self._by_weekday(day)
        return by_day or by_weekday

    def _by_day(self, day: date) -> bool:
        days = self.days or ()
        last = calendar.monthrange(day.year, day.month)[1]
        return day.day in days or (LAST in days and day.day == last)

    def _by_weekday(self, day: date) -> bool:
        weekday = day.isoweekday() % 7
        if weekday not in (self.weekdays or ()):
            return False
        wanted = self.nth.get(weekday)
        if wanted is None:
            return True
        last = calendar.monthrange(day.year, day.month)[1]
        return (day.day - 1) // 7 + 1 in wanted or (LAST in wanted and day.day + 7 > last)


def parse(text: str) -> Cron:
    """Take a cron expression apart.

    Raises:
        InvalidTrigger: with a sentence that says what is wrong with it.
    """
    fields = text.split()
    if len(fields) != len(FIELDS):
        raise InvalidTrigger(
            f"'{text}' has {len(fields)} fields; a cron expression has five: "
            f"{', '.join(FIELDS)}. Seconds and years are not supported."
        )
    for number, field in enumerate(fields):
        _check(text, number, field)
    try:
        expanded, nth = croniter.expand(text)
    except (ValueError, KeyError) as error:
        raise InvalidTrigger(f"'{text}' is no cron expression: {error}.") from error
    minutes, hours, days, months, weekdays = (
        None if "*" in values or len(set(values)) == size else tuple(sorted(set(values), key=_key))
        for values, size in zip(expanded, _SIZES, strict=True)
    )
    cron = Cron(
        text, minutes, hours, days, months, weekdays,
        {int(day): frozenset(which) for day, which in (nth or {}).items()},
    )  # fmt: skip
    if next(_days(cron, date(2000, 1, 1), 1), None) is None:
        raise InvalidTrigger(f"'{text}' never happens: there is no such date.")
    return cron


def forward(cron: Cron, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    """Give the instants after a moment, in UTC."""
    last = after
    for day in _days(cron, after.astimezone(zone).date() - _DAY, 1):
        for instant in _instants(cron, zone, day, after):
            if instant > last:
                yield instant
                last = instant


def backward(cron: Cron, zone: ZoneInfo, until: datetime) -> Iterator[datetime]:
    """Give the instants up to a moment, the newest first, in UTC."""
    last: datetime | None = None
    for day in _days(cron, until.astimezone(zone).date() + _DAY, -1):
        for instant in reversed(list(_instants(cron, zone, day, None))):
            if instant <= until and (last is None or instant < last):
                yield instant
                last = instant


def gap_end(zone: ZoneInfo, wall: datetime) -> datetime | None:
    """Return the instant at which a wall time is jumped over, None when it exists."""
    early = wall.replace(tzinfo=zone, fold=1).astimezone(timezone.utc)
    late = wall.replace(tzinfo=zone, fold=0).astimezone(timezone.utc)
    if early >= late:
        return None
    before = early.astimezone(zone).utcoffset()
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) / 2
        if middle.astimezone(zone).utcoffset() == before:
            early = middle
        else:
            late = middle
    return late.replace(microsecond=0)


def _days(cron: Cron, start: date, direction: int) -> Iterator[date]:
    day = start
    for _ in range(_HORIZON_DAYS):
        if cron.on(day):
            yield day
        try:
            day += _DAY * direction
        except OverflowError:
            return


def _instants(cron: Cron, zone: ZoneInfo, day: date, after: datetime | None) -> Iterator[datetime]:
    """Give the instants of a day in order; `after` only spares work."""
    midnight = datetime.combine(day, time())
    begin = midnight.replace(tzinfo=zone)
    try:
        end = (midnight + _DAY).replace(tzinfo=zone)
    except OverflowError:
        return
    hours, minutes = cron.hours or range(24), cron.minutes or range(60)
    offset = begin.utcoffset() or timedelta(0)
    if offset != end.utcoffset():
        yield from sorted(set(_changing(cron, zone, midnight)))
        return
    first = begin.astimezone(timezone.utc)
    for hour in hours:
        if after is not None and first + timedelta(hours=hour + 1) <= after:
            continue
        for minute in minutes:
            yield first + timedelta(hours=hour, minutes=minute)


def _changing(cron: Cron, zone: ZoneInfo, midnight: datetime) -> Iterator[datetime]:
    """Give the instants of a day on which the clocks change, in any order."""
    for hour in cron.hours or range(24):
        for minute in cron.minutes or range(60):
            wall = midnight + timedelta(hours=hour, minutes=minute)
            jumped = gap_end(zone, wall)
            first = wall.replace(tzinfo=zone, fold=0).astimezone(timezone.utc)
            if jumped is None:
                yield first
                if cron.hours is None:
                    yield wall.replace(tzinfo=zone, fold=1).astimezone(timezone.utc)
            elif cron.hours is not None:
                yield jumped


def _check(text: str, number: int, field: str) -> None:
    """Try a field alone, so that the message can name it."""
    alone = ["*"] * len(FIELDS)
    alone[number] = field
    letters = {piece[0].lower() for piece in field.replace("/", ",").split(",") if piece}
    try:
        if number < 2 and letters & {"h", "r"}:
            raise ValueError(field)
        croniter.expand(" ".join(alone))
    except (ValueError, KeyError) as error:
        raise InvalidTrigger(
            f"The {FIELDS[number]} '{field}' of '{text}' is not valid; "
            f"it goes from {_RANGES[number]}.",
            field=FIELDS[number],
        ) from error


def _key(value: Any) -> tuple[int, Any]:
    return (1, 0) if isinstance(value, str) else (0, value)
