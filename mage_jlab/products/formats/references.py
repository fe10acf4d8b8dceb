"""Outputs of other runs: kept as references, read when a block asks for them.

A global data product hands on what lies in the store already; a copy of it
would take the time and the space a second time.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mage_jlab.errors import MissingInput, StoreError
from mage_jlab.model.product import JSON, Output
from mage_jlab.products.formats.target import Target

NAME = "references"
SUFFIX = ".json"


class References:
    """Outputs of blocks of a pipeline in some of its runs, the newest first."""

    def __init__(self, product: str, pipeline: str, runs: dict[str, list[str]]) -> None:
        """Keep block -> runs."""
        self.product = product
        self.pipeline = pipeline
        self.runs = runs

    def read(self, root: Path) -> dict[str, list[Any]]:
        """Return block -> its values, one for each output of each run.

        Raises:
            StoreError: when a run is not kept any more.
        """
        from mage_jlab.products import execution

        found: dict[str, list[Any]] = {}
        for block, runs in self.runs.items():
            values = found.setdefault(block, [])
            for run in runs:
                try:
                    values += execution.read_values(root, self.pipeline, run, block)
                except MissingInput as error:
                    raise StoreError(
                        f"The global data product '{self.product}' hands on block '{block}' of "
                        f"run {run} of pipeline '{self.pipeline}', which left no output or is not "
                        "kept any more; choose other blocks or fewer runs in its settings."
                    ) from error
        return found


def accepts(value: object) -> bool:
    """Take references."""
    return isinstance(value, References)


def write(value: References, target: Target) -> Output:
    """Store the references."""
    said = {"global_data_product": value.product, "pipeline": value.pipeline, "runs": value.runs}
    target.write_json(SUFFIX, said)
    words = ", ".join(f"{block} ({len(runs)})" for block, runs in value.runs.items())
    return target.output(
        {}, JSON, NAME, media_type="application/json", preview=f"{value.product}: {words}"
    )


def read(folder: Path, output: Output) -> dict[str, list[Any]]:
    """Read what is referred to."""
    text = (folder / f"{output.name}{SUFFIX}").read_text(encoding="utf-8")
    said = json.loads(text)
    root = folder.parents[3]  # pipeline / scope / block / version
    return References(said["global_data_product"], said["pipeline"], said["runs"]).read(root)
