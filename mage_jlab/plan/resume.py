"""Which steps of an ended run a retry runs again."""

from __future__ import annotations

from collections.abc import Mapping

from mage_jlab.errors import BlockNotFound, InvalidPlan
from mage_jlab.model import graph
from mage_jlab.model.run import COMPLETED


def again(
    after: Mapping[str, tuple[str, ...]],
    states: Mapping[str, str],
    from_block: str | None = None,
) -> tuple[str, ...]:
    """Return the blocks to run again: what did not complete, and `from_block` with all below it.

    Whatever lies below a block that runs again runs again too.

    Raises:
        InvalidPlan: when there is nothing to run again.
        BlockNotFound: when the run has no such step.
    """
    if from_block is not None and from_block not in after:
        raise BlockNotFound(f"The run has no step '{from_block}'.", block=from_block)
    start = [block for block in after if states.get(block) != COMPLETED]
    if from_block is not None:
        start.append(from_block)
    wanted = graph.reachable(start, graph.downstream(after))
    if not wanted:
        raise InvalidPlan("Every step of the run completed; there is nothing to retry.")
    return tuple(block for block in after if block in wanted)
