"""Write what is generated from the route table: the OpenAPI document and docs/rest.md."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mage_jlab.server.openapi import document

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "src" / "api" / "openapi.json"
GUIDE = ROOT / "docs" / "rest.md"
MARK = "<!-- The rest of this page is written by scripts/openapi.py. -->"


def openapi() -> str:
    """Return the text of the OpenAPI document."""
    return json.dumps(document(), indent=1) + "\n"


def reference() -> str:
    """Return the generated part of docs/rest.md."""
    lines = ["## Reference", ""]
    for path, methods in document()["paths"].items():
        for method, facts in methods.items():
            if method != "parameters":
                lines += _entry(method, path, facts)
    return "\n".join(lines)


def _entry(method: str, path: str, facts: dict[str, Any]) -> list[str]:
    lines = [f"### {method.upper()} {path}", "", facts["summary"], ""]
    for item in facts.get("parameters", []):
        where = "header " if item["in"] == "header" else ""
        lines.append(f"- {where}`{item['name']}`: {item['description']}")
    if "requestBody" in facts:
        lines.append(f"- body: {_type(facts['requestBody'])}")
    for status, answer in facts["responses"].items():
        if status < "300":
            kind = _type(answer) if "content" in answer else "nothing"
            lines.append(f"- answer: {status}, {kind}")
    errors = [status for status in facts["responses"] if status >= "400"]
    lines.append(f"- errors: {', '.join(errors)}")
    right = facts["x-authorization"]
    lines.append(f"- right: `{right['action']}` on `{right['resource']}`")
    return [*lines, ""]


def _type(holder: dict[str, Any]) -> str:
    names = []
    for media, item in holder["content"].items():
        schema = item["schema"]
        listed = schema.get("properties", {}).get("items")
        if "$ref" in schema:
            names.append(f"`{schema['$ref'].rpartition('/')[2]}`")
        elif listed:
            names.append(f"page of `{listed['items']['$ref'].rpartition('/')[2]}`")
        else:
            names.append(f"`{media}`")
    return " or ".join(names)


def main() -> None:
    """Write both."""
    TARGET.write_text(openapi(), encoding="utf-8")
    told = GUIDE.read_text(encoding="utf-8").partition(MARK)[0]
    GUIDE.write_text(f"{told}{MARK}\n\n{reference()}", encoding="utf-8")


if __name__ == "__main__":
    main()
