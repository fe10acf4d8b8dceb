"""What each oddity of real projects comes to in the model."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from odd_projects import FILES, write_shop

from mage_jlab.errors import BrokenFile, NotFound
from mage_jlab.files import io_config, projects
from mage_jlab.files.workspace import Workspace
from mage_jlab.model.project import Project


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    write_shop(tmp_path / "root")
    return Workspace(tmp_path / "root", tmp_path / "state")


@pytest.fixture
def project(workspace: Workspace) -> Project:
    return workspace.project("shop")


def test_missing_language_and_configuration(workspace: Workspace, project: Project) -> None:
    first = workspace.load(project, "old_format").block("first")
    assert (first.language, first.configuration) == ("python", {})
    assert first.path == "data_loaders/first.py"


def test_upstream_is_trusted_and_downstream_rebuilt(workspace: Workspace, project: Project) -> None:
    pipeline = workspace.load(project, "old_format")
    assert pipeline.block("second").upstream == ("first",)
    messages = [p.message for p in workspace.check(project, "old_format")]
    assert any("'gone' as downstream" in message for message in messages)


def test_order_of_looking_for_a_file(workspace: Workspace, project: Project) -> None:
    pipeline = workspace.load(project, "sources")
    assert {block.id: block.path for block in pipeline} == {
        "somewhere_else": "data_loaders/from_root.py",
        "from_parent": "data_loaders/from_parent.py",
        "without_first": "data_loaders/without_first.py",
        "theirs": "../neighbour/data_loaders/theirs.py",
        "default_place": "data_loaders/default_place.py",
        "hostile": "data_loaders/hostile.py",
        "deep/er/nested": "transformers/deep/er/nested.py",
        "dbt/demo/models/orders": "dbt/demo/models/orders.sql",
        "run_dbt": "dbts/run_dbt.yaml",
    }
    assert workspace.source(project, pipeline.block("theirs")) is not None
    assert workspace.source(project, pipeline.block("hostile")) is None


def test_the_parent_is_only_looked_in_below_the_root(tmp_path: Path) -> None:
    root = write_shop(tmp_path / "root")
    workspace = Workspace(root, tmp_path / "state")
    project = workspace.project("")
    assert project.id == ""
    path = workspace.load(project, "sources").block("theirs").path
    assert path == "data_loaders/theirs.py"
    assert workspace.cwd(project) == root


def test_missing_files_open_and_are_named(workspace: Workspace, project: Project) -> None:
    cells = {c.metadata.mage.uuid: c for c in workspace.open_notebook(project, "old_format").cells}
    assert cells["second"].metadata.mage.missing is True
    assert cells["first"].metadata.mage.missing is False
    problems = [p for p in workspace.check(project, "old_format") if p.severity == "error"]
    assert [(p.block, p.line) for p in problems] == [("second", 11)]
    assert "transformers/second.py" in problems[0].message


def test_unknown_types_are_shown_and_inert(workspace: Workspace, project: Project) -> None:
    pipeline = workspace.load(project, "everything")
    magic = pipeline.block("magic")
    assert not magic.known
    assert not magic.scheduled
    assert any(
        p.block == "magic" and p.severity == "warning"
        for p in workspace.check(project, "everything")
    )


def test_every_list_of_blocks_is_read(workspace: Workspace, project: Project) -> None:
    pipeline = workspace.load(project, "everything")
    assert [(b.id, b.role) for b in pipeline] == [
        ("loader", "block"),
        ("2024", "block"),
        ("magic", "block"),
        ("notes", "block"),
        ("pad", "block"),
        ("again", "block"),
        ("inline", "block"),
        ("tell", "callback"),
        ("maybe", "conditional"),
        ("bars", "chart"),
        ("expect", "extension"),
    ]
    order = [c.metadata.mage.uuid for c in workspace.open_notebook(project, "everything").cells]
    assert order == [
        "loader", "tell", "bars", "expect", "2024", "maybe", "magic", "notes", "pad", "again",
        "inline",
    ]  # fmt: skip


def test_the_settings_of_a_block(workspace: Workspace, project: Project) -> None:
    block = workspace.load(project, "everything").block("2024")
    assert block.upstream == ("loader",)
    assert block.timeout == 60
    assert block.retry_config == {"retries": 2}
    assert block.executor_type == "k8s"
    assert block.executor_config == {"kernel_name": "other", "resource_limits": {"cpu": 1}}
    assert block.color == "teal"


def test_a_replica_shares_the_file(workspace: Workspace, project: Project) -> None:
    pipeline = workspace.load(project, "everything")
    assert pipeline.block("again").path == pipeline.block("2024").path == "transformers/2024.py"


def test_inline_content_is_the_source(workspace: Workspace, project: Project) -> None:
    pipeline = workspace.load(project, "everything")
    assert workspace.source(project, pipeline.block("inline")) == "kept here"


def test_wrong_kinds_of_values_are_left_out(workspace: Workspace, project: Project) -> None:
    pipeline = workspace.load(project, "not_lists")
    assert (pipeline.blocks, pipeline.tags, pipeline.variables) == ((), (), {})
    assert pipeline.type == "python"
    errors = [p.message for p in workspace.check(project, "not_lists") if p.severity == "error"]
    assert errors == [
        "'blocks' should be a list of blocks.",
        "'callbacks' should be a list of blocks.",
    ]
    tags = workspace.load(project, "everything").tags
    assert tags == ("a", "1")


def test_an_unusable_variables_dir_is_ignored(workspace: Workspace, project: Project) -> None:
    found = [p for p in workspace.check(project) if "variables_dir" in p.message]
    assert {(p.severity, p.file) for p in found} == {
        ("info", "metadata.yaml"),
        ("info", "pipelines/old_format/metadata.yaml"),
    }


def test_project_settings_take_jinja(workspace: Workspace, project: Project) -> None:
    assert project.settings["project_uuid"] == "None"
    assert project.settings["name"] == "padded"


def test_bad_jinja_in_project_settings_is_text(tmp_path: Path) -> None:
    root = write_shop(tmp_path / "root")
    (root / "metadata.yaml").write_text('a: "{{ nobody( }}"\nb: "{% for i in x %}"\n')
    settings = Workspace(tmp_path / "root", tmp_path / "state").project("shop").settings
    assert settings == {"a": "{{ nobody( }}", "b": "{% for i in x %}"}


def test_opening_computes_nothing(tmp_path: Path) -> None:
    root = write_shop(tmp_path / "root")
    text = "a: \"{{ 'x' * 1000000000 }}\"\nb: \"{{ ''.__class__ }}\"\n"
    (root / "metadata.yaml").write_text(text)
    settings = Workspace(tmp_path / "root", tmp_path / "state").project("shop").settings
    assert settings["a"].startswith("{{")
    assert settings["b"] == "{{ ''.__class__ }}"


def test_io_config(workspace: Workspace, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAGE_TEST_HOST", "db")
    monkeypatch.delenv("MAGE_TEST_UNSET", raising=False)
    profile = io_config.profile(project.root, secret={"pg": "s3cret"}.get)
    assert profile == {"POSTGRES_HOST": "db", "POSTGRES_PASSWORD": "None", "SECRET": "s3cret"}
    assert io_config.profile(project.root, "dev") == {"A": 1}
    with pytest.raises(NotFound, match="default, dev"):
        io_config.profile(project.root, "staging")


def test_requirements(workspace: Workspace, project: Project) -> None:
    assert workspace.requirements(project) == ["pandas>=2", "requests"]


def test_the_working_folder_is_the_parent_inside_the_root(
    workspace: Workspace, project: Project
) -> None:
    assert workspace.cwd(project) == project.root.parent
    workspace.working_folder = "project"
    assert workspace.cwd(project) == project.root


def test_projects_in_one_share_the_working_folder_above_it(tmp_path: Path) -> None:
    for name in ("training", "serving"):
        (tmp_path / "ml" / name / "pipelines").mkdir(parents=True)
        (tmp_path / "ml" / name / "metadata.yaml").write_text("project_type: standalone\n")
    projects = ("training", "serving")
    assert {cwd_of(tmp_path, f"ml/{name}") for name in projects} == {tmp_path / "ml"}
    (tmp_path / "ml" / "settings.yaml").write_text("projects:\n  training: {}\n  serving: {}\n")
    assert {cwd_of(tmp_path, f"ml/{name}") for name in projects} == {tmp_path}
    # Nothing runs above the root of the server.
    assert {cwd_of(tmp_path / "ml", name) for name in projects} == {tmp_path / "ml"}


def cwd_of(root: Path, project: str) -> Path:
    workspace = Workspace(root, state=root / ".state")
    return workspace.cwd(workspace.project(project))


def test_a_check_names_every_kind_of_problem(workspace: Workspace, project: Project) -> None:
    problems = workspace.check(project)
    said = "\n".join(f"{p.severity} {p.pipeline} {p.block}: {p.message}" for p in problems)
    for expected in (
        "warning everything None: The file says uuid 'another_uuid'",
        "error everything None: Entry 8 of 'blocks' has no uuid.",
        "info everything 2024: '2024' asks for the executor 'k8s'",
        "info streaming None: Pipelines of type 'streaming' cannot be run here yet.",
    ):
        assert expected in said, said


def test_a_file_that_was_written_twice(workspace: Workspace, project: Project) -> None:
    """Mage reads the last of two documents that stand in one file without a line between them."""
    file = project.root / "pipelines" / "only_name" / "metadata.yaml"
    workspace.add_block(project, "only_name", {"name": "one", "type": "custom"})
    file.write_text(file.read_text() * 2)
    found = [(p.severity, p.message[:24]) for p in workspace.check(project, "only_name")]
    assert ("warning", "'blocks' is there twice;") in found
    workspace.change_block(project, "only_name", "one", {"color": "teal"})
    assert yaml.safe_load(file.read_text())["blocks"][0]["color"] == "teal"
    assert file.read_text().count("\nname: x") == 2


def test_projects_are_found_levels_deep_and_links_not_followed(tmp_path: Path) -> None:
    write_shop(tmp_path / "root" / "one" / "two")
    write_shop(tmp_path / "elsewhere")
    write_shop(tmp_path / "root" / "node_modules")
    write_shop(tmp_path / "root" / ".hidden")
    (tmp_path / "root" / "link").symlink_to(tmp_path / "elsewhere")
    workspace = Workspace(tmp_path / "root", tmp_path / "state")
    assert [p.id for p in workspace.projects()] == ["one/two/neighbour", "one/two/shop"]
    assert workspace.project("one-stwo-sshop").id == "one/two/shop"
    assert len(FILES) > 5


def test_what_cannot_be_run_yet_is_said(workspace: Workspace, project: Project) -> None:
    for name, spec in {
        "pg": {"type": "transformer", "language": "sql", "configuration": {"data_provider": "x"}},
        "duck": {"type": "transformer", "language": "sql"},
        "ar": {"type": "transformer", "language": "r"},
        "dyn": {"type": "data_loader", "configuration": {"dynamic": True}},
        "words": {"type": "data_loader", "configuration": {"dynamic": "true"}},
        "magics": {"type": "custom", "source": "%matplotlib inline\nif 1:\n    !ls\n"},
        "cell": {"type": "custom", "source": "%%time\nnot python"},
        "percent": {"type": "custom", "source": 'x = """\n%s""" % 1'},
        "wrong": {"type": "custom", "source": "x = 1\nx = = 2"},
    }.items():
        workspace.add_block(project, "only_name", {"name": name, **spec})
    found = {p.block: (p.severity, p.line) for p in workspace.check(project, "only_name")}
    lines = {name: line for name, (_, line) in found.items()}
    assert {name: severity for name, (severity, _) in found.items()} == {
        "pg": "info",
        "words": "warning",
        "wrong": "error",
    }
    assert lines["wrong"] == 2
    assert lines["pg"] == 2


def test_a_connection_that_is_not_there_is_said(workspace: Workspace, project: Project) -> None:
    for number, profile in enumerate(("dev", "nope", "{{ variables('x') }}", None)):
        chosen = {"data_provider": "postgres", "data_provider_profile": profile}
        spec = {"type": "transformer", "language": "sql", "configuration": chosen}
        workspace.add_block(project, "only_name", {"name": f"s{number}", **spec})
    found = {p.block: (p.severity, p.message) for p in workspace.check(project, "only_name")}
    words = "'s1' uses the connection 'nope', which io_config.yaml does not have."
    assert found == {"s1": ("warning", words)}


def test_a_template_cannot_make_a_text_huge(workspace: Workspace, project: Project) -> None:
    for expression in ("'x' * 1000000000", "9 ** 9 ** 9", "[0] * 10", "''.__class__.mro()"):
        (project.root / "io_config.yaml").write_text(f'default: {{a: "{{{{ {expression} }}}}"}}\n')
        with pytest.raises(BrokenFile):
            io_config.profile(project.root)
    (project.root / "io_config.yaml").write_text("default: {a: '{{ 2 * 3 }}'}\n")
    assert io_config.profile(project.root) == {"a": "6"}


def test_circles_and_doubles_are_named_and_do_not_stop_anything(
    workspace: Workspace, project: Project
) -> None:
    file = project.root / "pipelines/only_name/metadata.yaml"
    file.write_text(
        "blocks:\n"
        "- {uuid: a, type: custom, upstream_blocks: [b]}\n"
        "- {uuid: b, type: custom, upstream_blocks: [a, nobody]}\n"
        "- {uuid: b, type: custom, name: double}\n"
        "- {uuid: c, type: custom, replicated_block: nobody}\n"
        "callbacks: [{uuid: old, type: callback, has_callback: true}]\n"
    )
    for name in "abc":
        (project.root / f"custom/{name}.py").parent.mkdir(exist_ok=True)
        (project.root / f"custom/{name}.py").write_text("x = 1\n")
    (project.root / "custom/nobody.py").write_text("x = 1\n")
    found = [(p.severity, p.line, p.message) for p in workspace.check(project, "only_name")]
    for severity, line, text in (
        ("error", 2, "The blocks form a cycle: a → b → a; remove one of these connections."),
        ("error", 3, "The block uuid 'b' occurs twice; the later entry is ignored."),
        ("error", 3, "'b' depends on 'nobody', which does not exist."),
        ("error", 5, "'c' replicates 'nobody', which does not exist."),
        ("warning", 6, "The file callbacks/old.py of block 'old' is missing."),
    ):
        assert (severity, line, text) in found
    nb = workspace.open_notebook(project, "only_name")
    text = file.read_text()
    workspace.save_notebook(project, "only_name", nb)
    assert file.read_text() == text
    # With a circle in the file, other edits are still possible.
    workspace.change_block(project, "only_name", "c", {"upstream": ["a"]})
    assert workspace.remove_block(project, "only_name", "b").ids == ("a", "c", "old")


def test_the_search_for_projects_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(30):
        (tmp_path / f"root/d{number:02}").mkdir(parents=True)
    write_shop(tmp_path / "root/a")
    monkeypatch.setattr(projects, "MAX_FOLDERS", 20)
    workspace = Workspace(tmp_path / "root", tmp_path / "state")
    assert workspace.projects() == []
    assert not workspace.finder.complete
