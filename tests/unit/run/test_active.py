"""The state machine of a run never ends quietly."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mage_jlab.model.run import ENDED_STEP
from mage_jlab.run.active import ActiveRun

CHAIN = {"a": (), "b": ("a",), "c": ("b",), "side": ()}


def test_successors_are_ready_at_once() -> None:
    run = ActiveRun(CHAIN)
    assert run.ready() == ("a", "side")
    run.started("a")
    assert run.ready() == ("side",)
    assert run.finished("a", "completed") == {"a": "completed"}
    assert run.ready() == ("b", "side")


def test_a_failure_stops_what_has_not_begun() -> None:
    run = ActiveRun(CHAIN)
    run.started("a")
    changed = run.finished("a", "failed")
    assert changed == {
        "a": "failed", "b": "upstream_failed", "c": "upstream_failed", "side": "cancelled",
    }  # fmt: skip
    assert run.ended and run.outcome() == "failed"


def test_other_branches_go_on_when_asked() -> None:
    run = ActiveRun(CHAIN, keep_going=True)
    run.started("a")
    run.finished("a", "failed")
    assert run.ready() == ("side",)
    run.started("side")
    run.finished("side", "completed")
    assert run.outcome() == "failed"


def test_a_skipped_branch_is_no_failure() -> None:
    run = ActiveRun(CHAIN)
    run.started("a")
    assert run.finished("a", "skipped") == {"a": "skipped", "b": "skipped", "c": "skipped"}
    run.started("side")
    run.finished("side", "completed")
    assert run.outcome() == "completed"


def test_what_was_done_before_stays() -> None:
    run = ActiveRun(CHAIN, done=["a", "b"])
    assert run.ready() == ("c", "side")


def test_wrong_news_are_refused() -> None:
    run = ActiveRun(CHAIN)
    with pytest.raises(RuntimeError):
        run.started("b")
    with pytest.raises(RuntimeError):
        run.finished("a", "completed")
    with pytest.raises(RuntimeError, match="unfinished"):
        run.outcome()
    run.started("a")
    with pytest.raises(RuntimeError):
        run.finished("a", "running")


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, tuple[str, ...]]:
    size = draw(st.integers(1, 8))
    names = [f"n{number}" for number in range(size)]
    return {
        name: tuple(draw(st.lists(st.sampled_from(names[:number]), unique=True)) if number else [])
        for number, name in enumerate(names)
    }


@given(graphs(), st.booleans(), st.data())
@settings(max_examples=300, deadline=None)
def test_any_course_of_events_ends_with_every_step_ended(
    after: dict[str, tuple[str, ...]], keep_going: bool, data: st.DataObject
) -> None:
    run = ActiveRun(after, keep_going=keep_going)
    running: list[str] = []
    while not run.ended:
        choices = [("start", block) for block in run.ready()]
        choices += [("end", block) for block in running]
        if data.draw(st.integers(0, 30)) == 0:
            choices = [("stop", "")]
        # There is always something to do: a run never hangs.
        assert choices, run.states
        what, block = data.draw(st.sampled_from(choices))
        if what == "start":
            run.started(block)
            running.append(block)
            assert all(run.states[parent] == "completed" for parent in after[block])
        elif what == "end":
            running.remove(block)
            state = data.draw(st.sampled_from(["completed", "completed", "failed", "skipped"]))
            changed = run.finished(block, state)
            assert changed[block] == state
        else:
            run.stopped("interrupted")
            running.clear()
    assert set(run.states.values()) <= ENDED_STEP
    outcome = run.outcome()
    assert (outcome == "failed") == ("failed" in run.states.values())
    if outcome == "completed":
        assert set(run.states.values()) <= {"completed", "skipped"}
