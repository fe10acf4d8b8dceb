"""Saving a notebook: the fate of every kind of cell."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shops import changed, contents, make

from mage_jlab.errors import Changed, CycleError, EditRefused


class Shop:
    """A project whose pipeline `orders` is open as a notebook."""

    def __init__(self, tmp_path: Path) -> None:
        self.workspace, self.project = make(tmp_path)
        self.before = contents(self.project.root)
        self.nb = self.workspace.open_notebook(self.project, "orders")

    def cell(self, uuid: str) -> Any:
        return next(c for c in self.nb.cells if c.metadata.get("mage", {}).get("uuid") == uuid)

    def place(self, uuid: str) -> int:
        return self.nb.cells.index(self.cell(uuid))

    def save(self) -> Any:
        return self.workspace.save_notebook(self.project, "orders", self.nb)

    def changed(self) -> dict[str, Any]:
        return changed(self.before, contents(self.project.root))

    def again(self) -> None:
        self.nb = self.workspace.open_notebook(self.project, "orders")
        self.before = contents(self.project.root)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_a_text_is_written_with_its_own_line_ends(shop: Shop) -> None:
    shop.cell("clean").source = "cleaned = 1\nmore = 3\nlast = 4"
    shop.save()
    assert shop.changed() == {"transformers/clean.py": b"cleaned = 1\r\nmore = 3\r\nlast = 4\r\n"}


def test_a_missing_final_newline_stays_missing(shop: Shop) -> None:
    shop.cell("export").source = "exported = 2"
    shop.save()
    assert shop.changed() == {"data_exporters/export.py": b"exported = 2"}


def test_a_source_as_a_list_of_lines(shop: Shop) -> None:
    shop.cell("load").source = ["loaded = 2\n", "x = 1"]
    shop.save()
    assert shop.changed() == {"data_loaders/load.py": b"loaded = 2\nx = 1\n"}


def test_a_code_cell_without_metadata_becomes_a_scratchpad(shop: Shop) -> None:
    shop.nb.cells.insert(1, nbformat.v4.new_code_cell("1 + 1"))
    pipeline = shop.save()
    block = pipeline.block("scratchpad")
    assert (block.type, block.language, block.path) == (
        "scratchpad",
        "python",
        "scratchpads/scratchpad.py",
    )
    assert [b.id for b in pipeline][:3] == ["load", "scratchpad", "clean"]
    assert shop.changed()["scratchpads/scratchpad.py"] == b"1 + 1\n"


@pytest.mark.parametrize("make_cell", [nbformat.v4.new_markdown_cell, nbformat.v4.new_raw_cell])
def test_a_text_cell_without_metadata_becomes_a_note(shop: Shop, make_cell: Any) -> None:
    shop.nb.cells.append(make_cell("*hello*"))
    block = shop.save().block("markdown")
    assert (block.type, block.language) == ("markdown", "markdown")
    assert shop.changed()["markdowns/markdown.md"] == b"*hello*\n"
    assert shop.workspace.open_notebook(shop.project, "orders").cells[4].cell_type == "markdown"


def test_an_image_pasted_into_a_note_stays(shop: Shop) -> None:
    cell = shop.cell("notes")
    cell.source = "![a](attachment:my%20image.png)"
    cell["attachments"] = {"my image.png": {"image/png": "iVBO\nRw0="}}
    shop.save()
    assert shop.changed() == {"markdowns/notes.md": b"![a](data:image/png;base64,iVBORw0=)\n"}


def test_empty_cells_without_metadata_are_dropped(shop: Shop) -> None:
    shop.nb.cells.append(nbformat.v4.new_code_cell("  \n "))
    shop.nb.cells.insert(0, nbformat.v4.new_markdown_cell(""))
    shop.nb.cells.insert(0, nbformat.v4.new_raw_cell(""))
    shop.save()
    assert shop.changed() == {}


def test_a_split_cell_becomes_the_block_and_a_copy(shop: Shop) -> None:
    half = copy.deepcopy(shop.cell("clean"))
    half.id = "another-id"
    half.source = "more = 2"
    shop.cell("clean").source = "cleaned = 1"
    shop.nb.cells.insert(shop.place("clean") + 1, half)
    pipeline = shop.save()
    block = pipeline.block("clean_copy")
    assert block.path == "transformers/clean_copy.py"
    assert block.upstream == ("load",)
    assert block.configuration == {}
    assert block.name == "Clean it copy"
    after = shop.changed()
    assert after["transformers/clean.py"] == b"cleaned = 1\r\n"
    assert after["transformers/clean_copy.py"] == b"more = 2\n"
    assert pipeline.ids[:3] == ("load", "clean", "clean_copy")


def test_a_cell_pasted_above_its_original_does_not_take_its_place(shop: Shop) -> None:
    pasted = copy.deepcopy(shop.cell("clean"))
    pasted.id = "pasted"
    pasted.source = "changed = 1"
    shop.nb.cells.insert(0, pasted)
    pipeline = shop.save()
    assert pipeline.ids[:3] == ("clean_copy", "load", "clean")
    assert "transformers/clean.py" not in shop.changed()


def test_three_cells_of_one_block_are_three_blocks(shop: Shop) -> None:
    for number in (1, 2):
        extra = copy.deepcopy(shop.cell("load"))
        extra.id = f"n{number}"
        shop.nb.cells.append(extra)
    ids = shop.save().ids
    assert {"load", "load_copy", "load_copy_2"} <= set(ids)
    assert len(set(ids)) == len(ids)


def test_merged_cells_leave_the_first_block(shop: Shop) -> None:
    shop.cell("load").source += "\n\n" + shop.cell("clean").source
    shop.nb.cells.remove(shop.cell("clean"))
    pipeline = shop.save()
    assert "clean" not in pipeline.ids
    assert set(shop.changed()) == {"data_loaders/load.py", "pipelines/orders/metadata.yaml"}


def test_an_absent_cell_removes_the_entry_and_no_file(shop: Shop) -> None:
    shop.nb.cells.remove(shop.cell("clean"))
    pipeline = shop.save()
    assert "clean" not in pipeline.ids
    assert pipeline.block("export").upstream == ()
    assert pipeline.block("bars").upstream == ()
    assert set(shop.changed()) == {"pipelines/orders/metadata.yaml"}
    assert (shop.project.root / "transformers/clean.py").exists()


def test_undo_of_a_removal_brings_the_block_back(shop: Shop) -> None:
    cell, place = shop.cell("load"), shop.place("load")
    shop.nb.cells.remove(cell)
    shop.save()
    cell.source = "loaded = 5"
    shop.nb.cells.insert(place, cell)
    pipeline = shop.save()
    assert pipeline.ids[0] == "load"
    assert pipeline.block("clean").upstream == ("load",)
    assert shop.changed()["data_loaders/load.py"] == b"loaded = 5\n"


def test_a_new_uuid_becomes_a_block_with_a_file(shop: Shop) -> None:
    cell = nbformat.v4.new_code_cell("select 1")
    cell.metadata["mage"] = {
        "uuid": "My query!",
        "name": "My query!",
        "type": "transformer",
        "language": "sql",
        "upstream": ["load"],
        "configuration": {"data_provider": "postgres"},
    }
    shop.nb.cells.insert(1, cell)
    shop.cell("clean").metadata.mage.upstream = ["My query!", "load"]
    pipeline = shop.save()
    block = pipeline.block("my_query_")
    assert (block.name, block.path) == ("My query!", "transformers/my_query_.sql")
    assert block.upstream == ("load",)
    assert block.configuration == {"data_provider": "postgres"}
    assert pipeline.block("clean").upstream == ("my_query_", "load")


def test_a_new_block_never_takes_over_a_file_that_says_something_else(shop: Shop) -> None:
    cell = nbformat.v4.new_code_cell("mine = 1")
    cell.metadata["mage"] = {"uuid": "after", "type": "transformer", "language": "python"}
    shop.nb.cells.append(cell)
    pipeline = shop.save()
    assert pipeline.block("after_2").path == "transformers/after_2.py"
    assert "transformers/after.py" not in shop.changed()


def test_a_cell_pasted_from_another_pipeline_shares_its_file(shop: Shop) -> None:
    other = shop.workspace.open_notebook(shop.project, "other")
    shop.nb.cells.append(other.cells[1])
    pipeline = shop.save()
    assert pipeline.block("after").path == "transformers/after.py"
    assert shop.workspace.users_of(shop.project, pipeline.block("after")) == ["orders", "other"]
    assert set(shop.changed()) == {"pipelines/orders/metadata.yaml"}


def test_order_links_and_settings(shop: Shop) -> None:
    cells = shop.nb.cells
    cells.insert(0, cells.pop(shop.place("export")))
    said = shop.cell("export").metadata.mage
    said.upstream = ["load"]
    said.retry_config = {"retries": 3}
    said.timeout = 90.0
    said.configuration = {"a": [1, {"b": None}]}
    said.color = "teal"
    pipeline = shop.save()
    assert pipeline.ids[:3] == ("export", "load", "clean")
    block = pipeline.block("export")
    assert (block.upstream, block.timeout, block.color) == (("load",), 90, "teal")
    assert block.retry_config == {"retries": 3}
    document = pipeline.document["blocks"]
    assert {b["uuid"]: b["downstream_blocks"] for b in document[:3]} == {
        "export": [],
        "load": ["clean", "export"],
        "clean": [],
    }


def test_the_order_of_upstream_blocks_is_kept(shop: Shop) -> None:
    shop.cell("export").metadata.mage.upstream = ["load", "clean"]
    assert shop.save().block("export").upstream == ("load", "clean")
    shop.again()
    shop.cell("export").metadata.mage.upstream = ["clean", "load"]
    assert shop.save().block("export").upstream == ("clean", "load")
    lines = shop.changed()["pipelines/orders/metadata.yaml"].decode().split("\n")
    assert len(lines) == len(shop.before["pipelines/orders/metadata.yaml"].decode().split("\n"))


def test_a_changed_name_renames_everywhere_and_the_open_notebook_goes_on(shop: Shop) -> None:
    told: list[Any] = []
    shop.workspace.renamed.append(lambda *what: told.append(what[1:]))
    shop.cell("clean").metadata.mage.name = "Wash it"
    shop.cell("clean").source = "washed = 1"
    pipeline = shop.save()
    assert pipeline.block("wash_it").path == "transformers/wash_it.py"
    assert pipeline.block("export").upstream == ("wash_it",)
    assert told == [("block", ["orders", "other"], "clean", "wash_it")]
    assert shop.changed()["transformers/wash_it.py"] == b"washed = 1\r\n"
    # The browser still says the old uuid: it is the same block, not a new one.
    before = contents(shop.project.root)
    shop.save()
    assert contents(shop.project.root) == before
    shop.cell("clean").source = "washed = 2"
    shop.save()
    assert (shop.project.root / "transformers/wash_it.py").read_bytes() == b"washed = 2\r\n"


def test_a_cycle_is_refused_with_its_path_and_nothing_is_written(shop: Shop) -> None:
    shop.cell("load").metadata.mage.upstream = ["export"]
    shop.cell("load").source = "changed = 1"
    with pytest.raises(CycleError, match="load → clean → export → load"):
        shop.save()
    assert shop.changed() == {}


def test_turning_an_edge_around_is_no_cycle(shop: Shop) -> None:
    shop.cell("load").metadata.mage.upstream = ["clean"]
    shop.cell("clean").metadata.mage.upstream = []
    pipeline = shop.save()
    assert pipeline.block("load").upstream == ("clean",)
    assert pipeline.block("clean").upstream == ()


def test_links_to_nothing_are_dropped(shop: Shop) -> None:
    shop.cell("export").metadata.mage.upstream = ["clean", "no such block"]
    assert shop.save().block("export").upstream == ("clean",)
    assert shop.changed() == {}


def test_the_kernel_is_written_when_another_one_is_chosen(shop: Shop) -> None:
    shop.nb.metadata.kernelspec.name = "ir"
    pipeline = shop.save()
    assert pipeline.kernel == "ir"
    assert pipeline.document["executor_config"] == {"kernel_name": "ir"}
    nb = shop.workspace.open_notebook(shop.project, "orders")
    assert nb.metadata.kernelspec.name == "ir"


def test_what_the_kernel_said_of_itself_is_kept_so_that_nothing_looks_changed(
    shop: Shop,
) -> None:
    shop.nb.metadata.language_info = {"name": "python", "version": "3.9.1", "extra": [1]}
    shop.nb.metadata.kernelspec.display_name = "My Python"
    shop.save()
    assert shop.changed() == {}
    again = shop.workspace.open_notebook(shop.project, "orders")
    assert again.metadata.language_info == shop.nb.metadata.language_info
    assert again.metadata.kernelspec == shop.nb.metadata.kernelspec


def test_pipeline_settings_of_the_notebook(shop: Shop) -> None:
    shop.nb.metadata.mage.description = "All orders"
    shop.nb.metadata.mage.tags = ["nightly"]
    shop.nb.metadata.mage.variables = {"country": "FR", "n": 3}
    pipeline = shop.save()
    assert pipeline.description == "All orders"
    assert pipeline.tags == ("nightly",)
    assert pipeline.variables == {"country": "FR", "n": 3}


def test_another_type_and_language_move_the_text_and_leave_the_old_file(shop: Shop) -> None:
    said = shop.cell("clean").metadata.mage
    said.type, said.language = "custom", "sql"
    shop.cell("clean").source = "select 1"
    pipeline = shop.save()
    block = pipeline.block("clean")
    assert (block.type, block.language, block.path) == ("custom", "sql", "custom/clean.sql")
    assert shop.changed()["custom/clean.sql"] == b"select 1\n"
    assert "transformers/clean.py" not in shop.changed()


def test_a_scratchpad_becomes_a_block(shop: Shop) -> None:
    shop.nb.cells.append(nbformat.v4.new_code_cell("x = 1"))
    shop.save()
    shop.again()
    shop.cell("scratchpad").metadata.mage.type = "transformer"
    assert shop.save().block("scratchpad").path == "transformers/scratchpad.py"


def test_a_missing_file_is_made_only_when_something_is_typed(shop: Shop) -> None:
    (shop.project.root / "data_loaders/load.py").unlink()
    shop.again()
    assert shop.cell("load").metadata.mage.missing
    shop.save()
    assert shop.changed() == {}
    shop.cell("load").source = "loaded = 9"
    shop.save()
    assert shop.changed() == {"data_loaders/load.py": b"loaded = 9\n"}


def test_the_cell_type_does_not_change_the_block(shop: Shop) -> None:
    cell = shop.cell("notes")
    shop.nb.cells[shop.place("notes")] = nbformat.from_dict(
        {**cell, "cell_type": "code", "outputs": [], "execution_count": None}
    )
    shop.save()
    assert shop.changed() == {}


def test_hostile_metadata_is_no_block(shop: Shop) -> None:
    for said in (
        {"uuid": 5},
        {"uuid": ["x"], "type": {}},
        {"uuid": "../../etc/passwd", "type": "custom", "language": "python"},
        {"uuid": "x", "type": "../..", "language": "../../x"},
        {"type": "transformer", "upstream": "load", "configuration": "text", "timeout": "soon"},
        "text",
        {"uuid": "\0", "type": "custom"},
    ):
        cell = nbformat.v4.new_code_cell("hostile = 1")
        cell.metadata["mage"] = said
        shop.nb.cells.append(cell)
    shop.save()
    new = [name for name in shop.changed() if not name.startswith("pipelines/")]
    assert new
    assert all(n.split("/")[0] in ("scratchpads", "custom", "transformers") for n in new)
    parent = shop.project.root.parent.parent
    assert {p.name for p in parent.iterdir()} == {"root", "state"}


def test_text_in_a_block_without_a_file_is_refused(shop: Shop) -> None:
    cell = nbformat.v4.new_code_cell("")
    cell.metadata["mage"] = {"uuid": "gdp", "type": "global_data_product", "language": "python"}
    shop.nb.cells.append(cell)
    shop.save()
    shop.again()
    shop.cell("gdp").source = "text"
    with pytest.raises(EditRefused, match="no file"):
        shop.save()
    assert shop.changed() == {}


def test_a_stale_etag_is_refused(shop: Shop) -> None:
    etag = shop.workspace.etag(shop.project, "orders")
    (shop.project.root / "data_loaders/load.py").write_text("other = 1\n")
    with pytest.raises(Changed):
        shop.workspace.save_notebook(shop.project, "orders", shop.nb, etag=etag)


def test_the_hash_covers_what_a_save_writes_and_nothing_else(shop: Shop) -> None:
    workspace, nb = shop.workspace, shop.nb
    original = workspace.notebook_hash(nb)
    nb.cells[0].outputs = [nbformat.v4.new_output("stream", text="x")]
    nb.cells[0].execution_count = 7
    nb.cells[0].metadata.mage_state = {"state": "failed"}
    nb.cells[0].metadata.trusted = True
    nb.cells[0].metadata.mage.used_in = ["x"]
    nb.metadata.mage.problems = []
    nb.metadata.language_info = {}
    assert workspace.notebook_hash(nb) == original
    assert workspace.pipeline_hash(shop.project, "orders") == original
    for change in (
        lambda n: n.cells.reverse(),
        lambda n: n.cells[0].update(source="x"),
        lambda n: n.cells[1].metadata.mage.update(upstream=[]),
        lambda n: n.cells[1].metadata.mage.update(timeout=3),
        lambda n: n.metadata.mage.update(variables={}),
        lambda n: n.metadata.kernelspec.update(name="ir"),
    ):
        other = copy.deepcopy(nb)
        change(other)
        assert workspace.notebook_hash(other) != original


def test_after_a_save_the_notebook_opens_as_it_was_saved(shop: Shop) -> None:
    shop.cell("load").source = "x = 1\n\n\n"
    shop.cell("export").metadata.mage.upstream = ["load"]
    shop.nb.metadata.mage.tags = ["t"]
    shop.save()
    again = shop.workspace.open_notebook(shop.project, "orders")
    assert shop.workspace.notebook_hash(again) == shop.workspace.notebook_hash(shop.nb)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_any_shuffle_of_cells_saves_and_reads_back(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    shop = Shop(tmp_path_factory.mktemp("shop"))
    cells = data.draw(st.lists(st.sampled_from(shop.nb.cells), max_size=8))
    cells = [copy.deepcopy(cell) for cell in cells]
    for cell in cells:
        if data.draw(st.booleans()):
            cell.id = f"r{data.draw(st.integers(0, 10**6))}"
        if data.draw(st.booleans()):
            cell.source = data.draw(st.text("ab \n\r\té", max_size=10))
        if data.draw(st.integers(0, 4)) == 0:
            cell.metadata.pop("mage")
    shop.nb.cells = cells
    workspace, project = shop.workspace, shop.project
    try:
        pipeline = shop.save()
    except EditRefused:
        # Two texts for one file, which is said and changes nothing.
        assert shop.changed() == {}
        return
    texts = sorted(normal(c.source) for c in cells if "mage" in c.metadata or c.source.strip())
    found = sorted(workspace.source(project, block) or "" for block in pipeline)
    assert found == texts
    before = contents(project.root)
    workspace.save_notebook(project, "orders", workspace.open_notebook(project, "orders"))
    assert contents(project.root) == before


def normal(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")


def test_a_dbt_model_stays_in_its_own_file(shop: Shop) -> None:
    folder = shop.project.root / "dbt" / "Demo" / "models"
    folder.mkdir(parents=True)
    (folder / "Big-one.sql").write_text("select 1 as n\n")
    shop.before = contents(shop.project.root)
    said = {
        "uuid": "demo/models/big_one",
        "name": "Demo/models/Big-one",
        "type": "dbt",
        "language": "sql",
        "upstream": [],
        "configuration": {
            "file_path": "Demo/models/Big-one.sql",
            "file_source": {"path": "dbt/Demo/models/Big-one.sql", "project_path": "dbt/Demo"},
        },
    }
    cell = nbformat.v4.new_code_cell("select 2 as n", metadata={"mage": said})
    shop.nb.cells.append(cell)
    shop.save()
    assert set(shop.changed()) == {
        "dbt/Demo/models/Big-one.sql",
        "pipelines/orders/metadata.yaml",
    }
    block = shop.workspace.load(shop.project, "orders").block("demo/models/big_one")
    assert block.path == "dbt/Demo/models/Big-one.sql"
    assert block.configuration["file_path"] == "Demo/models/Big-one.sql"


def test_a_new_dbt_model_is_written_down_as_mage_does(shop: Shop) -> None:
    said = {"uuid": "demo/models/new", "name": "demo/models/new", "type": "dbt", "language": "sql"}
    shop.nb.cells.append(nbformat.v4.new_code_cell("select 1", metadata={"mage": said}))
    shop.save()
    assert shop.changed()["dbt/demo/models/new.sql"] == b"select 1\n"
    block = shop.workspace.load(shop.project, "orders").block("demo/models/new")
    assert block.configuration == {
        "file_path": "demo/models/new.sql",
        "file_source": {"path": "dbt/demo/models/new.sql", "project_path": "dbt/demo"},
    }


def test_what_is_attached_stands_below_its_block(shop: Shop) -> None:
    for role, kind, upstream in [
        ("chart", "chart", ["load"]),
        ("callback", "callback", ["load", "clean"]),
        ("conditional", "conditional", []),
    ]:
        cell = nbformat.v4.new_code_cell("")
        cell.metadata["mage"] = {
            "uuid": f"the_{kind}", "name": f"the {kind}", "type": kind, "language": "python",
            "role": role, "upstream": upstream, "configuration": {},
        }  # fmt: skip
        shop.nb.cells.append(cell)
    shop.save()
    shop.again()
    shown = [cell.metadata["mage"]["uuid"] for cell in shop.nb.cells]
    assert shown.index("the_chart") == shown.index("load") + 1
    assert shown.index("the_callback") == shown.index("clean") + 1
    assert shown[-1] == "the_conditional"
    before = contents(shop.project.root)
    shop.save()
    assert changed(before, contents(shop.project.root)) == {}
