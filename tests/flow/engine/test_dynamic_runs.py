"""Runs of dynamic blocks: each child a step of its own, with real kernels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flow.engine.projects import block, custom, step, until, write_pipeline
from jupyter_client.manager import start_new_kernel

from mage_jlab.assembly import Engine
from mage_jlab.executors import bundle, context
from mage_jlab.products import execution
from mage_jlab.server import run_notebook

DYNAMIC = {"configuration": {"dynamic": True}}
REDUCE = {"configuration": {"reduce_output": True}}
ITEMS = "return [[10, 20, 30], [{'block_uuid': 'a', 'color': 'red'}, {'block_uuid': 'b'}, {}]]"


def values(engine: Engine, run: Any, name: str) -> list[Any]:
    """What a step left."""
    store = engine.products(engine.workspace.project("p"))
    return execution.read_values(store.root, run.pipeline, run.id, name)


def states(run: Any) -> dict[str, str]:
    return {item.block: item.state for item in run.steps}


def test_each_child_is_a_step_with_its_own_log_and_product(root: Path, engine: Engine) -> None:
    write_pipeline(
        root / "p",
        "fan",
        {
            "src": custom(ITEMS, **DYNAMIC),
            "child": custom(
                """
                print(args[0], kwargs['block_uuid'], kwargs['dynamic_block_index'], kwargs.get('color'))
                return args[0] + 1
                """,
                "src",
            ),
            "below": custom("return args[0] * 2", "child", **REDUCE),
            "sum": custom("return {'all': args[0]}", "below"),
            "after": custom("return {'one': args[0]}", "sum"),
        },
    )
    run = engine.wait(engine.submit("p", "fan").id, 90)
    assert (run.state, run.error) == ("completed", None)
    assert [item.block for item in run.steps] == [
        "src", "child", "child:a", "child:b", "child:2",
        "below", "below:0", "below:1", "below:2", "sum", "after",
    ]  # fmt: skip
    assert set(states(run).values()) == {"completed"}
    assert values(engine, run, "child:b") == [21]
    assert values(engine, run, "sum") == [{"all": [22, 42, 62]}]
    records = engine.step_log(run.id, "child:a")[0]
    assert "10 a 0 red" in [item["text"] for item in records]
    assert "30 child 2 None" in [item["text"] for item in engine.step_log(run.id, "child:2")[0]]
    group, child = step(run, "child"), step(run, "child:b")
    assert child.attempt == 1 and child.outputs[0].kind == "json"
    assert group.started <= child.started and group.ended >= child.ended
    assert (run.steps_done, run.steps_total) == (11, 11)


def test_nested_and_crossed(root: Path, engine: Engine) -> None:
    write_pipeline(
        root / "p",
        "deep",
        {
            "src": custom("return [[1, 2]]", **DYNAMIC),
            "mid": custom("return [[args[0] * 10 + n for n in range(args[0])]]", "src", **DYNAMIC),
            "leaf": custom("return args[0]", "mid", **REDUCE),
            "other": custom("return [['x', 'y']]", **DYNAMIC),
            "cross": custom("return f'{args[0]}{args[1]}'", "src", "other", **REDUCE),
            "sum": custom("return {'leaf': args[0], 'cross': args[1]}", "leaf", "cross"),
        },
    )
    run = engine.wait(engine.submit("p", "deep").id, 90)
    assert run.state == "completed", run.error
    assert values(engine, run, "sum") == [{"leaf": [10, 20, 21], "cross": ["1x", "1y", "2x", "2y"]}]


def test_a_failed_child_can_be_run_again(root: Path, engine: Engine, tmp_path: Path) -> None:
    flag = tmp_path / "fixed"
    write_pipeline(
        root / "p",
        "bad",
        {
            "src": custom(ITEMS, **DYNAMIC),
            "child": custom(
                f"""
                from pathlib import Path
                assert args[0] != 20 or Path({str(flag)!r}).exists(), 'not twenty'
                return args[0]
                """,
                "src",
                **REDUCE,
            ),
            "sum": custom("return {'all': args[0]}", "child"),
        },
        concurrency_config={"block_run_limit": 1},
    )
    run = engine.wait(engine.submit("p", "bad").id, 90)
    assert run.state == "failed" and "child:b" in run.error and "not twenty" in run.error
    assert states(run) == {
        "src": "completed", "child": "failed", "child:a": "completed", "child:b": "failed",
        "child:2": "cancelled", "sum": "upstream_failed",
    }  # fmt: skip
    assert step(run, "child").error.startswith("1 of 3 children failed; child:b: ")
    flag.touch()
    again = engine.wait(engine.retry(run.id).id, 90)
    assert again.state == "completed", again.error
    assert values(engine, again, "sum") == [{"all": [10, 20, 30]}]
    attempts = {item.block: item.attempt for item in again.steps}
    assert attempts == {
        "src": 1, "child": 2, "child:a": 1, "child:b": 2, "child:2": 1, "sum": 1,
    }  # fmt: skip
    whole = engine.wait(engine.retry(run.id, from_block="child").id, 90)
    assert whole.state == "completed"
    assert {i.block: i.attempt for i in whole.steps}["child:a"] == 2


def test_a_condition_and_retries_count_for_each_child(root: Path, engine: Engine) -> None:
    write_pipeline(
        root / "p",
        "cond",
        {
            "src": custom(ITEMS, **DYNAMIC),
            "child": custom("return args[0]", "src"),
            "below": custom("return args[0]", "child", **REDUCE),
            "sum": custom("return args[0]", "below"),
            "guard": block(
                "conditional", "@condition\ndef c(x, **kwargs):\n    return x != 20\n", "child"
            ),
        },
    )
    run = engine.wait(engine.submit("p", "cond").id, 90)
    assert run.state == "completed", run.error
    assert states(run) == {
        "src": "completed", "child": "completed",
        "child:a": "completed", "child:b": "skipped", "child:2": "completed",
        "below": "completed",
        "below:0": "completed", "below:1": "skipped", "below:2": "completed",
        "sum": "skipped",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("returned", "message"),
    [("return [1, 2]", "of type int"), ("return None", "it returned nothing")],
)
def test_items_that_make_no_sense_are_said(
    root: Path, engine: Engine, returned: str, message: str
) -> None:
    blocks = {"src": custom(returned, **DYNAMIC), "child": custom("return 1", "src")}
    write_pipeline(root / "p", "odd", blocks)
    run = engine.wait(engine.submit("p", "odd").id, 90)
    assert run.state == "failed" and message in run.error
    assert states(run) == {"src": "completed", "child": "failed"}
    assert message in step(run, "child").error


def test_no_items_are_no_children(root: Path, engine: Engine) -> None:
    write_pipeline(
        root / "p",
        "none",
        {
            "src": custom("return [[]]", **DYNAMIC),
            "child": custom("return 1", "src", **REDUCE),
            "sum": custom("return {'all': args[0]}", "child"),
        },
    )
    run = engine.wait(engine.submit("p", "none").id, 90)
    assert run.state == "completed"
    assert values(engine, run, "sum") == [{"all": []}]


def in_notebook(engine: Engine, cells: dict[str, tuple[str, list[str], dict[str, Any]]]) -> None:
    """Run cells of the pipeline ``part`` as a notebook does, in a kernel of their own."""
    project = engine.workspace.project("p")
    said = context.base(
        project, engine.workspace.load(project, "part"), store=engine.products(project).root,
        cwd=engine.workspace.cwd(project), scope="interactive", variables={},
    )  # fmt: skip
    manager, client = start_new_kernel(kernel_name="python3")
    try:
        client.execute_interactive(bundle.start_code(context.with_key(said)), timeout=60)
        for name, (code, upstream, configuration) in cells.items():
            message = client.session.msg(
                "execute_request",
                {"code": code, "silent": False, "store_history": False, "user_expressions": {},
                 "allow_stdin": False, "stop_on_error": True},
            )  # fmt: skip
            message["metadata"]["mage"] = {
                "uuid": name, "name": name, "type": "custom", "language": "python",
                "role": "block", "upstream": upstream, "configuration": configuration,
            }  # fmt: skip
            client.shell_channel.send(message)
            reply = client.get_shell_msg(timeout=60)
            while reply["parent_header"].get("msg_id") != message["header"]["msg_id"]:
                reply = client.get_shell_msg(timeout=60)
            assert reply["content"]["status"] == "ok", str(reply["content"])[:3000]
    finally:
        client.stop_channels()
        manager.shutdown_wait_time = 60  # what was returned is still being stored
        manager.shutdown_kernel()


def test_a_run_of_some_blocks_takes_what_the_notebook_ran(root: Path, engine: Engine) -> None:
    blocks = {
        "src": custom(ITEMS, **DYNAMIC),
        "child": custom("return args[0] + 1", "src"),
        "below": custom("return [args[0], kwargs['block_uuid']]", "child", "src"),
        "items": custom("return [args[0], kwargs['block_uuid']]", "src"),
    }
    write_pipeline(root / "p", "part", blocks)
    missing = engine.wait(engine.submit("p", "part", blocks=["child"]).id, 90)
    assert missing.state == "failed" and "its items are no longer stored" in missing.error
    in_notebook(
        engine,
        {
            "src": (blocks["src"]["body"], [], {"dynamic": True}),
            "child": (blocks["child"]["body"], ["src"], {}),
        },
    )
    run = engine.wait(engine.submit("p", "part", blocks=["below", "items"]).id, 90)
    assert run.state == "completed", run.error
    assert [item.block for item in run.steps if item.block.startswith("items")] == [
        "items", "items:a", "items:b", "items:2",
    ]  # fmt: skip
    assert values(engine, run, "items:a") == [10, "a"]
    below = [item.block for item in run.steps if item.block.startswith("below:")]
    assert len(below) == 9
    assert values(engine, run, below[-1]) == [31, "below"]


def test_children_are_cancelled_together(root: Path, engine: Engine) -> None:
    write_pipeline(
        root / "p",
        "long",
        {
            "src": custom("return [list(range(50))]", **DYNAMIC),
            "child": custom("import time\ntime.sleep(60)", "src"),
        },
    )
    run = engine.submit("p", "long")
    until(lambda: "running" in [s.state for s in engine.runs.get(run.id).steps if ":" in s.block])
    engine.cancel(run.id)
    ended = engine.wait(run.id, 60)
    assert ended.state == "cancelled"
    assert {s.state for s in ended.steps} == {"completed", "cancelled"}


def test_a_replica_runs_the_same_code_under_its_own_name(root: Path, engine: Engine) -> None:
    code = "return [args[0] + 1, kwargs['block_uuid']]"
    write_pipeline(
        root / "p",
        "twice",
        {
            "load": custom("return 3"),
            "one": custom(code, "load"),
            "two": {**custom(code, "load"), "replicated_block": "one"},
            "last": custom("return {'one': args[0], 'two': args[1]}", "one", "two"),
        },
    )
    (root / "p" / "custom" / "two.py").unlink()  # it has no file of its own
    run = engine.wait(engine.submit("p", "twice").id, 90)
    assert run.state == "completed", run.error
    assert values(engine, run, "last") == [{"one": [4, "one"], "two": [4, "two"]}]


def test_the_notebook_of_a_run_shows_children(root: Path, engine: Engine) -> None:
    write_pipeline(
        root / "p",
        "shown",
        {
            "src": custom("return [[1, 2, 3, 4, 5]]", **DYNAMIC),
            "child": custom("print('item', args[0])\nreturn 6 // (args[0] - 4)", "src"),
        },
    )
    run = engine.wait(engine.submit("p", "shown").id, 90)
    assert run.state == "failed"
    book = run_notebook.build(engine, run)
    assert "failed" in book.cells[0].source and "ZeroDivisionError" in book.cells[0].source
    (child,) = [c for c in book.cells if c.metadata.get("mage", {}).get("uuid") == "child"]
    text = "".join(output.get("text", "") for output in child.outputs)
    assert text.index("child:3: failed") < text.index("item 4") < text.index("child:0: completed")
    assert "… and 2 more children" in text
