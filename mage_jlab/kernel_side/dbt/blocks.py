"""Runs a dbt block: a model, or a command; results, compiled SQL and rows are shown."""

from __future__ import annotations

import importlib
import json
import re
import shlex
from importlib import metadata
from pathlib import Path
from typing import Any

from mage_jlab.errors import MissingPackage, StepFailed
from mage_jlab.kernel_side import inputs, outputs
from mage_jlab.kernel_side.dbt import child, place, results
from mage_jlab.kernel_side.sql import places, render
from mage_jlab.kernel_side.sql.places import Upstream
from mage_jlab.kernel_side.step import Step
from mage_jlab.kernel_side.wire import code_hash
from mage_jlab.products.formats.target import comes_from

LIMIT = 1000
_READERS = ("python", "sql", "r")
_TASKS = ("show", "compile", "run", "test", "build")


def run(step: Step, shell: Any) -> None:
    """Run the block by dbt and store the rows it gives.

    Raises:
        MissingPackage: when the kernel's environment has no dbt.
        StepFailed: when dbt refuses; the message is dbt's own.
    """
    _refuse_without_dbt(step)
    folder = place.project(step)
    blocks = places.known(step)
    with place.workplace(step, folder) as work:
        job = _job(step, folder, work, blocks)
        told = child.run(step, work, job, _surroundings(step, work))
        results.show(step, shell, told["results"], job["task"])
        results.refuse(step, told)
        frame = _rows(work, told["rows"])
    values = [] if frame is None else [frame]
    outputs.store(step, values, shell)


def _refuse_without_dbt(step: Step) -> None:
    import sys

    try:
        metadata.version("dbt-core")
    except metadata.PackageNotFoundError:
        raise MissingPackage(
            f"Block '{step.block}' needs the package dbt-core and an adapter for its database "
            f"(dbt-postgres, dbt-duckdb, …), which the environment of this kernel ({sys.prefix}) "
            f"does not have; install them there ({sys.executable} -m pip install "
            "'dbt-core>=1.10,<1.12' dbt-postgres).",
            package="dbt-core>=1.10,<1.12",
        ) from None


def _surroundings(step: Step, work: Path) -> dict[str, str]:
    said = {
        "DBT_LOG_LEVEL": "none",  # what dbt logs is heard by a callback
        "DBT_LOG_LEVEL_FILE": "none",
        "DBT_LOG_PATH": str(work / "logs"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "PYTHONWARNINGS": "ignore:resource_tracker:UserWarning",  # dbt leaves semaphores behind
    }
    if step.language == "sql":  # models of a run may run at the same time
        said["DBT_TARGET_PATH"] = str(work / "target")
    return said


def _job(step: Step, folder: Path, work: Path, blocks: dict[str, Upstream]) -> dict[str, Any]:
    chosen = place.target(step)
    variables = place.variables(step)
    job: dict[str, Any] = {
        "language": step.language,
        "project": str(folder),
        "profiles": str(work / "profiles"),
        "target": chosen,
        "pipeline": step.context.pipeline,
        "sources": _sources(step, folder, blocks),
        "tables": _tables(step, work, blocks),
        "flags": place.flags(step),
        "rows": None,
    }
    if step.language == "sql":
        _model(step, folder, job, blocks)
    else:
        variables = _command(step, job, variables)
    where = ["--project-dir", str(folder), "--profiles-dir", job["profiles"]]
    at = ["--target", chosen] if chosen else []
    job["variables"] = json.loads(place.as_json(variables))
    job["common"] = [*where, "--vars", place.as_json(variables), *at]
    return job


def _model(step: Step, folder: Path, job: dict[str, Any], blocks: dict[str, Upstream]) -> None:
    file = place.relative_file(step, folder)
    runtime = place.at_run_time(step)
    name = Path(file).stem
    limit = int(step.configuration.get("limit") or LIMIT)
    needed = _is_read(step, blocks)
    interactive = step.context.interactive
    job |= {
        "file": file,
        "task": _task(step),
        "select": f"{runtime.get('prefix') or ''}{name}{runtime.get('suffix') or ''}",
        "alone": not (runtime.get("prefix") or runtime.get("suffix")),
        "limit": limit,
        "inline": None,
        "rows": {
            "needed": needed or interactive,
            "limit": None if limit < 0 or (needed and not interactive) else limit,
        },
        "shown": 3,
    }
    try:
        stored = (folder / file).read_text("utf-8")
    except OSError:
        stored = ""
    if code_hash(stored) == step.code_hash:
        return
    if interactive and job["task"] in ("show", "compile"):
        job["inline"] = step.code
    elif interactive:
        raise StepFailed(
            f"Block '{step.block}' has changes that are not saved; dbt reads the file {file}, so "
            "save the pipeline first.",
            block=step.block,
        )
    else:
        print(f"{file} was edited after this run began; dbt reads it as it is now.")


def _task(step: Step) -> str:
    if step.context.interactive:
        asked = str(step.options.get("dbt") or "show")
        if step.tests_only:
            return "test"
        return asked if asked in _TASKS else "show"
    said = step.configuration.get("dbt")
    without_tests = isinstance(said, dict) and said.get("disable_tests")
    return "run" if without_tests else "build"


def _is_read(step: Step, blocks: dict[str, Upstream]) -> bool:
    """Whether a block below wants the rows of the model; unknown counts as yes."""
    if not blocks:
        return True
    return any(
        step.block in item.upstream and item.type != "dbt" and item.language in _READERS
        for item in blocks.values()
    )


def _command(step: Step, job: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
    """Put the block's text into a command; return the variables with those in the text."""
    said = step.configuration.get("dbt")
    name = str((said.get("command") if isinstance(said, dict) else None) or "run")
    lines = render.fill(step, step.code).splitlines()
    text = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
    text = re.sub(r"\\\s*\n", " ", text)  # the line goes on, as in a shell
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise StepFailed(
            f"The arguments in block '{step.block}' cannot be understood: {error}.",
            block=step.block,
        ) from None
    if "--vars" in words[:-1]:
        at = words.index("--vars")
        variables = {**variables, **_vars(step, words[at + 1])}
        del words[at : at + 2]
    task = shlex.split(name)
    command = [*task, *words, *job["flags"]]
    job |= {"task": task[0], "command": command, "shown": len(command), "node": None}
    return variables


def _vars(step: Step, text: str) -> dict[str, Any]:
    yaml = importlib.import_module("yaml")  # comes with dbt, which reads them by it
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise StepFailed(
            f"The --vars of block '{step.block}' are no YAML or JSON: {error}", block=step.block
        ) from None
    return found if isinstance(found, dict) else {}


# ---- tables of the blocks above --------------------------------------------


def _sources(step: Step, folder: Path, blocks: dict[str, Upstream]) -> dict[str, Any]:
    """Return which blocks are to be declared as sources: those above any dbt block."""
    if blocks:
        above = {
            item for block in blocks.values() if block.type == "dbt" for item in block.upstream
        }
    else:  # no engine can be asked: what the text itself names, and nothing is taken back
        command = step.language != "sql"
        above = {item for item in step.upstream if command or _name(step, item) in step.code}
    declared = [
        block
        for block in sorted(above)
        if (known := blocks.get(block) or Upstream(block)).type != "dbt"
        and known.language in _READERS
    ]
    return {
        "name": f"mage_{folder.name}",
        "pipeline": step.context.pipeline,
        "blocks": declared,
        "all": bool(blocks),
    }


def _name(step: Step, block: str) -> str:
    """Return the name of the source table of a block, as Mage makes it."""
    return f"{step.context.pipeline}_{block}"


def _tables(step: Step, work: Path, blocks: dict[str, Upstream]) -> list[dict[str, Any]]:
    """Leave the outputs of blocks that are no dbt where the process finds them."""
    found = []
    for number, block in enumerate(step.upstream):
        above = blocks.get(block) or Upstream(block)
        name = _name(step, block)
        if above.type == "dbt" or above.language not in _READERS:
            continue
        if step.language == "sql" and name not in step.code:
            continue
        frame = _frame(inputs.load(step, [block])[0])
        if frame is None or not len(frame):
            print(f"Block '{block}' left no rows for dbt.")
            continue
        file = f"table_{number}.pickle"
        _as_table(frame).to_pickle(work / file)
        found.append({"block": block, "table": f"mage_{name}", "file": file})
    return found


def _frame(value: Any) -> Any:
    """Return an output as a pandas frame, or None when it makes none."""
    if isinstance(value, list) and value and comes_from(value[0], "pandas", "DataFrame"):
        value = value[0]
    if comes_from(value, "pandas", "DataFrame"):
        return value
    if comes_from(value, "polars", "DataFrame") or comes_from(value, "pyarrow", "Table"):
        return value.to_pandas()
    if not isinstance(value, (list, dict)) or not value:
        return None
    pandas = importlib.import_module("pandas")
    try:
        return pandas.DataFrame([value] if isinstance(value, dict) else value)
    except (ValueError, TypeError):
        return None


def _as_table(frame: Any) -> Any:
    """Return the frame's columns, without its index as in Mage; nested values become JSON."""
    frame = frame.reset_index(drop=True)
    frame.columns = [str(name) for name in frame.columns]
    for name in frame.columns:
        if frame[name].dtype == object and frame[name].map(_nested).any():
            frame[name] = frame[name].map(lambda v: json.dumps(v, default=str) if _nested(v) else v)
    return frame


def _nested(value: Any) -> bool:
    return isinstance(value, (dict, list, tuple, set))


def _rows(work: Path, name: str | None) -> Any:
    if name is None:
        return None
    if name.endswith(".json"):
        return json.loads((work / name).read_text("utf-8"))
    return importlib.import_module("pandas").read_pickle(work / name)
