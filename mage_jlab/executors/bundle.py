"""The one text that makes any Python kernel run blocks.

It holds the sources of `kernel_side` and of what that needs, compressed, and
installs them as the package ``_mage_jlab_kernel``: nothing of our environment
gets onto the path of the user's. Python ≥ 3.9 and ipykernel are all it asks for.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import re
import zlib
from collections.abc import Iterable, Mapping
from importlib import resources
from typing import Any

PACKAGE = "_mage_jlab_kernel"
_SHIPPED = ("errors", "ids", "model", "plan", "products", "io", "kernel_side")
_LEFT_OUT = (
    "products/store.py", "products/columns.py", "products/arrow_frames.py",
    "products/parquet_folder.py", "products/disk.py", "products/retention.py",
    "products/mage_layout.py",
    "model/check.py", "model/connectors.py", "model/data_product.py", "model/pipeline.py",
    "model/project.py", "model/run.py", "model/trigger.py",
    "plan/build.py", "plan/freshness.py", "plan/resume.py", "plan/retry.py",
)  # fmt: skip
_NAME = re.compile(rf"\bmage_jlab\.(?=(?:{'|'.join(_SHIPPED)})\b)")

_INSTALL = """
def _mage_jlab_install(key, packed, context):
    import base64, importlib.abc, importlib.machinery, json, linecache, sys, zlib
    name = "{package}"
    old = sys.modules.get(name)
    if old is None or getattr(old, "__key__", None) != key:
        if name + ".kernel_side.start" in sys.modules:
            sys.modules[name + ".kernel_side.start"].deactivate()
        for item in [m for m in sys.modules if m == name or m.startswith(name + ".")]:
            del sys.modules[item]
        sys.meta_path[:] = [f for f in sys.meta_path if type(f).__name__ != "_MageJlabSources"]
        class _MageJlabSources(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
            sources = json.loads(zlib.decompress(base64.b64decode(packed)).decode("utf-8"))
            def find_spec(self, fullname, path=None, target=None):
                if fullname not in self.sources:
                    return None
                package = self.sources[fullname][0]
                spec = importlib.machinery.ModuleSpec(fullname, self, is_package=package)
                spec.origin = "<" + fullname + ">"
                return spec
            def is_package(self, fullname):
                return self.sources[fullname][0]
            def get_source(self, fullname):
                return self.sources[fullname][1]
            def get_code(self, fullname):
                text = self.get_source(fullname)
                return compile(text, "<" + fullname + ">", "exec", dont_inherit=True)
        sys.meta_path.insert(0, _MageJlabSources())
        __import__(name)
        sys.modules[name].__key__ = key
    __import__(name + ".kernel_side.start")
    if context is not None:
        sys.modules[name + ".kernel_side.start"].activate(json.loads(context))
"""

_AGAIN = """
def _mage_jlab_install(key, context):
    import json, sys
    if getattr(sys.modules.get("{package}"), "__key__", None) != key:
        raise RuntimeError("the code that runs blocks is not in this kernel")
    sys.modules["{package}.kernel_side.start"].activate(json.loads(context))
"""

_SETTLE = """
def _mage_jlab_settle(cwd, changed, unset):
    import os, time
    for name in unset:
        os.environ.pop(name, None)
    os.environ.update(changed)
    getattr(time, "tzset", int)()
    os.chdir(cwd)
    get_ipython().user_ns["_dh"][:] = [cwd]
"""


@functools.cache
def _sources() -> tuple[str, str]:
    """Return the sources as packed text, and their key."""
    found: dict[str, tuple[bool, str]] = {PACKAGE: (True, '"""mage-jlab in this kernel."""\n')}
    root = resources.files("mage_jlab")
    for name in _SHIPPED:
        _collect(root, name, found)
    text = json.dumps(found, ensure_ascii=False, sort_keys=True)
    key = hashlib.sha256(text.encode("utf-8")).hexdigest()[:16]
    # Every command and every kernel pays for this: base 85 and level 6 take four times as long.
    return base64.b64encode(zlib.compress(text.encode("utf-8"), 4)).decode("ascii"), key


def _collect(root: Any, path: str, found: dict[str, tuple[bool, str]]) -> None:
    folder = root.joinpath(path)
    if not folder.is_dir():
        text = root.joinpath(f"{path}.py").read_text(encoding="utf-8")
        found[f"{PACKAGE}.{path.replace('/', '.')}"] = (False, _renamed(text))
        return
    for item in folder.iterdir():
        inner = f"{path}/{item.name}"
        if item.is_dir() and item.name != "__pycache__":
            _collect(root, inner, found)
        elif item.name == "__init__.py":
            name = f"{PACKAGE}.{path.replace('/', '.')}"
            found[name] = (True, _renamed(item.read_text(encoding="utf-8")))
        elif item.name.endswith(".py") and inner not in _LEFT_OUT:
            _collect(root, inner[:-3], found)


def _renamed(text: str) -> str:
    return _NAME.sub(f"{PACKAGE}.", text)


def key() -> str:
    """Return what changes when the code that is shipped changes."""
    return _sources()[1]


def start_code(context: Mapping[str, Any]) -> str:
    """Return the text that, executed in a kernel, makes it run blocks in a context.

    Executing it again with another context only changes the context.
    """
    return _installing(json.dumps(dict(context), ensure_ascii=True, default=str))


def install_code() -> str:
    """Return the text that imports what a kernel needs and activates nothing."""
    return _installing(None)


def again_code(context: Mapping[str, Any]) -> str:
    """Return the short text for a kernel in which the code is already; it raises in others."""
    install = _AGAIN.replace("{package}", PACKAGE).strip()
    data = json.dumps(dict(context), ensure_ascii=True, default=str)
    return f"{install}\n\n_mage_jlab_install({key()!r}, {data!r})\ndel _mage_jlab_install\n"


def settle_code(cwd: str, changed: Mapping[str, str], unset: Iterable[str]) -> str:
    """Return the text that gives a kernel that is there already another place to live."""
    said = f"{cwd!r}, {dict(changed)!r}, {sorted(unset)!r}"
    return f"{_SETTLE.strip()}\n\n_mage_jlab_settle({said})\ndel _mage_jlab_settle\n\n"


def _installing(data: str | None) -> str:
    packed, code_key = _sources()
    install = _INSTALL.replace("{package}", PACKAGE)
    lines = "\n".join(f'    "{packed[at : at + 96]}"' for at in range(0, len(packed), 96))
    return (
        f"{install.strip()}\n\n"
        f"_mage_jlab_install({code_key!r}, (\n{lines}\n), (\n    {data!r}\n))\n"
        "del _mage_jlab_install\n"
    )
