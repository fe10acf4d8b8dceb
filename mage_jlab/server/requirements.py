"""A project's requirements against the environment of a kernel; files a request names."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import NoSuchKernel
from packaging.markers import UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion

from mage_jlab.errors import NotFound
from mage_jlab.files import places
from mage_jlab.server import wire

_LIMIT = 20.0
_NATIVE = re.compile(r"python(3(\.\d+)?)?(\.exe)?")
_EGG = re.compile(r"#(?:.*&)?egg=([A-Za-z0-9][A-Za-z0-9._-]*)")
_WHEEL = re.compile(r"(?:^|/)([A-Za-z0-9._]+)-[^/-]+(?:-[^/-]+){3,4}\.whl(?:$|[?#])")
_ASK = """\
import json, os, platform, sys
from importlib.metadata import distributions
found = {}
for item in distributions():
    name = item.metadata["Name"]
    if name and name not in found:
        found[name] = str(item.version)
json.dump({"packages": found, "python": sys.executable, "markers": {
    "os_name": os.name,
    "implementation_name": sys.implementation.name,
    "platform_machine": platform.machine(),
    "platform_system": platform.system(),
    "platform_python_implementation": platform.python_implementation(),
    "python_version": "%d.%d" % sys.version_info[:2],
    "python_full_version": "%d.%d.%d" % sys.version_info[:3],
    "sys_platform": sys.platform}}, sys.stdout)
"""


def compare(lines: Iterable[str], kernel: str, specs: Any) -> wire.Requirements:
    """Compare requirement lines with what a kernel's Python has installed.

    Raises:
        NotFound: when there is no kernel of that name.
    """
    wanted = list(lines)
    if not wanted:
        return wire.Requirements(kernel, [])
    found, message = _installed(kernel, specs)
    if found is None:
        items = [wire.Requirement(line, "unknown") for line in wanted]
        return wire.Requirements(kernel, items, message=message)
    items = [_compared(line, found["packages"], found["markers"]) for line in wanted]
    lacking = [i.requirement for i in items if i.state in ("missing", "other_version")]
    # For a terminal, where `%pip` is not known: pip of the kernel's own Python.
    command = shlex.join([found["python"], "-m", "pip", "install", *lacking])
    return wire.Requirements(kernel, items, command if lacking else None)


def as_required(package: str, lines: Iterable[str]) -> str:
    """Return the project's own requirement of a package, with its version, or the package."""
    wanted = _plain(package)
    for line in lines:
        found = _plain(line)
        if (
            wanted
            and found
            and canonicalize_name(found.name) == canonicalize_name(wanted.name)
            and found.extras >= wanted.extras
            and found.marker is None
        ):
            return line
    return package


def database_file(root: Path, project: Path, wanted: str | None) -> Path:
    """Return the Mage database file that a request names, or the one in the project.

    Raises:
        OutsideProject: when the name leads out of the server's root.
        NotFound: when there is no such file.
    """
    if wanted is None:
        for name in ("mage-ai.db", ".mage_data/mage-ai.db", "mage_data/mage-ai.db"):
            file = places.inside(project, name)
            if file.is_file():
                return file
        raise NotFound("The project has no file mage-ai.db; name the file to import from.")
    file = places.inside(root, wanted)
    if not file.is_file():
        raise NotFound("There is no such file below the server's root.")
    return file


def _plain(line: str) -> Requirement | None:
    try:
        return Requirement(line)
    except InvalidRequirement:
        return None


def _installed(kernel: str, specs: Any) -> tuple[dict[str, Any] | None, str | None]:
    if specs is None:
        return None, "The kernels run behind a gateway; their environments cannot be asked."
    try:
        spec = specs.get_kernel_spec(kernel)
    except NoSuchKernel as error:
        raise NotFound(f"There is no kernel named '{kernel}'.", kernel=kernel) from error
    if spec.language.lower() != "python" or not spec.argv:
        return None, f"The kernel '{kernel}' runs {spec.language}; only Python can be asked."
    python = spec.argv[0]
    if _NATIVE.fullmatch(python):
        python = sys.executable  # as jupyter_client does for such a kernelspec
    try:
        answer = subprocess.run(
            [python, "-c", _ASK],
            capture_output=True,
            timeout=_LIMIT,
            check=True,
            stdin=subprocess.DEVNULL,
        )
        return json.loads(answer.stdout), None
    except (OSError, subprocess.SubprocessError, ValueError):
        return None, f"The environment of kernel '{kernel}' does not answer."


def _compared(line: str, packages: dict[str, str], markers: dict[str, str]) -> wire.Requirement:
    try:
        wanted = Requirement(_named(line))
    except InvalidRequirement:
        return wire.Requirement(line, "unknown")
    known = {canonicalize_name(name): version for name, version in packages.items()}
    version = known.get(canonicalize_name(wanted.name))
    try:
        if wanted.marker is not None and not wanted.marker.evaluate({**markers, "extra": ""}):
            return wire.Requirement(line, "met", version)
        if version is None:
            return wire.Requirement(line, "missing")
        fits = wanted.url is not None or wanted.specifier.contains(version, prereleases=True)
    except (InvalidVersion, UndefinedComparison, UndefinedEnvironmentName):
        return wire.Requirement(line, "unknown", version)
    return wire.Requirement(line, "met" if fits else "other_version", version)


def _named(line: str) -> str:
    """Return a line with the name that an address says: ``#egg=name`` or that of a wheel."""
    address = line.removeprefix("-e ")
    egg = _EGG.search(address)
    if egg:
        return egg[1]
    wheel = _WHEEL.search(address)
    return wheel[1] if wheel and " " not in address else line
