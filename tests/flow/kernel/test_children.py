"""Dynamic blocks in a notebook: all children one after the other, in a real kernel."""

from __future__ import annotations

from typing import Any

from kernels import Answer, Kernel

DYNAMIC = {"dynamic": True}
REDUCE = {"reduce_output": True}
ITEMS = "[[10, 20, 30], [{'block_uuid': 'a', 'color': 'red'}, {'block_uuid': 'b'}, {}]]"


def ok(answer: Answer) -> dict[str, Any]:
    assert answer.reply["status"] == "ok", answer.traceback
    return answer.finished


def load(kernel: Kernel, block: str, value: str, **configuration: Any) -> dict[str, Any]:
    code = f"@data_loader\ndef load():\n    import pandas as pd\n    return {value}"
    return ok(kernel.cell(code, block, configuration=configuration))


def work(
    kernel: Kernel, block: str, value: str, *upstream: str, **configuration: Any
) -> dict[str, Any]:
    code = f"@custom\ndef work(*a, **k):\n    return {value}"
    return ok(kernel.cell(code, block, "custom", upstream, configuration=configuration))


def seen(kernel: Kernel, *upstream: str, signature: str = "*a") -> str:
    code = f"@custom\ndef show({signature}):\n    print(repr(a))"
    answer = kernel.cell(code, "seen", "custom", upstream)
    ok(answer)
    return answer.stdout.strip()


def test_a_cell_runs_all_children_and_the_next_has_their_list(kernel: Kernel) -> None:
    assert load(kernel, "src", ITEMS, dynamic=True)["result"] == {
        "fan": {"count": 3, "names": ["a", "b", None]}
    }
    code = """
@custom
def work(item, **k):
    print(item, k['block_uuid'], k['dynamic_block_index'], k.get('color'))
    return item + 1
@test
def t(out, *a):
    assert out > 10
"""
    answer = kernel.cell(code, "child", "custom", ["src"], configuration=REDUCE)
    done = ok(answer)
    assert answer.stdout == "10 a 0 red\n20 b 1 None\n30 child 2 None\n"
    assert done["result"] == {"parts": [1, 1, 1], "reduce": True}
    assert [item["name"] for item in done["outputs"]] == ["output_0", "output_1", "output_2"]
    assert answer.mime("text/plain").count("3 tests passed") == 1
    assert seen(kernel, "child") == "([11, 21, 31],)"


def test_children_go_on_below_children(kernel: Kernel) -> None:
    load(kernel, "src", "[[1, 2]]", dynamic=True)
    load(kernel, "other", "'x'")
    work(kernel, "child", "a[0] * 10", "src")
    assert seen(kernel, "child", "other") == "(10, 'x')\n(20, 'x')"
    assert seen(kernel, "child", "src") == "(10, 1)\n(10, 2)\n(20, 1)\n(20, 2)"


def test_nested_items_follow_each_other(kernel: Kernel) -> None:
    load(kernel, "src", "[[1, 2]]", dynamic=True)
    work(kernel, "mid", "[list(range(a[0]))]", "src", dynamic=True)
    assert seen(kernel, "mid") == "(0,)\n(0,)\n(1,)"


def test_rows_of_a_table_are_items(kernel: Kernel) -> None:
    load(kernel, "src", "[pd.DataFrame({'n': [1, 2], 't': ['x', 'y']})]", dynamic=True)
    work(kernel, "child", "[a[0]['t'], int(a[0]['n'])]", "src")
    assert seen(kernel, "child") == "(['x', 1],)\n(['y', 2],)"


def test_an_item_that_is_changed_is_not_changed_for_others(kernel: Kernel) -> None:
    load(kernel, "src", "[[{'n': 1}]]", dynamic=True)
    work(kernel, "child", "a[0].update(n=99)", "src")
    assert seen(kernel, "src") == "({'n': 1},)"


def test_lists_are_put_together_as_in_mage(kernel: Kernel) -> None:
    load(kernel, "src", "[[1, 2]]", dynamic=True)
    for value, gathered in {
        "None": "[None, None]",
        "[[a[0], 0]]": "[1, 0, 2, 0]",
        "[a[0], 8, 9]": "[1, 8, 9, 2, 8, 9]",
        "[a[0], {'w': 1}]": "[[1, {'w': 1}], [2, {'w': 1}]]",
    }.items():
        work(kernel, "child", value, "src", reduce_output=True)
        assert seen(kernel, "child") == f"({gathered},)", value


def test_no_items_and_items_that_make_no_sense(kernel: Kernel) -> None:
    load(kernel, "src", "[[]]", dynamic=True)
    work(kernel, "child", "a[0]", "src", reduce_output=True)
    assert seen(kernel, "child") == "([],)"
    load(kernel, "src", "[1, 2, 3]", dynamic=True)
    answer = kernel.cell("@custom\ndef f(x): pass", "child", "custom", ["src"])
    assert answer.reply["ename"] == "InvalidPlan"
    assert "the first thing it returned is of type int" in answer.reply["evalue"]


def test_a_failing_child_is_named(kernel: Kernel) -> None:
    load(kernel, "src", ITEMS, dynamic=True)
    code = "@custom\ndef work(item):\n    return 1 / (item - 20)"
    answer = kernel.cell(code, "child", "custom", ["src"])
    assert answer.reply["ename"] == "ZeroDivisionError"
    assert "In 'child:b', 2 of 3 children:" in answer.stdout


def test_the_tests_alone_see_each_child(kernel: Kernel) -> None:
    load(kernel, "src", "[[1, 2]]", dynamic=True)
    code = "@custom\ndef work(x):\n    return x\n@test\ndef t(x):\n    assert x in (1, 2)"
    ok(kernel.cell(code, "child", "custom", ["src"]))
    done = ok(kernel.cell(code, "child", "custom", ["src"], options={"tests": "only"}))
    assert len(done["tests"]) == 2


def test_a_child_of_a_run_reads_what_the_engine_says(kernel: Kernel) -> None:
    load(kernel, "src", ITEMS, dynamic=True)
    options = {
        "dynamic": {"block": "child", "index": 1, "inputs": {"src": {"step": "src", "item": 1}}}
    }
    code = (
        "@custom\ndef work(item, **k):\n    print(item, k['block_uuid'], k['dynamic_block_index'])"
    )
    answer = kernel.cell(code, "child:b", "custom", ["src"], options=options)
    ok(answer)
    assert answer.stdout == "20 b 1\n"


def test_a_dozen_children_keep_their_order(kernel: Kernel) -> None:
    load(kernel, "src", "[list(range(12))]", dynamic=True)
    work(kernel, "child", "(a[0], a[0] * 10, 'x')", "src", reduce_output=True)
    flat = [part for n in range(12) for part in (n, n * 10, "x")]
    assert seen(kernel, "child") == f"({flat},)"
    work(
        kernel, "frames", "__import__('pandas').DataFrame({'n': [a[0]]})", "src", reduce_output=True
    )
    code = "@custom\ndef show(frames):\n    print([int(f['n'][0]) for f in frames])"
    answer = kernel.cell(code, "seen", "custom", ["frames"])
    ok(answer)
    assert answer.stdout.strip() == str(list(range(12)))
