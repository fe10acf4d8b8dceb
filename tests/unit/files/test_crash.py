"""A crash at any step of a change leaves the old or the new, after `recover` only the new."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from shops import contents, make

from mage_jlab.files import save
from mage_jlab.files.workspace import Workspace


class Crash(BaseException):
    """The machine stops here."""


def crash_at(monkeypatch: pytest.MonkeyPatch, step: int) -> list[int]:
    """Stop at the n-th replacing rename; return the counter."""
    count = [0]
    replace = Path.replace

    def counted(self: Path, target: Any) -> Any:
        count[0] += 1
        if count[0] == step:
            raise Crash
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", counted)
    return count


RENAME = {"name": "Wash"}


def expected(tmp_path: Path) -> dict[str, bytes]:
    workspace, project = make(tmp_path)
    workspace.change_block(project, "orders", "clean", RENAME)
    return contents(project.root)


@pytest.mark.parametrize("step", range(1, 7))
def test_a_rename_is_whole_after_a_crash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    new = expected(tmp_path / "expected")
    workspace, project = make(tmp_path / "crashed")
    old = contents(project.root)
    with monkeypatch.context() as patch:
        crash_at(patch, step)
        with contextlib.suppress(Crash):
            workspace.change_block(project, "orders", "clean", RENAME)
    told: list[Any] = []
    again = Workspace(tmp_path / "crashed/root", tmp_path / "crashed/state")
    again.renamed.append(lambda *what: told.append(what[1:]))
    again.recover()
    found = contents(project.root)
    assert found in (old, new)
    # The journal is the first file to be put in its place: from then on it goes forward.
    assert (found == new) == (step > 1)
    if 1 < step <= 5:
        assert told in ([], [("block", ["orders", "other"], "clean", "wash")])
    assert not list((tmp_path / "crashed/state").glob("projects/*/journal/*.json"))


def test_followers_are_told_when_the_journal_is_played(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace, project = make(tmp_path)
    with monkeypatch.context() as patch:
        crash_at(patch, 2)
        with pytest.raises(Crash):
            workspace.change_block(project, "orders", "clean", RENAME)
    told: list[Any] = []
    again = Workspace(tmp_path / "root", tmp_path / "state")
    again.renamed.append(lambda *what: told.append(what[1:]))
    again.recover()
    again.recover()
    assert told == [("block", ["orders", "other"], "clean", "wash")]


def test_a_pipeline_rename_is_whole_after_a_crash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for step in range(2, 5):
        workspace, project = make(tmp_path / str(step))
        with monkeypatch.context() as patch:
            crash_at(patch, step)
            with contextlib.suppress(Crash):
                workspace.change_pipeline(project, "orders", {"name": "Sales"})
        again = Workspace(tmp_path / str(step) / "root", tmp_path / str(step) / "state")
        again.recover()
        assert again.pipelines(project) == ["other", "sales"]
        assert again.load(project, "sales").name == "Sales"


def test_a_killed_process_leaves_whole_files(tmp_path: Path) -> None:
    """Kill a process that saves all the time; what is there is whole, leftovers go away."""
    workspace, project = make(tmp_path)
    code = (
        "import sys; sys.path[:0] = sys.argv[3:]\n"
        "from pathlib import Path\n"
        "from mage_jlab.files.workspace import Workspace\n"
        "w = Workspace(Path(sys.argv[1]), Path(sys.argv[2])); p = w.project('shop')\n"
        "n = 0\n"
        "while True:\n"
        "    n += 1\n"
        "    w.change_block(p, 'orders', 'load', {'source': 'x = 1\\n' * (n % 5000), 'timeout': n})\n"
        "    print(n, flush=True)\n"
    )
    for rounds in range(3):
        process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                code,
                str(tmp_path / "root"),
                str(tmp_path / "state"),
                *sys.path,
            ],
            stdout=subprocess.PIPE,
        )
        assert process.stdout is not None
        for _ in range(5 + rounds):
            process.stdout.readline()
        process.kill()
        process.wait()
        process.stdout.close()
        workspace.recover()
        assert workspace.load(project, "orders").block("load").timeout is not None
        source = (project.root / "data_loaders/load.py").read_text()
        assert set(source.split("\n")) <= {"x = 1", ""}
        assert not [p for p in project.root.rglob("*") if p.name.startswith(save.TEMPORARY)]


def test_temporary_files_of_a_living_process_are_left_alone(tmp_path: Path) -> None:
    workspace, project = make(tmp_path)
    folder = project.root / "pipelines/orders"
    living = folder / f"{save.TEMPORARY}{os.getppid()}-aa.tmp"
    living.write_text("x")
    gone = folder / f"{save.TEMPORARY}999999999-aa.tmp"
    gone.write_text("x")
    workspace.recover()
    assert living.exists()
    assert not gone.exists()


def test_a_failing_write_leaves_no_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace, project = make(tmp_path)
    before = contents(project.root)

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(save.DiskFull, match="the old file is intact"):
            workspace.change_block(project, "orders", "load", {"source": "new = 1"})
    assert contents(project.root) == before


def test_the_mode_of_a_file_is_kept(tmp_path: Path) -> None:
    workspace, project = make(tmp_path)
    file = project.root / "data_loaders/load.py"
    file.chmod(0o750)
    workspace.change_block(project, "orders", "load", {"source": "new = 1"})
    assert file.stat().st_mode & 0o777 == 0o750
