"""The graph of blocks: order, cycles, what lies above and below."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from mage_jlab.errors import CycleError
from mage_jlab.model.block import Block

_Node = TypeVar("_Node", bound=str)
Edges = Mapping[_Node, tuple[_Node, ...]]
"""Node -> the nodes it depends on, in order."""


def edges(blocks: Iterable[Block]) -> dict[str, tuple[str, ...]]:
    """Return block id -> upstream ids, links to absent blocks left out."""
    listed = list(blocks)
    known = {block.id for block in listed}
    return {b.id: tuple(u for u in b.upstream if u in known) for b in listed}


def downstream(upstream: Edges[_Node]) -> dict[_Node, tuple[_Node, ...]]:
    """Turn the graph around: node -> the nodes that depend on it."""
    result: dict[_Node, list[_Node]] = {node: [] for node in upstream}
    for node, above in upstream.items():
        for parent in above:
            result.setdefault(parent, []).append(node)
    return {node: tuple(children) for node, children in result.items()}


def cycle(upstream: Edges[_Node]) -> tuple[_Node, ...] | None:
    """Return one circle as a path that ends where it began, or None."""
    state: dict[_Node, int] = {}
    for root in upstream:
        if root in state:
            continue
        path: list[_Node] = [root]
        state[root] = 1
        stack = [iter(upstream.get(root, ()))]
        while stack:
            parent = next(stack[-1], None)
            if parent is None:
                state[path.pop()] = 2
                stack.pop()
            elif state.get(parent) == 1:
                return tuple(reversed((*path[path.index(parent) :], parent)))
            elif parent not in state:
                state[parent] = 1
                path.append(parent)
                stack.append(iter(upstream.get(parent, ())))
    return None


def order(upstream: Edges[_Node]) -> tuple[_Node, ...]:
    """Return the nodes so that each follows what it depends on, else as given.

    Raises:
        CycleError: when there is a circle; the message names its path.
    """
    path = cycle(upstream)
    if path is not None:
        raise CycleError(
            f"The blocks form a cycle: {' → '.join(path)}; remove one of these connections.",
            path=list(path),
        )
    seen: dict[_Node, None] = {}
    for root in upstream:
        stack: list[tuple[_Node, bool]] = [(root, False)]
        while stack:
            node, ready = stack.pop()
            if node in seen:
                continue
            if ready:
                seen[node] = None
                continue
            stack.append((node, True))
            stack.extend((p, False) for p in reversed(upstream.get(node, ())) if p not in seen)
    return tuple(node for node in seen if node in upstream)


def reachable(start: Iterable[_Node], links: Edges[_Node]) -> frozenset[_Node]:
    """Return the start nodes and everything the links lead to from them."""
    found: set[_Node] = set()
    stack = list(start)
    while stack:
        node = stack.pop()
        if node not in found:
            found.add(node)
            stack.extend(links.get(node, ()))
    return frozenset(found)
