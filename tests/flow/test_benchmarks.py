"""The harness of the measurements: one quick row from end to end, and what it writes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.measure import Sample, Summary, command, percentile
from benchmarks.report import figure, lines
from benchmarks.row import OURS, Row

ROOT = Path(__file__).parents[2]


def test_one_quick_row_from_end_to_end(tmp_path: Path) -> None:
    target = tmp_path / "found"
    words = ["--quick", "--only", "shell", "--no-growth", "--out", str(target)]
    said = subprocess.run(
        [sys.executable, "-m", "benchmarks", *words, "--folder", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert said.returncode == 0, said.stderr
    found = json.loads(target.with_suffix(".json").read_text())
    assert found["quick"] and int(found["machine"]["cores"]) > 0
    sides = found["rows"]["shell"]["sides"]
    assert set(sides) == {OURS, "plain Python"}
    for side in sides.values():
        assert len(side["samples"]) == 2
        assert 0 < side["minimum"] <= side["median"] <= side["p95"]
        assert side["cpu"] > 0
    # The kernel's time is counted: more than the command line alone can have used.
    assert sides[OURS]["cpu"] > sides["plain Python"]["cpu"]
    text = target.with_suffix(".md").read_text()
    assert "| plain Python | 2 |" in text and "- processor:" in text


def test_every_row_and_curve_is_named() -> None:
    words = [sys.executable, "-m", "benchmarks", "--list"]
    said = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    names = [line.split()[0] for line in said.stdout.splitlines()]
    assert len(names) == len(set(names)) > 20


def test_the_figures_of_a_table() -> None:
    values = [float(number) for number in range(1, 21)]
    assert percentile(values, 0.95) == 19 and percentile([3.0], 0.95) == 3
    ours = Summary([Sample(2.0, 0.5), Sample(1.0, 0.7), Sample(3.0, 0.6)])
    assert (ours.minimum, ours.median, ours.p95, ours.cpu) == (1.0, 2.0, 3.0, 0.6)
    row = Row("r", "some work", "≤ 2 s", (), limit=2)
    first, second, third = lines(row, {OURS: ours, "peer": Summary([Sample(8.0)]), "odd": "no"})
    assert "≤ 2 s ✓" in first and "× 4.0" in second and "no" in third
    assert figure(0.0123, "s") == "12 ms" and figure(12.3, "%") == "12.3 %"


def test_a_command_that_fails_is_no_figure() -> None:
    try:
        command([sys.executable, "-c", "raise SystemExit('broken')"])
    except RuntimeError as error:
        assert "broken" in str(error)
    else:
        raise AssertionError("it was measured")


def test_cpu_of_grandchildren_counts() -> None:
    inner = "x = sum(i * i for i in range(3_000_000))"
    outer = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}])"
    assert command([sys.executable, "-c", outer]).cpu > command([sys.executable, "-c", ""]).cpu
