"""Notebooks as pipelines: sections, links, the code of blocks, and what is said about them."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from mage_jlab.errors import BadRequest, BrokenFile, CycleError
from mage_jlab.files.from_notebook.draft import Draft, Edit, propose
from tests.notebooks import PENGUINS, notebook


def drafted(*cells: Any, edits: tuple[Edit, ...] = (), **more: Any) -> Draft:
    draft = propose(notebook(*cells), "analysis.ipynb", edits=edits, **more)
    for block in draft.blocks:
        if block.type != "markdown" and not block.skip:
            ast.parse(block.code)
    return draft


def links(draft: Draft) -> dict[str, list[str]]:
    ids = {block.key: block.id for block in draft.blocks}
    return {block.id: [ids[key] for key in block.upstream] for block in draft.blocks}


def test_headings_become_blocks_linked_by_what_they_use() -> None:
    draft = drafted(*PENGUINS)
    assert draft.name == "analysis"
    # Imports and constants are repeated where they are needed: no block of their own.
    assert draft.blocks[0].skip and not any(block.skip for block in draft.blocks[1:])
    assert [(b.id, b.type) for b in draft.blocks] == [
        ("penguins", "data_loader"),
        ("load_the_birds", "data_loader"),
        ("clean", "transformer"),
        ("mark_the_heavy_ones", "transformer"),
        ("summarise", "transformer"),
        ("notes", "markdown"),
    ]
    assert links(draft) == {
        "penguins": [],
        "load_the_birds": [],
        "clean": ["load_the_birds"],
        "mark_the_heavy_ones": ["clean"],
        "summarise": ["load_the_birds", "clean", "mark_the_heavy_ones"],
        "notes": [],
    }
    load, clean, mark, summarise = draft.blocks[1:5]
    assert load.gives == ("text", "birds", "names", "counts")
    assert clean.gives == ("clean", "factor")
    assert mark.takes == ("clean", "factor") and mark.gives == ("clean",)
    assert any("changed in place" in text for text in mark.warnings)
    assert "import pandas as pd" in load.code and "import pandas" not in mark.code
    assert "LIMIT = 3_500" in clean.code and "def tidy" in clean.code
    assert "def tidy" in summarise.code and "def share" in summarise.code
    assert "return text, birds, names, counts" in load.code
    assert "def clean(load_the_birds, *args, **kwargs):" in clean.code
    assert "    _, birds, _, _ = load_the_birds" in clean.code
    assert "return [clean]" in mark.code and "return [summary]" in summarise.code
    # A text of several lines is not indented with the code around it.
    assert "\nAdelie,3750\n" in load.code and "\n  Chinstrap,3400\n" in load.code
    assert "display(birds.head(2))" in load.code
    assert "    # The limit is the one from above\n" in summarise.code
    assert any("%matplotlib inline" in text for text in draft.blocks[0].warnings)


def test_tags_say_types_and_what_is_left_out() -> None:
    draft = drafted(
        ["# Title"],
        ("import math\nx = math.pi", "data_loader"),
        ("y = x * 2", "mage:transformer"),
        "z = y + 1",
        ("print('only here')", "mage:skip"),
        ("w = z", "scratchpad"),
        ("open('x', 'w').write(str(z))", "data_exporter"),
    )
    assert [(b.type, b.cells) for b in draft.blocks] == [
        ("data_loader", (2,)),
        ("transformer", (3, 4, 5)),
        ("scratchpad", (6,)),
        ("data_exporter", (7,)),
    ]
    assert "cell 5" in draft.blocks[1].warnings[0].lower()
    assert "def " not in draft.blocks[2].code


def test_a_scratchpad_reads_what_the_notebook_would_have_had() -> None:
    draft = drafted(
        ("a = [1]\na.append(2)\nb = [3]\nb.append(4)", "data_loader"),
        ("c = sum(a)", "transformer"),
        ("print(b, c)", "scratchpad"),
        name="My Pipeline",
    )
    load, add, tried = (block.id for block in draft.blocks)
    # A scratchpad is connected to nothing: it asks for the stored outputs.
    assert links(draft)[tried] == []
    assert draft.blocks[2].warnings == ()
    assert draft.blocks[0].gives == ("a", "b")
    assert draft.blocks[2].code == (
        "from mage_ai.data_preparation.variable_manager import get_variable\n"
        f"b = get_variable('my_pipeline', '{load}', 'output_1')\n"
        f"c = get_variable('my_pipeline', '{add}', 'output_0')\n\n\n"
        "print(b, c)"
    )


def test_without_headings_and_tags_every_cell_is_a_block() -> None:
    draft = drafted("# Read\na = 1\na += 1", "b = a + 1")
    assert [b.name for b in draft.blocks] == ["Read", "cell 2"]
    assert links(draft) == {"read": [], "cell_2": ["read"]}


def test_what_works_in_another_way_is_said() -> None:
    draft = drafted(
        "import numpy as np\nnp.random.seed(1)",
        "total = later + missing",
        "later = 1\nlater += 1",
        "import sqlite3\ncon = sqlite3.connect('x.db')",
        "con.execute('select 1')",
        "def f():\n    global later\n    later = 3",
        "%%bash\nls",
        "!pip install polars\nq = 1",
        "exec('k = 1')",
    )
    said = [" ".join(block.warnings) for block in draft.blocks]
    assert "seed of random numbers" in said[0]
    assert "'later', which only cell 3 sets" in said[1]
    assert "'missing', which no cell before it sets" in said[1]
    assert "'con' (cell 4)" in said[3]
    assert "global later" in said[5]
    assert "%%bash" in said[6] and "# ls" in draft.blocks[6].code
    assert "polars" in said[7] and "requirements.txt" in said[7]
    assert "exec()" in said[8]


def test_names_within_functions_comprehensions_and_loops_are_not_inputs() -> None:
    draft = drafted(
        "x = [1]\ni = 5\nx.append(2)\ni += 1",
        "y = [x for x in range(3)]\nz = (lambda i: i + 1)(2)\n"
        "def f(x, i=1):\n    k = x\n    return [k for k in range(i)]\n"
        "for i in range(2):\n    print(i)\n",
    )
    assert draft.blocks[1].takes == ()
    again = drafted("x = 1\nx += 1", "if False:\n    x = 2\nprint(x)")
    assert again.blocks[1].takes == ("x",)


def test_functions_that_read_variables_stay_where_those_are() -> None:
    draft = drafted(
        ["# A"],
        "scale = int('3')\ndef big(n):\n    return n * scale\nresult = big(2)",
        ["# B"],
        "other = big(4)",
    )
    first, second = draft.blocks
    assert "    def big(n):" in first.code
    assert second.takes == ("scale",) and "    def big(n):" in second.code
    assert "def b(scale, *args, **kwargs):" in second.code


def test_edits_change_the_draft_and_its_code() -> None:
    cells = (["# A"], "a = int('1')", ["# B"], "b = a + 1", ["# C"], "c = a + b")
    draft = drafted(*cells, edits=(Edit("0", name="First one", type="custom"),))
    assert (draft.blocks[0].id, draft.blocks[0].name) == ("first_one", "First one")
    assert "@custom" in draft.blocks[0].code
    swapped = drafted(*cells, edits=(Edit("2", upstream=("1", "0")),))
    assert "def c(b, a, *args, **kwargs):" in swapped.blocks[2].code
    cut = drafted(*cells, edits=(Edit("2", upstream=("1",)),))
    assert any("not above this block" in text for text in cut.blocks[2].warnings)
    gone = drafted(*cells, edits=(Edit("0", skip=True),))
    assert "'a', which no cell before it sets" in " ".join(gone.blocks[1].warnings)
    for edit in (Edit("9"), Edit("0", type="chart"), Edit("0", name="..")):
        with pytest.raises(BadRequest):
            drafted(*cells, edits=(edit,))
    with pytest.raises(CycleError, match="further down"):
        drafted(*cells, edits=(Edit("0", upstream=("1",)),))


def test_files_of_the_project_keep_their_names() -> None:
    draft = drafted(["# A"], "a = int('1')", ["# A"], "b = 2\nb += 1", taken={"data_loader": ["a"]})
    assert [block.id for block in draft.blocks] == ["a_2", "a"]


def test_many_values_are_handed_on_by_name() -> None:
    names = [f"v{n}" for n in range(12)]
    draft = drafted(
        "\n".join(f"{name} = int('{n}')" for n, name in enumerate(names)),
        f"total = {' + '.join(names)}",
    )
    assert "return {'v0': v0," in draft.blocks[0].code
    assert "v11 = cell_1['v11']" in draft.blocks[1].code


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no Jupyter notebook"),
        (b"{}", "no Jupyter notebook"),
        (b'{"cells": 7, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}', "no Jupyter"),
        (b"\xff\xfe", "no Jupyter notebook"),
        (notebook("x = 1", language="R"), "written in R"),
        (notebook("x = 1", "def f(:\n  pass"), "cell 2, line 1"),
        (notebook("await thing()"), "cell 1"),
        (notebook("return 3"), "cell 1"),
    ],
)
def test_what_is_no_notebook_of_python_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(BrokenFile, match=words):
        propose(data, "x.ipynb")


def test_an_empty_notebook_makes_nothing() -> None:
    with pytest.raises(BadRequest, match="no cells"):
        propose(notebook(), "x.ipynb")
