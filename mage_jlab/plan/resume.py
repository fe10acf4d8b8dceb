"""Which steps of an ended run a retry runs again."""

from __future__ import annotations

from collections.abc import Mapping

from mage_jlab.errors import BlockNotFound, InvalidPlan
from mage_jlab.model import graph
from mage_jlab.model.run import COMPLETED, group_of


def again(
    after: Mapping[str, tuple[str, ...]],
    states: Mapping[str, str],
    from_block: str | None = None,
) -> tuple[str, ...]:
    """Return the blocks to run again: what did not complete, and `from_block` with all below it.

    Whatever lies below a block that runs again runs again too. A block with
    children runs again with each of them, and they with it when it is asked for.

    Raises:
        InvalidPlan: when there is nothing to run again.
        BlockNotFound: when the run has no such step.
    """
    if from_block is not None and from_block not in after:
        raise BlockNotFound(f"The run has no step '{from_block}'.", block=from_block)
    start = [block for block in after if states.get(block) != COMPLETED]
    links = {block: tuple(above) for block, above in after.items()}
    for block in after:
        group = group_of(block, after)
        if group is not None:
            links[group] = (*links[group], block)
            if group == from_block:
                start.append(block)
    if from_block is not None:
        start.append(from_block)
    wanted = graph.reachable(start, graph.downstream(links))
    if not wanted:
        raise InvalidPlan("Every step of the run completed; there is nothing to retry.")
    return tuple(block for block in after if block in wanted)
