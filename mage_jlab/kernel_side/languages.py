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
    if step.type == "global_data_product":
        from mage_jlab.kernel_side import data_product

        data_product.run(step, shell)
        return
    if step.type == "dbt":
        from mage_jlab.kernel_side.dbt import blocks

        blocks.run(step, shell)
        return
    if step.language == "sql":
        if step.configuration.get("data_provider"):
            from mage_jlab.kernel_side.sql import provider

            provider.run(step, shell)
        else:
            from mage_jlab.kernel_side.sql import duck

            duck.run(step, shell)
        return
    if step.language == "yaml":
        from mage_jlab.kernel_side import yaml_data

        yaml_data.run(step, shell)
        return
    if step.language == "r" and step.type != "scratchpad":
        from mage_jlab.kernel_side.beside import r

        r.run(step, shell)
        return
    if step.language == "markdown":
        raise StepFailed(
            f"Block '{step.block}' is written in Markdown, which cannot be run.", block=step.block
        )
    from mage_jlab.kernel_side.beside import other

    other.run(step, shell)
