"""Where the rows of a block lie in a database: its table's name, as Mage makes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mage_jlab.io.naming import clean_name
from mage_jlab.kernel_side.step import Step


@dataclass(frozen=True)
class Upstream:
    """What has to be known of a block above a SQL block."""

    id: str
    type: str = ""
    language: str = "python"
    configuration: Mapping[str, Any] = field(default_factory=dict)
    upstream: tuple[str, ...] = ()
    source: str = ""

    @property
    def sql(self) -> bool:
        """Whether it is SQL in a database."""
        return self.language == "sql" and bool(self.configuration.get("data_provider"))


def known(step: Step) -> dict[str, Upstream]:
    """Return the pipeline's blocks, as the engine knows them; none without an engine."""
    if step.context.channel is None:
        return {}
    said = step.context.channel.call("block_details")
    return {
        item["id"]: Upstream(
            item["id"], item["type"], item["language"], item["configuration"],
            tuple(item["upstream"]), item["source"] or "",
        )
        for item in said
    }  # fmt: skip


def table(step: Step, block: str, configuration: Mapping[str, Any]) -> str:
    """Return the name of the table of a block."""
    given = configuration.get("data_provider_table")
    if given:
        return str(given)
    name = f"{step.context.pipeline}_{clean_name(block)}_v1"
    prefix = {"dev": "dev_", "test": "test_"}.get(step.context.env, "")
    return f"{prefix}{name}"


def of_upstream(step: Step, above: Upstream) -> tuple[str | None, str]:
    """Return the schema (or None) and the table of the rows of an upstream block."""
    own = step.configuration
    chosen = (own.get("upstream_block_configuration") or {}).get(above.id) or {}
    full = chosen.get("table_name") or table(step, above.id, above.configuration)
    parts = [part for part in str(full).split(".") if part]
    schema = parts[-2] if len(parts) > 1 else None
    if schema is None:
        same = all(
            own.get(key) == above.configuration.get(key)
            for key in ("data_provider", "data_provider_profile")
        )
        theirs = above.configuration.get("data_provider_schema")
        schema = theirs if same and theirs else own.get("data_provider_schema")
    return schema or None, parts[-1]
