"""What an installation of mage-jlab adds to the libraries that a data project has anyway."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import mage_jlab
from benchmarks.measure import Sample
from benchmarks.row import OURS, Once, Row, Side
from benchmarks.stage import Stage

_THERE = ("jupyterlab", "pandas", "pyarrow", "SQLAlchemy", "duckdb")


def closure(names: tuple[str, ...]) -> dict[str, Distribution]:
    """Return distributions and what they require, by name."""
    found: dict[str, Distribution] = {}
    waiting = list(names)
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name in found:
            continue
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:
            continue
        for line in found[name].requires or ():
            wanted = Requirement(line)
            if wanted.marker is None or wanted.marker.evaluate({"extra": ""}):
                waiting.append(wanted.name)
    return found


def size(item: Distribution) -> int:
    """Return the bytes of a distribution's files."""
    files = [Path(str(item.locate_file(file))) for file in item.files or ()]
    return sum(file.stat().st_size for file in files if file.is_file())


def own() -> int:
    """Return the bytes of mage-jlab itself, whether installed or a checkout."""
    folder = Path(mage_jlab.__file__).parent
    return sum(
        file.stat().st_size
        for file in folder.rglob("*")
        if file.is_file() and not re.search(r"__pycache__|\.map$", str(file))
    )


@contextlib.contextmanager
def ours(_stage: Stage) -> Iterator[Once]:
    def once() -> Sample:
        there = closure(_THERE)
        added = {n: d for n, d in closure(("mage-jlab",)).items() if n not in there}
        sizes = {name: size(item) / 1e6 for name, item in added.items() if name != "mage-jlab"}
        return Sample(own() / 1e6 + sum(sizes.values()), notes=sizes | {"mage-jlab": own() / 1e6})

    yield once


ROW = Row(
    "install",
    "installed size beyond jupyterlab, pandas, pyarrow, SQLAlchemy and duckdb",
    "≤ 40 MB",
    (Side(OURS, ours, warm=False),),
    limit=40,
    unit="MB",
    repeat=1,
    recorded="mage 1,340 MB in all",
)
