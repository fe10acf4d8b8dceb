"""What is generated is up to date and says what is so."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from mage_jlab.server.openapi import document
from mage_jlab.server.routes import ROUTES

ROOT = Path(__file__).parents[2]


def script() -> Any:
    spec = importlib.util.spec_from_file_location("openapi_script", ROOT / "scripts/openapi.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_committed_document_is_that_of_the_code() -> None:
    committed = (ROOT / "src/api/openapi.json").read_text(encoding="utf-8")
    assert committed == script().openapi(), "run `jlpm types`"


def test_the_typescript_types_know_every_type_and_path() -> None:
    text = (ROOT / "src/api/schema.ts").read_text(encoding="utf-8")
    described = document()
    for path in described["paths"]:
        assert f"'{path}'" in text or f'"{path}"' in text, f"run `jlpm types`: {path}"
    for name, schema in described["components"]["schemas"].items():
        found = re.search(rf"^( {{4,8}}){name}: (\{{.*?^\1\}};)", text, re.M | re.S)
        assert found, f"run `jlpm types`: {name}"
        for field in schema.get("properties", {}):
            assert re.search(rf"^\s+{field}\??:", found[2], re.M), (
                f"run `jlpm types`: {name}.{field}"
            )


def test_every_route_has_its_heading_in_the_guide() -> None:
    guide = (ROOT / "docs/rest.md").read_text(encoding="utf-8")
    for route in ROUTES:
        for method in route.operations:
            assert f"### {method.upper()} {route.path}\n" in guide
    assert script().reference() in guide, "run `jlpm types`"


def test_references_lead_somewhere() -> None:
    described = document()
    text = json.dumps(described)
    for name in set(re.findall(r"#/components/schemas/(\w+)", text)):
        assert name in described["components"]["schemas"]
    ids = [
        facts["operationId"]
        for methods in described["paths"].values()
        for name, facts in methods.items()
        if name != "parameters"
    ]
    assert len(ids) == len(set(ids))


async def test_the_server_gives_the_same_document(ask: Any) -> None:
    answer = await ask("mage", "api", "openapi.json")
    assert answer.status == 200
    assert answer.json == json.loads(json.dumps(document()))


def test_the_extension_starts_without_heavy_modules() -> None:
    code = (
        "import sys; import mage_jlab.server.app, mage_jlab.server.routes, mage_jlab.server.contents;"
        "print([m for m in ('pandas', 'pyarrow', 'duckdb', 'numpy') if m in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
