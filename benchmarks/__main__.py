"""``python -m benchmarks`` (``make bench``): every row of the table, measured.

Prints minimum, median, 95th percentile and CPU seconds of the whole process
tree, and writes ``benchmarks/results.json`` and ``benchmarks/results.md``.
With ``PEERS=DIR,DIR…`` (virtual environments that hold mage-ai, papermill or
dagster) each peer does the same work in turn: A B A B.
"""

from __future__ import annotations

import argparse
import compileall
import contextlib
import json
import os
import sys
import tempfile
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks import machine, measure, report
from benchmarks.growth import CURVES
from benchmarks.peers import found_in
from benchmarks.row import OURS, Row
from benchmarks.rows import ROWS
from benchmarks.stage import Stage, fresh

HERE = Path(__file__).parent
OURSELVES = HERE.parent / "mage_jlab"


def main() -> int:
    """Measure what was asked for; 1 when a row of ours could not be measured."""
    asked = _arguments()
    if asked.list:
        for row in ROWS:
            print(f"{row.name:18} {row.work}")
        for curve in CURVES:
            print(f"{curve.name:18} growth: {curve.work}")
        return 0
    # pip compiles what it installs; a checkout is compiled only where Python may write that.
    compileall.compile_dir(OURSELVES, quiet=1)
    measure.adopt_orphans()
    peers = found_in(Path(item) for item in asked.peers.split(",") if item)
    facts = machine.describe() | {"peers": ", ".join(sorted(peers)) or "none"}
    print(report.machine(facts), end="\n\n", flush=True)
    results: dict[str, Any] = {}
    text: list[str] = []
    failed = False
    print(report.HEAD, flush=True)
    with tempfile.TemporaryDirectory(prefix="mage-bench-", dir=asked.folder) as place:
        for row in _chosen(ROWS, asked):
            stage = Stage(fresh(Path(place) / row.name), asked.quick, peers)
            found = _measured(row, stage, asked)
            failed = failed or isinstance(found.get(OURS), str)
            results[row.name] = report.plain(row, found)
            text += report.lines(row, found)
            print("\n".join(report.lines(row, found)), flush=True)
        tables = [report.HEAD, *text]
        if not asked.no_growth:
            for curve in _chosen(CURVES, asked):
                stage = Stage(fresh(Path(place) / curve.name), asked.quick, peers)
                table, points = curve.measure(stage)
                results[f"growth {curve.name}"] = points
                tables += ["", f"### {curve.work}", "", *table]
                print("\n".join(["", f"### {curve.work}", "", *table]), flush=True)
    target = Path(asked.out)
    said = {"machine": facts, "quick": asked.quick, "rows": results}
    target.with_suffix(".json").write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")
    written = "\n".join(["# Results", "", report.machine(facts), "", *tables, ""])
    target.with_suffix(".md").write_text(written, encoding="utf-8")
    print(f"\nWritten: {target.with_suffix('.json')}, {target.with_suffix('.md')}")
    return int(failed)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", default="", help="names of rows or curves, by comma")
    parser.add_argument("--quick", action="store_true", help="small data, two repetitions")
    parser.add_argument("--repeat", type=int, help="repetitions of every row")
    parser.add_argument("--peers", default=os.environ.get("PEERS", ""))
    parser.add_argument("--no-growth", action="store_true", help="leave out how cost grows")
    parser.add_argument("--list", action="store_true", help="name the rows")
    parser.add_argument("--out", default=str(HERE / "results"), help="where to write, no suffix")
    parser.add_argument("--folder", help="folder for data (10 GB); the system's by default")
    return parser.parse_args()


def _chosen(items: Any, asked: argparse.Namespace) -> list[Any]:
    wanted = {name for name in asked.only.split(",") if name}
    return [item for item in items if not wanted or item.name in wanted]


def _measured(
    row: Row, stage: Stage, asked: argparse.Namespace
) -> Mapping[str, measure.Summary | str]:
    """Let every side do the work in turn; a peer that fails does not end the measurement."""
    repeat = asked.repeat or (2 if asked.quick else row.repeat)
    found: dict[str, measure.Summary | str] = {}
    with contextlib.ExitStack() as stack:
        working = []
        for side in row.present(stage):
            try:
                once = stack.enter_context(side.open(stage))
                if side.warm:
                    once()
                working.append((side, once, list[measure.Sample]()))
                found[side.name] = ""
            except Exception as error:  # noqa: BLE001 - told in the table
                found[side.name] = _failure(error)
        for number in range(repeat):
            for side, once, samples in working:
                if number >= (side.most or repeat) or (found[side.name] and not samples):
                    continue
                try:
                    samples.append(once())
                except Exception as error:  # noqa: BLE001 - told in the table
                    found[side.name] = _failure(error)
        for side, _, samples in working:
            if samples:
                found[side.name] = measure.Summary(samples)
    return found


def _failure(error: Exception) -> str:
    traceback.print_exception(error, file=sys.stderr)
    words = str(error).strip().splitlines() or [type(error).__name__]
    return f"failed: {words[-1][:200]}".replace("|", "/")


if __name__ == "__main__":
    raise SystemExit(main())
