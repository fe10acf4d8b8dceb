"""The order of imports is a test."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_imports_follow_the_stream() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:]


def test_server_extension_loads_nothing_heavy() -> None:
    heavy = ["pandas", "pyarrow", "duckdb", "polars", "matplotlib", "alembic"]
    code = (
        "import sys; from mage_jlab.server.app import MageApp; import mage_jlab.server.routes;"
        f"print([m for m in {heavy!r} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_no_module_is_a_drawer_for_everything() -> None:
    refused = {"utils", "helpers", "common", "shared", "constants", "v2", "mixins"}
    found = [
        str(path.relative_to(ROOT))
        for folder in ("mage_jlab", "src")
        for path in (ROOT / folder).rglob("*")
        if path.stem.lower() in refused
        and "templates" not in path.parts
        and "labextension" not in path.parts
    ]
    assert found == []


def test_only_plugin_settings_lie_in_schema() -> None:
    assert {path.name for path in (ROOT / "schema").iterdir()} == {"plugin.json"}
