"""Fire times: right over clock changes, refused when they make no sense."""

from __future__ import annotations

import itertools
import sys
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mage_jlab.errors import InvalidTrigger
from mage_jlab.schedule import due

UTC = timezone.utc
BERLIN = "Europe/Berlin"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def fires(schedule: str, zone: str, after: str, count: int) -> list[str]:
    found = due.next_fires(schedule, zone, at(after), count)
    return [f"{item.astimezone(ZoneInfo(zone)):%m-%d %H:%M}" for item in found]


def test_a_time_that_does_not_exist_fires_at_the_next_instant() -> None:
    assert fires("30 2 * * *", BERLIN, "2026-03-28T00:00", 3) == [
        "03-28 02:30", "03-29 03:00", "03-30 02:30",
    ]  # fmt: skip
    assert fires("*/15 2 * * *", BERLIN, "2026-03-28T12:00", 2) == ["03-29 03:00", "03-30 02:00"]


def test_a_time_that_happens_twice_fires_once() -> None:
    assert fires("30 2 * * *", BERLIN, "2026-10-24T12:00", 2) == ["10-25 02:30", "10-26 02:30"]
    found = due.next_fires("30 2 * * *", BERLIN, at("2026-10-24T12:00"), 1)
    assert found == [at("2026-10-25T00:30")]


def test_hourly_keeps_its_rhythm() -> None:
    for start in ("2026-03-28T22:00", "2026-10-24T22:00"):
        found = due.next_fires("0 * * * *", BERLIN, at(start), 8)
        assert {b - a for a, b in itertools.pairwise(found)} == {timedelta(hours=1)}
        found = due.next_fires("*/15 * * * *", BERLIN, at(start), 40)
        assert {b - a for a, b in itertools.pairwise(found)} == {timedelta(minutes=15)}


def test_zones_with_odd_changes() -> None:
    # Lord Howe moves by half an hour; Cairo jumps over midnight.
    assert fires("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00", 2) == [
        "10-04 02:30", "10-05 02:15",
    ]  # fmt: skip
    assert fires("0 0 * * *", "Africa/Cairo", "2026-04-23T12:00", 2) == [
        "04-24 01:00",
        "04-25 00:00",
    ]


def test_mage_intervals_are_utc() -> None:
    after = at("2026-11-22T10:30")
    for schedule, expected in {
        "@hourly": "2026-11-22T11:00",
        "@daily": "2026-11-23T00:00",
        "@weekly": "2026-11-23T00:00",
        "@monthly": "2026-12-01T00:00",
    }.items():
        assert due.next_fires(schedule, "Asia/Tokyo", after, 1) == [at(expected)]
    assert due.next_fires("@once", "UTC", after, 5) == []
    assert due.next_fires("@once", "UTC", after, 5, start=at("2026-12-01T08:00")) == [
        at("2026-12-01T08:00")
    ]
    assert due.next_fires("@always_on", "UTC", after, 5) == []


def test_nothing_before_the_start() -> None:
    found = due.next_fires("0 * * * *", "UTC", at("2026-01-01T00:30"), 1, start=at("2026-02-01"))
    assert found == [at("2026-02-01T00:00")]


@pytest.mark.parametrize(
    ("schedule", "zone", "says"),
    [
        ("0 0 31 2 *", "UTC", "no such date"),
        ("0 0 31 4,6 *", "UTC", "no such date"),
        ("* * * * * *", "UTC", "6 fields"),
        ("* * * * * * *", "UTC", "7 fields"),
        ("* * * *", "UTC", "4 fields"),
        ("60 * * * *", "UTC", "minute '60'"),
        ("0 24 * * *", "UTC", "hour '24'"),
        ("0 0 * 13 *", "UTC", "month '13'"),
        ("R * * * *", "UTC", "minute 'R'"),
        ("H H * * *", "UTC", "minute 'H'"),
        ("@yearly", "UTC", "not known"),
        ("every day", "UTC", "fields"),
        ("", "UTC", "empty"),
        ("* * * * *", "Mars/Olympus", "no time zone"),
        ("* * * * *", "../../etc/passwd", "no time zone"),
        ("* * * * *", "", "no time zone"),
    ],
)
def test_nonsense_is_refused_with_a_sentence(schedule: str, zone: str, says: str) -> None:
    with pytest.raises(InvalidTrigger) as caught:
        due.validate(schedule, zone)
    assert says in caught.value.message


def test_words() -> None:
    for schedule, expected in {
        "* * * * *": "Every minute (UTC)",
        "*/5 * * * *": "Every 5 minutes (UTC)",
        "7 * * * *": "Every hour at minute 7 (UTC)",
        "30 2 * * *": "At 02:30 every day (UTC)",
        "0 9,17 * * 1-5": "At 09:00 and 17:00 on Monday to Friday (UTC)",
        "0 0 1 * *": "At 00:00 on day 1 of the month (UTC)",
        "0 0 L * *": "At 00:00 on the last day of the month (UTC)",
        "0 6 * * 0": "At 06:00 on Sunday (UTC)",
        "0 6 1 1,7 *": "At 06:00 on day 1 of the month in January and July (UTC)",
        "0 0 1 * 1": "At 00:00 on day 1 of the month or on Monday (UTC)",
        "0 */6 * * *": "At 00:00, 06:00, 12:00 and 18:00 every day (UTC)",
        "*/15 9-17 * * *": "Every 15 minutes from 09:00 to 17:45 (UTC)",
        "@weekly": "At 00:00 on Monday (UTC)",
    }.items():
        assert due.words(schedule, "UTC") == expected


def test_notes_warn_of_clock_changes() -> None:
    notes = due.notes("30 2 * * *", BERLIN, at("2026-01-01"))
    assert len(notes) == 2
    assert "29 March 2026" in notes[0] and "fires at 03:00" in notes[0]
    assert "25 October 2026" in notes[1] and "first time only" in notes[1]
    assert due.notes("30 2 * * *", "UTC") == ()
    assert due.notes("0 * * * *", BERLIN) == ()
    assert due.notes("30 2 * * 3", BERLIN, at("2026-01-01")) == ()


def test_a_wrong_year_is_no_endless_list() -> None:
    found = due.between("* * * * *", BERLIN, at("1990-01-01"), at("2990-01-01"), limit=100)
    assert len(found.times) == 100 and found.more
    assert found.times[-1] == at("2990-01-01")


def test_interval_of_a_fire_time() -> None:
    end, before = due.interval("@daily", "UTC", at("2026-03-01"))
    assert (end, before) == (at("2026-03-02"), at("2026-02-28"))
    assert due.interval("@once", "UTC", at("2026-03-01")) == (None, None)


FIELD = st.sampled_from(["*", "0", "5", "*/20", "10,40", "7-12"])
HOUR = st.sampled_from(["*", "0", "1", "2", "3", "2,14", "1-4", "22-23"])
DAY = st.sampled_from(["*", "1", "29", "31", "10-20"])
MONTH = st.sampled_from(["*", "2", "3,10", "6-8"])
WEEKDAY = st.sampled_from(["*", "0", "7", "1-5", "sun"])
ZONE = st.sampled_from(["UTC", BERLIN, "America/New_York", "Asia/Kolkata", "Australia/Sydney"])
MOMENT = st.datetimes(datetime(2020, 1, 1), datetime(2032, 1, 1))


@given(FIELD, HOUR, DAY, MONTH, WEEKDAY, ZONE, MOMENT)
@settings(max_examples=300, deadline=None)
def test_forward_and_backward_agree(
    minute: str, hour: str, day: str, month: str, weekday: str, zone: str, moment: datetime
) -> None:
    schedule = f"{minute} {hour} {day} {month} {weekday}"
    try:
        due.validate(schedule, zone)
    except InvalidTrigger:
        return
    after = moment.replace(tzinfo=UTC)
    forward = due.next_fires(schedule, zone, after, 5)
    assert all(item > after for item in forward)
    assert forward == sorted(set(forward))
    backward = due.between(schedule, zone, after, forward[-1], limit=50)
    assert list(backward.times) == forward


@pytest.mark.skipif(sys.version_info < (3, 11), reason="cronsim needs Python 3.11")
@given(FIELD, HOUR, DAY, MONTH, WEEKDAY, ZONE, MOMENT)
@settings(max_examples=300, deadline=None)
def test_cronsim_agrees(
    minute: str, hour: str, day: str, month: str, weekday: str, zone: str, moment: datetime
) -> None:
    cronsim = pytest.importorskip("cronsim")
    if minute == "*/20" and hour != "*":
        return  # cronsim does not move a wildcard minute out of the gap
    if minute == "*" and hour != "*":
        return
    schedule = f"{minute} {hour} {day} {month} {weekday}"
    try:
        due.validate(schedule, zone)
    except InvalidTrigger:
        return
    local = moment.replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
    oracle = cronsim.CronSim(schedule, local)
    expected: list[datetime] = []
    while len(expected) < 4:
        found = next(oracle).astimezone(UTC)
        if not expected or found > expected[-1]:
            expected.append(found)
    mine = due.next_fires(schedule, zone, moment.replace(tzinfo=UTC), 4)
    assert mine == expected, (schedule, zone)
