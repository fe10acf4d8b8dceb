"""The machine that was measured on, described."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

import psutil

_NAMED = (
    "jupyterlab",
    "jupyter_server",
    "jupyter_client",
    "ipykernel",
    "pandas",
    "pyarrow",
    "duckdb",
)


def describe() -> dict[str, str]:
    """Return what a reader must know to compare figures."""
    load = ", ".join(f"{item:.1f}" for item in os.getloadavg())
    return {
        "system": platform.platform(),
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "load before": load,
        "Python": platform.python_version(),
        "packages": ", ".join(f"{name} {version(name)}" for name in _NAMED),
        "commit": _commit(),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((li.split(":")[1].strip() for li in lines if li.startswith("model name")), "?")


def _commit() -> str:
    words = ["git", "describe", "--always", "--dirty"]
    try:
        said = subprocess.run(words, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return said.stdout.strip()
