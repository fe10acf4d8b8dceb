"""YAML blocks that are plain data: what their text says is handed on.

Mage itself runs such a text as Python, which fails.
"""

from __future__ import annotations

from typing import Any

from mage_jlab.errors import HostError, StepFailed
from mage_jlab.kernel_side import outputs
from mage_jlab.kernel_side.step import Step

_LATER = {
    "connector_type": "a streaming source or sink",
    "source": "a data integration source",
    "destination": "a data integration destination",
}


def run(step: Step, shell: Any) -> None:
    """Parse the text in the engine and hand on what it says.

    Raises:
        StepFailed: when it belongs to streaming or data integration.
        HostError: when it is no YAML, or there is no engine.
    """
    channel = step.context.channel
    if channel is None:
        raise HostError(
            f"Block '{step.block}' is YAML, which the mage-jlab engine reads; open the pipeline in "
            "JupyterLab or run it with mage-jlab."
        )
    found = channel.call("yaml", text=step.code)
    for key, words in _LATER.items():
        if isinstance(found, dict) and found.get(key):
            raise StepFailed(
                f"Block '{step.block}' is {words} ({key}: {found[key]}), which cannot be run yet; "
                "its text is kept as it is.",
                block=step.block,
            )
    # A list is one value here, not several outputs: nobody returned it.
    outputs.store(step, [] if found is None else [found], shell)
