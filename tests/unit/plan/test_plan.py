"""Plans: order, subsets, what cannot be run, retries."""

from __future__ import annotations

import pytest

from mage_jlab.errors import BlockNotFound, CycleError, InvalidPlan
from mage_jlab.ids import BlockId, PipelineId
from mage_jlab.model.block import Block
from mage_jlab.model.pipeline import Pipeline
from mage_jlab.plan.build import build
from mage_jlab.plan.resume import again
from mage_jlab.plan.retry import RetryPolicy, merged


def block(name: str, *upstream: str, kind: str = "custom", **more: object) -> Block:
    return Block(BlockId(name), name, kind, upstream=tuple(map(BlockId, upstream)), **more)


def pipeline(*blocks: Block, **more: object) -> Pipeline:
    return Pipeline(PipelineId("p"), "p", blocks=blocks, **more)


def test_steps_follow_what_they_need() -> None:
    plan = build(pipeline(block("c", "b"), block("b", "a"), block("a")))
    assert [step.id for step in plan.steps] == ["a", "b", "c"]
    assert plan.after == {"a": (), "b": ("a",), "c": ("b",)}


def test_notes_and_charts_are_no_steps() -> None:
    plan = build(
        pipeline(block("a"), block("note", "a", kind="markdown"), block("b", "note", "gone"))
    )
    assert plan.after == {"a": (), "b": ("a",)}


def test_a_part_keeps_the_order_of_the_whole() -> None:
    whole = pipeline(block("a"), block("b", "a"), block("c", "b"))
    assert build(whole, blocks=["c", "a"]).after == {"a": (), "c": ("a",)}
    with pytest.raises(BlockNotFound):
        build(whole, blocks=["x"])
    with pytest.raises(InvalidPlan):
        build(whole, blocks=[])


def test_what_cannot_be_run_is_said() -> None:
    with pytest.raises(CycleError, match="a → b → a"):
        build(pipeline(block("a", "b"), block("b", "a")))
    with pytest.raises(InvalidPlan, match="streaming"):
        build(pipeline(block("a"), type="streaming"))
    with pytest.raises(InvalidPlan, match="no block"):
        build(pipeline(block("m", kind="markdown")))
    with pytest.raises(InvalidPlan, match="markdown"):
        build(pipeline(block("a"), block("m", kind="markdown")), blocks=["m"])


def test_kernels_from_the_nearest_place() -> None:
    own = block("a", executor_config={"kernel_name": "ir"})
    plan = build(pipeline(own, block("b")), settings={"kernel_name": "project"})
    assert [step.kernel for step in plan.steps] == ["ir", "project"]
    plan = build(pipeline(block("b"), kernel="pipeline"), settings={"kernel_name": "project"})
    assert plan.steps[0].kernel == "pipeline"
    assert build(pipeline(block("b"))).steps[0].kernel == "python3"


def test_conditions_and_callbacks_belong_to_their_block() -> None:
    plan = build(
        pipeline(
            block("a"),
            block("c", "a", kind="conditional", role="conditional"),
            block("k", "a", kind="callback", role="callback"),
        )
    )
    assert [step.id for step in plan.steps] == ["a"]
    assert [b.id for b in plan.steps[0].conditionals] == ["c"]
    assert [b.id for b in plan.steps[0].callbacks] == ["k"]


def test_retry_gives_up_as_mage_does() -> None:
    assert RetryPolicy().delays() == ()
    assert RetryPolicy(3, 5, 60, True).delays() == (5, 10, 20)
    assert RetryPolicy(5, 30, 60, True).delays() == (30,)
    assert RetryPolicy(3, 1, 60, False).delays() == (1, 1, 1)
    policy = merged({"retries": 3, "delay": 1}, {"delay": 2, "exponential_backoff": False})
    assert policy == RetryPolicy(3, 2, 60, False)
    assert merged(None, {"retries": "many", "delay": -1}) == RetryPolicy()


def test_resume() -> None:
    after = {"a": (), "b": ("a",), "c": ("b",), "d": ("a",)}
    states = {"a": "completed", "b": "failed", "c": "upstream_failed", "d": "completed"}
    assert again(after, states) == ("b", "c")
    assert again(after, states, "d") == ("b", "c", "d")
    done = dict.fromkeys(after, "completed")
    assert again(after, done, "b") == ("b", "c")
    with pytest.raises(InvalidPlan):
        again(after, done)
    with pytest.raises(BlockNotFound):
        again(after, done, "x")


def test_a_child_runs_again_with_its_group_and_a_group_with_all_its_children() -> None:
    after = {
        "src": (), "child": ("src",), "child:a": ("src",), "child:b": ("src",),
        "grand": ("child",), "grand:0": ("child:a",), "grand:1": ("child:b",), "sum": ("grand",),
    }  # fmt: skip
    done = dict.fromkeys(after, "completed")
    assert again(after, done, "child:b") == ("child", "child:b", "grand", "grand:1", "sum")
    assert again(after, done, "grand") == ("grand", "grand:0", "grand:1", "sum")
    failed = {**done, "grand:0": "failed", "grand": "failed", "sum": "upstream_failed"}
    assert again(after, failed) == ("grand", "grand:0", "sum")
