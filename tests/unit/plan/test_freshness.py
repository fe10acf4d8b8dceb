"""When a global data product is too old, as Mage counts it."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from mage_jlab.model import data_product
from mage_jlab.plan import freshness


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


def product(**entry: object) -> data_product.DataProduct:
    return data_product.of("p", {"object_uuid": "source", **entry})


@pytest.mark.parametrize(
    ("after", "last", "due"),
    [
        ({"seconds": 90}, "2024-05-01", "2024-05-01T00:01:30"),
        ({"weeks": 2}, "2024-05-01", "2024-05-15"),
        ({"months": 1}, "2024-01-31", "2024-02-29"),
        ({"years": 1}, "2024-02-29", "2025-02-28"),
        ({"months": 11, "weeks": 1}, "2024-02-01", "2025-01-08"),
        ({"years": 9e9}, "2024-05-01", "9999-12-31T23:59:59.999999"),
    ],
)
def test_age(after: dict[str, float], last: str, due: str) -> None:
    found = freshness.judge(product(outdated_after=after), at(last), at("2024-05-01"))
    assert found.due == at(due)


@pytest.mark.parametrize(
    ("starting", "outdated"),
    [
        ({}, True),
        ({"day_of_month": 15}, True),
        ({"day_of_month": 16}, False),
        ({"day_of_week": 6}, True),
        ({"hour_of_day": 12, "minute_of_hour": 31}, False),
        ({"hour_of_day": 12, "minute_of_hour": 30}, True),
        ({"week_of_month": 3}, True),
        ({"week_of_month": 4}, False),
        ({"week_of_year": 25}, False),
        ({"day_of_year": 167}, True),
        ({"month_of_year": 7}, False),
        ({"noon": 99}, True),
    ],
)
def test_moments_must_all_have_come(starting: dict[str, int], outdated: bool) -> None:
    # A Saturday.
    now = at("2024-06-15T12:30:00")
    asked = product(outdated_after={"weeks": 1}, outdated_starting_at=starting)
    assert freshness.judge(asked, at("2024-06-01"), now).outdated is outdated


def test_sunday_is_day_zero() -> None:
    sunday = at("2024-06-16T12:00:00")
    asked = product(outdated_after={"seconds": 1}, outdated_starting_at={"day_of_week": 1})
    assert not freshness.judge(asked, at("2024-06-01"), sunday).outdated


@pytest.mark.parametrize("after", [{}, {"days": 3}])
def test_without_an_age_it_is_made_once(after: dict[str, float]) -> None:
    asked = product(outdated_after=after, outdated_starting_at={"hour_of_day": 0})
    assert not freshness.judge(asked, at("2000-01-01"), at("2024-05-01")).outdated
    assert freshness.judge(asked, None, at("2024-05-01")).outdated


def test_never_made_is_outdated_whatever_the_moment() -> None:
    asked = product(outdated_starting_at={"month_of_year": 12})
    assert freshness.judge(asked, None, at("2024-05-01")).outdated


def test_words() -> None:
    said = product(
        outdated_after={"weeks": 1, "seconds": 93_600}, outdated_starting_at={"day_of_week": 1}
    )
    assert freshness.rule(said) == (
        "Too old 1 week, 1 day and 2 hours after its last run, "
        "but only from Monday on (weeks begin on Sunday)."
    )
    assert freshness.rule(product()).startswith("Made once, then kept")
    assert freshness.length({"seconds": 0.5}) == "0.5 seconds"


def test_a_block_overrides_what_it_says() -> None:
    said = product(outdated_after={"weeks": 1}, settings={"a": {"partitions": 2}, "b": None})
    assert said.settings == {"a": 2, "b": 1}
    assert said.with_overrides({"outdated_after": {}}).outdated_after == {"weeks": 1}
    assert said.with_overrides({"outdated_after": {"years": 1}}).outdated_after == {"years": 1}
    assert said.with_overrides({"settings": {"c": {"partitions": 0}}}).settings == {"c": 0}
