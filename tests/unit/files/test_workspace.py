"""Changing projects, pipelines and blocks through the workspace."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from shops import changed, contents, make

from mage_jlab.errors import (
    AlreadyExists,
    BadRequest,
    BlockNotFound,
    Changed,
    CycleError,
    InvalidName,
    NotFound,
    OutsideProject,
    PipelineNotFound,
    ProjectNotFound,
)
from mage_jlab.files import places
from mage_jlab.files.workspace import Workspace
from mage_jlab.ids import slug
from mage_jlab.model.block import BLOCK_TYPES, EXTENSIONS
from mage_jlab.model.project import Project


@pytest.fixture
def shop(tmp_path: Path) -> tuple[Workspace, Project]:
    return make(tmp_path)


def differences(project: Project, before: dict[str, bytes]) -> dict[str, Any]:
    return changed(before, contents(project.root))


# -- projects -------------------------------------------------------------------


def test_a_new_project(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, tmp_path / "state")
    project = workspace.create_project("work/first")
    assert (project.id, project.name) == ("work/first", "first")
    assert workspace.pipelines(project) == []
    assert workspace.check(project) == []
    assert (project.root / ".gitignore").is_file()
    assert len(project.settings["project_uuid"]) == 32
    with pytest.raises(AlreadyExists):
        workspace.create_project("work/first")


def test_a_project_whose_settings_were_not_committed(tmp_path: Path) -> None:
    for folder, rest in (("kept/with_blocks", "data_loaders"), ("kept/with_io", ""), ("other", "")):
        root = tmp_path / folder
        (root / "pipelines" / "one").mkdir(parents=True)
        (root / "pipelines" / "one" / "metadata.yaml").write_text("name: one\nuuid: one\n")
        if rest:
            (root / rest).mkdir()
    (tmp_path / "kept" / "with_io" / "io_config.yaml").write_text("version: 0.1.1\n")
    (tmp_path / "kept" / "empty" / "pipelines").mkdir(parents=True)
    (tmp_path / "kept" / "empty" / "custom").mkdir()
    workspace = Workspace(tmp_path, tmp_path / "state")
    assert [item.id for item in workspace.projects()] == ["kept/with_blocks", "kept/with_io"]
    project = workspace.project("kept/with_io")
    assert project.settings == {} and workspace.pipelines(project) == ["one"]
    assert [item.severity for item in workspace.check(project)] == ["info"]
    workspace.create_pipeline(project, "Two")
    assert workspace.pipelines(project) == ["one", "two"]
    assert not (project.root / "metadata.yaml").exists()


def test_a_project_at_the_root(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, tmp_path / "state")
    assert workspace.create_project("").id == ""
    assert workspace.project("-root").root == tmp_path


def test_the_example_is_whole(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, tmp_path / "state")
    project = workspace.create_project("demo", example=True)
    pipeline = workspace.load(project, "penguins")
    assert [(b.id, b.type, b.role) for b in pipeline] == [
        ("load_penguins", "data_loader", "block"),
        ("clean_penguins", "transformer", "block"),
        ("summarise_penguins", "transformer", "block"),
        ("export_summary", "data_exporter", "block"),
        ("mass_by_species", "chart", "chart"),
    ]
    assert workspace.check(project) == []
    rows = (project.root / "data/penguins.csv").read_text().splitlines()
    assert len(rows) == 345
    assert rows[0].startswith("species,island,bill_length_mm")


@pytest.mark.parametrize(
    "path", ["../x", "/tmp/x", "a/../../x", "a\\b", "C:\\x", "\0", "~/x", ".hidden/x", "a/ b"]
)
def test_hostile_paths_of_projects(tmp_path: Path, path: str) -> None:
    root = tmp_path / "root"
    root.mkdir()
    workspace = Workspace(root, tmp_path / "state")
    with pytest.raises(BadRequest):
        workspace.create_project(path)
    assert list(root.iterdir()) == []


def test_a_link_out_of_the_root_takes_no_project(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "root/link").symlink_to(tmp_path / "outside")
    with pytest.raises(OutsideProject):
        Workspace(tmp_path / "root", tmp_path / "state").create_project("link/x")
    assert list((tmp_path / "outside").iterdir()) == []


@pytest.mark.parametrize(
    "name", ["..", ".", "../other", "/etc", "x/../shop", "shop/", "%2e%2e", "nobody", "a" * 5000]
)
def test_hostile_ids_are_not_found(shop: tuple[Workspace, Project], name: str) -> None:
    workspace, project = shop
    with pytest.raises(ProjectNotFound):
        workspace.project(name)
    with pytest.raises(PipelineNotFound):
        workspace.load(project, name)
    with pytest.raises(NotFound):
        workspace.delete_pipeline(project, name)
    with pytest.raises(BlockNotFound):
        workspace.remove_block(project, "orders", name)


def test_a_project_that_is_gone_is_said(shop: tuple[Workspace, Project], tmp_path: Path) -> None:
    workspace, project = shop
    project.root.rename(tmp_path / "moved")
    assert workspace.projects() == []
    with pytest.raises(ProjectNotFound):
        workspace.create_pipeline(project, "x")


# -- pipelines ------------------------------------------------------------------


def test_a_new_pipeline(shop: tuple[Workspace, Project]) -> None:
    workspace, project = shop
    pipeline = workspace.create_pipeline(project, "My  Pipeline-1", description="d")
    assert (pipeline.id, pipeline.name, pipeline.description) == (
        "my__pipeline_1",
        "My  Pipeline-1",
        "d",
    )
    text = (project.root / "pipelines/my__pipeline_1/metadata.yaml").read_text()
    assert text.startswith("blocks: []\ncallbacks: []\n")
    for taken in ("my  pipeline 1", "MY__PIPELINE_1"):
        with pytest.raises(AlreadyExists):
            workspace.create_pipeline(project, taken)


@pytest.mark.parametrize("name", ["", " ", "..", "///", "!!!", "con", "a" * 300, "\0", "__init__"])
def test_names_that_cannot_be(shop: tuple[Workspace, Project], name: str) -> None:
    workspace, project = shop
    before = contents(project.root)
    with pytest.raises(InvalidName):
        workspace.create_pipeline(project, name)
    with pytest.raises(InvalidName):
        workspace.change_pipeline(project, "orders", {"name": name})
    with pytest.raises(InvalidName):
        workspace.change_block(project, "orders", "load", {"name": name})
    assert differences(project, before) == {}


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("Hello World", "hello_world"),
        ("1st", "letter_1st"),
        ("ÑANDÚ", "ñandú"),
        ("n\u0303", "ñ"),
        ("$(touch x)", "touch_x_"),
        ("a.b-c", "a_b_c"),
        ("a" * 215, "a" * 215),
    ],
)
def test_names_are_cleaned_as_mage_does(name: str, clean: str) -> None:
    if name.startswith("$"):
        clean = "_touch_x_"
    assert places.clean_name(name) == clean


def test_a_copy_of_a_pipeline_shares_the_files(shop: tuple[Workspace, Project]) -> None:
    workspace, project = shop
    before = contents(project.root)
    copied = workspace.create_pipeline(project, "Second", copy_of="orders")
    assert copied.ids == workspace.load(project, "orders").ids
    assert set(differences(project, before)) == {
        "pipelines/second/__init__.py",
        "pipelines/second/metadata.yaml",
    }
    text = (project.root / "pipelines/second/metadata.yaml").read_text()
    assert text.startswith("# Orders of the night.\n")


def test_renaming_a_pipeline_takes_its_triggers_along(shop: tuple[Workspace, Project]) -> None:
    workspace, project = shop
    triggers = project.root / "pipelines/orders/triggers.yaml"
    triggers.write_text("triggers:\n- name: n\n  pipeline_uuid: orders # mine\n  status: active\n")
    told: list[Any] = []
    workspace.renamed.append(lambda *what: told.append(what[1:]))
    pipeline = workspace.change_pipeline(project, slug("orders"), {"name": "Sales"})
    assert (pipeline.id, pipeline.name, pipeline.document["uuid"]) == ("sales", "Sales", "sales")
    assert "orders" not in workspace.pipelines(project)
    assert told == [("pipeline", ["sales"], "orders", "sales")]
    text = (project.root / "pipelines/sales/triggers.yaml").read_text()
    assert "pipeline_uuid: sales # mine" in text
    with pytest.raises(AlreadyExists):
        workspace.change_pipeline(project, "sales", {"name": "Other"})


def test_settings_of_a_pipeline(shop: tuple[Workspace, Project]) -> None:
    workspace, project = shop
    pipeline = workspace.change_pipeline(
        project,
        "orders",
        {
            "description": "two\nlines",
            "tags": ["a", "b"],
            "variables": {"country": "ES", "n": 1, "yes": "yes"},
            "kernel": "ir",
            "retry_config": {"retries": 2},
            "concurrency": {"block_run_limit": 4},
            "executor_type": "k8s",
        },
    )
    assert pipeline.description == "two\nlines"
    assert pipeline.tags == ("a", "b")
    assert pipeline.variables == {"country": "ES", "n": 1, "yes": "yes"}
    assert (pipeline.kernel, pipeline.executor_type) == ("ir", "k8s")
    assert pipeline.retry_config == {"retries": 2}
    assert pipeline.concurrency == {"block_run_limit": 4}
    back = workspace.change_pipeline(project, "orders", {"kernel": None, "variables": {}})
    assert (back.kernel, back.variables) == (None, {})
    with pytest.raises(BadRequest):
        workspace.change_pipeline(project, "orders", {"colour": 1})


def test_order_of_blocks(shop: tuple[Workspace, Project]) -> None:
    workspace, project = shop
    pipeline = workspace.change_pipeline(
        project, "orders", {"order": ["notes", "load", "export", "clean"]}
    )
    assert pipeline.ids == ("notes", "load", "export", "clean", "bars")
    for wrong in (["load"], ["load", "clean", "export", "export"], "load"):
        with pytest.raises(BadRequest):
            workspace.change_pipeline(project, "orders", {"order": wrong})


def test_deleting_a_pipeline_leaves_the_blocks(shop: tuple[Workspace, Project]) -> None:
    workspace, project = shop
    before = contents(project.root)
    workspace.delete_pipeline(project, "orders")
    assert workspace.pipelines(project) == ["other"]
    assert set(differences(project, before)) == {"pipelines/orders/metadata.yaml"}


# -- blocks -----------------------------------------------------------------------


def test_a_new_block_from_a_template(shop: tuple[Workspace, Project]) -> None:
    workspace, project = shop
    before = contents(project.root)
    pipeline, block_id = workspace.add_block(
        project,
        "orders",
        {"name": "Filter rows", "type": "transformer", "upstream": ["clean"], "after": "clean"},
    )
    assert block_id == "filter_rows"
    assert pipeline.ids == ("load", "clean", "filter_rows", "export", "notes", "bars")
    assert pipeline.block("clean").entry["downstream_blocks"] == ["export", "filter_rows"]
    after = differences(project, before)
    assert b"@transformer" in after["transformers/filter_rows.py"]
    assert set(after) == {"transformers/filter_rows.py", "pipelines/orders/metadata.yaml"}


def test_a_block_in_a_folder(shop: tuple[Workspace, Project]) -> None:
    workspace, project = shop
    pipeline, block_id = workspace.add_block(
        project, "orders", {"name": "Deep Down/My Block", "type": "custom", "source": "x = 1"}
    )
    assert block_id == "deep_down/my_block"
    assert pipeline.block(block_id).path == "custom/deep_down/my_block.py"
    pipeline, block_id = workspace.change_block(project, "orders", block_id, {"name": "Your Block"})
    assert block_id == "deep_down/your_block"
    assert (project.root / "custom/deep_down/your_block.py").read_text() == "x = 1\n"


@pytest.mark.parametrize("kind", BLOCK_TYPES)
@pytest.mark.parametrize("language", EXTENSIONS)
def test_a_block_of_every_type_and_language(tmp_path: Path, kind: str, language: str) -> None:
    workspace = Workspace(tmp_path / "root", tmp_path / "state")
    (tmp_path / "root").mkdir()
    project = workspace.create_project("p")
    workspace.create_pipeline(project, "x")
    pipeline, block_id = workspace.add_block(
        project, "x", {"name": "b", "type": kind, "language": language}
    )
    block = pipeline.block(block_id)
    assert block.type == kind
    assert (block.path is None) == (kind == "global_data_product")
    if block.path is not None:
        assert (project.root / block.path).is_file()
    assert [p for p in workspace.check(project) if p.severity == "error"] == []


def test_every_template_can_be_used(shop: tuple[Workspace, Project]) -> None:
    workspace, project = shop
    for number, template in enumerate(workspace.templates()):
        pipeline, block_id = workspace.add_block(
            project,
            "other",
            {
                "name": f"t{number}",
                "type": template.type,
                "language": template.language,
                "template": template.id,
            },
        )
        source = workspace.source(project, pipeline.block(block_id))
        assert source == template.source.rstrip("\n")
    assert [p.message for p in workspace.check(project, "other") if p.severity == "error"] == []


def test_the_projects_own_templates(shop: tuple[Workspace, Project]) -> None:
    workspace, project = shop
    folder = project.root / "custom_templates/blocks/ours"
    folder.mkdir(parents=True)
    (folder / "metadata.yaml").write_text("block_type: custom\nname: Ours\nlanguage: sql\n")
    (folder / "ours.sql").write_text("select 42\n")
    (project.root / "custom_templates/blocks/broken").mkdir()
    own = [t for t in workspace.templates(project) if t.id.startswith("custom/ours")]
    assert [(t.name, t.type, t.language, t.source) for t in own] == [
        ("Ours", "custom", "sql", "select 42\n")
    ]


def test_a_taken_name_is_refused(shop: tuple[Workspace, Project]) -> None:
    workspace, project = shop
    before = contents(project.root)
    for spec in (
        {"name": "Load", "type": "custom"},
        {"name": "after", "type": "transformer"},
        {"name": "x", "type": "no such type"},
        {"name": "x", "type": "transformer", "language": "cobol"},
        {"name": "x", "type": "custom", "language": "../cobol"},
        {"name": "x", "type": "custom", "template": "no such template"},
        {"name": "x", "type": "custom", "upstream": ["nobody"]},
        {"name": "x", "type": "custom", "upstream": ["bars"]},
        {"name": "x", "type": "custom", "existing": "../../state"},
        {"name": "x", "type": "custom", "existing": "not/there.py"},
    ):
        with pytest.raises((AlreadyExists, BadRequest)):
            workspace.add_block(project, "orders", spec)
    assert differences(project, before) == {}


def test_a_block_on_a_file_that_is_there(shop: tuple[Workspace, Project]) -> None:
    workspace, project = shop
    before = contents(project.root)
    pipeline, block_id = workspace.add_block(
        project,
        "orders",
        {"name": "whatever", "type": "transformer", "existing": "transformers/after.py"},
    )
    assert block_id == "after"
    pipeline, block_id = workspace.add_block(
        project, "orders", {"name": "Odd", "type": "custom", "existing": "charts/bars.py"}
    )
    assert block_id == "odd"
    assert pipeline.block("odd").path == "charts/bars.py"
    assert set(differences(project, before)) == {"pipelines/orders/metadata.yaml"}


def test_a_duplicated_block(shop: tuple[Workspace, Project]) -> None:
    workspace, project = shop
    pipeline, block_id = workspace.add_block(
        project, "orders", {"name": "clean 2", "type": "transformer", "copy_of": "clean"}
    )
    block = pipeline.block(block_id)
    assert (block.path, block.upstream) == ("transformers/clean_2.py", ("load",))
    assert workspace.source(project, block) == "cleaned = 1\nmore = 2"


def test_connecting_and_disconnecting(shop: tuple[Workspace, Project]) -> None:
    workspace, project = shop
    before = contents(project.root)
    pipeline, _ = workspace.change_block(
        project, "orders", "export", {"upstream": ["clean", "load"]}
    )
    assert pipeline.block("export").upstream == ("clean", "load")
    assert pipeline.block("load").entry["downstream_blocks"] == ["clean", "export"]
    workspace.change_block(project, "orders", "export", {"upstream": ["clean"]})
    assert differences(project, before) == {}
    with pytest.raises(CycleError, match="load → clean → export → load"):
        workspace.change_block(project, "orders", "load", {"upstream": ["export"]})
    with pytest.raises(CycleError, match="itself"):
        workspace.change_block(project, "orders", "load", {"upstream": ["load"]})
    assert differences(project, before) == {}


def test_settings_of_a_block(shop: tuple[Workspace, Project]) -> None:
    workspace, project = shop
    pipeline, _ = workspace.change_block(
        project,
        "orders",
        "export",
        {
            "configuration": {"dynamic": True},
            "retry_config": {"retries": 1},
            "timeout": 30.0,
            "executor_type": "local_python",
            "executor_config": {"kernel_name": "x"},
            "color": "teal",
            "source": "exported = 5",
        },
    )
    block = pipeline.block("export")
    assert block.configuration == {"dynamic": True}
    assert block.entry["timeout"] == 30
    assert (block.timeout, block.color, block.executor_type) == (30, "teal", "local_python")
    assert workspace.source(project, block) == "exported = 5"
    back, _ = workspace.change_block(
        project, "orders", "export", {"timeout": None, "retry_config": None, "color": None}
    )
    assert back.block("export").timeout is None


def test_renaming_a_block_reaches_every_pipeline(shop: tuple[Workspace, Project]) -> None:
    workspace, project = shop
    told: list[Any] = []
    workspace.renamed.append(lambda *what: told.append(what[1:]))
    pipeline, block_id = workspace.change_block(
        project, "orders", "clean", {"name": "Wash", "timeout": 5}
    )
    assert block_id == "wash"
    assert told == [("block", ["orders", "other"], "clean", "wash")]
    block = pipeline.block("wash")
    assert (block.name, block.path, block.timeout) == ("Wash", "transformers/wash.py", 5)
    assert block.configuration == {"file_source": {"path": "transformers/wash.py"}}
    assert pipeline.block("export").upstream == ("wash",)
    assert pipeline.block("load").entry["downstream_blocks"] == ["wash"]
    assert pipeline.block("bars").upstream == ("wash",)
    other = workspace.load(project, "other")
    assert other.block("wash").path == "transformers/wash.py"
    assert other.block("after").upstream == ("wash",)
    assert other.block("after").configuration == {
        "upstream_block_configuration": {"wash": {"table_name": "t"}}
    }
    assert not (project.root / "transformers/clean.py").exists()


def test_a_rename_to_a_taken_name_changes_nothing(shop: tuple[Workspace, Project]) -> None:
    workspace, project = shop
    before = contents(project.root)
    for name in ("load", "after", "AFTER"):
        with pytest.raises(AlreadyExists):
            workspace.change_block(project, "orders", "clean", {"name": name, "timeout": 9})
    assert differences(project, before) == {}


def test_a_file_configured_elsewhere_is_renamed_in_place(
    shop: tuple[Workspace, Project],
) -> None:
    workspace, project = shop
    (project.root / "lib").mkdir()
    (project.root / "lib/deep.py").write_text("deep = 1\n")
    workspace.add_block(project, "other", {"name": "x", "type": "custom", "source": ""})
    workspace.change_block(
        project, "other", "x", {"configuration": {"file_path": "shop/lib/deep.py"}}
    )
    pipeline, block_id = workspace.change_block(project, "other", "x", {"name": "Y z"})
    assert pipeline.block(block_id).path == "lib/y_z.py"
    assert pipeline.block(block_id).configuration == {"file_path": "shop/lib/y_z.py"}


def test_removing_a_block_keeps_its_file(shop: tuple[Workspace, Project]) -> None:
    workspace, project = shop
    before = contents(project.root)
    pipeline = workspace.remove_block(project, "orders", "clean")
    assert pipeline.ids == ("load", "export", "notes", "bars")
    assert pipeline.block("export").upstream == ()
    assert pipeline.block("load").entry["downstream_blocks"] == []
    assert set(differences(project, before)) == {"pipelines/orders/metadata.yaml"}


# -- two writers ----------------------------------------------------------------


def test_a_stale_etag_is_refused_everywhere(shop: tuple[Workspace, Project]) -> None:
    workspace, project = shop
    etag = workspace.etag(project, "orders")
    workspace.change_pipeline(project, "orders", {"tags": ["x"]}, etag=etag)
    for call in (
        lambda: workspace.change_pipeline(project, "orders", {"tags": []}, etag=etag),
        lambda: workspace.delete_pipeline(project, "orders", etag=etag),
        lambda: workspace.add_block(project, "orders", {"name": "x", "type": "custom"}, etag=etag),
        lambda: workspace.change_block(project, "orders", "load", {"timeout": 1}, etag=etag),
        lambda: workspace.remove_block(project, "orders", "load", etag=etag),
    ):
        with pytest.raises(Changed):
            call()


def test_the_etag_covers_the_sources(shop: tuple[Workspace, Project]) -> None:
    workspace, project = shop
    etags = {workspace.etag(project, "orders")}
    (project.root / "data_loaders/load.py").write_text("loaded = 2\n")
    etags.add(workspace.etag(project, "orders"))
    (project.root / "data_loaders/load.py").unlink()
    etags.add(workspace.etag(project, "orders"))
    assert len(etags) == 3


def test_writers_at_once_lose_nothing(shop: tuple[Workspace, Project], tmp_path: Path) -> None:
    _, project = shop
    errors: list[BaseException] = []

    def work(number: int) -> None:
        workspace = Workspace(tmp_path / "root", tmp_path / "state")
        try:
            for step in range(3):
                workspace.add_block(
                    project,
                    "other",
                    {"name": f"b{number}_{step}", "type": "custom", "source": "x = 1"},
                )
        except Exception as error:  # noqa: BLE001  # shown by the assertion
            errors.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    pipeline = Workspace(tmp_path / "root", tmp_path / "state").load(project, "other")
    assert len(pipeline.blocks) == 2 + 12
