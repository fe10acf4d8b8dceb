"""Global data product blocks: outputs of another pipeline, as fresh as they must be."""

from __future__ import annotations

from typing import Any

from mage_jlab.errors import HostError
from mage_jlab.kernel_side import outputs
from mage_jlab.kernel_side.step import Step
from mage_jlab.products.formats.references import References


def run(step: Step, shell: Any) -> None:
    """Hand on what the product's runs left; in a notebook, have it made again first.

    Raises:
        HostError: when there is no engine to ask, or the product could not be made.
    """
    told = step.options.get("data_product") or _ask(step)
    for line in told["lines"]:
        print(line)
    if not told["runs"]:
        print("Its settings name no block, so an empty dictionary is handed on.")
    found = References(told["uuid"], told["pipeline"], told["runs"])
    found.read(step.context.store)  # what is gone is said here, not in the next block
    outputs.store(step, [found], shell)


def _ask(step: Step) -> dict[str, Any]:
    channel = step.context.channel
    if channel is None:
        raise HostError(
            f"Block '{step.block}' uses a global data product, which needs the mage-jlab engine; "
            "open the pipeline in JupyterLab or run it with mage-jlab."
        )
    said = step.configuration.get("global_data_product") or {}
    print(f"Asking for the global data product '{said.get('uuid')}' …", flush=True)
    found: dict[str, Any] = channel.call("data_product", None, configuration=said)
    return found
