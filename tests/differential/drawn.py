"""The charts as our kernel draws them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from differential import charts
from flow.kernel import kernels

from mage_jlab.products import execution

VEGA = "application/vnd.vegalite.v5+json"
LOAD = charts.SALES + "\n@data_loader\ndef f(*args, **kwargs):\n    return made()\n"


def run(folder: Path) -> dict[str, Any]:
    """Draw every case in a kernel; return what the specifications and tables carry."""
    with kernels.running(folder) as kernel:
        kernel.start()
        kernel.cell(LOAD, "sales")
        return {
            name: _told(kernel, name, said, code) for name, (said, code) in charts.cases().items()
        }


def _told(kernel: kernels.Kernel, name: str, said: dict[str, Any], code: str) -> dict[str, Any]:
    answer = kernel.cell(code, name, "chart", ["sales"], configuration=said)
    if answer.finished["state"] != "completed":
        return {"error": True, "says": answer.finished["error"]["message"]}
    if said.get("chart_type") == "table":
        scope = "interactive"
        (frame,) = execution.read_values(kernel.store.root, "etl", scope, name)
        return charts.of_frame(frame, index="index" in said)
    (spec,) = answer.mime(VEGA)
    return charts.of_spec(said, spec)
