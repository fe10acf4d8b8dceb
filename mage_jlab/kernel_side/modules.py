"""Where code comes from: the import path, names of the project, modules of blocks."""

from __future__ import annotations

import hashlib
import importlib
import logging
import os
import re
import sys
import types
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mage_jlab.kernel_side import by_value, decorators, spark
from mage_jlab.kernel_side.former import FormerModules
from mage_jlab.kernel_side.project_names import ProjectNames, project_folders
from mage_jlab.kernel_side.step import Context, Step
from mage_jlab.products import manifest, places
from mage_jlab.products.execution import find

PACKAGE = "mage_blocks"
_NOT_NAME = re.compile(r"\W")


def module_name(block: str) -> str:
    """Return the name of a block's module: classes in pickles are found by it."""
    name = _NOT_NAME.sub("_", block)
    if name != block or not name or name[0].isdigit():
        name = f"{name}_{hashlib.sha256(block.encode()).hexdigest()[:6]}"
    return f"{PACKAGE}.{name}"


def fresh(step: Step, inputs: Sequence[Any]) -> types.ModuleType:
    """Make and register a new module for a block, with Mage's names in it."""
    if step.context.sources is None:  # a run has them as they were when it began
        forget_edited()
    package = _package()
    name = module_name(step.block)
    module = types.ModuleType(name, None)
    if step.path:
        module.__file__ = str(step.context.root / step.path)
    namespace = module.__dict__
    namespace.update(offered(step.type))
    spark.offer(step.context, namespace)
    for number, value in enumerate(inputs, start=1):
        namespace[f"df_{number}"] = value
    namespace.update(zip(step.upstream, inputs))
    sys.modules[name] = module
    setattr(package, name.rpartition(".")[2], module)
    return module


def _package() -> types.ModuleType:
    """Return the package of all blocks."""
    package = sys.modules.get(PACKAGE)
    if package is None:
        package = sys.modules[PACKAGE] = types.ModuleType(PACKAGE)
        package.__path__ = []
        by_value.prepare(PACKAGE)
    return package


def offered(type_: str) -> dict[str, Any]:
    """Return the decorators that a block of a type finds without an import."""
    names = [*decorators.ALWAYS, *(decorators.CHART if type_ == "chart" else ())]
    own = decorators.of_type(type_)
    if own in decorators.BY_NAME and own not in names:
        names.append(own)
    return {name: decorators.BY_NAME[name] for name in names}


def release(step: Step, module: types.ModuleType, inputs: Sequence[Any]) -> None:
    """Let go of the inputs, which are stored anyway; the code's own names stay."""
    _note_files()
    names = [f"df_{number}" for number in range(1, len(inputs) + 1)]
    given = dict(zip([*names, *step.upstream], [*inputs, *inputs]))
    for name, value in given.items():
        if module.__dict__.get(name) is value:
            del module.__dict__[name]


def own_names(module: types.ModuleType, type_: str) -> dict[str, Any]:
    """Return what the block's code itself defined."""
    given = offered(type_)
    return {
        name: value
        for name, value in module.__dict__.items()
        if not name.startswith("__") and given.get(name) is not value
    }


def bring_back(context: Context, shell: Any, name: str, folder: Path) -> None:
    """Make the module of a block from its stored text, for unpickling in another kernel."""
    if not name.startswith(f"{PACKAGE}.") or name in sys.modules:
        return
    candidates = [folder]
    scope = folder.parent.parent
    if scope.is_dir():
        candidates += [
            block / version for block in scope.iterdir() for version in places.versions(block)[:1]
        ]
    for candidate in candidates:
        step = manifest.read_json(candidate / manifest.STEP) or {}
        block = str(step.get("block", ""))
        if module_name(block) != name:
            continue
        path = candidate / manifest.SOURCE
        if not path.is_file():
            found = find(context.store, context.pipeline, context.scope, block, None)
            path = (found or candidate) / manifest.SOURCE
        source = path.read_text(encoding="utf-8", errors="surrogatepass")
        module = types.ModuleType(name)
        module.__dict__.update(offered(str(step.get("type", ""))))
        _package()
        sys.modules[name] = module
        with decorators.collecting():
            code = compile(shell.transform_cell(source), str(path), "exec", dont_inherit=True)
            exec(code, module.__dict__)  # noqa: S102 - the user's own block
        return


names = ProjectNames()
former = FormerModules()
_added: list[str] = []


def prepare(context: Context, *, used: bool = True) -> None:
    """Set the import path, the working folder and the names of a project.

    A kernel that was not used has no module of another project; looking for them
    is most of what it takes to give it a run.
    """
    for entry in _added:
        while entry in sys.path:
            sys.path.remove(entry)
    root = str(context.root)
    own = project_folders(context.root, context.sources)
    if used and names.places and names.places != own:
        _forget()
    _added[:] = [*([str(context.root.parent)] if context.parent_on_path else []), *own]
    sys.path.extend(entry for entry in _added if entry not in sys.path)
    names.start(context.root, context.sources, {context.root.name, *context.aliases})
    if names not in sys.meta_path:
        sys.meta_path.insert(0, names)
    os.environ["MAGE_RUNTIME__REPO_PATH"] = os.environ["MAGE_REPO_PATH"] = root
    if context.cwd and Path(context.cwd).is_dir():
        os.chdir(context.cwd)


def alone(context: Context) -> None:
    """Begin a block of a run as Mage does, in a process of its own, as far as blocks notice.

    A module of the project is imported anew: a connection that the block before closed, or a
    list that it filled, is not the next one's. Packages stay as they are, and so does a module
    that cannot be imported anew because of them.
    """
    if context.cwd and Path(context.cwd).is_dir():
        os.chdir(context.cwd)
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close("all")
    if _seen:
        _seen.clear()
        _forget(keep=True)


def _forget(*, keep: bool = False) -> None:
    """Forget the modules of the project; keep them for what cannot be imported anew, or not."""
    gone = {}
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == PACKAGE:
            continue  # blocks: made anew each time they run, and needed by pickles
        file = getattr(module, "__file__", None)
        inside = [str(file)] if file else [str(item) for item in getattr(module, "__path__", ())]
        if any(names.owns(item) for item in inside):
            gone[name] = module
    if keep:
        former.keep(gone)
    else:
        former.clear()
    for name in gone:
        del sys.modules[name]
        if name in logging.root.manager.loggerDict:  # else each line would be there twice
            logging.getLogger(name).handlers.clear()


_seen: dict[str, tuple[int, int]] = {}
"""Files of the project's modules as they were when a block had run: time and size."""


def _note_files() -> None:
    for file in _files():
        if file not in _seen:
            stamp = _stamp(file)
            if stamp is not None:
                _seen[file] = stamp


def _files() -> set[str]:
    files = {
        str(getattr(module, "__file__", None) or "")
        for name, module in list(sys.modules.items())
        if name.partition(".")[0] != PACKAGE
    }
    return {file for file in files if names.owns(file)}


def _stamp(file: str) -> tuple[int, int] | None:
    try:
        found = Path(file).stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def forget_edited() -> None:
    """Forget the project's modules when one of their files was edited since they were imported.

    All of them: another module may hold names of the edited one.
    """
    if all(_stamp(file) == stamp for file, stamp in _seen.items()):
        return
    _seen.clear()
    _forget()
    importlib.invalidate_caches()
