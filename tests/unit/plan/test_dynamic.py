"""Dynamic blocks: who has children, how many, with which names and inputs."""

from __future__ import annotations

import pytest

from mage_jlab.errors import InvalidPlan
from mage_jlab.ids import BlockId
from mage_jlab.model.block import Block
from mage_jlab.plan import dynamic
from mage_jlab.plan.dynamic import Above, Fan, Member, Opening, Source


def block(name: str, *upstream: str, **configuration: object) -> Block:
    above = tuple(map(BlockId, upstream))
    return Block(BlockId(name), name, "custom", upstream=above, configuration=configuration)


BLOCKS = (
    block("items", dynamic=True),
    block("plain"),
    block("child", "items", "plain"),
    block("below", "child", reduce_output=True),
    block("sum", "below"),
)


def test_children_go_on_until_they_are_reduced() -> None:
    assert dynamic.many(BLOCKS) == {"child", "below"}
    words = (block("a", dynamic="true"), block("b", "a"))
    assert dynamic.many(words) == frozenset()  # as in Mage, only a true one counts


def test_a_reduced_dynamic_block_has_no_children_below() -> None:
    blocks = (block("a", dynamic=True, reduce_output=True), block("b", "a"), block("c", "b"))
    assert dynamic.many(blocks) == frozenset()


def test_groups_open_when_their_items_are_known() -> None:
    every = ["items", "plain", "child", "below", "sum"]
    assert dynamic.openings(BLOCKS, every) == {
        "child": Opening(ended=("items",)),
        "below": Opening(opened=("child",)),
    }
    # What is not part of the run is known from the start.
    assert dynamic.openings(BLOCKS, ["below", "sum"]) == {"below": Opening()}


def test_one_child_for_each_item_by_the_names_of_the_metadata() -> None:
    items = Above("items", (Member("items", fan=Fan(3, ("a", None, "c"))),), dynamic=True)
    plain = Above("plain", (Member("plain"),))
    made = dynamic.children("child", [items, plain])
    assert [child.id for child in made] == ["child:a", "child:1", "child:c"]
    assert [child.index for child in made] == [0, 1, 2]
    assert made[1].inputs == {"items": Source("items", item=1), "plain": Source("plain")}
    assert made[1].reads == ("items", "plain")


def test_several_upstreams_make_every_combination_the_last_fastest() -> None:
    first = Above("s1", (Member("s1", fan=Fan(2)),), dynamic=True)
    second = Above("s2", (Member("s2", fan=Fan(3)),), dynamic=True)
    made = dynamic.children("c", [first, second])
    assert [(c.id, c.inputs["s1"].item, c.inputs["s2"].item) for c in made] == [  # type: ignore[union-attr]
        ("c:0", 0, 0), ("c:1", 0, 1), ("c:2", 0, 2), ("c:3", 1, 0), ("c:4", 1, 1), ("c:5", 1, 2),
    ]  # fmt: skip


def test_a_name_given_twice_loses_no_child() -> None:
    first = Above("s1", (Member("s1", fan=Fan(2, ("p", "q"))),), dynamic=True)
    second = Above("s2", (Member("s2", fan=Fan(2, ("m", "n"))),), dynamic=True)
    made = dynamic.children("c", [first, second])
    assert [child.id for child in made] == ["c:m", "c:n", "c:m:2", "c:n:3"]


def test_items_of_nested_dynamic_blocks_follow_each_other() -> None:
    members = (Member("mid:p", fan=Fan(1, ("x",))), Member("mid:q", fan=Fan(2)))
    made = dynamic.children("leaf", [Above("mid", members, dynamic=True)])
    assert [(child.id, child.inputs["mid"]) for child in made] == [
        ("leaf:x", Source("mid:p", item=0)),
        ("leaf:1", Source("mid:q", item=0)),
        ("leaf:2", Source("mid:q", item=1)),
    ]


def test_a_reduced_block_arrives_as_one_list() -> None:
    children = (Member("child:a"), Member("child", part=1))
    assert dynamic.inputs(
        [Above("child", children, gathered=True), Above("x", (Member("x"),))]
    ) == {
        "child": (Source("child:a"), Source("child", part=1)),
    }
    # In a block with children of its own, each gets the whole list.
    items = Above("items", (Member("items", fan=Fan(2)),), dynamic=True)
    made = dynamic.children("c", [Above("child", children, gathered=True), items])
    assert len(made) == 2
    assert made[1].inputs["child"] == (Source("child:a"), Source("child", part=1))


def test_no_item_is_no_child() -> None:
    assert dynamic.children("c", [Above("s", (Member("s", fan=Fan(0)),), dynamic=True)]) == ()


def test_what_is_no_list_of_items_is_said() -> None:
    fan = Fan.of({"problem": "it returned an int."})
    with pytest.raises(InvalidPlan, match="it returned an int"):
        dynamic.children("c", [Above("s", (Member("s", fan=fan),), dynamic=True)])
    with pytest.raises(InvalidPlan, match="no longer stored"):
        dynamic.children("c", [Above("s", (Member("s"),), dynamic=True)])
    huge = Above("s", (Member("s", fan=Fan(20_000)),), dynamic=True)
    with pytest.raises(InvalidPlan, match="20,000 times"):
        dynamic.children("c", [huge])


def test_what_the_kernel_says_is_read() -> None:
    assert Fan.of({"count": 2, "names": ["a", None]}) == Fan(2, ("a", None))
    assert Fan.of({"count": 2}).name(1) is None
