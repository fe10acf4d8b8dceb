"""Runs with real kernels: what is kept of them, what fails, what is tried again."""

from __future__ import annotations

import asyncio
import json
import threading
from pathlib import Path

import pytest
from flow.engine.projects import block, custom, running, step, until, write_pipeline

from mage_jlab.assembly import Engine
from mage_jlab.errors import BadRequest, BlockNotFound, InvalidPlan, NotActive
from mage_jlab.ids import slug
from mage_jlab.products import execution
from mage_jlab.products.retention import Retention
from mage_jlab.run.driver import Driver

LOAD = """
import pandas as pd

@data_loader
def load(*args, **kwargs):
    print('loading', kwargs['env'], kwargs.get('word'))
    return pd.DataFrame({'n': [1, 2, 3]})

@test
def has_rows(frame, *args):
    assert len(frame) == 3
"""
DOUBLE = """
@transformer
def double(frame, *args, **kwargs):
    frame['n'] = frame['n'] * 2
    return frame
"""
SUM = """
@data_exporter
def total(left, right, *args, **kwargs):
    return {'left': int(left['n'].sum()), 'right': int(right['n'].sum())}
"""


def diamond(root: Path) -> None:
    write_pipeline(
        root / "p",
        "diamond",
        {
            "load": block("data_loader", LOAD),
            "left": block("transformer", DOUBLE, "load"),
            "right": block("transformer", DOUBLE.replace("* 2", "* 10"), "load"),
            "total": block("data_exporter", SUM, "left", "right"),
        },
        variables={"word": "from the file", "other": 1},
    )


def test_a_run_keeps_everything(root: Path, engine: Engine) -> None:
    diamond(root)
    events: list[dict[str, object]] = []
    engine.events.subscribe(events.append)
    run = engine.wait(engine.submit("p", "diamond", variables={"word": "given"}, user="ada").id, 90)
    assert (run.state, run.error) == ("completed", None)
    assert run.variables == {"word": "given", "other": 1}
    assert run.user == "ada" and run.kernel == "python3" and run.code_hash
    assert run.cwd == str(root)
    assert run.created <= run.started <= run.ended
    assert (run.steps_done, run.steps_total) == (4, 4)
    load = step(run, "load")
    assert (load.state, load.attempt, load.outputs[0].rows) == ("completed", 1, 3)
    for name in ("left", "right"):
        assert step(run, name).started >= load.ended
    store = engine.products(engine.workspace.project("p"))
    total = store.manifest("diamond", run.id, "total")
    folder = store.execution("diamond", run.id, "total", total.version)
    assert json.loads((folder / total.outputs[0].files[0]).read_text()) == {"left": 12, "right": 60}
    records, _, complete, _ = engine.step_log(run.id, "load")
    assert complete
    assert "loading prod given" in [item["text"] for item in records]

    def states() -> list[object]:
        return [e["state"] for e in events if e["kind"] == "run"]

    until(lambda: "completed" in states())  # told after it was written
    # The word that it is queued may come after it was taken.
    assert set(states()[:-1]) == {"queued", "running"} and states()[-1] == "completed"
    assert engine.runs.usual("p", "diamond") > 0


def test_a_failed_block_stops_what_depends_on_it(root: Path, engine: Engine) -> None:
    write_pipeline(
        root / "p",
        "bad",
        {
            "first": custom("return 1"),
            "broken": custom("return 1 / 0", "first"),
            "below": custom("return 2", "broken"),
        },
    )
    run = engine.wait(engine.submit("p", "bad").id, 90)
    assert run.state == "failed"
    assert "broken" in run.error and "ZeroDivisionError" in run.error
    assert step(run, "broken").state == "failed"
    assert "line 3" in step(run, "broken").error
    assert step(run, "below").state == "upstream_failed"
    assert any("ZeroDivisionError" in r["text"] for r in engine.step_log(run.id, "broken")[0])
    assert "broken" in engine.step_log(run.id, "below")[0][0]["text"]
    # The next run works, and a retry of this one runs what did not complete.
    (root / "p" / "custom" / "broken.py").write_text("@custom\ndef f(*args):\n    return 5\n")
    again = engine.wait(engine.retry(run.id).id, 90)
    assert again.id == run.id and again.state == "completed"
    assert [(s.block, s.attempt) for s in again.steps] == [
        ("first", 1), ("broken", 2), ("below", 1),
    ]  # fmt: skip
    assert [a.state for a in engine.runs.attempts(run.id, "broken")] == ["failed", "completed"]
    with pytest.raises(InvalidPlan):
        engine.retry(run.id)
    once_more = engine.wait(engine.retry(run.id, from_block="broken").id, 90)
    assert [(s.block, s.attempt) for s in once_more.steps] == [
        ("first", 1), ("broken", 3), ("below", 2),
    ]  # fmt: skip


HELD = """
import time
from pathlib import Path
from mage_ai.data_preparation.variable_manager import get_global_variable

@custom
def held(*args, **kwargs):
    assert Path({good!r}).exists(), 'not yet'
    while not Path({go!r}).exists():
        time.sleep(0.02)
    return get_global_variable('held', 'n')
"""


def test_a_run_is_retried_while_its_kernels_still_end(
    root: Path, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, go, gone = tmp_path / "good", tmp_path / "go", threading.Event()
    text = HELD.format(good=str(good), go=str(go))
    write_pipeline(root / "p", "held", {"a": block("custom", text)}, variables={"n": 3})
    close = Driver.close

    async def slowly(driver: Driver) -> None:
        await close(driver)
        while not gone.is_set():
            await asyncio.sleep(0.02)

    monkeypatch.setattr(Driver, "close", slowly)
    run = engine.wait(engine.submit("p", "held").id, 90)
    assert run.state == "failed"
    good.touch()
    engine.retry(run.id)
    until(lambda: engine.runs.get(run.id).state == "running")
    gone.set()
    until(lambda: step(engine.runs.get(run.id), "a").state == "running")
    for _ in range(2):
        engine._upkeep.look(engine._runner.carries)
    assert engine.runs.get(run.id).state == "running"
    go.touch()
    ended = engine.wait(run.id, 90)
    assert ended.state == "completed", (ended.error, step(ended, "a").error)


def test_a_run_that_was_cancelled_can_be_retried_at_once(
    root: Path, engine: Engine, tmp_path: Path
) -> None:
    go = tmp_path / "go"
    wait = f"import time\nfrom pathlib import Path\nwhile not Path({str(go)!r}).exists():\n    time.sleep(0.02)"
    write_pipeline(root / "p", "held", {"a": custom(wait)})
    run = engine.submit("p", "held")
    until(lambda: step(engine.runs.get(run.id), "a").state == "running")
    engine.cancel(run.id)
    assert engine.wait(run.id, 60).state == "cancelled"
    go.touch()
    ended = engine.wait(engine.retry(run.id).id, 90)
    assert ended.state == "completed", ended.error


def test_retries_follow_the_settings(root: Path, engine: Engine, tmp_path: Path) -> None:
    count = tmp_path / "count"
    body = f"""
    from pathlib import Path
    file = Path({str(count)!r})
    tries = int(file.read_text()) + 1 if file.exists() else 1
    file.write_text(str(tries))
    assert tries == 3, f'try {{tries}}'
    return tries
    """
    retry = {"retries": 2, "delay": 0.1, "max_delay": 5}
    write_pipeline(root / "p", "stubborn", {"shaky": custom(body, retry_config=retry)})
    run = engine.wait(engine.submit("p", "stubborn").id, 90)
    assert run.state == "completed"
    assert step(run, "shaky").attempt == 3
    states = [a.state for a in engine.runs.attempts(run.id, "shaky")]
    assert states == ["failed", "failed", "completed"]


def test_a_timeout_interrupts(root: Path, engine: Engine) -> None:
    blocks = {"slow": custom("import time; time.sleep(600)", timeout=1)}
    write_pipeline(root / "p", "slow", blocks)
    run = engine.wait(engine.submit("p", "slow").id, 90)
    assert run.state == "failed"
    assert step(run, "slow").error == "It ran longer than its timeout of 1 s."


def test_a_block_that_swallows_interrupts_is_killed(root: Path, engine: Engine) -> None:
    body = """
    import time
    while True:
        try:
            time.sleep(600)
        except KeyboardInterrupt:
            pass
    """
    blocks = {"stubborn": custom(body, timeout=1), "below": custom("return 1", "stubborn")}
    write_pipeline(root / "p", "slow", blocks)
    run = engine.wait(engine.submit("p", "slow").id, 90)
    assert step(run, "stubborn").state == "failed"
    assert "timeout" in step(run, "stubborn").error
    assert step(run, "below").state == "upstream_failed"


def test_a_false_condition_skips_a_branch(root: Path, engine: Engine) -> None:
    check = "@condition\ndef evaluate(value, *args, **kwargs):\n    return value > 10\n"
    write_pipeline(
        root / "p",
        "maybe",
        {
            "first": custom("return 5"),
            "guarded": custom("return 6", "first"),
            "below": custom("return 7", "guarded"),
            "other": custom("return 8", "first"),
            "check": block("conditional", check, "guarded"),
        },
    )
    run = engine.wait(engine.submit("p", "maybe").id, 90)
    assert run.state == "completed", run.error
    assert {s.block: s.state for s in run.steps} == {
        "first": "completed", "guarded": "skipped", "below": "skipped", "other": "completed",
    }  # fmt: skip


def test_callbacks_hear_how_it_went(root: Path, engine: Engine, tmp_path: Path) -> None:
    said = tmp_path / "said"
    text = f"""
    from pathlib import Path

    @callback('success')
    def well(value, **kwargs):
        Path({str(said)!r}).write_text(f"{{kwargs['parent_block_uuid']}} {{value}}")
    """
    write_pipeline(
        root / "p",
        "called",
        {"first": custom("return 41 + 1"), "tell": block("callback", text, "first")},
    )
    run = engine.wait(engine.submit("p", "called").id, 90)
    assert run.state == "completed"
    assert said.read_text() == "first 42"


SHARED = """
import sqlite3

class Thing:
    pass

connection = sqlite3.connect(":memory:")
seen = []
"""
LEAVES = """
import os
from p.lib.shared import Thing, connection, seen
os.makedirs("below", exist_ok=True)
os.chdir("below")
connection.close()
seen.append("first")
return Thing()
"""
FINDS = """
import os
from p.lib.shared import Thing, connection, seen
connection.execute("select 1")
return [os.path.basename(os.getcwd()), seen, isinstance(args[0], Thing)]
"""


@pytest.mark.parametrize("together", [False, True])
def test_a_block_does_not_find_what_the_one_before_left_open(
    root: Path, engine: Engine, together: bool
) -> None:
    (root / "p/lib").mkdir(parents=True)
    (root / "p/lib/shared.py").write_text(SHARED)
    finds = FINDS.replace('connection.execute("select 1")', "") if together else FINDS
    blocks = {"leaves": custom(LEAVES), "finds": custom(finds, "leaves")}
    write_pipeline(root / "p", "left", blocks, run_pipeline_in_one_process=together)
    run = engine.wait(engine.submit("p", "left").id, 90)
    assert run.state == "completed", run.error
    store = engine.products(engine.workspace.project("p"))
    found = execution.read_values(store.root, "left", run.id, "finds")
    # In one process it does, as in Mage.
    assert found == (["below", ["first"], True] if together else [root.name, [], True])


ONCE = """
import decimal, logging

logger = logging.getLogger(__name__)
logger.addHandler(logging.StreamHandler())
if hasattr(decimal, "counter_of_sales"):
    raise ValueError("Duplicated: sales")
decimal.counter_of_sales = 1

class Sale:
    pass
"""
COUNTS = """
import p.lib.sales
from p.lib import other, sales
sales.logger.warning("counted")
return [len(sales.logger.handlers), sales is p.lib.sales, sales.Sale.__name__, other.seen.append(1), other.seen]
"""


def test_what_a_package_keeps_once_per_process_is_set_up_once(root: Path, engine: Engine) -> None:
    """As a counter of a metrics library is, or a class of a table."""
    (root / "p/lib").mkdir(parents=True)
    (root / "p/lib/sales.py").write_text(ONCE)
    (root / "p/lib/other.py").write_text("seen = []\n")
    blocks = {
        "one": custom(COUNTS),
        "two": custom(COUNTS, "one"),
        "none": custom("return 1", "two"),
        "three": custom(COUNTS, "none"),
    }
    write_pipeline(root / "p", "once", blocks)
    run = engine.wait(engine.submit("p", "once").id, 90)
    assert run.state == "completed", [item.error for item in run.steps]
    store = engine.products(engine.workspace.project("p"))
    for name in ("one", "two", "three"):
        found = execution.read_values(store.root, "once", run.id, name)
        assert found == [1, True, "Sale", None, [1]], name


BROKEN = """
import pathlib
note = pathlib.Path(r"{note}")
note.write_text(note.read_text() + "x" if note.exists() else "x")
raise ValueError("broken")
"""


def test_a_module_that_was_never_imported_fails_each_time(
    root: Path, engine: Engine, tmp_path: Path
) -> None:
    (root / "p/lib").mkdir(parents=True)
    (root / "p/lib/broken.py").write_text(BROKEN.format(note=tmp_path / "note"))
    tries = "import p.lib\ntry:\n    import p.lib.broken\nexcept ValueError as error:\n    return str(error)"
    blocks = {"one": custom(tries), "two": custom(tries, "one")}
    write_pipeline(root / "p", "broken", blocks)
    run = engine.wait(engine.submit("p", "broken").id, 90)
    assert run.state == "completed", [item.error for item in run.steps]
    store = engine.products(engine.workspace.project("p"))
    for name in blocks:
        assert execution.read_values(store.root, "broken", run.id, name) == ["broken"]
    assert (tmp_path / "note").read_text() == "xx"


def test_callbacks_get_the_run_they_belong_to(root: Path, engine: Engine, tmp_path: Path) -> None:
    said = tmp_path / "said"
    text = f"""
    import json
    from pathlib import Path

    @callback('failure')
    def badly(**kwargs):
        run = kwargs['pipeline_run']
        told = [run.id, run.pipeline_uuid, run.status, run.variables, run.pipeline_schedule_id,
                run.execution_date == kwargs['execution_date'], run.completed_at,
                run.execution_partition == kwargs['execution_partition'], bool(run.started_at)]
        Path({str(said)!r}).write_text(json.dumps(told))
    """
    blocks = {"first": custom("1 / 0"), "tell": block("callback", text, "first")}
    write_pipeline(root / "p", "called", blocks)
    run = engine.wait(engine.submit("p", "called", variables={"country": "ES"}).id, 90)
    told = [run.id, "called", "running", {"country": "ES"}, None, True, None, True, True]
    assert json.loads(said.read_text()) == told


def test_some_blocks_use_the_outputs_of_the_notebook(root: Path, engine: Engine) -> None:
    diamond(root)
    missing = engine.wait(engine.submit("p", "diamond", blocks=["left"]).id, 90)
    assert missing.state == "failed" and "load" in missing.error
    # What a run left is not what the notebook left; put it there as a cell run would.
    store = engine.products(engine.workspace.project("p"))
    whole = engine.wait(engine.submit("p", "diamond").id, 90)
    source = store.root / "diamond"
    (source / "interactive").mkdir(exist_ok=True)
    (next(source.glob(f"*{whole.id[-8:]}")) / "load").rename(source / "interactive" / "load")
    run = engine.wait(engine.submit("p", "diamond", blocks=["left"]).id, 90)
    assert run.state == "completed", run.error
    assert [s.block for s in run.steps] == ["left"]


def test_wrong_requests_are_refused(root: Path, engine: Engine) -> None:
    diamond(root)
    write_pipeline(root / "p", "stream", {"a": custom("return 1")}, type="streaming")
    with pytest.raises(BlockNotFound):
        engine.submit("p", "diamond", blocks=["nobody"])
    with pytest.raises(InvalidPlan, match="streaming"):
        engine.submit("p", "stream")
    with pytest.raises(BadRequest):
        engine.submit("p", "diamond", variables={"x": object()})
    assert engine.runs.list()[0] == []


def test_the_same_key_gives_the_same_run(root: Path, engine: Engine) -> None:
    write_pipeline(root / "p", "one", {"a": custom("return 1")})
    first = engine.submit("p", "one", idempotency_key="k")
    second = engine.submit("p", "one", idempotency_key="k")
    assert first.id == second.id
    engine.wait(first.id, 90)
    with pytest.raises(NotActive):
        engine.cancel(first.id)


def test_a_run_uses_the_files_of_its_start(root: Path, engine: Engine, tmp_path: Path) -> None:
    go = tmp_path / "go"
    body = f"""
    import time
    from pathlib import Path
    while not Path({str(go)!r}).exists():
        time.sleep(0.02)
    """
    write_pipeline(
        root / "p", "held", {"gate": custom(body), "after": custom("return 'old'", "gate")}
    )
    run = engine.submit("p", "held")
    until(lambda: step(engine.runs.get(run.id), "gate").state == "running")
    write_pipeline(
        root / "p", "held", {"gate": custom(body), "after": custom("return 'new'", "gate")}
    )
    go.touch()
    ended = engine.wait(run.id, 90)
    assert ended.state == "completed"
    assert any("old" in r["text"] for r in engine.step_log(run.id, "after")[0])


def test_a_block_may_run_another_pipeline(root: Path, mage_state: Path) -> None:
    from flow.engine.projects import running

    call = """
    from mage_ai.orchestration.triggers.api import trigger_pipeline

    @custom
    def call(*args, **kwargs):
        run = trigger_pipeline('child', variables={'x': 3}, check_status=True,
                               error_on_failure=True, poll_interval=0.2)
        return str(run.status)
    """
    write_pipeline(root / "p", "parent", {"call": block("custom", call)})
    write_pipeline(root / "p", "child", {"use": custom("return kwargs['x'] * 2")})
    # One place only: the block that waits must give it away.
    with running(root, mage_state, max_kernels=1) as engine:
        run = engine.wait(engine.submit("p", "parent").id, 90)
        assert run.state == "completed", (run.error, engine.step_log(run.id, "call"))
        child = engine.runs.list(pipeline="child")[0][0]
        assert child.state == "completed" and child.variables == {"x": 3}


def test_a_block_may_hand_on_the_run_it_started(root: Path, engine: Engine) -> None:
    call = """
    from mage_ai.orchestration.triggers.api import trigger_pipeline

    @custom
    def call(*args, **kwargs):
        return trigger_pipeline('child', check_status=True, poll_interval=1)
    """
    hand = """
    from mage_ai.orchestration.triggers.api import trigger_pipeline

    @custom
    def hand(*args, **kwargs):
        return [trigger_pipeline('child', check_status=True, return_remote_blocks=True)]
    """
    use = """
    @custom
    def use(run, told, *args, **kwargs):
        run.refresh()
        remote = told[0]['remote_blocks'][0]
        return [[run.status.value, run.pipeline_uuid, run.get_outputs('made'), remote.get_outputs()]]
    """
    write_pipeline(
        root / "p", "parent",
        {"call": block("custom", call), "hand": block("custom", hand),
         "use": block("custom", use, "call", "hand")},
    )  # fmt: skip
    write_pipeline(root / "p", "child", {"made": custom("return 7")})
    run = engine.wait(engine.submit("p", "parent").id, 90)
    assert run.state == "completed", [(item.block, item.error) for item in run.steps]
    project = engine.workspace.project("p")
    values = execution.read_values(engine.products(project).root, "parent", run.id, "use")
    assert values == [["completed", "child", [7], [7]]]


def test_variables_and_secrets_over_the_host_channel(
    root: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_SECRET", "s3cret")
    text = """
    from mage_ai.data_preparation.variable_manager import get_global_variable, set_global_variable
    from mage_ai.data_preparation.shared.secrets import get_secret_value

    @custom
    def work(*args, **kwargs):
        set_global_variable('vars', 'n', get_global_variable('vars', 'n') + 1)
        return get_secret_value('A_SECRET') == 's3cret'
    """
    write_pipeline(root / "p", "vars", {"work": block("custom", text)}, variables={"n": 1})
    run = engine.wait(engine.submit("p", "vars").id, 90)
    assert run.state == "completed", run.error
    pipeline = engine.workspace.load(engine.workspace.project("p"), "vars")
    assert dict(pipeline.variables) == {"n": 2}


def test_old_runs_go_with_all_they_left(root: Path, mage_state: Path) -> None:
    write_pipeline(root / "p", "many", {"a": custom("return 1")})
    with running(root, mage_state, retention=Retention(runs=1)) as engine:
        last = [engine.wait(engine.submit("p", "many").id, 90).id for _ in range(3)][-1]
        until(lambda: [r.id for r in engine.runs.list()[0]] == [last])
        state = engine.workspace.state(engine.workspace.project("p"))
        until(lambda: [f.name for f in (state / "snapshots").iterdir()] == [last])
        assert [f.name for f in (state / "products" / "many").iterdir()] == [slug(last)]


def test_large_old_runs_go_as_a_whole(root: Path, mage_state: Path) -> None:
    blocks = {"a": custom("return 'x' * 100_000"), "b": custom("return 1", "a")}
    write_pipeline(root / "p", "large", blocks)
    with running(root, mage_state, retention=Retention(run_bytes=250_000)) as engine:
        runs = [engine.wait(engine.submit("p", "large").id, 90).id for _ in range(3)]
        until(lambda: [r.id for r in engine.runs.list()[0]] == [runs[2], runs[1]])
        store = engine.products(engine.workspace.project("p"))
        assert store.latest("large", runs[1], "a") and store.latest("large", runs[1], "b")
        until(lambda: store.block_sizes("large", runs[0]) == {})


def test_history_follows_new_names(root: Path, engine: Engine) -> None:
    write_pipeline(root / "p", "old", {"a": custom("return 1"), "b": custom("return 2", "a")})
    run = engine.wait(engine.submit("p", "old").id, 90)
    project = engine.workspace.project("p")
    etag = engine.workspace.etag(project, "old")
    engine.workspace.change_block(project, "old", "a", {"name": "renamed"}, etag=etag)
    etag = engine.workspace.etag(project, "old")
    engine.workspace.change_pipeline(project, "old", {"name": "new"}, etag=etag)
    found = engine.runs.get(run.id)
    assert found.pipeline == "new"
    assert [(s.block, s.upstream) for s in found.steps] == [("renamed", ()), ("b", ("renamed",))]
    assert engine.products(project).latest("new", run.id, "renamed") is not None


def test_what_is_stored_is_said_soon_after_a_run(root: Path, engine: Engine) -> None:
    diamond(root)
    assert engine.health()["products_bytes"] == 0
    engine.wait(engine.submit("p", "diamond").id, 90)
    until(lambda: engine.health()["products_bytes"] > 1_000, 30)


def test_a_condition_says_why_it_was_not_true(root: Path, engine: Engine) -> None:
    broken = "@condition\ndef evaluate(*args, **kwargs):\n    return no_such_name\n"
    false = "@condition\ndef evaluate(*args, **kwargs):\n    return False\n"
    write_pipeline(
        root / "p",
        "why",
        {
            "one": custom("return 1"),
            "two": custom("return 2"),
            "broken": block("conditional", broken, "one"),
            "closed": block("conditional", false, "two"),
        },
    )
    run = engine.wait(engine.submit("p", "why").id, 90)
    assert step(run, "one").state == step(run, "two").state == "skipped"
    assert "'broken' failed: NameError" in step(run, "one").error
    assert "'closed' was false" in step(run, "two").error


def test_what_callbacks_print_is_in_the_log_of_their_block(root: Path, engine: Engine) -> None:
    text = """
    @callback('success')
    def well(value, **kwargs):
        print('called with', value)
        raise ValueError('but in vain')
    """
    write_pipeline(
        root / "p",
        "heard",
        {"first": custom("print('begun')\nreturn 42"), "tell": block("callback", text, "first")},
    )
    run = engine.wait(engine.submit("p", "heard").id, 90)
    assert run.state == "completed"
    records, _, complete, _ = engine.step_log(run.id, "first")
    log = "\n".join(str(record["text"]) for record in records)
    assert complete
    assert log.index("begun") < log.index("Callback 'tell':") < log.index("called with 42")
    assert "but in vain" in log


def test_a_block_that_asks_for_input_hears_that_nobody_answers(root: Path, engine: Engine) -> None:
    write_pipeline(root / "p", "asking", {"ask": custom("return input('Your name: ')")})
    run = engine.wait(engine.submit("p", "asking").id, 90)
    assert "asks for input, which nobody gives in a run" in step(run, "ask").error


def test_callbacks_have_the_context_that_their_block_left(
    root: Path, mage_state: Path, tmp_path: Path
) -> None:
    said = tmp_path / "said"
    text = f"""
    from pathlib import Path

    @callback('success')
    def well(value, **kwargs):
        Path({str(said)!r}).write_text(str(kwargs['context'].get('rows')))
    """
    blocks = {
        "first": custom("kwargs['context']['rows'] = 7"),
        "beside": custom("import time; time.sleep(1)"),
        # It waits for a kernel, and is there longer than the one beside.
        "third": custom("import time; time.sleep(4)"),
        "tell": block("callback", text, "first"),
    }
    write_pipeline(root / "p", "called", blocks)
    with running(root, mage_state, max_kernels=2) as engine:
        run = engine.wait(engine.submit("p", "called").id, 90)
    assert run.state == "completed", run.error
    assert said.read_text() == "7"
