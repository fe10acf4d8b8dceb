"""Blocks for any other Jupyter kernel: the text runs as it is, files carry data.

The kernel's environment variable ``MAGE_FOLDER`` names a folder. Before a custom block
runs, it holds ``df_1.csv`` and ``df_1.arrow`` (or ``df_1.json``, ``df_1.txt``) … and
``block.json``; what the block leaves there as ``output.csv``, ``output.arrow`` or
``output.json`` is its output.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from mage_jlab.errors import CodeFailed
from mage_jlab.kernel_side import inputs, outputs, stored
from mage_jlab.kernel_side.beside import crew
from mage_jlab.kernel_side.beside.hearing import Hearing, named
from mage_jlab.kernel_side.step import Step
from mage_jlab.kernel_side.tables import tables
from mage_jlab.products.formats import typed_json

_TYPES = ("custom", "scratchpad", "data_loader", "transformer", "data_exporter")


def run(step: Step, shell: Any) -> None:
    """Run the block's text in the kernel of its language.

    Raises:
        CodeFailed: when it fails there, or blocks of its type cannot be in that language.
        MissingPackage: when there is no kernel for its language.
    """
    if step.type not in _TYPES:
        raise CodeFailed(
            f"Block '{step.block}' is a {step.type.replace('_', ' ')}, which cannot be written in "
            f"{step.language}; use a custom block.",
            block=step.block,
        )
    kernel, _ = crew.kernel(step)
    folder = kernel.data
    data = step.type != "scratchpad"
    if data:
        _give(step, folder)
    hearing = Hearing(shell, step)
    reply = kernel.execute(step.code, hearing.hear)
    if reply.get("status") != "ok":
        words = hearing.error or named(reply) or "see what it wrote"
        raise CodeFailed(
            f"The code of block '{step.block}' failed in the kernel '{kernel.name}': {words}",
            lines=hearing.traceback,
            block=step.block,
        )
    if not data:
        outputs.store(step, [], shell)
        return
    taken = tables.call(
        step.context, "take_files", lambda _event: None, folder=str(folder), **outputs.place(step)
    )
    outputs.store_written(step, taken["outputs"], shell)


def _give(step: Step, folder: Path) -> None:
    """Put the inputs and what is known of the block where its code finds them."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    inputs.release(step)
    with tempfile.TemporaryDirectory(prefix="mage-jlab-") as beside:
        given = stored.inputs(step, Path(beside))
        told = tables.call(
            step.context, "give_files", lambda _event: None,
            block=step.block, inputs=given, folder=str(folder),
        )  # fmt: skip
    variables = {
        name: value
        for name, value in inputs.keyword_arguments(step).items()
        if name not in ("logger", "context")
    }
    about = {
        "block": step.block,
        "pipeline": step.context.pipeline,
        "upstream": list(step.upstream),
        "files": told["files"],
        "variables": typed_json.plain(variables),
    }
    (folder / "block.json").write_text(json.dumps(about, indent=2), encoding="utf-8")
