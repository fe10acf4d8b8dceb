"""How much of what blocks leave is kept, counted for each block: versions and bytes."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from mage_jlab.model.run import RUNNING
from mage_jlab.products import disk, manifest, places

GIB = 1024**3


@dataclass(frozen=True)
class Retention:
    """What is kept of every block, logs and failed executions included.

    A run is kept or forgotten as a whole: it goes when the pipeline has more
    than `runs` newer ones, or when newer runs of one of its blocks fill
    `run_bytes`. What is newest and what last went well always stay.
    """

    versions: int = 5
    """Executions in notebooks."""
    version_bytes: int = 2 * GIB
    """What the executions in notebooks may take."""
    runs: int = 200
    """Ended runs of a pipeline."""
    run_bytes: int = 10 * GIB
    """What a block may take over all runs of its pipeline."""


def trim(block: Path, keep: int, max_bytes: int) -> int:
    """Remove the oldest executions of a block; return the bytes freed.

    The newest one, the newest complete one and those that still run stay,
    whatever they take; they count like the others.
    """
    names = places.versions(block)
    sizes = {name: disk.size(block / name) for name in names}
    fixed = {name for name in names if _runs(block / name)} | set(names[:1])
    good = next((name for name in names if (block / name / manifest.FILE).is_file()), None)
    if good is not None:
        fixed.add(good)
    places_left = keep - len(fixed)
    bytes_left = max_bytes - sum(sizes[name] for name in fixed)
    freed = 0
    for name in names:
        if name in fixed:
            continue
        places_left, bytes_left = places_left - 1, bytes_left - sizes[name]
        if places_left < 0 or bytes_left < 0:
            bytes_left = min(bytes_left, -1)  # older ones go too, though they be small
            shutil.rmtree(block / name, ignore_errors=True)
            freed += sizes[name]
    return freed


def _runs(folder: Path) -> bool:
    step = manifest.read_json(folder / manifest.STEP) or {}
    return step.get("state") == RUNNING and disk.lives(step)


def outgrown(
    runs: Iterable[tuple[str, bool]], sizes: Mapping[str, Mapping[str, int]], max_bytes: int
) -> list[str]:
    """Return the runs that go because a block of theirs takes too much over newer runs.

    Args:
        runs: ended runs, newest first, and whether each went well.
        sizes: the bytes of each block, by run.
        max_bytes: what one block may take in all of them.
    """
    total: dict[str, int] = {}
    gone: list[str] = []
    good = False
    full = False
    for number, (run, completed) in enumerate(runs):
        for block, taken in sizes.get(run, {}).items():
            total[block] = total.get(block, 0) + taken
            full = full or total[block] > max_bytes
        stays = number == 0 or (completed and not good)
        good = good or completed
        if full and not stays:
            gone.append(run)
    return gone
