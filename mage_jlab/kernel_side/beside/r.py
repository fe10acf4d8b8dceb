"""R blocks: Mage's functions in an R kernel beside this one, with data frames in and out."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mage_jlab.errors import CodeFailed, KernelError, MissingPackage, NoFunction, WrongArguments
from mage_jlab.kernel_side import inputs, outputs, stored
from mage_jlab.kernel_side.beside import crew
from mage_jlab.kernel_side.beside.hearing import Hearing, Printed
from mage_jlab.kernel_side.beside.kernel import Beside, read_json
from mage_jlab.kernel_side.beside.r_code import CODE
from mage_jlab.kernel_side.beside.r_values import bearable
from mage_jlab.kernel_side.step import Step
from mage_jlab.kernel_side.tables import tables

WORK = {
    "data_loader": "load_data", "transformer": "transform", "data_exporter": "export_data",
    "custom": "custom", "sensor": "sensor",
}  # fmt: skip
"""Block type -> the function that does its work; the first three are Mage's."""
_about: dict[str, Mapping[str, Any]] = {}


def run(step: Step, shell: Any) -> None:
    """Run the block's function and store what it returns.

    Raises:
        CodeFailed: when the code fails; it knows the line.
        NoFunction: when there is no function for the block's type.
        MissingPackage: when R or a package it needs is not installed.
    """
    tables.start(step.context)  # both need a moment; they begin together
    kernel, new = crew.kernel(step)
    inputs.release(step)
    with tempfile.TemporaryDirectory(prefix="mage-jlab-") as beside:
        folder = Path(beside)
        given = stored.inputs(step, folder)
        about = _taught(kernel, folder, new=new)
        exchange = folder / "r"
        exchange.mkdir()
        said = tables.call(
            step.context, "give_r", _nothing,
            block=step.block, inputs=given, folder=str(exchange), wide=bool(about["bit64"]),
        )  # fmt: skip
        made = _run(step, shell, kernel, said["inputs"], exchange)
        if step.type == "sensor":
            _sensor(step, shell, made)
            return
        taken = tables.call(step.context, "take_r", _nothing, made=made, **outputs.place(step))
    outputs.store_written(step, taken["outputs"], shell)


def _nothing(event: Mapping[str, Any]) -> None:
    """Hear nothing: this work says nothing before its result."""


def _taught(kernel: Beside, folder: Path, *, new: bool) -> Mapping[str, Any]:
    """Return what the R kernel has; a new one learns to run blocks first."""
    known = _about.get(str(kernel.folder.path))
    if known is not None and not new:
        return known
    path = folder / "about.json"
    hearing = Hearing(None, None)
    kernel.execute(f"{CODE}\n.mage$about({json.dumps(str(path))})", hearing.hear, silent=True)
    found = read_json(path)
    if found is None:
        kernel.close()
        raise KernelError(
            f"The kernel '{kernel.name}' cannot run R blocks: {hearing.error or 'it said nothing'}."
        )
    if not found.get("jsonlite"):
        kernel.close()
        raise MissingPackage(
            f"R blocks need the R package jsonlite, which the R of kernel '{kernel.name}' lacks; "
            "install it there (install.packages('jsonlite'); Debian: apt install r-cran-jsonlite)."
        )
    _about[str(kernel.folder.path)] = found
    return found


def _run(
    step: Step, shell: Any, kernel: Beside, given: list[Any], exchange: Path
) -> list[dict[str, Any]]:
    """Run the code; return what it left, as R describes it."""
    work = WORK.get(step.type)
    if work is None:
        raise NoFunction(
            f"Block '{step.block}' is a {step.type}, which cannot be written in R; use one of "
            f"{', '.join(WORK)}.",
            block=step.block,
        )
    variables = {
        name: value
        for name, value in inputs.keyword_arguments(step).items()
        if name not in ("logger", "context")
    }
    ended = exchange / "ended.json"
    with Printed(exchange / "printed") as printed:
        ask = {
            "source": step.code, "work": work, "inputs": given, "names": list(step.upstream),
            "folder": str(exchange), "ended": str(ended), "printed": str(printed.path),
            "variables_path": str(_written(exchange / "variables.json", bearable(variables))),
        }  # fmt: skip
        path = _written(exchange / "ask.json", ask)
        hearing = Hearing(shell, step)
        kernel.execute(
            f"setwd({json.dumps(os.getcwd())}); .mage$run({json.dumps(str(path))})",  # noqa: PTH109
            hearing.hear,
            files=printed.looks,
        )
    found = read_json(ended)
    if found is None:
        raise CodeFailed(f"The R code of block '{step.block}' did not end: {hearing.error}.")
    return _ended(step, work, found)


def _written(path: Path, value: Any) -> Path:
    path.write_text(json.dumps(value, default=_text, ensure_ascii=False), encoding="utf-8")
    return path


def _text(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _ended(step: Step, work: str, found: Mapping[str, Any]) -> list[dict[str, Any]]:
    if found["state"] == "interrupted":
        raise KeyboardInterrupt
    if found["state"] == "failed":
        where = f"Error in {found['call']}: " if found.get("call") else ""
        raise CodeFailed(f"{where}{found['message']}", line=found.get("line"), block=step.block)
    if found.get("missing"):
        names = [str(name) for name in found.get("defined") or () if name != "global_vars"]
        given = {*step.upstream, *(f"df_{number + 1}" for number in range(len(step.upstream)))}
        own = [name for name in names if name not in given]
        hint = f" It defines {', '.join(own)}." if own else ""
        raise NoFunction(
            f"Block '{step.block}' is a {step.type.replace('_', ' ')} but its R code has no "
            f"function named {work}; write {work} <- function(…) {{ … }}.{hint}",
            block=step.block,
        )
    if "takes" in found:
        takes, has = int(found["takes"]), len(step.upstream)
        raise WrongArguments(
            f"The function {work} of block '{step.block}' takes {takes} "
            f"input{'' if takes == 1 else 's'} but the block has {has} upstream blocks; add ... "
            "to its parameters or disconnect upstream blocks.",
            block=step.block, parameters=takes, inputs=has,
        )  # fmt: skip
    made: list[dict[str, Any]] = list(found.get("outputs") or ())
    return made


def _sensor(step: Step, shell: Any, made: list[dict[str, Any]]) -> None:
    said = bool(made) and json.loads(Path(made[0]["path"]).read_text(encoding="utf-8")) is True
    step.result = said
    if said or step.context.interactive:
        shell.display_pub.publish(data={"text/plain": f"The sensor says {said}."}, metadata={})
        outputs.store(step, [], shell)
