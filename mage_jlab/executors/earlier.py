"""What is known of items and children before a run begins: from the notebook, from attempts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mage_jlab.model.run import COMPLETED, Run, Step, group_of
from mage_jlab.plan import dynamic
from mage_jlab.plan.build import Plan
from mage_jlab.plan.dynamic import Fan, Member
from mage_jlab.products.store import ProductStore


def fans(store: ProductStore, plan: Plan, run: Run, rows: Mapping[str, Step]) -> dict[str, Any]:
    """Return what dynamic steps that completed in an earlier attempt said of their items."""
    blocks = {step.id for step in plan.steps if dynamic.is_dynamic(step.block)}
    found = {}
    for name, row in rows.items():
        block = name if name in blocks else group_of(name, blocks)
        if block in blocks and row.state == COMPLETED and row.version is not None:
            said = store.step(run.pipeline, run.id, name, row.version) or {}
            found[name] = _result(said).get("fan")
    return found


def given(store: ProductStore, plan: Plan, run: Run) -> dict[str, tuple[Member, ...]]:
    """Return what the notebook ran of the blocks that the run reads but does not run."""
    made = {step.id for step in plan.steps}
    found: dict[str, tuple[Member, ...]] = {}
    for block in {item for step in plan.steps for item in step.block.upstream} - made:
        result = _result(store.last_step(run.pipeline, run.id, block) or {})
        parts, inner = result.get("parts"), result.get("fans")
        if parts is None:
            found[block] = (Member(block, fan=Fan.of(result.get("fan"))),)
            continue
        found[block] = tuple(
            Member(block, part, Fan.of(inner[part]) if inner else None)
            for part in range(len(parts))
        )
    return found


def _result(said: Mapping[str, Any]) -> Mapping[str, Any]:
    result = said.get("result")
    return result if isinstance(result, Mapping) else {}
