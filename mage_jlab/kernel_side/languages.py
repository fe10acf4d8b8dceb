"""Blocks in other languages than Python: what can be run of them, and what to say."""

from __future__ import annotations

from typing import Any

from mage_jlab.errors import StepFailed
from mage_jlab.kernel_side.step import Step


def run(step: Step, shell: Any) -> None:
    """Run a block in another language.

    Raises:
        StepFailed: when that language cannot be run here.
    """
    if step.language == "sql" and not step.configuration.get("data_provider"):
        from mage_jlab.kernel_side import sql

        sql.run(step, shell)
        return
    if step.language == "sql":
        provider = step.configuration["data_provider"]
        raise StepFailed(
            f"Block '{step.block}' is SQL for {provider}, which cannot be run yet; SQL without "
            "a data provider runs on the outputs of upstream blocks by DuckDB.",
            block=step.block,
        )
    words = {"r": "R", "yaml": "YAML", "markdown": "Markdown"}.get(step.language, step.language)
    raise StepFailed(
        f"Block '{step.block}' is written in {words}, which cannot be run yet.", block=step.block
    )
