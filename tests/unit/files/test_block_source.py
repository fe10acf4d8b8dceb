"""The text of block files: found, read in any encoding, written back as it was."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shops import make

from mage_jlab.errors import BrokenFile, EditRefused, OutsideProject, PipelineNotFound
from mage_jlab.files import block_source, places
from mage_jlab.model.block import Block

ENDS = st.sampled_from(["\n", "\r\n", "\r"])
LINES = st.text("ab é\t", max_size=5)


@st.composite
def files(draw: st.DrawFn) -> str:
    usual = draw(ENDS)
    mixed = draw(st.booleans())
    lines = draw(st.lists(LINES, max_size=6))
    return "".join(line + (draw(ENDS) if mixed else usual) for line in lines) + draw(LINES)


@given(files())
def test_a_text_that_is_not_edited_stays_byte_for_byte(old: str) -> None:
    assert block_source.woven(old, block_source.normal(old)) == old


@given(files(), files())
def test_an_edit_reads_back_as_it_was_typed(old: str, new: str) -> None:
    woven = block_source.woven(old, new)
    assert block_source.normal(woven) == block_source.normal(new)
    if block_source.normal(old) and block_source.normal(new):
        assert woven.endswith(("\n", "\r")) == old.endswith(("\n", "\r"))
        if "\r" not in old:
            assert "\r" not in woven
        if old.count("\r\n") == old.count("\n") == old.count("\r") > 0:
            assert "\n" not in woven.replace("\r\n", "").replace("\r", "")


def test_lines_of_a_mixed_file_keep_their_ends() -> None:
    old = "a\r\nb\nc\r\nd\n"
    assert block_source.woven(old, "a\nb\nX\nc\nd") == "a\r\nb\nX\nc\r\nd\n".replace("X\n", "X\r\n")


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        ("é = 1\n".encode(), "utf-8"),
        (b"\xef\xbb\xbf" + "é = 1\n".encode(), "utf-8"),
        ("# -*- coding: cp1252 -*-\né = '€'\n".encode("cp1252"), "cp1252"),
        (b"x = '\xe9'\n", "latin-1"),
        (b"# coding: no-such-thing\nx = '\xe9'\n", "latin-1"),
    ],
)
def test_a_file_keeps_its_encoding(tmp_path: Path, data: bytes, encoding: str) -> None:
    workspace, project = make(tmp_path)
    file = project.root / "data_loaders/load.py"
    file.write_bytes(data)
    assert block_source.decode(data, "f").encoding == encoding
    nb = workspace.open_notebook(project, "orders")
    workspace.save_notebook(project, "orders", nb)
    assert file.read_bytes() == data
    nb.cells[0].source += "\ny = 2"
    workspace.save_notebook(project, "orders", nb)
    assert file.read_bytes() == data + b"y = 2\n"


def test_a_character_the_encoding_has_not_is_refused(tmp_path: Path) -> None:
    workspace, project = make(tmp_path)
    file = project.root / "data_loaders/load.py"
    file.write_bytes(b"x = '\xe9'\n")
    nb = workspace.open_notebook(project, "orders")
    nb.cells[0].source += "# €"
    with pytest.raises(EditRefused, match="latin-1"):
        workspace.save_notebook(project, "orders", nb)
    assert file.read_bytes() == b"x = '\xe9'\n"


def test_a_file_that_is_no_text_opens_as_missing_and_is_never_overwritten(tmp_path: Path) -> None:
    workspace, project = make(tmp_path)
    file = project.root / "data_loaders/load.py"
    file.write_bytes(b"\0\1\2")
    nb = workspace.open_notebook(project, "orders")
    assert nb.cells[0].metadata.mage.missing
    assert any("no text file" in p["message"] for p in nb.metadata.mage.problems)
    workspace.save_notebook(project, "orders", nb)
    nb.cells[0].source = "x = 1"
    with pytest.raises(BrokenFile):
        workspace.save_notebook(project, "orders", nb)
    assert file.read_bytes() == b"\0\1\2"


def test_links_out_of_the_project_are_not_followed(tmp_path: Path) -> None:
    workspace, project = make(tmp_path)
    secret = tmp_path / "secret.py"
    secret.write_text("secret = 1\n")
    file = project.root / "data_loaders/load.py"
    file.unlink()
    file.symlink_to(secret)
    pipeline = workspace.load(project, "orders")
    assert workspace.source(project, pipeline.block("load")) is None
    nb = workspace.open_notebook(project, "orders")
    nb.cells[0].source = "stolen = 1"
    with pytest.raises((OutsideProject, EditRefused)):
        workspace.save_notebook(project, "orders", nb)
    assert secret.read_text() == "secret = 1\n"


def test_a_link_inside_the_project_stays_a_link(tmp_path: Path) -> None:
    workspace, project = make(tmp_path)
    real = project.root / "data_loaders/real.py"
    file = project.root / "data_loaders/load.py"
    file.rename(real)
    file.symlink_to("real.py")
    workspace.change_block(project, "orders", "load", {"source": "new = 1"})
    assert file.is_symlink()
    assert real.read_text() == "new = 1\n"


def test_a_folder_of_pipelines_that_is_a_link_is_no_project(tmp_path: Path) -> None:
    workspace, project = make(tmp_path)
    folder = project.root / "pipelines"
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    workspace.finder.forget()
    assert workspace.projects() == []


def test_a_pipeline_that_is_a_link_is_not_listed(tmp_path: Path) -> None:
    workspace, project = make(tmp_path)
    folder = project.root / "pipelines/orders"
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    assert workspace.pipelines(project) == ["other"]


@pytest.mark.parametrize(
    "path",
    ["../x", "a/../../x", "/etc/passwd", "a\\..\\x", "C:/x", "c:x", "~/x", "a\0b", "x" * 300],
)
def test_hostile_paths_are_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(OutsideProject):
        places.inside(tmp_path.resolve(), path)


def test_a_sibling_with_the_same_beginning_is_outside(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop2").mkdir()
    (tmp_path / "shop/link").symlink_to(tmp_path / "shop2")
    with pytest.raises(OutsideProject):
        places.inside((tmp_path / "shop").resolve(), "link/x")


def test_a_hostile_file_source_is_ignored(tmp_path: Path) -> None:
    workspace, project = make(tmp_path)
    (tmp_path / "root/secret.py").write_text("secret = 1\n")
    for path in ("../secret.py", "/etc/passwd", "a/../../secret.py", 5, ["x"], ""):
        pipeline, _ = workspace.change_block(
            project, "orders", "load", {"configuration": {"file_source": {"path": path}}}
        )
        assert pipeline.block("load").path == "data_loaders/load.py"


def test_a_source_left_behind_by_a_rename_is_not_run(tmp_path: Path) -> None:
    workspace, project = make(tmp_path)
    left = {"configuration": {"file_source": {"path": "data_loaders/old.py"}}}
    (project.root / "data_loaders/old.py").write_text("other = 1\n")
    pipeline, _ = workspace.change_block(project, "orders", "load", left)
    assert pipeline.block("load").path == "data_loaders/load.py"
    # Without a file of its own the block has that one.
    (project.root / "data_loaders/load.py").unlink()
    assert workspace.load(project, "orders").block("load").path == "data_loaders/old.py"


def test_of_several_projects_in_one_the_source_counts(tmp_path: Path) -> None:
    workspace, project = make(tmp_path)
    (project.root.parent / "settings.yaml").write_text("projects: {shop: {active: true}}\n")
    (project.root / "data_loaders/other.py").write_text("other = 1\n")
    named = {"configuration": {"file_source": {"path": "shop/data_loaders/other.py"}}}
    pipeline, _ = workspace.change_block(project, "orders", "load", named)
    assert pipeline.block("load").path == "data_loaders/other.py"


def test_the_code_hash_does_not_see_line_ends() -> None:
    assert block_source.code_hash("a\r\nb\r\n") == block_source.code_hash("a\nb")
    assert block_source.code_hash("a\nb") != block_source.code_hash("a\nc")
    assert Block("x", "x", "custom").path is None  # type: ignore[arg-type]


def test_pipes_in_a_project_keep_nobody_waiting(tmp_path: Path) -> None:
    workspace, project = make(tmp_path)
    for relative in (
        "data_loaders/load.py",
        "pipelines/orders/triggers.yaml",
        "requirements.txt",
        "io_config.yaml",
        "pipelines/other/metadata.yaml",
    ):
        file = project.root / relative
        file.unlink(missing_ok=True)
        os.mkfifo(file)
    assert workspace.pipelines(project) == ["orders"]
    assert workspace.open_notebook(project, "orders").cells[0].metadata.mage.missing
    assert workspace.etag(project, "orders")
    assert workspace.file_triggers(project) == []
    assert workspace.requirements(project) == []
    workspace.check(project)
    workspace.snapshot(project, "orders", tmp_path / "snap")


def test_definitions_that_are_links_out_of_the_project_are_not_read(tmp_path: Path) -> None:
    workspace, project = make(tmp_path)
    outside = tmp_path / "outside.yaml"
    outside.write_text("name: secret\ntriggers: [{name: x}]\n")
    for relative in ("pipelines/other/metadata.yaml", "pipelines/orders/triggers.yaml"):
        file = project.root / relative
        file.unlink(missing_ok=True)
        file.symlink_to(outside)
    assert workspace.pipelines(project) == ["orders"]
    with pytest.raises(PipelineNotFound):
        workspace.load(project, "other")
    assert workspace.file_triggers(project) == []
    (project.root / "metadata.yaml").unlink()
    (project.root / "metadata.yaml").symlink_to(outside)
    workspace.finder.forget()
    assert workspace.projects() == []
