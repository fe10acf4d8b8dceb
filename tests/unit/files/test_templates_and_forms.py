"""Custom templates, replicas and interactions: read, used, written."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from mage_jlab.errors import AlreadyExists, BadRequest, EditRefused
from mage_jlab.files.workspace import Workspace
from mage_jlab.model.project import Project


@pytest.fixture
def shop(tmp_path: Path) -> tuple[Workspace, Project]:
    (tmp_path / "root").mkdir()
    workspace = Workspace(tmp_path / "root", tmp_path / "state")
    project = workspace.create_project("shop")
    workspace.create_pipeline(project, "etl")
    workspace.add_block(
        project,
        "etl",
        {"name": "load", "type": "data_loader", "source": "@data_loader\ndef f():\n    return 1"},
    )
    return workspace, project


def template(project: Project, name: str, source: str = "x = 1\n", **said: object) -> Path:
    folder = project.root / "custom_templates" / "blocks" / name
    folder.mkdir(parents=True)
    about = {"block_type": "transformer", "language": "python", "name": name, **said}
    (folder / "metadata.yaml").write_text(yaml.safe_dump(about))
    (folder / f"{folder.name}.py").write_text(source)
    return folder


def test_a_projects_template_is_filled_in_and_used(shop: tuple[Workspace, Project]) -> None:
    workspace, project = shop
    template(
        project,
        "team/cleaning",
        "# {{ 1 + 1 }} {{ nothing }}\n{% raw %}{{ df_1 }}{% endraw %}\n",
        configuration={"limit": 5},
        description="cleans",
    )
    template(project, "hostile", "{{ ''.__class__.__mro__ }}\n")
    template(project, "unknown", block_type="nothing")
    (found, hostile) = [item for item in workspace.templates(project) if item.own][::-1]
    assert (found.id, found.name, found.description) == (
        "custom/team/cleaning",
        "team/cleaning",
        "cleans",
    )
    assert found.source == "# 2 \n{{ df_1 }}\n"
    assert hostile.source == "{{ ''.__class__.__mro__ }}\n"  # nothing of it was carried out
    pipeline, block = workspace.add_block(
        project,
        "etl",
        {"name": "clean", "type": "transformer", "template": "custom/team/cleaning"},
    )
    added = pipeline.block(block)
    assert workspace.source(project, added) == "# 2 \n{{ df_1 }}"
    assert added.configuration == {"limit": 5}


def test_a_block_saved_as_a_template_comes_back(shop: tuple[Workspace, Project]) -> None:
    workspace, project = shop
    workspace.add_block(
        project,
        "etl",
        {
            "name": "query",
            "type": "transformer",
            "language": "sql",
            "source": "SELECT * FROM {{ df_1 }}",
            "configuration": {"limit": 7},
        },
    )
    saved = workspace.save_template(project, "etl", "query", "My Query", "words")
    assert saved.id == "custom/my_query"
    file = project.root / "custom_templates/blocks/my_query/my_query.sql"
    assert file.read_text() == "{% raw %}SELECT * FROM {{ df_1 }}{% endraw %}\n"
    spec = {"name": "again", "type": "transformer", "language": "sql", "template": saved.id}
    pipeline, block = workspace.add_block(project, "etl", spec)
    assert workspace.source(project, pipeline.block(block)) == "SELECT * FROM {{ df_1 }}"
    with pytest.raises(AlreadyExists):
        workspace.save_template(project, "etl", "query", "My Query")


def test_a_pipeline_is_made_from_a_template(shop: tuple[Workspace, Project]) -> None:
    workspace, project = shop
    (project.root / "pipelines/etl/triggers.yaml").write_text(
        "triggers:\n- name: nightly\n  pipeline_uuid: etl\n  schedule_interval: '@daily'\n"
        "  schedule_type: time\n  status: active\n"
    )
    saved = workspace.save_template(project, "etl", None, "Standard", "the usual")
    assert [item.name for item in workspace.pipeline_templates(project)] == ["Standard"]
    made = workspace.create_pipeline(project, "Second One", template=saved.id)
    assert (made.id, made.name, made.ids) == ("second_one", "Second One", ("load",))
    (trigger,) = [t for t in workspace.file_triggers(project) if t.pipeline == "second_one"]
    assert trigger.name == "nightly"
    with pytest.raises(BadRequest):
        workspace.create_pipeline(project, "third", template="custom/none")


@pytest.mark.parametrize(
    ("named", "found"), [("my/templates", 1), ("../elsewhere", 0), ("/etc", 0), ("", 0)]
)
def test_the_folder_may_be_named_inside_the_project(
    shop: tuple[Workspace, Project], monkeypatch: pytest.MonkeyPatch, named: str, found: int
) -> None:
    workspace, project = shop
    folder = template(project, "one").parent
    target = project.root / "my" / "templates"
    target.mkdir(parents=True)
    folder.rename(target / "blocks")
    monkeypatch.setenv("CUSTOM_TEMPLATES_DIRECTORY", named)
    assert len([item for item in workspace.templates(project) if item.own]) == found


def test_a_replica_has_no_file_of_its_own(shop: tuple[Workspace, Project]) -> None:
    workspace, project = shop
    pipeline, block = workspace.add_block(
        project, "etl", {"name": "load again", "type": "", "replica_of": "load"}
    )
    made = pipeline.block(block)
    assert (made.replicated_block, made.path) == ("load", "data_loaders/load.py")
    assert not (project.root / "data_loaders/load_again.py").exists()
    notebook = workspace.open_notebook(project, "etl")
    said = {"uuid": "third", "name": "third", "type": "data_loader", "language": "python",
            "replicated_block": "load_again", "upstream": []}  # fmt: skip
    notebook.cells.append({**notebook.cells[0], "id": "new", "metadata": {"mage": said}})
    saved = workspace.save_notebook(project, "etl", notebook)
    assert saved.block("third").replicated_block == "load_again"
    entry = yaml.safe_load((project.root / "pipelines/etl/metadata.yaml").read_text())["blocks"][-1]
    assert entry["replicated_block"] == "load_again"


def test_a_data_product_and_an_extension_in_a_notebook(shop: tuple[Workspace, Project]) -> None:
    workspace, project = shop
    notebook = workspace.open_notebook(project, "etl")
    for kind, text in (("global_data_product", ""), ("extension", "x = 1")):
        said = {"uuid": kind, "name": kind, "type": kind, "language": "python", "upstream": []}
        cell = {**notebook.cells[0], "id": kind, "source": text, "metadata": {"mage": said}}
        notebook.cells.append(cell)
    saved = workspace.save_notebook(project, "etl", notebook)
    assert saved.block("global_data_product").path is None
    document = saved.document["extensions"]["great_expectations"]["blocks"]
    assert document[0]["extension_uuid"] == "great_expectations"
    assert (project.root / "extensions/extension.py").read_text() == "x = 1\n"
    again = workspace.open_notebook(project, "etl")
    shown = {cell.metadata.mage.uuid: cell for cell in again.cells}
    assert shown["global_data_product"].source.startswith("# The newest outputs")
    # What that cell shows is no text of the pipeline.
    before = workspace.notebook_hash(again)
    shown["global_data_product"].source = ""
    assert workspace.notebook_hash(again) == before == workspace.pipeline_hash(project, "etl")
    workspace.save_notebook(project, "etl", again)


FORM = """
inputs:
  city: {type: dropdown_menu, options: [{label: Lyon, value: ly}, {label: Nice, value: ni}, 7]}
  notes: {type: text_field, style: {multiline: true}}
  many: {type: text_field, style: {input_type: number}}
  odd: {type: hologram}
layout:
- - {variable: where, width: 2}
  - {variable: count, width: 1}
- - {variable: nothing}
variables:
  where: {input: city, name: City, required: true, types: [string]}
  count: {input: many, name: How many, types: [integer, what]}
  words: {input: notes, description: "for {{ variables('who') }}"}
  strange: {input: odd, types: soon}
"""


def test_interactions_are_read(shop: tuple[Workspace, Project]) -> None:
    workspace, project = shop
    workspace.change_pipeline(project, "etl", {"variables": {"count": 3, "who": "us"}})
    folder = project.root / "interactions"
    folder.mkdir()
    (folder / "where.yaml").write_text(FORM)
    (folder / "empty.yaml").write_text("")
    (project.root / "pipelines/etl/interactions.yaml").write_text(
        "blocks:\n  load:\n  - {uuid: empty}\n  - {uuid: where}\n  - {uuid: gone}\n  - 3\n"
        "layout:\n- - {block_uuid: load, interaction: where, width: 1}\npermissions: []\n"
    )
    where, empty, gone = workspace.interactions(project, "etl")
    assert (where.id, where.block) == ("where", "load") and empty.rows == ()
    assert gone.problem == "There is no file interactions/gone."
    first = where.rows[0]
    assert [(f.variable, f.label, f.width, f.required) for f in first] == [
        ("where", "City", 2, True),
        ("count", "How many", 1, False),
    ]
    assert first[0].options == (("Lyon", "ly"), ("Nice", "ni"), ("7", 7))
    assert first[1].number and first[1].default == 3 and first[1].types == ("integer",)
    assert [row[0].variable for row in where.rows[1:]] == ["words", "strange"]
    assert where.rows[1][0].multiline and where.rows[1][0].description == "for us"
    assert where.rows[2][0].input == "text_field" and where.rows[2][0].types == ()


@pytest.mark.parametrize("text", ["", "blocks:\n", "blocks: []\nlayout: 3\n", "[]", "{}"])
def test_empty_interactions_are_none(shop: tuple[Workspace, Project], text: str) -> None:
    workspace, project = shop
    (project.root / "pipelines/etl/interactions.yaml").write_text(text)
    assert workspace.interactions(project, "etl") == []


def test_a_broken_file_is_named(shop: tuple[Workspace, Project]) -> None:
    workspace, project = shop
    (project.root / "pipelines/etl/interactions.yaml").write_text("blocks: [\n")
    (found,) = workspace.interactions(project, "etl")
    assert found.problem is not None and "interactions.yaml" in found.problem


def test_cells_that_share_a_file_are_saved_only_when_they_agree(
    shop: tuple[Workspace, Project],
) -> None:
    """Else the one that was not edited would bring the old text back at the next save."""
    workspace, project = shop
    workspace.add_block(project, "etl", {"name": "load again", "type": "", "replica_of": "load"})
    nb = workspace.open_notebook(project, "etl")
    before = workspace.source(project, workspace.load(project, "etl").block("load"))
    cells = {cell.metadata.mage.uuid: cell for cell in nb.cells}
    cells["load_again"].source = "@data_loader\ndef f(*args, **kwargs):\n    return 2\n"
    with pytest.raises(EditRefused, match="share the file data_loaders"):
        workspace.save_notebook(project, "etl", nb)
    assert workspace.source(project, workspace.load(project, "etl").block("load")) == before
    cells["load"].source = cells["load_again"].source
    workspace.save_notebook(project, "etl", nb)
    assert "return 2" in workspace.source(project, workspace.load(project, "etl").block("load"))
