"""SQL blocks without a data provider: DuckDB over the outputs of upstream blocks.

The tables are called by the upstream block's id and, as in Mage, ``{{ df_1 }}``
… ``{{ df_n }}``; ``{{ variable }}`` takes a variable as a value. The result of
the last statement that gives rows is the block's output. All of it happens in a
process of mage-jlab's own environment, over the stored tables; this kernel
neither reads nor writes a row.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from mage_jlab.kernel_side import inputs, outputs, stored
from mage_jlab.kernel_side.sql import render
from mage_jlab.kernel_side.step import Step
from mage_jlab.kernel_side.tables import tables

_NOT_SAID = ("logger", "context")
"""What templates cannot use of the keyword arguments."""


def run(step: Step, shell: Any) -> None:
    """Run the block's text and store what its last statement gives.

    Raises:
        StepFailed: when an input is no table, or the SQL is wrong.
    """
    tables.start(step.context)  # it loads while this kernel looks for the inputs
    inputs.release(step)
    said = inputs.keyword_arguments(step)
    source = render.fill_outputs(step, step.code, None, said)
    with tempfile.TemporaryDirectory(prefix="mage-jlab-") as beside:
        made = tables.call(
            step.context,
            "sql",
            lambda event: _show(shell, event),
            block=step.block,
            source=source,
            inputs=stored.inputs(step, Path(beside)),
            variables={name: value for name, value in said.items() if name not in _NOT_SAID},
            around=_around(step),
            **outputs.place(step),
        )
    outputs.store_written(step, [made] if made["output"] else [], shell)


def _around(step: Step) -> dict[str, Any]:
    """Say where the block runs: its folder, its environment, the engine."""
    channel = step.context.channel
    return {
        "cwd": str(Path.cwd()),
        "environment": dict(os.environ),
        "channel": None if channel is None else channel.said(),
    }


def _show(shell: Any, event: dict[str, Any]) -> None:
    query = event["compiled"]
    data = {"text/plain": query, "text/markdown": f"```sql\n{query}\n```"}
    shell.display_pub.publish(data=data, metadata={"mage": {"compiled_sql": True}})
