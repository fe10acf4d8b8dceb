"""``python -m benchmarks`` (``make bench``): how long runs take on this machine.

Prints a Markdown table of minimum and median over the repetitions and writes
``benchmarks/results.json``. The front end is measured by the ``.mjs`` scripts.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.big_pipeline import write
from mage_jlab.assembly import Engine

REPEAT = 3
TARGET = Path(__file__).with_name("results.json")


def seconds(work: Callable[[], object]) -> list[float]:
    """Return how long it took, each time."""
    taken = []
    for _ in range(REPEAT):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return taken


def from_the_shell(folder: Path) -> list[float]:
    """Run the example's pipeline with the command line, process start included."""
    command = [sys.executable, "-m", "mage_jlab.cli.main"]
    subprocess.run([*command, "init", "demo", "--example"], cwd=folder, check=True)
    run = [*command, "run", "demo", "penguins", "--json"]
    return seconds(lambda: subprocess.run(run, cwd=folder, check=True, stdout=subprocess.DEVNULL))


def chain(engine: Engine, blocks: int) -> list[float]:
    """Run a chain of blocks that do nothing, from submit to completed."""
    name = f"chain{blocks}"
    write(engine.root / "p", name, [[i - 1] if i else [] for i in range(blocks)])

    def once() -> None:
        run = engine.wait(engine.submit("p", name).id, 600)
        if run.state != "completed":
            raise SystemExit(f"{name}: {run.state}: {run.error}")

    return seconds(once)


def main() -> None:
    """Measure everything and write it down."""
    found: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        os.environ["MAGE_JLAB_STATE_DIR"] = str(folder / "state")
        found["`mage-jlab run`, example, from the shell"] = from_the_shell(folder)
        (folder / "work" / "p").mkdir(parents=True)
        (folder / "work" / "p" / "metadata.yaml").write_text("project_type: standalone\n")
        engine = Engine(folder / "work", folder / "engine")
        engine.start(scheduler=False)
        try:
            for blocks in (1, 10, 50):
                found[f"chain of {blocks} empty blocks, submit to completed"] = chain(
                    engine, blocks
                )
        finally:
            engine.stop()
    print(f"\n{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores\n")
    print("| work | minimum | median |\n|---|---|---|")
    for name, taken in found.items():
        print(f"| {name} | {min(taken):.2f} s | {statistics.median(taken):.2f} s |")
    TARGET.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
