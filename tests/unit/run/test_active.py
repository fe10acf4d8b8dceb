"""The state machine of a run never ends quietly."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mage_jlab.model.run import ENDED_STEP
from mage_jlab.plan.dynamic import Opening
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


FANNED = {"src": (), "child": ("src",), "grand": ("child",), "sum": ("grand",), "side": ()}
GROUPS = {"child": Opening(ended=("src",)), "grand": Opening(opened=("child",))}


def fanned(keep_going: bool = False) -> ActiveRun:
    """A run whose first step has ended with three items, both groups opened."""
    run = ActiveRun(FANNED, groups=GROUPS, keep_going=keep_going)
    assert run.openable() == ()
    run.started("src")
    run.finished("src", "completed")
    assert run.openable() == ("child",)
    run.opened("child", {f"child:{n}": ("src",) for n in range(3)})
    assert run.openable() == ("grand",)
    run.opened("grand", {f"grand:{n}": (f"child:{n}",) for n in range(3)})
    return run


def carry_out(run: ActiveRun, step: str, state: str = "completed") -> dict[str, str]:
    run.started(step)
    return run.finished(step, state)


def test_a_child_goes_on_while_others_wait() -> None:
    run = fanned()
    assert run.ready() == ("side", "child:0", "child:1", "child:2")
    assert carry_out(run, "child:0") == {"child:0": "completed"}
    assert run.ready() == ("side", "grand:0", "child:1", "child:2")
    assert run.states["child"] == run.states["grand"] == "running"


def test_a_group_ends_with_its_last_child() -> None:
    run = fanned()
    carry_out(run, "side")
    for n in (0, 2):
        carry_out(run, f"child:{n}")
        carry_out(run, f"grand:{n}")
    assert carry_out(run, "child:1") == {"child:1": "completed", "child": "completed"}
    assert run.ready() == ("grand:1",)
    assert carry_out(run, "grand:1")["grand"] == "completed"
    assert run.ready() == ("sum",)
    carry_out(run, "sum")
    assert run.ended and run.outcome() == "completed"


def test_a_failed_child_fails_its_group_and_what_is_below_it() -> None:
    run = fanned(keep_going=True)
    changed = carry_out(run, "child:1", "failed")
    assert changed == {"child:1": "failed", "grand:1": "upstream_failed", "sum": "upstream_failed"}
    for step in ("child:0", "grand:0", "child:2", "grand:2", "side"):
        carry_out(run, step)
    assert run.ended and run.outcome() == "failed"
    assert (run.states["child"], run.states["grand"]) == ("failed", "upstream_failed")


def test_after_a_failure_waiting_children_are_given_up() -> None:
    run = fanned()
    run.started("child:0")
    carry_out(run, "child:1", "failed")
    assert run.states["child:2"] == "cancelled"
    assert run.states["child"] == "running"
    assert run.finished("child:0", "completed")["child"] == "failed"
    assert run.ended


def test_a_skipped_child_skips_its_own_and_the_list_of_all() -> None:
    run = fanned()
    changed = carry_out(run, "child:1", "skipped")
    assert changed == {"child:1": "skipped", "grand:1": "skipped", "sum": "skipped"}
    for step in ("child:0", "grand:0", "child:2", "grand:2", "side"):
        carry_out(run, step)
    assert (run.states["child"], run.states["grand"]) == ("completed", "completed")
    assert run.outcome() == "completed"


def test_a_group_without_children_is_done() -> None:
    run = ActiveRun(FANNED, groups=GROUPS)
    carry_out(run, "src")
    assert run.opened("child", {}) == {"child": "completed"}
    assert run.opened("grand", {}) == {"grand": "completed"}
    assert run.ready() == ("sum", "side")


def test_children_of_an_earlier_attempt_stay_done() -> None:
    run = ActiveRun(FANNED, groups=GROUPS, done=["src", "child", "side"])
    assert run.openable() == ("child",)
    run.opened("child", {"child:0": ("src",), "child:1": ("src",)}, done=["child:0"])
    assert run.ready() == ("child:1",)
    carry_out(run, "child:1")
    assert run.states["child"] == "completed"
    below = {"grand:0": ("child:0",), "grand:1": ("child:1",)}
    assert run.opened("grand", below, done=list(below)) == {"grand": "completed"}
    assert run.ready() == ("sum",)


def test_a_group_that_makes_no_sense_fails() -> None:
    run = ActiveRun(FANNED, groups=GROUPS, keep_going=True)
    carry_out(run, "src")
    changed = run.refused("child")
    assert changed == {"child": "failed", "grand": "upstream_failed", "sum": "upstream_failed"}


def test_what_is_handed_over_lets_the_next_begin() -> None:
    run = fanned()
    run.started("child:0")
    run.handed("child:0")
    assert "grand:0" in run.ready()
    run.started("grand:0")
    run.finished("child:0", "completed")
    run.finished("grand:0", "completed")
    assert run.ready() == ("side", "child:1", "child:2")


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_groups_never_end_quietly_either(data: st.DataObject) -> None:
    run = ActiveRun(FANNED, groups=GROUPS, keep_going=data.draw(st.booleans()))
    running: list[str] = []
    while not run.ended:
        while run.openable():
            group = run.openable()[0]
            count = data.draw(st.integers(0, 3))
            if group == "grand":
                made = {f"grand{c[5:]}": (c,) for c in run.children("child")}
            else:
                made = {f"child:{n}": ("src",) for n in range(count)}
            run.opened(group, made)
        choices = [*run.ready(), *(f"end {step}" for step in running)]
        if run.ended:
            break
        assert choices, run.states
        choice = data.draw(st.sampled_from(choices))
        if choice.startswith("end "):
            step = choice[4:]
            running.remove(step)
            ends = st.sampled_from(["completed", "completed", "failed", "skipped"])
            run.finished(step, data.draw(ends))
        else:
            run.started(choice)
            running.append(choice)
            if data.draw(st.booleans()):
                run.handed(choice)
    assert run.outcome() in ("completed", "failed")
    assert set(run.states.values()) <= ENDED_STEP


def test_what_comes_after_a_step_may_begin_before_it_is_stored() -> None:
    run = ActiveRun(CHAIN)
    run.started("a")
    run.handed("a")
    assert run.ready() == ("b", "side")
    run.started("b")
    assert run.finished("b", "completed") == {"b": "completed"}
    assert run.ready() == ("c", "side") and not run.ended


def test_a_product_that_is_lost_fails_the_run_though_others_completed() -> None:
    run = ActiveRun(CHAIN)
    run.started("a")
    run.handed("a")
    run.started("b")
    run.finished("b", "completed")
    assert run.finished("a", "failed") == {
        "a": "failed", "c": "upstream_failed", "side": "cancelled",
    }  # fmt: skip
    assert run.ended and run.outcome() == "failed"
