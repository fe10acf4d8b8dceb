"""A pipeline as a notebook: one cell per block.

Only what a person edits is in the hash (sources, order, links, settings):
outputs and the state of the last run are not, so a run never makes the
document look changed.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mage_jlab.files.block_source import normal
from mage_jlab.files.yaml_load import plain
from mage_jlab.ids import slug
from mage_jlab.model.block import GLOBAL_DATA_PRODUCT, MARKDOWN, Block
from mage_jlab.model.check import Problem
from mage_jlab.model.pipeline import Pipeline
from mage_jlab.model.project import Project

if TYPE_CHECKING:
    from nbformat import NotebookNode

DEFAULT_KERNEL = "python3"
_ATTACHED = ("callback", "conditional", "chart", "extension")
CELL_KEYS = (
    "uuid", "name", "type", "language", "role", "upstream", "configuration", "retry_config",
    "timeout", "executor_type", "executor_config", "color",
    "replicated_block",
)  # fmt: skip
"""Keys of a cell's metadata that a save writes; the others are for showing."""
DATA_PRODUCT = "# The newest outputs of a registered pipeline: see the settings of this block."
"""What the cell of a global data product shows, which has no text: an empty cell cannot be run."""
PIPELINE_KEYS = ("description", "tags", "variables")
"""Keys of the notebook's metadata that a save writes."""

Outputs = Callable[[Block], tuple[Sequence[Any], Mapping[str, Any] | None]]


@dataclass(frozen=True)
class Shown:
    """What is shown of a block beside what the pipeline says."""

    source: str | None
    used_in: tuple[str, ...] = ()


def in_order(pipeline: Pipeline) -> list[Block]:
    """Return the blocks as they stand in the notebook: the steps as in the file.

    What is attached to steps stands below the last of them; what is attached to none at the end.
    """
    steps = [block for block in pipeline.blocks if block.role == "block"]
    place = {block.id: index for index, block in enumerate(steps)}
    below: dict[int, list[Block]] = {}
    for role in _ATTACHED:
        for block in pipeline.blocks:
            if block.role == role:
                at = max((place[id] for id in block.upstream if id in place), default=len(steps))
                below.setdefault(at, []).append(block)
    ordered: list[Block] = []
    for index, step in enumerate(steps):
        ordered += [step, *below.get(index, [])]
    return ordered + below.get(len(steps), [])


def build(
    project: Project,
    pipeline: Pipeline,
    shown: Mapping[str, Shown],
    *,
    etag: str,
    problems: Sequence[Problem],
    kernel: Mapping[str, Any],
    outputs: Outputs | None = None,
) -> NotebookNode:
    """Return the notebook of a pipeline. `kernel` holds kernelspec and language_info."""
    return _notebook(
        {
            "nbformat": 4,
            "nbformat_minor": 5,
            "metadata": {
                "kernelspec": dict(kernel["kernelspec"]),
                "language_info": dict(kernel["language_info"]),
                "mage": {
                    "project": slug(project.id),
                    "project_id": project.id,
                    "pipeline": pipeline.id,
                    "name": pipeline.name,
                    "type": pipeline.type,
                    "description": pipeline.description,
                    "tags": list(pipeline.tags),
                    "variables": dict(pipeline.variables),
                    "kernel": pipeline.kernel,
                    "etag": etag,
                    "problems": [_problem(problem) for problem in problems],
                },
            },
            "cells": [
                _cell(block, shown.get(block.id, Shown(None)), outputs)
                for block in in_order(pipeline)
            ],
        }
    )


def _notebook(content: dict[str, Any]) -> NotebookNode:
    # Loaded only here: it takes seconds, which the command line need not spend.
    from nbformat import from_dict

    result: NotebookNode = from_dict(content)
    return result


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        "severity": problem.severity,
        "message": problem.message,
        "pipeline": problem.pipeline,
        "block": problem.block,
        "file": problem.file,
        "line": problem.line,
    }


def _cell(block: Block, shown: Shown, outputs: Outputs | None) -> dict[str, Any]:
    metadata: dict[str, Any] = {"mage": block_metadata(block, shown)}
    cell: dict[str, Any] = {
        "id": slug(block.id),
        "metadata": metadata,
        "source": DATA_PRODUCT if block.type == GLOBAL_DATA_PRODUCT else normal(shown.source or ""),
    }
    if block.type == GLOBAL_DATA_PRODUCT:
        metadata["editable"] = False
    if block.type == MARKDOWN:
        return {**cell, "cell_type": "markdown"}
    listed, state = outputs(block) if outputs is not None else ([], None)
    if state is not None:
        metadata["mage_state"] = plain(dict(state))
    return {**cell, "cell_type": "code", "execution_count": None, "outputs": list(listed)}


def block_metadata(block: Block, shown: Shown) -> dict[str, Any]:
    """Return what a cell says about its block."""
    return {
        "uuid": block.id,
        "name": block.name,
        "type": block.type,
        "language": block.language,
        "role": block.role,
        "upstream": list(block.upstream),
        "configuration": dict(block.configuration),
        "retry_config": block.retry_config,
        "timeout": block.timeout,
        "executor_type": block.executor_type,
        "executor_config": block.executor_config,
        "color": block.color,
        "missing": block.path is not None and shown.source is None,
        "path": block.path,
        "used_in": list(shown.used_in),
        **({"replicated_block": block.replicated_block} if block.replicated_block else {}),
    }


def content_hash(nb: Mapping[str, Any]) -> str:
    """Return the hash of what a save would write: sources and structure, nothing else."""
    metadata = nb.get("metadata", {})
    mage = _mapping(metadata.get("mage"))
    cells = []
    for cell in nb.get("cells", []):
        said = _mapping(_mapping(cell.get("metadata")).get("mage"))
        cells.append(
            [
                None if said else cell.get("cell_type"),
                _own_text(cell),
                {key: plain(said[key]) for key in CELL_KEYS if key in said},
            ]
        )
    content = {
        "cells": cells,
        "pipeline": {key: plain(mage[key]) for key in PIPELINE_KEYS if key in mage},
        "kernel": _mapping(metadata.get("kernelspec")).get("name"),
    }
    data = json.dumps(content, sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(data.encode()).hexdigest()


def _own_text(cell: Mapping[str, Any]) -> str:
    found = normal(text(cell.get("source")))
    return "" if found == DATA_PRODUCT else found


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def text(source: Any) -> str:
    """Return a cell's source as one text; nbformat allows a list of lines."""
    if isinstance(source, list):
        return "".join(str(part) for part in source)
    return source if isinstance(source, str) else ""


def default_kernel(name: str) -> dict[str, Any]:
    """Return kernelspec and language_info for a kernel nobody has opened yet."""
    display, language = _installed(name)
    return {
        "kernelspec": {"display_name": display, "language": language, "name": name},
        "language_info": _language_info(language),
    }


def _installed(name: str) -> tuple[str, str]:
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        spec = KernelSpecManager().get_kernel_spec(name)
    except (NoSuchKernel, ValueError, OSError):
        return name, "python"
    return str(spec.display_name), str(spec.language)


def _language_info(language: str) -> dict[str, Any]:
    if language != "python":
        return {"name": language}
    return {
        "codemirror_mode": {"name": "ipython", "version": 3},
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
        "version": platform.python_version(),
    }
