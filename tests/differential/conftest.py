"""Tests beside a real mage-ai are asked for by naming its Python, in MAGE_AI_PYTHON.

That of one with dbt has a variable of its own, MAGE_AI_DBT_PYTHON: ``mage_ai`` marks say which.
"""

from __future__ import annotations

import os

import pytest

VARIABLE = "MAGE_AI_PYTHON"


def _wanted(item: pytest.Item) -> bool:
    mark = item.get_closest_marker("mage_ai")
    return mark is None or bool(os.environ.get(mark.args[0] if mark.args else VARIABLE))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    beside = [item for item in items if not _wanted(item)]
    if beside:
        config.hook.pytest_deselected(items=beside)
        items[:] = [item for item in items if item not in beside]
        reporter = config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            reporter.write_line(
                f"{len(beside)} tests beside mage-ai itself are left out; set {VARIABLE} to the "
                "Python of an environment with mage-ai 0.9.80 to run them, MAGE_AI_DBT_PYTHON to one that has dbt, "
                "too (the results it gave are recorded, and ours are compared with those)."
            )
