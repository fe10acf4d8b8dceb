"""Order, circles and reach in graphs of blocks."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mage_jlab.errors import BlockNotFound, CycleError
from mage_jlab.ids import BlockId, PipelineId, find, slug
from mage_jlab.model import graph
from mage_jlab.model.block import Block
from mage_jlab.model.pipeline import Pipeline

nodes = st.sampled_from("abcdefg")
graphs = st.dictionaries(nodes, st.lists(nodes, max_size=3, unique=True).map(tuple)).map(
    lambda found: {**{n: () for above in found.values() for n in above}, **found}
)


def block(block_id: str, *upstream: str, kind: str = "custom", role: str = "block") -> Block:
    return Block(
        BlockId(block_id), block_id, kind, upstream=tuple(map(BlockId, upstream)), role=role
    )


@given(graphs)
def test_order_follows_the_links_or_names_a_circle(links: dict[str, tuple[str, ...]]) -> None:
    path = graph.cycle(links)
    if path is None:
        order = graph.order(links)
        assert sorted(order) == sorted(links)
        places = {node: place for place, node in enumerate(order)}
        assert all(places[above] < places[node] for node in links for above in links[node])
    else:
        assert path[0] == path[-1]
        assert all(one in links[other] for one, other in pairwise(path))
        with pytest.raises(CycleError) as caught:
            graph.order(links)
        assert " → ".join(caught.value.detail["path"]) in caught.value.message


@given(graphs)
def test_downstream_is_upstream_turned_around(links: dict[str, tuple[str, ...]]) -> None:
    below = graph.downstream(links)
    pairs = {(node, above) for node in links for above in links[node]}
    assert pairs == {(child, node) for node in below for child in below[node]}
    for node in links:
        reach = graph.reachable([node], links)
        assert node in reach
        assert all(above in reach for inner in reach for above in links[inner])


def test_order_keeps_the_given_order_where_it_may() -> None:
    assert graph.order({"c": (), "a": (), "b": ("a",)}) == ("c", "a", "b")


def test_links_to_absent_blocks_are_left_out() -> None:
    assert graph.edges([block("a", "gone"), block("b", "a")]) == {"a": (), "b": ("a",)}


def test_a_pipeline_finds_its_blocks() -> None:
    pipeline = Pipeline(PipelineId("p"), "p", blocks=(block("a"), block("b", "a")))
    assert pipeline.block("b").upstream == ("a",)
    assert pipeline.ids == ("a", "b")
    with pytest.raises(BlockNotFound):
        pipeline.block("c")


@pytest.mark.parametrize(
    ("kind", "role", "known", "scheduled"),
    [
        ("transformer", "block", True, True),
        ("markdown", "block", True, False),
        ("scratchpad", "block", True, False),
        ("ai", "block", False, False),
        ("chart", "chart", True, False),
        ("callback", "callback", True, False),
        ("custom", "callback", True, False),
    ],
)
def test_which_blocks_are_steps(kind: str, role: str, known: bool, scheduled: bool) -> None:
    found = block("a", kind=kind, role=role)
    assert (found.known, found.scheduled) == (known, scheduled)


@given(st.lists(st.text(), unique=True, max_size=20))
def test_slugs_are_short_plain_and_tell_ids_apart(ids: list[str]) -> None:
    ids = [item for item in ids if item.isprintable()]
    slugs = [slug(item) for item in ids]
    assert len(set(slugs)) == len(slugs)
    for item, short in zip(ids, slugs, strict=True):
        assert 1 <= len(short) <= 64
        assert short.isascii()
        assert all(char.isalnum() or char in "_-" for char in short)
        assert find(short, ids) == item
