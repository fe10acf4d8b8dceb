"""Write the OpenAPI document of the REST interface to src/api/openapi.json."""

from __future__ import annotations

import json
from pathlib import Path

from mage_jlab.server.openapi import document

TARGET = Path(__file__).parent.parent / "src" / "api" / "openapi.json"


def main() -> None:
    """Write the document."""
    TARGET.write_text(json.dumps(document(), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
