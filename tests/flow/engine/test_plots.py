"""Plots of runs: in a process of Mage's, which has no screen, they stay until their block ends."""

from __future__ import annotations

from pathlib import Path

from flow.engine.projects import custom, step, write_pipeline

from mage_jlab.assembly import Engine

SHOWN_THEN_SAVED = """
import matplotlib.pyplot as plt
for number in range(3):
    plt.figure()
    plt.plot([number, 2])
    plt.show()
    plt.savefig(f'{number}.png')
plt.plot([5, 6])
plt.show()
import numpy
return [bool(numpy.ptp(plt.imread(f'{n}.png'))) for n in range(3)], len(plt.get_fignums())
"""
AFTERWARDS = "import matplotlib.pyplot as plt\nreturn len(plt.get_fignums())"


def test_a_plot_can_be_saved_after_it_was_shown(root: Path, engine: Engine) -> None:
    blocks = {"draws": custom(SHOWN_THEN_SAVED), "after": custom(AFTERWARDS, "draws")}
    write_pipeline(root / "p", "plots", blocks)
    ended = engine.wait(engine.submit("p", "plots").id, 60)
    said = {name: engine.step_log(ended.id, name)[0] for name in blocks}
    texts = {name: [str(record["text"]) for record in log] for name, log in said.items()}
    assert step(ended, "draws").state == "completed", texts
    assert texts["draws"][-2:] == ["[\n  true,\n  true,\n  true\n]", "3"]
    assert texts["after"][-1] == "0"
    # Each is shown once, and again only when something was drawn into it.
    images = [r for r in said["draws"] if "image/png" in ((r["output"] or {}).get("data") or {})]
    assert len(images) == 4
