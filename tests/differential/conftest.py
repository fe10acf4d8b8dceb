"""Tests beside a real mage-ai are asked for by naming its Python in MAGE_AI_PYTHON."""

from __future__ import annotations

import os

import pytest

VARIABLE = "MAGE_AI_PYTHON"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if os.environ.get(VARIABLE):
        return
    beside = [item for item in items if item.get_closest_marker("mage_ai")]
    if beside:
        config.hook.pytest_deselected(items=beside)
        items[:] = [item for item in items if item not in beside]
        reporter = config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            reporter.write_line(
                f"{len(beside)} tests beside mage-ai itself are left out; set {VARIABLE} to the "
                "Python of an environment with mage-ai 0.9.80 to run them (the results it gave are "
                "recorded, and ours are compared with those)."
            )
