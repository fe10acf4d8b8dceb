"""What becomes of due fire times under each policy."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

from mage_jlab.model.trigger import Trigger
from mage_jlab.schedule.fires import MOST_MISSED, decide

NOW = datetime(2026, 11, 22, 10, 0, 30, tzinfo=timezone.utc)
HOURLY = Trigger("t", "p", "one", "hourly", schedule="0 * * * *", enabled=True)


def states(trigger: Trigger, hours: float, *, active: int = 0) -> list[str]:
    decision = decide(trigger, NOW - timedelta(hours=hours), NOW, active)
    assert decision.anchor == NOW.replace(second=0)
    return [fire.state for fire in decision.fires]


def test_three_days_asleep_run_once() -> None:
    found = states(HOURLY, 72)
    assert found.count("queued") == 1 and found[-1] == "queued"
    assert found.count("missed") == 71


def test_none_runs_only_what_is_fresh() -> None:
    none = replace(HOURLY, missed="none")
    assert states(none, 3) == ["missed", "missed", "queued"]
    late = decide(none, NOW - timedelta(hours=3), NOW + timedelta(minutes=10), active=False)
    assert [fire.state for fire in late.fires] == ["missed"] * 3


def test_all_runs_the_newest_one_after_the_other() -> None:
    trigger = replace(HOURLY, missed="all", settings={"missed_max": 3})
    decision = decide(trigger, NOW - timedelta(hours=5), NOW, active=False)
    assert [fire.state for fire in decision.fires] == ["missed"] * 2 + ["queued"] * 3
    assert [fire.serial for fire in decision.fires[2:]] == [False, True, True]


def test_a_wrong_clock_lists_no_end() -> None:
    found = decide(HOURLY, NOW - timedelta(days=9000), NOW, active=False)
    assert len(found.fires) == MOST_MISSED + 1
    assert "Earlier ones" in str(found.fires[0].error)


def test_overlap() -> None:
    assert states(HOURLY, 1, active=True) == ["skipped"]
    assert states(replace(HOURLY, overlap="allow"), 1, active=True) == ["queued"]
    queue = decide(replace(HOURLY, overlap="queue"), NOW - timedelta(hours=1), NOW, active=True)
    assert [(f.state, f.serial) for f in queue.fires] == [("queued", True)]
    again = decide(replace(HOURLY, overlap="replace"), NOW - timedelta(hours=1), NOW, active=True)
    assert again.replaces and again.fires[0].serial


def test_nothing_due_changes_nothing() -> None:
    decision = decide(HOURLY, NOW, NOW, active=False)
    assert decision.fires == () and decision.anchor == NOW


def test_once_switches_itself_off() -> None:
    start = NOW - timedelta(seconds=5)
    once = replace(HOURLY, schedule="@once", start=start)
    decision = decide(once, NOW - timedelta(hours=1), NOW, active=False)
    assert [fire.time for fire in decision.fires] == [start] and decision.disable


def test_no_more_runs_than_the_trigger_may_have() -> None:
    three = replace(HOURLY, overlap="allow", settings={"pipeline_run_limit": 3})
    assert states(three, 1, active=2) == ["queued"]
    waiting = decide(three, NOW - timedelta(hours=1), NOW, active=3).fires
    assert [(fire.state, fire.serial) for fire in waiting] == [("queued", True)]
    skipping = replace(
        three, settings={"pipeline_run_limit": 3, "on_pipeline_run_limit_reached": "skip"}
    )
    assert states(skipping, 1, active=3) == ["skipped"]
    error = decide(skipping, NOW - timedelta(hours=1), NOW, active=3).fires[0].error
    assert error is not None and "3 runs of this trigger were active" in error
    for odd in (None, "many", 0, -1, True, "nan"):
        assert states(replace(three, settings={"pipeline_run_limit": odd}), 1, active=9) == [
            "queued"
        ]


def test_the_initial_run_is_not_missed() -> None:
    on = NOW + timedelta(minutes=20)
    trigger = replace(
        HOURLY, missed="none", enabled_at=on, settings={"create_initial_pipeline_run": True}
    )
    begun = NOW.replace(second=0) - timedelta(microseconds=1)
    assert [f.state for f in decide(trigger, begun, on, active=0).fires] == ["queued"]
    without = replace(trigger, settings={})
    assert [f.state for f in decide(without, begun, on, active=0).fires] == ["missed"]
