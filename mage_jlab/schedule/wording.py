"""A schedule in plain English."""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from mage_jlab.schedule.cron import LAST, Cron, gap_end

_WEEKDAYS = ("Sunday", *calendar.day_name[:6])
_ORDINALS = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth", LAST: "last"}
_FEW = 6


def sentence(cron: Cron, zone: str) -> str:
    """Return one sentence without a full stop: ``At 02:30 every day (Europe/Berlin)``."""
    parts = [_times(cron)]
    days = _days(cron)
    if days:
        parts.append(days)
    elif cron.hours is not None and parts[0].startswith("At ") and cron.months is None:
        parts.append("every day")
    if cron.months is not None:
        parts.append("in " + _listed([calendar.month_name[m] for m in cron.months], cron.months))
    return f"{' '.join(parts)} ({zone})"


def clock_changes(cron: Cron, zone: ZoneInfo, since: datetime, days: int) -> Iterator[str]:
    """Say what happens to fixed times on the days when the clocks change."""
    if cron.hours is None:
        return
    midnight = since.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    first = midnight.replace(tzinfo=None)
    for number in range(days):
        day = first + timedelta(days=number)
        here, after = day.replace(tzinfo=zone), (day + timedelta(days=1)).replace(tzinfo=zone)
        if here.utcoffset() == after.utcoffset() or not cron.on(day.date()):
            continue
        yield from _on_change(cron, zone, day)


def _on_change(cron: Cron, zone: ZoneInfo, day: datetime) -> Iterator[str]:
    when = f"{day.day} {calendar.month_name[day.month]} {day.year}"
    for hour in cron.hours or ():
        for minute in (cron.minutes or (0,))[:_FEW]:
            wall = day + timedelta(hours=hour, minutes=minute)
            jumped = gap_end(zone, wall)
            if jumped is not None:
                yield (
                    f"On {when} the clocks go forward and {wall:%H:%M} does not exist; "
                    f"it fires at {jumped.astimezone(zone):%H:%M}."
                )
                return
            twice = [wall.replace(tzinfo=zone, fold=fold) for fold in (0, 1)]
            if len({item.astimezone(timezone.utc) for item in twice}) == 2:
                yield (
                    f"On {when} the clocks go back and {wall:%H:%M} happens twice; "
                    "it fires the first time only."
                )
                return


def _times(cron: Cron) -> str:
    hours, minutes = cron.hours, cron.minutes
    if hours is not None and minutes is not None and len(hours) * len(minutes) <= _FEW:
        return "At " + _joined([f"{h:02d}:{m:02d}" for h in hours for m in minutes])
    if hours is None:
        if minutes is not None and len(minutes) == 1:
            return f"Every hour at minute {minutes[0]}"
        return _minutes(minutes)
    step = _step(hours, 24)
    if step and minutes is not None and len(minutes) == 1:
        return f"Every {step} hours at minute {minutes[0]}"
    if len(hours) > 1 and hours == tuple(range(hours[0], hours[-1] + 1)):
        last = (minutes or (59,))[-1]
        first = (minutes or (0,))[0]
        span = f"from {hours[0]:02d}:{first:02d} to {hours[-1]:02d}:{last:02d}"
        if minutes is not None and len(minutes) == 1:
            return f"Every hour {span}"
        return f"{_minutes(minutes)} {span}"
    named = "hour" if len(hours) == 1 else "hours"
    text = _minutes(minutes).replace(" of every hour", "")
    return f"{text} of the {named} {_joined([str(h) for h in hours])}"


def _minutes(minutes: Sequence[int] | None) -> str:
    if minutes is None:
        return "Every minute"
    step = _step(minutes, 60)
    if step:
        return f"Every {step} minutes"
    if len(minutes) == 1:
        return f"At minute {minutes[0]}"
    return f"At the minutes {_listed([str(m) for m in minutes], minutes)} of every hour"


def _days(cron: Cron) -> str:
    found = []
    if cron.days is not None:
        numbers = [d for d in cron.days if isinstance(d, int)]
        names = [_listed([str(d) for d in numbers], numbers)] if numbers else []
        text = f"day {names[0]}" if names and len(numbers) == 1 else ""
        if names and not text:
            text = f"the days {names[0]}"
        if LAST in cron.days:
            text = f"{text} and the last day" if text else "the last day"
        found.append(f"on {text} of the month")
    if cron.weekdays is not None:
        found.append("on " + _weekdays(cron))
    return " or ".join(found)


def _weekdays(cron: Cron) -> str:
    days = cron.weekdays or ()
    if cron.nth:
        names = [
            f"the {_joined([_ORDINALS[n] for n in sorted(cron.nth[d], key=str)])} {_WEEKDAYS[d]}"
            if d in cron.nth
            else f"every {_WEEKDAYS[d]}"
            for d in days
        ]
        return f"{_joined(names)} of the month"
    # A week that begins on Monday: "Monday to Sunday", never "Sunday and Monday to Friday".
    ordered = sorted(days, key=lambda d: (d + 6) % 7)
    return _listed([_WEEKDAYS[d] for d in ordered], [(d + 6) % 7 for d in ordered])


def _step(values: Sequence[int], size: int) -> int | None:
    """Return n when the values are every nth one from 0 on."""
    if len(values) < 2 or values[0] != 0:
        return None
    step = values[1]
    return step if tuple(values) == tuple(range(0, size, step)) and size % step == 0 else None


def _listed(names: Sequence[str], numbers: Sequence[int]) -> str:
    """Join names; three or more neighbours become a span."""
    if len(numbers) > 2 and list(numbers) == list(range(numbers[0], numbers[-1] + 1)):
        return f"{names[0]} to {names[-1]}"
    return _joined(names)


def _joined(names: Sequence[str]) -> str:
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
