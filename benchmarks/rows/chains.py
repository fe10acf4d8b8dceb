"""Chains of blocks that do nothing, through the scheduler: what a block costs."""

from __future__ import annotations

from benchmarks import work
from benchmarks.row import OURS, Row, Side
from benchmarks.rows.requests_ import completed, completed_mage

TEN = Row(
    "chain10",
    "chain of 10 empty blocks through the server",
    "≤ 0.5 s",
    (
        Side(OURS, lambda stage: completed(stage, "chain10", work.chain(10))),
        Side("mage", lambda stage: completed_mage(stage, "chain10", work.chain(10)),
             most=1, warm=False, peer="mage-ai"),
    ),
    limit=0.5,
    recorded="mage 105 s (its command line: 6 ms a block)",
)  # fmt: skip
HUNDRED = Row(
    "chain100",
    "chain of 100 empty blocks through the server",
    "≤ 2.5 s",
    (Side(OURS, lambda stage: completed(stage, "chain100", work.chain(100))),),
    limit=2.5,
    repeat=3,
    recorded="mage about 1,000 s",
)
