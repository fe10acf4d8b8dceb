"""Where the dbt project of a block lies, its profile filled in, the arguments for dbt."""

from __future__ import annotations

import contextlib
import datetime
import importlib
import json
import os
import re
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mage_jlab.errors import StepFailed
from mage_jlab.kernel_side import inputs
from mage_jlab.kernel_side.sql import render
from mage_jlab.kernel_side.step import Step

PROJECT = "dbt_project.yml"
PROFILES = "profiles.yml"
RUNTIME = "__mage_variables"
"""The run variable with flags for single blocks, which is no variable of dbt."""
_PREFIX = "mage-jlab-dbt-of-"
_YOUNG = 5.0
_PLAIN = (str, int, bool, float, dict, list, datetime.datetime)


def project(step: Step) -> Path:
    """Return the folder of the block's dbt project.

    Raises:
        StepFailed: when there is none where the block says.
    """
    root, said = step.context.root, step.configuration
    source = said.get("file_source") if isinstance(said.get("file_source"), dict) else {}
    named = [(source or {}).get("project_path"), said.get("dbt_project_name")]
    tried = [
        folder
        for name in named
        if isinstance(name, str) and name.strip()
        for folder in (root / "dbt" / name.strip(), root / name.strip(), root.parent / name.strip())
    ]
    profiles = said.get("dbt_profiles_file_path")
    for file in (step.path if step.language == "sql" else None, profiles):
        if isinstance(file, str):
            tried += [item for item in (root / file).parents if item != root]
    for folder in tried:
        if (folder / PROJECT).is_file():
            return Path(os.path.realpath(folder))
    where = ", ".join(f"'{name}'" for name in named if name) or "nowhere"
    raise StepFailed(
        f"The dbt project of block '{step.block}' was not found ({where} is said in its "
        f"configuration); it is the folder below dbt/ with a {PROJECT}: set dbt_project_name.",
        block=step.block,
    )


def variables(step: Step) -> dict[str, Any]:
    """Return what dbt gets as variables: every plain one of the block."""
    return {
        name: value
        for name, value in inputs.keyword_arguments(step).items()
        if name not in (RUNTIME, "configuration", "context") and isinstance(value, _PLAIN)
    }


def as_json(values: dict[str, Any]) -> str:
    """Return variables as dbt takes them on its command line."""
    return json.dumps(values, default=_word)


def _word(value: Any) -> str:
    return (
        value.isoformat() if isinstance(value, (datetime.datetime, datetime.date)) else str(value)
    )


def at_run_time(step: Step) -> dict[str, Any]:
    """Return the flags, prefix and suffix that a run's variables say for this block."""
    found: Any = {**step.context.variables, **dict(step.options.get("variables") or {})}
    for key in (RUNTIME, "blocks", step.block, "configuration"):
        found = found.get(key) if isinstance(found, dict) else None
    return dict(found) if isinstance(found, dict) else {}


def flags(step: Step) -> list[str]:
    """Return the flags that a run's variables add."""
    said = at_run_time(step).get("flags") or []
    return [str(item) for item in said] if isinstance(said, list) else [str(said)]


def target(step: Step) -> str | None:
    """Return the target of the profile that the block names, filled in."""
    said = step.configuration.get("dbt_profile_target")
    return render.fill(step, str(said)) if said else None


@contextmanager
def workplace(step: Step, folder: Path) -> Iterator[Path]:
    """A folder of this execution, for nobody else to read, with the profile filled in.

    Where that can be, the profile lies in memory and the folder has a link to it, so that it
    goes with the kernel, however that ends; a folder that stays behind is removed by the next
    one that is made.

    Raises:
        StepFailed: when there is no profile, or it cannot be filled in.
    """
    _clear_up()
    place = Path(tempfile.mkdtemp(prefix=_PREFIX))  # 0700
    with contextlib.ExitStack() as held:
        held.callback(shutil.rmtree, place, ignore_errors=True)
        held.enter_context(_in_use(place))
        (place / "profiles").mkdir(mode=0o700)
        text = _filled(step, _profiles(step, folder).read_text("utf-8"))
        held.enter_context(_readable(text.encode("utf-8"), place / "profiles" / PROFILES))
        yield place


@contextmanager
def _readable(data: bytes, path: Path) -> Iterator[None]:
    """Let a file of that content be read at a path, kept in memory on Linux."""
    if sys.platform != "linux":
        path.write_bytes(data)
        yield
        return
    with os.fdopen(os.memfd_create(PROFILES), "wb") as memory:
        memory.write(data)
        memory.flush()
        path.symlink_to(f"/proc/{os.getpid()}/fd/{memory.fileno()}")
        try:
            seen = path.read_bytes() == data
        except OSError:
            seen = False
        if not seen:  # /proc is not as usual here
            path.unlink()
            path.write_bytes(data)
        yield


@contextmanager
def _in_use(place: Path) -> Iterator[None]:
    """Hold a lock on a folder that ends with this process, whatever ends it."""
    if os.name != "posix":
        yield
        return
    import fcntl

    handle = os.open(place, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _clear_up() -> None:
    """Remove folders whose processes were killed: nobody holds their locks."""
    if os.name != "posix":
        return
    import fcntl

    for place in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            said = place.lstat()
            young = time.time() - said.st_mtime < _YOUNG  # it may not be held yet
            if young or said.st_uid != os.getuid() or not stat.S_ISDIR(said.st_mode):
                continue
            handle = os.open(place, os.O_RDONLY | os.O_NOFOLLOW)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(place, ignore_errors=True)
            finally:
                os.close(handle)


def _profiles(step: Step, folder: Path) -> Path:
    named = os.environ.get("DBT_PROFILES_DIR")
    usual = [Path(named)] if named else []
    tried = [folder, folder.parent, *usual, Path.home() / ".dbt"]
    for place in tried:
        if (place / PROFILES).is_file():
            return place / PROFILES
    raise StepFailed(
        f"Block '{step.block}' needs {folder.name}/{PROFILES}, which says where its database is, "
        "and there is none (nor beside the project folder, in DBT_PROFILES_DIR or in ~/.dbt).",
        block=step.block,
    )


def _filled(step: Step, text: str) -> str:
    if "{{" not in text and "{%" not in text:
        return text
    jinja2 = importlib.import_module("jinja2")  # comes with dbt
    environment = jinja2.Environment(autoescape=False, keep_trailing_newline=True)
    # dbt's own filters: YAML finds out by itself what is a number.
    environment.filters.update(dict.fromkeys(("as_text", "as_native"), str))
    environment.filters.update(dict.fromkeys(("as_number", "as_bool"), str))
    try:
        return str(environment.from_string(text).render(render.names(step)))
    except jinja2.TemplateError as error:
        line = getattr(error, "lineno", None)
        where = f" in line {line}" if line else ""
        raise StepFailed(
            f"{PROFILES} of block '{step.block}' cannot be filled in{where}: {error}",
            block=step.block,
        ) from None


def relative_file(step: Step, folder: Path) -> str:
    """Return the model's file as dbt names it: relative to the dbt project.

    Raises:
        StepFailed: when it lies elsewhere.
    """
    said = str(step.path or step.configuration.get("file_path") or "")
    file = Path(os.path.realpath(step.context.root / said))
    if said and folder in file.parents:
        return file.relative_to(folder).as_posix()
    # As Mage: the path says the project first, wherever that lies.
    _, _, rest = re.sub(r"^dbt/", "", said).partition("/")
    if (folder / rest).is_file():
        return rest
    raise StepFailed(
        f"The model '{said or step.block}' of block '{step.block}' is no file of the dbt project "
        f"'{folder.name}'.",
        block=step.block,
    )
