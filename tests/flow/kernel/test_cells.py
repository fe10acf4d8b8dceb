"""What a block prints, shows and raises; what stays and what does not."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from pathlib import Path

import pytest
from kernels import Kernel
from test_convention import fails, ok

from mage_jlab.errors import BeingStored
from mage_jlab.executors.bundle import start_code


def test_ordinary_cells_are_untouched(kernel: Kernel) -> None:
    answer = kernel.execute("q = 41\nq + 1")
    assert answer.of("execute_result")[0]["data"]["text/plain"] == "42"
    assert answer.steps == [] and kernel.evaluate("q") == "41"
    answer = kernel.execute("1/0", metadata={"cellId": "x"})
    assert answer.reply["ename"] == "ZeroDivisionError" and answer.steps == []


def test_tracebacks_show_the_users_lines_and_none_of_ours(kernel: Kernel) -> None:
    code = """

import pandas as pd
def helper(x):
    return 1 / x
@data_loader
def load(*args, **kwargs):
    return helper(0)
"""
    answer = kernel.cell(code, "raises")
    fails(answer, "ZeroDivisionError")
    text = answer.traceback
    assert "line 8, in load(*args, **kwargs)" in text and "line 5, in helper(x)" in text
    assert "----> 5     return 1 / x" in text
    assert "mage" not in text and "hidden" not in text and "execute" not in text
    assert answer.finished["error"] == {
        "name": "ZeroDivisionError", "message": "division by zero", "line": 5,
    }  # fmt: skip
    assert answer.reply["traceback"] == answer.of("error")[0]["traceback"]
    assert kernel.store.record("etl", "interactive", "raises")[0]["ename"] == "ZeroDivisionError"


def test_error_at_the_top_of_the_code(kernel: Kernel) -> None:
    answer = kernel.cell("x = 1\nundefined_name\n", "top")
    fails(answer, "NameError")
    assert "line 2" in answer.traceback and answer.finished["error"]["line"] == 2


def test_chained_errors(kernel: Kernel) -> None:
    code = """
@data_loader
def load():
    try:
        {}['k']
    except KeyError as error:
        raise RuntimeError('outer') from error
"""
    answer = kernel.cell(code, "chain")
    fails(answer, "RuntimeError")
    assert "KeyError: 'k'" in answer.traceback and "direct cause" in answer.traceback
    assert "mage" not in answer.traceback


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("@data_loader\ndef load(:\n    pass", 2),
        ("\n\nx = = 1", 3),
        ("@data_loader\ndef f():\n    pass\nreturn 5", 4),
        ("x = 1\nawait x", 2),
    ],
)
def test_syntax_errors(kernel: Kernel, code: str, line: int) -> None:
    kernel.execute("ran = 0")
    answer = kernel.cell(code, "syntax")
    assert answer.reply["status"] == "error" and answer.reply["ename"] == "SyntaxError"
    assert answer.finished["state"] == "failed" and answer.finished["error"]["line"] == line
    assert f"line {line}" in answer.traceback and "mage" not in answer.traceback
    assert ".py" not in answer.finished["error"]["message"]
    assert len(answer.of("error")) == 1


def test_run_all_stops_at_a_failing_block(kernel: Kernel) -> None:
    first = kernel.send("1/0", metadata={"mage": {"uuid": "stop", "type": "custom"}})
    second = kernel.send(
        "print('must not run')", metadata={"mage": {"uuid": "after", "type": "custom"}}
    )
    assert kernel.collect(first).finished["state"] == "failed"
    answer = kernel.collect(second)
    assert answer.reply["status"] == "aborted" and answer.steps == []


@pytest.mark.parametrize("code", ["exit(3)", "import sys; sys.exit('no')", "raise SystemExit"])
def test_exit_fails_the_block_and_not_the_kernel(kernel: Kernel, code: str) -> None:
    answer = kernel.cell(f"@data_loader\ndef f():\n    {code}", "exits")
    assert answer.finished["state"] == "failed"
    assert kernel.evaluate("1 + 1") == "2"


def test_rich_outputs_and_figures(kernel: Kernel) -> None:
    code = """
%matplotlib inline
import matplotlib.pyplot as plt
from IPython.display import HTML, display
@data_loader
def load():
    display(HTML('<b>bold</b>'))
    plt.plot([1, 2])
    handle = display('first', display_id=True)
    handle.update('second')
    import sys
    print('to stderr', file=sys.stderr)
"""
    answer = kernel.cell(code, "rich")
    ok(answer)
    assert answer.mime("text/html") == ["<b>bold</b>"] and len(answer.mime("image/png")) == 1
    assert answer.stderr == "to stderr\n"
    recorded = kernel.store.record("etl", "interactive", "rich")
    shown = [set(o.get("data", {"stream": o.get("text")})) for o in recorded]
    assert {"text/plain", "text/html"} in shown and {"stream"} in shown
    assert any("image/png" in o.get("data", {}) for o in recorded)
    texts = [o["data"]["text/plain"] for o in recorded if "data" in o]
    assert "'second'" in texts and "'first'" not in texts


def test_logger_writes_levels(kernel: Kernel) -> None:
    code = """
@data_loader
def load(**kwargs):
    log = kwargs['logger']
    log.info('read %d', 5, rows=5)
    log.error('bad')
    log.debug('fine')
"""
    answer = kernel.cell(code, "logs")
    done = ok(answer)
    assert "INFO read 5 rows=5" in answer.stdout and "ERROR bad" in answer.stderr
    records, _, _ = kernel.store.log("etl", "interactive", "logs", done["version"])
    levels = {r["text"].split(" ", 1)[1]: r["level"] for r in records}
    assert levels == {"INFO read 5 rows=5": "INFO", "ERROR bad": "ERROR", "DEBUG fine": "DEBUG"}


@pytest.mark.parametrize("end", ["", ";", "\n;", "\nload();", "\n1", "\n# comment", "\n\n"])
def test_ends_of_the_code_change_nothing(kernel: Kernel, end: str) -> None:
    if end.strip() == ";" and end.startswith("\n"):
        pytest.skip("no Python")
    answer = kernel.cell(f"@data_loader\ndef load():\n    return {{'a': 1}}{end}", "ends")
    done = ok(answer)
    assert [o["name"] for o in done["outputs"]] == ["output_0"]
    assert answer.of("execute_result") == []


def test_nothing_stays_alive_in_out(kernel: Kernel) -> None:
    code = """
import weakref
class Big(dict): pass
@data_loader
def load():
    big = Big(a=1)
    import builtins
    builtins.ref = weakref.ref(big)
    return big
"""
    ok(kernel.cell(code, "alive"))
    kernel.execute("import gc; gc.collect()")
    assert kernel.evaluate("ref()") == "None"
    reader = "@custom\ndef f(x):\n    import builtins, weakref\n    builtins.ref = weakref.ref(x)"
    ok(kernel.cell(reader, "alive2", "custom", ["alive"]))
    kernel.execute("gc.collect()")
    assert kernel.evaluate("ref()") == "None"
    failing = reader + "\n    raise ValueError('x')"
    fails(kernel.cell(failing, "alive2", "custom", ["alive"]), "ValueError")


def test_names_are_copied_into_the_notebook(kernel: Kernel) -> None:
    code = "import math\nLIMIT = 7\n@data_loader\ndef load_it():\n    return 1"
    ok(kernel.cell(code, "names"))
    assert kernel.evaluate("LIMIT, load_it(), math.pi > 3") == "(7, 1, True)"
    assert kernel.evaluate("'data_loader' in globals(), 'df_1' in globals()") == "(False, False)"
    ok(kernel.cell("@data_loader\ndef other():\n    return 'LIMIT' in globals()", "fresh"))
    assert (
        kernel.cell("@custom\ndef f(x): print(x)", "see", "custom", ["fresh"]).stdout == "False\n"
    )


def test_scratchpads_run_raw_and_are_recorded(kernel: Kernel) -> None:
    answer = kernel.cell("pad = 5\nprint('in pad')\npad + 1", "pad", "scratchpad")
    ok(answer)
    assert answer.of("execute_result")[0]["data"]["text/plain"] == "6"
    assert kernel.evaluate("pad") == "5"
    recorded = kernel.store.record("etl", "interactive", "pad")
    assert recorded[0]["text"] == "in pad\n" and recorded[1]["data"]["text/plain"] == "6"
    fails(kernel.cell("1/0", "pad", "scratchpad"), "ZeroDivisionError")


def test_markdown_is_never_run(kernel: Kernel) -> None:
    answer = kernel.cell("print('x')", "note", "markdown")
    assert answer.steps == []


def test_magics_work_in_the_blocks_own_module(kernel: Kernel) -> None:
    code = "%%time\n@data_loader\ndef load():\n    return 1"
    answer = kernel.cell(code, "magic")
    ok(answer)
    assert "Wall time" in answer.stdout and len(answer.finished["outputs"]) == 1
    answer = kernel.cell(
        "files = !echo hello\n@data_loader\ndef load():\n    return files[0]", "magic"
    )
    ok(answer)
    ok(kernel.cell("@custom\ndef f(x): assert x == 'hello'", "after", "custom", ["magic"]))


def test_classes_of_a_block_pickle_and_come_back_in_another_kernel(
    kernel: Kernel, tmp_path: Path
) -> None:
    code = """
class Point:
    def __init__(self, x):
        self.x = x
    def double(self):
        return self.x * 2
@data_loader
def load():
    return Point(21), {'p': Point(1)}
"""
    ok(kernel.cell(code, "points/a-b"))
    use = "@custom\ndef f(v):\n    print(v[0].double(), type(v[1]['p']).__name__)"
    assert kernel.cell(use, "use", "custom", ["points/a-b"]).stdout == "42 Point\n"
    ok(kernel.cell("@custom\ndef f(v):\n    return v[0]", "pass", "custom", ["points/a-b"]))
    kernel.manager.restart_kernel(now=True)
    kernel.client.wait_for_ready(timeout=60)
    kernel.start()
    use = "@custom\ndef f(v):\n    print(v.double())"
    assert kernel.cell(use, "use", "custom", ["pass"]).stdout == "42\n"


def test_other_blocks_objects_are_data_not_shared(kernel: Kernel) -> None:
    ok(kernel.cell("@data_loader\ndef f():\n    return {'n': [1]}", "shared"))
    ok(kernel.cell("@custom\ndef f(x):\n    x['n'].append(2)", "mutates", "custom", ["shared"]))
    answer = kernel.cell("@custom\ndef f(x):\n    print(x)", "reads", "custom", ["shared"])
    assert answer.stdout == "{'n': [1]}\n"


def test_unstorable_output_names_it_and_the_kernel_goes_on(kernel: Kernel) -> None:
    answer = kernel.cell("@data_loader\ndef f():\n    return 1, open('/dev/null')", "bad")
    assert "output_1 is a _io.TextIOWrapper" in fails(answer, "Unstorable")
    assert kernel.store.latest("etl", "interactive", "bad") is None
    assert kernel.evaluate("2 * 3") == "6"


def test_previews_of_every_kind(kernel: Kernel) -> None:
    code = """
import numpy as np, pandas as pd, polars as pl, pyarrow as pa
import plotly.graph_objects as go
from matplotlib.figure import Figure
@data_loader
def load():
    return (pd.DataFrame({'a': range(100)}), pl.DataFrame({'p': [1]}), pa.table({'t': [1]}),
            np.arange(3), pd.Series([1], name='s'), {'k': [1]}, 'text', go.Figure(), Figure(), 5)
"""
    answer = kernel.cell(code, "kinds")
    done = ok(answer)
    assert [o["kind"] for o in done["outputs"]] == [
        "table", "table", "table", "table", "table", "json", "text", "media", "image", "json",
    ]  # fmt: skip
    previews = answer.previews
    assert [p["columns"][0]["name"] for p in previews] == ["a", "p", "t", "value", "s"]
    first = previews[0]
    assert len(first["page"]["rows"]) == 50 and first["rows"] == 100
    assert (first["project"], first["pipeline"], first["block"], first["scope"]) == (
        "shop", "etl", "kinds", "interactive",
    )  # fmt: skip
    assert first["version"] == done["version"] and first["output"] == "output_0"
    assert len(answer.mime("application/vnd.plotly.v1+json")) == 1
    assert len(answer.mime("image/png")) == 1 and {"k": [1]} in answer.mime("application/json")
    assert (done["outputs"][0]["rows"], done["outputs"][0]["columns"]) == (100, 1)


def test_whole_numbers_that_a_page_would_round_are_shown_as_text(kernel: Kernel) -> None:
    code = "@data_loader\ndef f():\n    return {'id': [12345678901234567890, 7], 'yes': True}\n"
    answer = kernel.cell(code, "precise")
    ok(answer)
    assert answer.mime("application/json") == [{"id": ["12345678901234567890", 7], "yes": True}]


def test_wide_and_long_previews_stay_small(kernel: Kernel) -> None:
    code = "import pandas as pd\n@data_loader\ndef f():\n    return pd.DataFrame({f'c{i}': ['x' * 5000] * 60 for i in range(300)})"
    answer = kernel.cell(code, "wide")
    ok(answer)
    (preview,) = answer.previews
    assert len(preview["columns"]) == 200 and preview["columns_total"] == 300
    assert len(json.dumps(preview)) < 500_000


def test_context_can_change(kernel: Kernel) -> None:
    before = kernel.evaluate("sum(len(t) for t in [get_ipython().ast_transformers])")
    assert kernel.start(key="k2", scope="other").steps == [{"event": "ready", "key": "k2"}]
    ok(kernel.cell("@data_loader\ndef f(): return 1", "scoped"))
    assert kernel.store.latest("etl", "other", "scoped") is not None
    assert kernel.evaluate("sum(len(t) for t in [get_ipython().ast_transformers])") == before
    kernel.start()


def test_newer_bundle_replaces_the_old_one(fresh: Kernel) -> None:
    from mage_jlab.executors.bundle import key

    code = start_code(fresh.context(key="new")).replace(key(), "0" * 16)
    assert fresh.execute(code, silent=True).steps == [{"event": "ready", "key": "new"}]
    answer = fresh.cell("@data_loader\ndef f(): return 1", "again")
    ok(answer)
    assert [s["event"] for s in answer.steps] == ["started", "finished", "stored"]
    assert fresh.evaluate("len(get_ipython().ast_transformers)") == "1"


def test_interrupt(kernel: Kernel) -> None:
    # One line prints and sleeps, so that the interrupt meets it however slow the machine is.
    code = "import time\n@data_loader\ndef f():\n    print('go', flush=True) or time.sleep(60)"
    sent = kernel.send(code, metadata={"mage": {"uuid": "slow", "type": "data_loader"}})
    until(lambda: "go" in str(kernel.store.record("etl", "interactive", "slow")))
    step = kernel.store.last_step("etl", "interactive", "slow")
    assert step is not None and step["state"] == "running"
    kernel.manager.interrupt_kernel()
    answer = kernel.collect(sent)
    assert fails(answer, "KeyboardInterrupt") == "The block was interrupted."
    assert answer.finished["error"]["line"] == 4 and "line 4" in answer.traceback
    assert kernel.evaluate("3") == "3"


def test_killed_kernel_leaves_a_record_and_no_product(fresh: Kernel) -> None:
    code = "import time\n@data_loader\ndef f():\n    print('went', flush=True)\n    time.sleep(60)"
    fresh.send(code, metadata={"mage": {"uuid": "slow", "type": "data_loader"}})
    until(lambda: "went" in str(fresh.store.record("etl", "interactive", "slow")))
    os.kill(fresh.manager.provisioner.pid, signal.SIGKILL)
    until(lambda: not fresh.manager.is_alive())
    step = fresh.store.last_step("etl", "interactive", "slow")
    assert step is not None and step["state"] == "interrupted"
    assert fresh.store.latest("etl", "interactive", "slow") is None
    assert fresh.store.record("etl", "interactive", "slow")[0]["text"] == "went\n"


SLOW_DISK = """
import os, pathlib, time
real = os.fsync
def slow(descriptor):
    while not pathlib.Path({go!r}).exists():
        time.sleep(0.02)
    real(descriptor)
os.fsync = slow
"""


@pytest.fixture
def go(fresh: Kernel, tmp_path: Path) -> Path:
    """A file without which nothing that the kernel stores comes to the disk."""
    file = tmp_path / "go"
    fresh.execute(SLOW_DISK.format(go=str(file)))
    return file


def test_a_kernel_that_is_shut_down_stores_first(fresh: Kernel, go: Path) -> None:
    sent = fresh.send(
        "@data_loader\ndef f(): return 'kept'",
        metadata={"mage": {"uuid": "last", "type": "data_loader"}},
    )
    answer = fresh.collect(sent, stored=False)
    assert answer.finished["stored"] is False
    assert fresh.store.latest("etl", "interactive", "last") is None
    fresh.manager.shutdown_wait_time = 60
    soon = threading.Timer(0.5, go.touch)
    soon.start()
    fresh.manager.shutdown_kernel()
    soon.join()
    assert fresh.store.latest("etl", "interactive", "last") is not None
    step = fresh.store.last_step("etl", "interactive", "last")
    assert step is not None and step["state"] == "completed"


def test_who_asks_for_what_is_being_stored_waits(fresh: Kernel, go: Path) -> None:
    sent = fresh.send(
        "import pandas as pd\n@data_loader\ndef f(): return pd.DataFrame({'a': [1, 2]})",
        metadata={"mage": {"uuid": "slow", "type": "data_loader"}},
    )
    answer = fresh.collect(sent, stored=False)
    assert answer.previews[0]["page"]["rows"] == [[1], [2]]
    version = answer.finished["version"]
    with pytest.raises(BeingStored, match="being stored"):
        fresh.store.wait("etl", "interactive", "slow", version, seconds=0)
    soon = threading.Timer(0.5, go.touch)
    soon.start()
    fresh.store.wait("etl", "interactive", "slow", version, seconds=60)
    soon.join()
    assert fresh.store.manifest("etl", "interactive", "slow", version).outputs[0].rows == 2


def test_a_block_that_wants_what_is_being_stored_gets_it(fresh: Kernel, go: Path) -> None:
    loaded = "@data_loader\ndef f(): return [{'k': [1]}, 'text']"
    fresh.collect(
        fresh.send(loaded, metadata={"mage": {"uuid": "one", "type": "data_loader"}}), stored=False
    )
    for name, code, said in (
        ("two", "x[0]['k'].append(2); return x[0]['k']", ""),
        ("three", "print(x); return 1", "[{'k': [1]}, 'text']\n"),
    ):
        mage = {"uuid": name, "type": "transformer", "upstream": ["one"]}
        sent = fresh.send(f"@transformer\ndef f(x): {code}", metadata={"mage": mage})
        answer = fresh.collect(sent, stored=False)
        ok(answer)
        assert answer.stdout == said
    assert fresh.store.latest("etl", "interactive", "one") is None
    go.touch()


def test_old_values_are_let_go_of(fresh: Kernel) -> None:
    fresh.start(limits={"held_bytes": 1_000})
    for number in range(3):
        ok(
            fresh.cell(
                f"import numpy as np\n@data_loader\ndef f(): return np.arange({number + 80})",
                f"n{number}",
            )
        )
    held = "__import__('_mage_jlab_kernel.kernel_side.held', fromlist=['held']).held"
    assert fresh.evaluate(f"[key[2] for key in {held}._entries]") == "['n2']"
    answer = fresh.cell(
        "@transformer\ndef f(x): print(len(x)); return 1", "look", "transformer", ["n0"]
    )
    assert answer.stdout == "80\n"


def until(condition) -> None:  # type: ignore[no-untyped-def]
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_gigabyte_printed_is_bounded_everywhere(fresh: Kernel) -> None:
    code = """
@data_loader
def load():
    print('first line')
    line = 'x' * 9_999
    for _ in range(100_000):
        print(line)
    print('last line')
"""
    answer = fresh.cell(code, "flood")
    done = ok(answer)
    assert answer.stdout.startswith("first line\n") and answer.stdout.endswith("last line\n")
    assert len(answer.stdout) < 12_000_000 and "not shown here" in answer.stderr
    folder = fresh.store.execution("etl", "interactive", "flood", done["version"])
    assert sum(p.stat().st_size for p in folder.iterdir()) < 8_000_000
    text = "".join(o["text"] for o in fresh.store.record("etl", "interactive", "flood"))
    assert text.startswith("first line\n") and text.endswith("last line\n")
    assert "not kept" in text


def test_many_small_prints_are_batched(kernel: Kernel) -> None:
    code = "@data_loader\ndef f():\n    for n in range(200_000):\n        print(n)"
    answer = kernel.cell(code, "prints")
    done = ok(answer)
    assert answer.stdout.endswith("199999\n") and len(answer.of("stream")) < 2_000
    folder = kernel.store.execution("etl", "interactive", "prints", done["version"])
    assert (folder / "record.jsonl").read_bytes().count(b"\n") < 2_000


def test_many_displays_are_bounded(kernel: Kernel) -> None:
    code = """
from IPython.display import display
import pandas as pd
@data_loader
def f():
    for n in range(2_500):
        display(n)
    return pd.DataFrame({'a': [1]})
"""
    answer = kernel.cell(code, "displays")
    ok(answer)
    assert len(answer.of("display_data")) == 2_001 and "500 pieces" in answer.stderr
    assert len(answer.previews) == 1 and answer.reply["mage_step"] == answer.finished


def test_full_disk_fails_the_block_in_words(fresh: Kernel) -> None:
    fresh.execute(
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, resource.RLIM_INFINITY))"
    )
    code = "import pandas as pd\n@data_loader\ndef f():\n    return pd.DataFrame({'a': range(1_000_000)})"
    answer = fresh.cell(code, "full")
    ok(answer)  # the block itself has ended when its output turns out not to fit
    assert answer.stored is not None and answer.stored["state"] == "failed"
    assert answer.stored["error"]["name"] == "DiskFull"
    assert "not stored: There is no space left to store output_0" in answer.stderr
    assert fresh.store.latest("etl", "interactive", "full") is None
    step = fresh.store.last_step("etl", "interactive", "full")
    assert step is not None and step["state"] == "failed"
    left = fresh.store.execution("etl", "interactive", "full", step["version"])
    assert not list(left.glob("output*")) and not list(left.glob(".*"))
    after = fresh.cell("@transformer\ndef f(d): return 1", "after", "transformer", ["full"])
    fails(after, "MissingInput")
    ok(fresh.cell("@data_loader\ndef f(): return 1", "small"))


def test_store_that_cannot_be_written(fresh: Kernel, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    fresh.start(store=str(tmp_path / "file" / "products"))
    answer = fresh.cell("print('ran')", "nowhere")
    assert "could not be stored" in fails(answer, "StoreError") and answer.stdout == ""


def test_old_versions_are_removed(kernel: Kernel) -> None:
    for number in range(7):
        ok(kernel.cell(f"@data_loader\ndef f(): return {number}", "kept"))
    assert len(kernel.store.versions("etl", "interactive", "kept")) == 5


def test_outputs_of_threads_belong_to_the_block(kernel: Kernel) -> None:
    code = """
import threading
@data_loader
def f():
    t = threading.Thread(target=lambda: print('from thread'))
    t.start(); t.join()
"""
    answer = kernel.cell(code, "threads")
    ok(answer)
    assert answer.stdout == "from thread\n"
    assert kernel.store.record("etl", "interactive", "threads")[0]["text"] == "from thread\n"


def test_nested_run_cell_and_eval_are_the_users_business(kernel: Kernel) -> None:
    code = (
        "@data_loader\ndef f():\n    exec('y = 5'); get_ipython().run_cell('z = 1')\n    return 1"
    )
    ok(kernel.cell(code, "nested"))
