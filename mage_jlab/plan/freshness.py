"""When a global data product is too old, and how that is said in words. Times are UTC."""

from __future__ import annotations

import calendar
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from mage_jlab.model.data_product import DataProduct

_PARTS: Mapping[str, Callable[[datetime], int]] = {
    "month_of_year": lambda at: at.month,
    "week_of_year": lambda at: at.isocalendar().week,
    "week_of_month": lambda at: math.ceil((at.day + at.replace(day=1).weekday()) / 7),
    "day_of_year": lambda at: at.timetuple().tm_yday,
    "day_of_month": lambda at: at.day,
    "day_of_week": lambda at: (at.weekday() + 1) % 7,
    "hour_of_day": lambda at: at.hour,
    "minute_of_hour": lambda at: at.minute,
    "second_of_minute": lambda at: at.second,
}
_DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_UNITS = ((604_800, "week"), (86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


@dataclass(frozen=True)
class Freshness:
    """How a product stands: `last` is the date of the newest complete run, if there is one."""

    last: datetime | None
    due: datetime | None
    """From when on it counts as too old, the moments of `outdated_starting_at` left aside."""
    outdated: bool


def judge(product: DataProduct, last: datetime | None, now: datetime) -> Freshness:
    """Return how a product stands that was last made at a time.

    One without `outdated_after` is made once and never again, as in mage-ai 0.9.80.
    """
    if last is None:
        return Freshness(None, None, outdated=True)
    if not product.outdated_after:
        return Freshness(last, None, outdated=False)
    due = later(last, product.outdated_after)
    started = all(_PARTS[part](now) >= value for part, value in _starting(product))
    return Freshness(last, due, outdated=now >= due and started)


def later(moment: datetime, after: Mapping[str, float]) -> datetime:
    """Return a moment later by calendar years and months, then by weeks and seconds."""
    months = int(after.get("years", 0)) * 12 + int(after.get("months", 0))
    try:
        if months:
            year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
            day = min(moment.day, calendar.monthrange(year, month + 1)[1])
            moment = moment.replace(year=year, month=month + 1, day=day)
        return moment + timedelta(weeks=after.get("weeks", 0), seconds=after.get("seconds", 0))
    except (ValueError, OverflowError, calendar.IllegalMonthError):
        return datetime.max.replace(tzinfo=moment.tzinfo)


def _starting(product: DataProduct) -> list[tuple[str, int]]:
    return [(part, value) for part, value in product.outdated_starting_at.items() if part in _PARTS]


def rule(product: DataProduct) -> str:
    """Return in one sentence when the product is made again."""
    age = length(product.outdated_after)
    moments = _moments(product.outdated_starting_at)
    if not age:
        return "Made once, then kept; it says no age (outdated_after)."
    return f"Too old {age} after its last run{f', but only {moments}' if moments else ''}."


def length(after: Mapping[str, float]) -> str:
    """Return a length of time in words, or "" for none."""
    parts = [
        _count(after[unit], unit[:-1]) for unit in ("years", "months", "weeks") if unit in after
    ]
    seconds = after.get("seconds", 0)
    for size, unit in _UNITS:
        count = seconds // size if size > 1 else seconds
        if count:
            parts.append(_count(count, unit))
            seconds -= count * size
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if parts[1:] else parts)


def _count(number: float, unit: str) -> str:
    return f"{number:g} {unit}{'' if number == 1 else 's'}"


def _moments(said: Mapping[str, int]) -> str:
    parts = []
    if "month_of_year" in said and 1 <= said["month_of_year"] <= 12:
        parts.append(f"from {calendar.month_name[said['month_of_year']]} on")
    for key, words in (
        ("week_of_year", "from week {} of the year on"),
        ("week_of_month", "from week {} of the month on"),
        ("day_of_year", "from day {} of the year on"),
        ("day_of_month", "from day {} of the month on"),
    ):
        if key in said:
            parts.append(words.format(said[key]))
    if "day_of_week" in said and 0 <= said["day_of_week"] <= 6:
        parts.append(f"from {_DAYS[said['day_of_week']]} on (weeks begin on Sunday)")
    if "hour_of_day" in said:
        parts.append(f"from hour {said['hour_of_day']} of the day on (UTC)")
    if "minute_of_hour" in said:
        parts.append(f"from minute {said['minute_of_hour']} of the hour on")
    if "second_of_minute" in said:
        parts.append(f"from second {said['second_of_minute']} of the minute on")
    return ", ".join(parts)
