"""Make the big pipelines that the front-end measurements open.

``python -m benchmarks.big_pipeline FOLDER`` writes a project with a chain of
300 blocks (`notebook300`) and a layered graph of 500 blocks (`canvas500`).
"""

from __future__ import annotations

import sys
from pathlib import Path

import yaml

BODY = "@transformer\ndef step(*args, **kwargs):\n    return {number}\n"


def write(project: Path, name: str, upstream: list[list[int]]) -> None:
    """Write one pipeline; `upstream[i]` are the numbers of the blocks above block i."""
    folder = project / "pipelines" / name
    folder.mkdir(parents=True, exist_ok=True)
    code = project / "transformers" / name
    code.mkdir(parents=True, exist_ok=True)
    blocks = []
    for number, above in enumerate(upstream):
        uuid = f"{name}/block_{number:03d}"
        (project / "transformers" / f"{uuid}.py").write_text(BODY.format(number=number))
        blocks.append(
            {
                "name": f"block {number:03d}",
                "uuid": uuid,
                "type": "transformer",
                "language": "python",
                "configuration": {},
                "upstream_blocks": [f"{name}/block_{item:03d}" for item in above],
                "downstream_blocks": [],
            }
        )
    document = {"name": name, "uuid": name, "type": "python", "blocks": blocks}
    (folder / "metadata.yaml").write_text(yaml.safe_dump(document, sort_keys=True))


def main(target: str) -> None:
    """Write the project."""
    project = Path(target)
    project.mkdir(parents=True, exist_ok=True)
    (project / "metadata.yaml").write_text("project_type: standalone\n")
    write(project, "notebook300", [[i - 1] if i else [] for i in range(300)])
    write(project, "canvas500", [[] if i < 10 else [i - 10, (i - 7) // 2] for i in range(500)])


if __name__ == "__main__":
    main(sys.argv[1])
