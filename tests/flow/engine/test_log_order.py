"""The log of a block in a run."""

from __future__ import annotations

from pathlib import Path

from flow.engine.projects import custom, write_pipeline

from mage_jlab.assembly import Engine

SAYS = """
log = kwargs['logger']
for number in range(3):
    print(f'p{number}')
    log.info(f'i{number}')
    log.warning(f'w{number}')
    log.error(f'e{number}')
"""


def test_what_a_block_logs_stands_in_its_order_and_with_its_level(
    root: Path, engine: Engine
) -> None:
    write_pipeline(root / "p", "logs", {"says": custom(SAYS)})
    ended = engine.wait(engine.submit("p", "logs").id, 60)
    said = [(r["level"], str(r["text"])[-2:]) for r in engine.step_log(ended.id, "says")[0]]
    levels = {"p": "INFO", "i": "INFO", "w": "WARNING", "e": "ERROR"}
    assert said == [(levels[k], f"{k}{n}") for n in range(3) for k in levels]
