"""Modules of a project in a run: their text as the run began, their place in the project."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flow.engine.projects import custom, until, write_pipeline

from mage_jlab.assembly import Engine
from mage_jlab.model.run import Run
from mage_jlab.products import execution


def outputs(engine: Engine, run: Run, name: str) -> list[Any]:
    store = engine.products(engine.workspace.project("p"))
    return list(execution.read_values(store.root, run.pipeline, run.id, name))


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        file = root / "p" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


@pytest.mark.parametrize("package", [True, False])
def test_a_module_reads_and_writes_beside_itself(root: Path, engine: Engine, package: bool) -> None:
    write(
        root,
        {
            "lib/words.sql": "select 1",
            "lib/reads.py": (
                "from pathlib import Path\n"
                "HERE = Path(__file__).parent\n"
                "def text():\n"
                "    HERE.joinpath('left.txt').write_text('kept')\n"
                "    return HERE.joinpath('words.sql').read_text()\n"
            ),
        },
    )
    if package:
        write(root, {"lib/__init__.py": "from pathlib import Path\nHOME = Path(__file__).parent"})
    body = """
    from lib.reads import text
    from p.lib import reads
    return [text(), str(reads.HERE)]
    """
    write_pipeline(root / "p", "reading", {"reads": custom(body)})
    run = engine.wait(engine.submit("p", "reading").id, 90)
    assert run.state == "completed", run.error
    assert outputs(engine, run, "reads") == ["select 1", str(root / "p/lib")]
    assert (root / "p/lib/left.txt").read_text() == "kept"


def test_modules_in_folders_named_like_data_are_found(root: Path, engine: Engine) -> None:
    write(
        root,
        {
            "lib/__init__.py": "",
            "lib/data/__init__.py": "",
            "lib/data/deep.py": "FOUND = 'data'",
            "lib/build/flat.py": "FOUND = 'build'",
            "logs/kept.py": "FOUND = 'logs'",
        },
    )
    body = """
    from lib.build.flat import FOUND as build
    from logs.kept import FOUND as logs
    from p.lib.data.deep import FOUND as data
    return [build, data, logs]
    """
    write_pipeline(root / "p", "finding", {"finds": custom(body)})
    run = engine.wait(engine.submit("p", "finding").id, 90)
    assert run.state == "completed", run.error
    assert outputs(engine, run, "finds") == ["build", "data", "logs"]


WAITS = """
import time
from pathlib import Path
Path({flag!r}).touch()
until = time.monotonic() + 60
while not Path({go!r}).exists() and time.monotonic() < until:
    time.sleep(0.02)
"""


def test_a_run_uses_modules_as_they_were_when_it_began(
    root: Path, engine: Engine, tmp_path: Path
) -> None:
    write(
        root,
        {
            "lib/__init__.py": "",
            "lib/edited.py": "def said():\n    return 'before'\n\ndef fails():\n    1 / 0\n",
            "lib/removed.py": "SAID = 'there'",
            "top.py": "SAID = 'top before'",
        },
    )
    flag, go = tmp_path / "flag", tmp_path / "go"
    body = """
    import inspect
    import top
    from lib.edited import said
    from p.lib.removed import SAID
    return [said(), SAID, top.SAID, inspect.getsource(said)]
    """
    blocks = {
        "waits": custom(WAITS.format(flag=str(flag), go=str(go))),
        "uses": custom(body, "waits"),
        "fails": custom("from lib.edited import fails\nfails()", "waits"),
    }
    write_pipeline(root / "p", "editing", blocks)
    asked = engine.submit("p", "editing")
    until(flag.exists)
    write(
        root,
        {
            "lib/edited.py": "\n\n\ndef said():\n    return 'after'\n",
            "top.py": "SAID = 'top after'",
        },
    )
    (root / "p/lib/removed.py").unlink()
    go.touch()
    run = engine.wait(asked.id, 90)
    said = ["before", "there", "top before", "def said():\n    return 'before'\n"]
    assert outputs(engine, run, "uses") == said
    failed = next(step for step in run.steps if step.block == "fails")
    assert failed.error.startswith("ZeroDivisionError")
    # The next run takes them as they are now.
    write_pipeline(
        root / "p", "after", {"uses": custom("from lib.edited import said\nreturn said()")}
    )
    run = engine.wait(engine.submit("p", "after").id, 90)
    assert outputs(engine, run, "uses") == ["after"]


def test_the_projects_own_package_file_is_run_as_it_was(root: Path, engine: Engine) -> None:
    write(root, {"__init__.py": "import os\nHOME = os.path.dirname(__file__)\n"})
    write_pipeline(root / "p", "home", {"asks": custom("import p\nreturn p.HOME")})
    run = engine.wait(engine.submit("p", "home").id, 90)
    assert run.state == "completed", run.error
    assert outputs(engine, run, "asks") == [str(root / "p")]
