"""The log of a step: what its kernel recorded, and what only we know."""

from __future__ import annotations

from typing import Any

from mage_jlab.errors import BlockNotFound
from mage_jlab.model.block import SENSOR
from mage_jlab.model.run import ACTIVE, COMPLETED, ENDED_STEP, FAILED, Run
from mage_jlab.products.manifest import RECORD
from mage_jlab.products.store import ProductStore

Record = dict[str, Any]


def read(
    store: ProductStore, run: Run, block: str, offset: int = 0
) -> tuple[list[Record], int, bool, int]:
    """Return log records, the next offset, whether it is complete, what was dropped.

    A step that did not end by its own word (its kernel died, it was skipped)
    gets a last record that says so, one place behind the end of the file.
    """
    step = next((item for item in run.steps if item.block == block), None)
    if step is None:
        raise BlockNotFound(f"Run '{run.id}' has no step '{block}'.", block=block)
    records: list[Record] = []
    position, dropped, end = offset, 0, 0
    if step.version is not None:
        records, position, dropped = store.log(run.pipeline, run.id, block, step.version, offset)
        end = _size(store, run, block, step.version)
    ended = step.state in ENDED_STEP or run.state not in ACTIVE
    if not ended or position < end:
        return records, position, False, dropped
    if step.error and position <= end and not _own_word(store, run, block, step.version):
        level = "ERROR" if step.state == FAILED else "WARNING"
        time = None if step.ended is None else step.ended.isoformat()
        records.append(
            {"time": time, "kind": "system", "level": level, "text": step.error, "output": None}
        )
        position = end + 1
    return records, position, True, dropped


def _own_word(store: ProductStore, run: Run, block: str, version: str | None) -> bool:
    """Whether the kernel itself recorded how the step ended."""
    if version is None:
        return False
    said = store.step(run.pipeline, run.id, block, version)
    if said is None or said.get("state") not in (COMPLETED, FAILED):
        return False
    # A sensor that said no last did not end by that.
    return not (said.get("type") == SENSOR and said.get("result") is False)


def _size(store: ProductStore, run: Run, block: str, version: str) -> int:
    file = store.execution(run.pipeline, run.id, block, version) / RECORD
    try:
        return file.stat().st_size
    except OSError:
        return 0
