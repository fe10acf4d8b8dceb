"""A global data product: the outputs of a pipeline, made again when they are too old."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

AGES = ("years", "months", "weeks", "seconds")
"""Units of `outdated_after`, as Mage has them."""

MOMENTS: Mapping[str, tuple[int, int]] = {
    "month_of_year": (1, 12),
    "week_of_year": (1, 53),
    "week_of_month": (1, 6),
    "day_of_year": (1, 366),
    "day_of_month": (1, 31),
    "day_of_week": (0, 6),
    "hour_of_day": (0, 23),
    "minute_of_hour": (0, 59),
    "second_of_minute": (0, 59),
}
"""Parts of `outdated_starting_at` and their bounds; Sunday is day 0."""


@dataclass(frozen=True)
class DataProduct:
    """A registered product.

    `settings` says of which blocks, and of how many runs each (``partitions``; 0 is all),
    the outputs are handed on. `document` is the whole entry of the file.
    """

    id: str
    pipeline: str
    object_type: str = "pipeline"
    outdated_after: Mapping[str, float] = field(default_factory=dict)
    outdated_starting_at: Mapping[str, int] = field(default_factory=dict)
    settings: Mapping[str, int] = field(default_factory=dict)
    document: Mapping[str, Any] = field(default_factory=dict)

    def with_overrides(self, said: Mapping[str, Any]) -> DataProduct:
        """Return the product as a block uses it: what the block says wins, when it says any."""
        after = ages(said.get("outdated_after"))
        moments = starting_at(said.get("outdated_starting_at"))
        chosen = partitions(said.get("settings"))
        return replace(
            self,
            outdated_after=after or self.outdated_after,
            outdated_starting_at=moments or self.outdated_starting_at,
            settings=chosen or self.settings,
        )


def ages(value: Any) -> dict[str, float]:
    """Return an `outdated_after` as far as it can be understood."""
    said = value if isinstance(value, Mapping) else {}
    return {unit: said[unit] for unit in AGES if _number(said.get(unit)) and 0 < said[unit] < 1e10}


def starting_at(value: Any) -> dict[str, int]:
    """Return an `outdated_starting_at` as far as it can be understood."""
    said = value if isinstance(value, Mapping) else {}
    return {part: int(said[part]) for part in MOMENTS if _number(said.get(part))}


def partitions(value: Any) -> dict[str, int]:
    """Return `settings` as block -> how many runs; one when it does not say."""
    found: dict[str, int] = {}
    for block, said in (value if isinstance(value, Mapping) else {}).items():
        count = said.get("partitions", 1) if isinstance(said, Mapping) else 1
        found[str(block)] = int(count) if _number(count) and count >= 0 else 1
    return found


def of(identity: str, entry: Mapping[str, Any]) -> DataProduct:
    """Read an entry of the file; what cannot be understood stays in `document` only."""
    return DataProduct(
        id=identity,
        pipeline=str(entry.get("object_uuid") or ""),
        object_type=str(entry.get("object_type") or "pipeline"),
        outdated_after=ages(entry.get("outdated_after")),
        outdated_starting_at=starting_at(entry.get("outdated_starting_at")),
        settings=partitions(entry.get("settings")),
        document=entry,
    )


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
