"""Write the OpenAPI document of the REST interface to src/api/openapi.json."""

from __future__ import annotations

import inspect
import json
from pathlib import Path

import msgspec

from mage_jlab.server import wire

TARGET = Path(__file__).parent.parent / "src" / "api" / "openapi.json"


def main() -> None:
    """Write the document."""
    structs = [
        item
        for item in vars(wire).values()
        if inspect.isclass(item) and issubclass(item, msgspec.Struct)
        and item.__module__ == wire.__name__ and item not in (wire.Page, wire.Request)
    ]
    _, components = msgspec.json.schema_components(
        structs, ref_template="#/components/schemas/{name}"
    )
    document = {
        "openapi": "3.1.0",
        "info": {"title": "mage-jlab", "version": "1"},
        "paths": {},
        "components": {"schemas": components},
    }
    TARGET.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
