"""YAML blocks that are neither dbt nor streaming nor integration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flow.engine.projects import block, custom, step, write_pipeline

from mage_jlab.assembly import Engine


def run(root: Path, engine: Engine, text: str) -> Any:
    write_pipeline(
        root / "p",
        "y",
        {
            "said": block("custom", "", language="yaml"),
            "use": custom("print('got', args)", "said"),
        },
    )
    (root / "p" / "custom" / "said.yaml").write_text(text)
    return engine.wait(engine.submit("p", "y").id, 60)


def printed(engine: Engine, run_id: str) -> str:
    return "\n".join(str(r["text"]) for r in engine.step_log(run_id, "use")[0])


@pytest.mark.parametrize(
    ("text", "handed"),
    [
        ("retries: 3\ndays: [1, 2]\nsince: 2024-05-01\n", "({'retries': 3, 'days': [1, 2], 'since': '2024-05-01'},)"),
        ("- 1\n- 2\n", "([1, 2],)"),
        ("# Keys and values\n", "([],)"),
        ("source:\n", "({'source': None},)"),
    ],
)  # fmt: skip
def test_plain_data_is_handed_on(root: Path, engine: Engine, text: str, handed: str) -> None:
    done = run(root, engine, text)
    assert done.state == "completed", done.error
    assert f"got {handed}" in printed(engine, done.id)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("connector_type: kafka\ntopic: x\n", "a streaming source or sink (connector_type: kafka)"),
        ("source: postgresql\nconfig: {}\n", "a data integration source (source: postgresql)"),
        ("destination: s3\n", "a data integration destination (destination: s3)"),
        ("a: [1\n", "the block"),
        ("a: !!python/object/apply:os.system ['true']\n", "the block"),
    ],
)
def test_others_say_what_they_are(root: Path, engine: Engine, text: str, words: str) -> None:
    done = run(root, engine, text)
    assert done.state == "failed"
    error = str(step(done, "said").error)
    assert words in error and "Traceback" not in error
