"""Results as a Markdown table and as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks.measure import Summary
from benchmarks.row import OURS, Row

HEAD = "| work | target | who | n | minimum | median | p95 | CPU s | ratio |\n" + "|---" * 9 + "|"


def figure(value: float | None, unit: str) -> str:
    """Return a value with its unit, as precise as it deserves."""
    if value is None:
        return ""
    if unit != "s":
        return f"{value:,.1f} {unit}"
    return f"{value * 1000:,.0f} ms" if abs(value) < 1 else f"{value:,.2f} s"


def lines(row: Row, found: Mapping[str, Summary | str]) -> list[str]:
    """Return the lines of a row: ours first, then each peer with its ratio to ours."""
    ours = found.get(OURS)
    result = []
    for name, side in found.items():
        first = name == OURS
        work = row.work if first else ""
        if isinstance(side, str):
            result.append(f"| {work} | {row.target if first else ''} | {name} | | {side} | | | | |")
            continue
        ratio = ""
        if not first and isinstance(ours, Summary) and ours.median > 0:
            ratio = f"× {side.median / ours.median:,.1f}"
        result.append(
            f"| {work} | {_target(row, side) if first else ''} | {name} | {len(side.samples)} "
            f"| {figure(side.minimum, row.unit)} | {figure(side.median, row.unit)} "
            f"| {figure(side.p95, row.unit)} | {_cpu(side.cpu)} | {ratio} |"
        )
    return result


def _cpu(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _target(row: Row, side: Summary) -> str:
    if row.limit is None:
        return row.target
    value = side.p95 if row.by == "p95" else side.median
    return f"{row.target} {'✓' if value <= row.limit else '✗'}"


def plain(row: Row, found: Mapping[str, Summary | str]) -> dict[str, Any]:
    """Return a row as JSON has it, every sample included."""
    sides: dict[str, Any] = {}
    for name, side in found.items():
        if isinstance(side, str):
            sides[name] = {"error": side}
            continue
        sides[name] = {
            "minimum": side.minimum, "median": side.median, "p95": side.p95, "cpu": side.cpu,
            "samples": [
                {"value": s.value, "cpu": s.cpu, **({"notes": dict(s.notes)} if s.notes else {})}
                for s in side.samples
            ],
        }  # fmt: skip
    return {
        "work": row.work, "unit": row.unit, "target": row.target, "recorded": row.recorded,
        "sides": sides,
    }  # fmt: skip


def machine(facts: Mapping[str, str]) -> str:
    """Return the machine as lines of Markdown."""
    return "\n".join(f"- {name}: {value}" for name, value in facts.items())
