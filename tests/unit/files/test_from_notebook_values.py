"""Any notebook and the blocks that are made of it compute the same: programs made up at random."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mage_jlab.files.from_notebook.draft import Draft, propose
from tests.notebooks import notebook

NUMBERS = [f"n{k}" for k in range(4)]
LISTS = [f"l{k}" for k in range(3)]
FUNCTIONS = ["f0", "f1"]
START = [f"{name} = int('{k}')" for k, name in enumerate(NUMBERS)] + [
    f"{name} = [{k}]" for k, name in enumerate(LISTS)
]
START += ["def f0(x):\n    return x + 1", "f1 = lambda x: x * 2", "import math", "LIMIT = 7"]

number = st.sampled_from(NUMBERS)
rows = st.sampled_from(LISTS)
function = st.sampled_from(FUNCTIONS)
plus = st.builds("{} = {} + {}".format, number, number, number)
call = st.builds("{} = {}({}) % 1000".format, number, function, number)
constant = st.builds("{} = min({}, LIMIT)".format, number, number)
rooted = st.builds("{} = math.isqrt(abs({}))".format, number, number)
bump = st.builds("{} += {}".format, number, number)
append = st.builds("{}.append({})".format, rows, number)
replace = st.builds("{}[-1] = {}".format, rows, number)
extend = st.builds("{} = {}[-3:] + [len({})]".format, rows, rows, rows)
inner = st.builds("{} = [{} + k for k in {}]".format, rows, number, rows)
total = st.builds("{} = sum({}) % 1000".format, number, rows)
loop = st.builds("for k in {}[:3]:\n    {} += k\n    {}.append(k)".format, rows, number, rows)
branch = st.builds("if {} > {}:\n    {} = {}".format, number, number, number, number)
redefined = st.builds("def {}(x, y=1):\n    return x + y + {}".format, function, number)
nested = st.builds("def {}(x):\n    return x + LIMIT".format, function)
# Python 3.11.2 sets one name twice in the wrong order, in functions only (`a, a = 0, 1`).
several = st.builds("{}, {} = {}, {}".format, number.filter(lambda name: name != "n0"),
                    st.just("n0"), number, number)  # fmt: skip
text = st.builds("{} = len('''a\n  {}\n''')".format, number, number)
statement = st.one_of(
    plus, call, constant, rooted, bump, append, replace, extend, inner, total, loop, branch,
    redefined, nested, several, text,
)  # fmt: skip


@settings(max_examples=60)
@given(st.lists(st.lists(statement, min_size=1, max_size=4), min_size=1, max_size=7))
def test_blocks_compute_what_the_cells_compute(cells: list[list[str]]) -> None:
    # What the last cell says is what everything comes to.
    last = f"result = [{', '.join([*NUMBERS, *LISTS])}]"
    sources = ["\n".join(START), *("\n".join(cell) for cell in cells), last]
    expected: dict[str, Any] = {}
    for source in sources:
        exec(source, expected)
    draft = propose(notebook(*sources), "random.ipynb")
    assert run_blocks(draft) == expected["result"], "\n\n# ---\n".join(
        [*sources, "# ======", *(block.code for block in draft.blocks)]
    )


def run_blocks(draft: Draft) -> Any:
    """Run the blocks as kernels of their own would: each gets copies of what it takes."""
    outputs: dict[str, list[Any]] = {}
    returned: Any = None
    for block in draft.blocks:
        if block.skip:
            continue
        found: list[Any] = []
        space: dict[str, Any] = {block.type: lambda made, found=found: found.append(made) or made}
        exec(compile(block.code, block.id, "exec"), space)
        inputs = [copy.deepcopy(outputs[key]) for key in block.upstream]
        given_ = [item[0] if len(item) == 1 else item for item in inputs]
        returned = found[0](*given_)
        outputs[block.key] = list(returned) if isinstance(returned, list | tuple) else []
    return returned[0]
