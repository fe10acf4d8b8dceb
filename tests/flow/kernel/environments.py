"""Other people's Python environments: none of them has mage-jlab, none has pyarrow.

They are made once by `python -m venv` and pip and kept in the system's temporary
folder (or MAGE_JLAB_TEST_ENVIRONMENTS). A Python version that this machine does
not have is left out: one is taken from the PATH or from the folder that
MAGE_JLAB_TEST_PYTHONS names.
"""

from __future__ import annotations

import fcntl
import functools
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Environment:
    name: str
    python: str
    packages: tuple[str, ...]


@functools.cache
def _python(version: str) -> str | None:
    if version == f"{sys.version_info[0]}.{sys.version_info[1]}":
        return getattr(sys, "_base_executable", sys.executable)
    folders = os.environ.get("MAGE_JLAB_TEST_PYTHONS", "").split(os.pathsep)
    found = [
        path for folder in folders if folder for path in Path(folder).glob(f"{version}*/bin/python")
    ]
    candidates = [str(path) for path in found] or [shutil.which(f"python{version}") or ""]
    for path in candidates:
        if path and _says(path) == version:
            return path
    return None


def _says(path: str) -> str | None:
    code = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run([path, "-c", code], capture_output=True, text=True, timeout=20)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _own() -> str:
    return f"{sys.version_info[0]}.{sys.version_info[1]}"


def listed() -> list[Environment]:
    """What can be tried on this machine."""
    wanted = [
        ("pandas2", _own() if sys.version_info < (3, 14) else "3.13", ("ipykernel", "pandas==2.*")),
        (
            "pandas3",
            _own() if sys.version_info >= (3, 11) else "3.12",
            ("ipykernel", "pandas>=3,<4"),
        ),
        ("bare", _own(), ("ipykernel",)),
        ("python3.9", "3.9", ("ipykernel", "pandas==2.*")),
        *(
            (f"python{v}", v, ("ipykernel",))
            for v in ("3.10", "3.11", "3.12", "3.13")
            if v != _own()
        ),
    ]
    return [
        Environment(name, python, packages)
        for name, version, packages in wanted
        if (python := _python(version)) is not None
    ]


def workers() -> Environment:
    """Where functions are sent to other processes by cloudpickle and by a copy of it."""
    python = _python(_own())
    assert python is not None
    return Environment("workers", python, ("ipykernel", "joblib==1.5.*", "cloudpickle==3.*"))


def expectations() -> list[Environment]:
    """Where Great Expectations is: the version that mage-ai 0.9.80 asks for, and a current one."""
    versions = [("1", "great_expectations==1.24.1")]
    if sys.version_info < (3, 12):  # no newer Python has what it needs
        versions.append(("0.18", "great_expectations==0.18.12"))
    python = _python(_own())
    return [
        Environment(f"expectations-{name}", python, ("ipykernel", package))
        for name, package in versions
        if python is not None
    ]


def made(environment: Environment) -> str:
    """Return the interpreter of an environment, making it the first time."""
    key = hashlib.sha256(repr(environment).encode()).hexdigest()[:12]
    usual = Path(tempfile.gettempdir()) / f"mage-jlab-environments-{os.getuid()}"
    root = Path(os.environ.get("MAGE_JLAB_TEST_ENVIRONMENTS") or usual)
    root.mkdir(parents=True, exist_ok=True)
    folder = root / f"{environment.name}-{key}"
    python = folder / "bin" / "python"
    with Path(f"{folder}.lock").open("w") as lock:  # somebody else may just make it, too
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            shutil.rmtree(folder, ignore_errors=True)
            subprocess.run([environment.python, "-m", "venv", str(folder)], check=True)
            install = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
            subprocess.run([*install, *environment.packages], check=True, timeout=600)
            (folder / "done").touch()
    return str(python)
