"""Mage's calling convention, in a real kernel, cell by cell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from kernels import Answer, Kernel

GUARDED = """
if 'data_loader' not in globals():
    from mage_ai.data_preparation.decorators import data_loader
if 'test' not in globals():
    from mage_ai.data_preparation.decorators import test
"""
UNGUARDED = "from mage_ai.data_preparation.decorators import data_loader, test\n"


def ok(answer: Answer) -> dict[str, Any]:
    assert answer.reply["status"] == "ok", answer.traceback
    assert answer.finished["state"] == "completed", answer.finished
    return answer.finished


def fails(answer: Answer, name: str) -> str:
    assert answer.reply["status"] == "error" and answer.reply["ename"] == name, answer.reply
    state = "interrupted" if name == "KeyboardInterrupt" else "failed"
    assert answer.finished["state"] == state and answer.finished["error"]["name"] == name
    assert answer.of("error")[0]["ename"] == name
    return str(answer.finished["error"]["message"])


def loaded(kernel: Kernel, block: str, value: str) -> None:
    ok(kernel.cell(f"@data_loader\ndef load():\n    return {value}", block))


def given(kernel: Kernel, upstream: list[str], signature: str = "*args") -> str:
    code = f"@custom\ndef show({signature}):\n    print(repr((locals())))"
    answer = kernel.cell(code, "given", "custom", upstream)
    ok(answer)
    return answer.stdout.strip()


@pytest.mark.parametrize("start", [GUARDED, UNGUARDED, ""])
def test_decorators_however_they_are_imported(kernel: Kernel, start: str) -> None:
    code = (
        start
        + "@data_loader\ndef load(*args, **kwargs):\n    return 1\n@test\ndef t(o, *a):\n    assert o == 1"
    )
    done = ok(kernel.cell(code, "decorated"))
    assert done["tests"] == [{"name": "t", "passed": True, "message": None}]
    assert done["outputs"][0]["kind"] == "json"


def test_decorators_with_parentheses_and_first_function_only(kernel: Kernel) -> None:
    code = """
@data_loader()
def one():
    print('one')
@data_loader
def two():
    print('two')
"""
    answer = kernel.cell(code, "first")
    ok(answer)
    assert answer.stdout == "one\n"


def test_no_decorated_function(kernel: Kernel) -> None:
    message = fails(kernel.cell("x = 1", "none"), "NoFunction")
    assert message.startswith(
        "Block 'none' is a data loader but its code has no function with @data_loader"
    )
    message = fails(kernel.cell("@transformer\ndef f(): pass", "wrong"), "NoFunction")
    assert "It has a function with @transformer; use @data_loader" in message
    for empty in ("", "\n\n", "# nothing"):
        fails(kernel.cell(empty, "empty"), "NoFunction")


def test_one_input_per_upstream_block_in_order(kernel: Kernel) -> None:
    loaded(kernel, "one", "'a'")
    loaded(kernel, "list", "[1, {'b': 2}]")
    loaded(kernel, "single", "[[5]]")
    loaded(kernel, "nothing", "None")
    loaded(kernel, "pair", "(1, 2)")
    found = given(kernel, ["list", "one", "nothing", "single", "pair"])
    assert found == "{'args': ([1, {'b': 2}], 'a', [], [5], [1, 2])}"


def test_names_of_inputs_in_the_code(kernel: Kernel) -> None:
    loaded(kernel, "one", "'a'")
    loaded(kernel, "two", "'b'")
    code = "seen = (df_1, df_2, two)\n@custom\ndef f(*args):\n    print(seen, df_1, two)"
    answer = kernel.cell(code, "named", "custom", ["one", "two"])
    ok(answer)
    assert answer.stdout == "('a', 'b', 'b') a b\n"


def test_upstream_block_that_has_not_run(kernel: Kernel) -> None:
    answer = kernel.cell("@custom\ndef f(x): pass", "late", "custom", ["never"])
    assert fails(answer, "MissingInput") == (
        "Block 'late' needs the output of block 'never', which has none yet; run 'never' first."
    )
    assert answer.traceback == f"MissingInput: {answer.finished['error']['message']}"


@pytest.mark.parametrize(
    ("signature", "inputs", "words"),
    [
        ("a, b", 1, "takes 2 inputs (a, b) but the block has 1 upstream block"),
        ("a, b=None", 1, "takes 2 inputs (a, b) but the block has 1 upstream block"),
        ("country, **kwargs", 0, "Variables arrive in **kwargs"),
        ("a", 2, "takes 1 input (a) but the block has 2 upstream blocks; add *args"),
        ("**kwargs", 1, "takes 0 inputs (none) but the block has 1 upstream block"),
    ],
)
def test_parameters_that_do_not_fit(
    kernel: Kernel, signature: str, inputs: int, words: str
) -> None:
    for name in ("u0", "u1"):
        loaded(kernel, name, "0")
    upstream = ["u0", "u1"][:inputs]
    answer = kernel.cell(f"@custom\ndef f({signature}): pass", "fit", "custom", upstream)
    assert words in fails(answer, "WrongArguments")
    assert "execute" not in answer.traceback


@pytest.mark.parametrize(
    ("signature", "inputs"),
    [("a, b", 2), ("*args", 2), ("a, *args, **kwargs", 2), ("", 0), ("a, *, flag=1, **kw", 1)],
)
def test_parameters_that_fit(kernel: Kernel, signature: str, inputs: int) -> None:
    for name in ("u0", "u1"):
        loaded(kernel, name, "0")
    ok(kernel.cell(f"@custom\ndef f({signature}): pass", "fit", "custom", ["u0", "u1"][:inputs]))


SHOW = """
import json, datetime
@data_loader
def load(*args, **kwargs):
    print(json.dumps({k: str(v) for k, v in kwargs.items()}))
"""


def test_keyword_arguments_by_hand(kernel: Kernel) -> None:
    import json

    kernel.start(variables={"country": "ES", "n": 1})
    answer = kernel.cell(
        SHOW, "kw", configuration={"limit": 5},
        options={"variables": {"n": 2}, "execution_date": "2026-01-02T03:04:05+00:00"},
    )  # fmt: skip
    ok(answer)
    found = json.loads(answer.stdout)
    assert found["country"] == "ES" and found["n"] == "2" and found["env"] == "dev"
    assert found["execution_date"] == "2026-01-02 03:04:05"
    assert found["configuration"] == "{'limit': 5}" and found["event"] == found["context"] == "{}"
    assert (found["pipeline_uuid"], found["block_uuid"]) == ("etl", "kw")
    assert found["repo_path"] == str(kernel.project)
    assert found["interval_end_datetime"] == "2026-01-03 03:04:05"
    assert not {"ds", "hr", "pipeline_run_id", "trigger_name", "retry"} & set(found)
    kernel.start()


def test_keyword_arguments_in_a_run(kernel: Kernel) -> None:
    import json

    kernel.start(
        scope="run-7", env="prod", execution_date="2026-01-02T03:04:05+00:00",
        variables={"country": "FR"}, run={"id": "run-7", "kind": "schedule"},
        trigger={"name": "nightly", "event": {"country": "no", "file": "f"},
                 "interval_start": "2026-01-02T03:00:00+00:00", "interval_seconds": 3600},
    )  # fmt: skip
    answer = kernel.cell(SHOW, "kw", options={"attempt": 2})
    ok(answer)
    found = json.loads(answer.stdout)
    assert (found["env"], found["ds"], found["hr"]) == ("prod", "2026-01-02", "03")
    assert found["country"] == "FR" and found["file"] == "f"
    assert found["pipeline_run_id"] == "run-7" and found["trigger_name"] == "nightly"
    assert found["execution_partition"] == "run-7/20260102T030405"
    assert found["retry"] == "{'attempts': 2}"
    assert found["interval_start_datetime"] == "2026-01-02 03:00:00"
    assert found["interval_end_datetime"] == "None" and found["interval_seconds"] == "3600"
    assert kernel.store.latest("etl", "run-7", "kw") is not None
    kernel.start()


def test_variables_are_not_named_parameters(kernel: Kernel) -> None:
    kernel.start(variables={"country": "ES"})
    answer = kernel.cell("@data_loader\ndef f(country, **kwargs): pass", "np")
    fails(answer, "WrongArguments")
    kernel.start()


@pytest.mark.parametrize(
    ("returned", "kinds"),
    [
        ("None", []), ("1", ["json"]), ("'t'", ["text"]), ("[1, 't']", ["json", "text"]), ("()", []),
        ("(1, 2)", ["json", "json"]), ("[[1, 2]]", ["json"]), ("(n for n in [1, 2])", ["json"]),
        ("{'a': 1}", ["json"]), ("b'x'", ["media"]), ("[]", []), ("{1, 2}", ["json"]),
    ],
)  # fmt: skip
def test_returned_values_become_outputs(kernel: Kernel, returned: str, kinds: list[str]) -> None:
    done = ok(kernel.cell(f"@data_loader\ndef f():\n    return {returned}", "ret"))
    assert [o["kind"] for o in done["outputs"]] == kinds
    assert [o["name"] for o in done["outputs"]] == [f"output_{n}" for n in range(len(kinds))]
    latest = kernel.store.latest("etl", "interactive", "ret")
    assert latest is not None and latest.version == done["version"]
    assert latest.code_hash == done["code_hash"]


def test_more_than_ten_outputs_come_by_name(kernel: Kernel) -> None:
    loaded(kernel, "many", "list(range(12))")
    assert given(kernel, ["many"]) == "{'args': ([0, 1, 10, 11, 2, 3, 4, 5, 6, 7, 8, 9],)}"


def test_preprocessors_run_first_with_the_same_inputs(kernel: Kernel) -> None:
    loaded(kernel, "one", "'a'")
    code = """
@custom
def f(x, **kwargs):
    print('main', x)
@preprocesser
def p(x, **kwargs):
    print('pre', x)
"""
    answer = kernel.cell(code, "pre", "custom", ["one"])
    ok(answer)
    assert answer.stdout == "pre a\nmain a\n"


TESTED = """
@data_loader
def load():
    return 1, 2
@test
def good(a, b, **kwargs):
    assert kwargs['env'] == 'dev'
@test
def bad(a, *rest):
    assert a == 5, 'a is not five'
@test
def silent(*args):
    assert len(args) == 3
"""


def test_failed_tests_fail_the_block_but_its_output_is_there(kernel: Kernel) -> None:
    answer = kernel.cell(TESTED, "tested")
    message = fails(answer, "TestsFailed")
    assert message == "2 of 3 tests of block 'tested' failed: bad: a is not five"
    assert answer.finished["tests"] == [
        {"name": "good", "passed": True, "message": None},
        {"name": "bad", "passed": False, "message": "a is not five"},
        {"name": "silent", "passed": False, "message": "assert len(args) == 3"},
    ]
    assert "line 10, in bad" in answer.traceback and "line 13, in silent" in answer.traceback
    (shown,) = answer.mime("application/vnd.mage.tests+json")
    assert (shown["passed"], shown["failed"]) == (1, 2)
    latest = kernel.store.latest("etl", "interactive", "tested")
    assert latest is not None and latest.version == answer.finished["version"]


def test_tests_only_and_tests_skipped(kernel: Kernel) -> None:
    skipped = kernel.cell(TESTED, "tested", options={"tests": "skip"})
    assert ok(skipped)["tests"] == []
    versions = kernel.store.versions("etl", "interactive", "tested")
    code = TESTED.replace("return 1, 2", "raise RuntimeError('must not run')").replace(
        "== 5", "== 1"
    )
    answer = kernel.cell(code.replace("== 3", "== 2"), "tested", options={"tests": "only"})
    done = ok(answer)
    assert [t["passed"] for t in done["tests"]] == [True, True, True]
    assert done["version"] == versions[0]
    assert kernel.store.versions("etl", "interactive", "tested") == versions
    assert answer.mime("text/plain")[-1] == "3 tests passed"
    message = fails(kernel.cell(TESTED, "never run", options={"tests": "only"}), "MissingInput")
    assert "no stored output to test" in message


def test_other_errors_in_tests_pass_on(kernel: Kernel) -> None:
    code = "@data_loader\ndef f():\n    return 1\n@test\ndef t(o):\n    return o.missing"
    answer = kernel.cell(code, "testerror")
    fails(answer, "AttributeError")
    assert answer.finished["error"]["line"] == 6


def test_block_without_output_is_tested_as_none(kernel: Kernel) -> None:
    code = "@data_loader\ndef f(): pass\n@test\ndef t(output, *args):\n    assert output is not None, 'undefined'"
    assert fails(kernel.cell(code, "nonetest"), "TestsFailed").endswith("t: undefined")


def test_sensor_is_called_once_by_hand(kernel: Kernel) -> None:
    loaded(kernel, "one", "'a'")
    code = "@sensor\ndef ready(*args, **kwargs):\n    print(args, kwargs['env'])\n    return False"
    answer = kernel.cell(code, "sense", "sensor", ["one"])
    done = ok(answer)
    assert answer.stdout == "('a',) dev\n" and done["result"] is False and done["outputs"] == []
    answer = kernel.cell("@sensor\ndef ready():\n    return True", "sense", "sensor", ["one"])
    assert ok(answer)["result"] is True


def test_sensor_in_a_run_is_asked_once_and_waits_nowhere(kernel: Kernel, tmp_path: Path) -> None:
    kernel.start(scope="run-1", run={"id": "run-1"})
    flag = tmp_path / "flag"
    code = (
        f"from pathlib import Path\n@sensor\ndef ready():\n    return Path({str(flag)!r}).exists()"
    )
    answer = kernel.cell(code, "sense", "sensor", options={"poll": 30})
    first = ok(answer)
    assert first["result"] is False and not first["outputs"]
    assert "'sense' is not ready; it is asked again in 30 seconds" in answer.stdout
    flag.touch()
    # Asked again under the same version, its record goes on.
    answer = kernel.cell(code, "sense", "sensor", options={"version": first["version"]})
    assert ok(answer)["result"] is True
    texts = [
        item["text"] for item in kernel.store.log("etl", "run-1", "sense", first["version"])[0]
    ]
    assert len([text for text in texts if "is not ready" in text]) == 1
    assert any("The sensor says True." in text for text in texts)
    kernel.start()


def test_conditions_by_hand_are_asked_for_each_of_their_blocks(kernel: Kernel) -> None:
    loaded(kernel, "one", "5")
    loaded(kernel, "two", "1")
    code = "@condition\ndef c(x, **kwargs):\n    print(kwargs['configuration'])\n    return x > 3"
    hosts = [
        {"block": "big", "inputs": ["one"], "configuration": {"k": 1}},
        {"block": "small", "inputs": ["two"], "configuration": {}},
    ]
    upstream = ["big", "small"]
    answer = kernel.cell(code, "cond", "conditional", upstream, options={"hosts": hosts})
    assert ok(answer)["outputs"] == []
    assert answer.stdout == "{'k': 1}\n'big' would run.\n{}\n'small' would be skipped.\n"
    hosts[0]["inputs"] = ["nowhere"]
    answer = kernel.cell(code, "cond", "conditional", upstream, options={"hosts": hosts})
    assert "run 'nowhere' first" in fails(answer, "MissingInput")
    fails(kernel.cell("x = 1", "cond", "conditional", ["one"]), "NoFunction")
    answer = kernel.cell(code, "cond", "conditional")
    assert ok(answer) and "it belongs to none yet" in answer.stdout


def test_callbacks_by_hand_act_as_their_block_ended(kernel: Kernel) -> None:
    loaded(kernel, "one", "5")
    code = """
@callback('success')
def good(parent, **kwargs):
    print('success', parent, kwargs['parent_block_uuid'])
@callback('failure')
def bad(parent, **kwargs):
    print('failure', parent, repr(kwargs['__error']))
"""
    host = {"block": "one", "inputs": ["one"], "status": "success"}
    answer = kernel.cell(code, "call", "callback", ["one"], options={"hosts": [host]})
    assert ok(answer) and answer.stdout == "success 5 one\n"
    host = {"block": "one", "status": "failure", "error": "ValueError: no"}
    answer = kernel.cell(code, "call", "callback", ["one"], options={"hosts": [host]})
    assert ok(answer) and answer.stdout == "failure [] ValueError('no')\n"
    only = code[: code.index("@callback('failure')")]
    answer = kernel.cell(only, "call", "callback", ["one"], options={"hosts": [host]})
    assert "'one' ended with failure, for which this block has no function" in answer.stdout
    answer = kernel.cell(code, "call", "callback", ["one"], options={"hosts": [{"block": "one"}]})
    assert "'one', which has not run; run 'one' first" in fails(answer, "MissingInput")


def test_conditions_and_callbacks_for_the_engine(kernel: Kernel) -> None:
    loaded(kernel, "one", "5")
    code = (
        "@condition\ndef c(x, **kwargs):\n    return x > 3\n@condition\ndef d(x):\n    return x > 9"
    )
    attached = {"attached": {"block": "guarded", "inputs": ["one"]}}
    answer = kernel.cell(code, "cond", "conditional", ["guarded"], options=attached)
    assert ok(answer)["result"] is False
    code = "@condition\ndef c(x, **kwargs):\n    return (kwargs['parent_block_uuid'], 'pipeline_run' in kwargs) == ('guarded', True)"
    answer = kernel.cell(code, "cond", "conditional", ["guarded"], options=attached)
    assert ok(answer)["result"] is True
    code = """
@callback
def good(parent, **kwargs):
    print('success', parent, kwargs['parent_block_uuid'])
@on_failure
def bad(**kwargs):
    print('failure', kwargs['__input'], kwargs['__error'])
"""
    attached["attached"].update(status="success")
    assert (
        kernel.cell(code, "call", "callback", ["one"], options=attached).stdout
        == "success 5 guarded\n"
    )
    attached["attached"].update(status="failure", error="boom")
    answer = kernel.cell(code, "call", "callback", ["one"], options=attached)
    assert answer.stdout == "failure {'one': 5, 'df_1': 5} boom\n"
    code = "@on_failure\ndef bad(**kwargs):\n    print(repr(kwargs['__error']), kwargs['pipeline_run'])"
    said = "KeyError: 'bucket' (the pipeline has no variable of this name), line 4"
    attached["attached"].update(error=said)
    answer = kernel.cell(code, "call", "callback", ["one"], options=attached)
    assert answer.stdout == "KeyError('bucket') None\n"


def test_versions_and_scopes_of_inputs_can_be_chosen(kernel: Kernel) -> None:
    loaded(kernel, "one", "'old'")
    old = kernel.store.versions("etl", "interactive", "one")[0]
    loaded(kernel, "one", "'new'")
    code = "@custom\ndef f(x):\n    print(x)"
    assert kernel.cell(code, "v", "custom", ["one"]).stdout == "new\n"
    chosen = kernel.cell(code, "v", "custom", ["one"], options={"inputs": {"one": old}})
    assert chosen.stdout == "old\n"
    kernel.start(scope="run-9", run={"id": "run-9"})
    assert "needs the output" in fails(kernel.cell(code, "v", "custom", ["one"]), "MissingInput")
    answer = kernel.cell(code, "v", "custom", ["one"], options={"inputs_scope": "interactive"})
    assert answer.stdout == "new\n"
    kernel.start()


def test_version_named_by_the_request(kernel: Kernel) -> None:
    wanted = "20261122T100000000000-beef"
    answer = kernel.cell("@data_loader\ndef f(): pass", "ver", options={"version": wanted})
    assert ok(answer)["version"] == wanted
    assert answer.steps[0] == {
        "event": "started", "block": "ver", "version": wanted, "started": answer.finished["started"],
    }  # fmt: skip
    answer = kernel.cell("@data_loader\ndef f(): pass", "ver", options={"version": "../../x"})
    assert ok(answer)["version"] != "../../x"


@pytest.mark.parametrize("type_", ["ai", "no_such_type"])
def test_types_that_cannot_run_say_so(kernel: Kernel, type_: str) -> None:
    message = fails(kernel.cell("x = 1", "odd", type_), "StepFailed")
    assert f"is of type '{type_}', which cannot be run yet" in message


def test_a_language_that_is_no_code_says_so(kernel: Kernel) -> None:
    answer = kernel.cell("# words", "lang", language="markdown")
    assert "written in Markdown, which cannot be run" in fails(answer, "StepFailed")
    assert "SyntaxError" not in answer.traceback


def test_sql_over_upstream_outputs(kernel: Kernel) -> None:
    code = "import pandas as pd\n@data_loader\ndef f():\n    return pd.DataFrame({'g': ['a', 'b', 'a'], 'n': [1, 2, 3]})"
    ok(kernel.cell(code, "nums"))
    sql = "-- totals\nSELECT g, sum(n) AS total FROM {{ df_1 }} WHERE n > {{ least }} GROUP BY g ORDER BY g"
    kernel.start(variables={"least": 0})
    answer = kernel.cell(sql, "totals", "transformer", ["nums"], language="sql")
    ok(answer)
    assert answer.previews[0]["page"]["rows"] == [["a", 4], ["b", 2]]
    assert ok(kernel.cell("SELECT * FROM nums", "all", "transformer", ["nums"], language="sql"))
    broken = kernel.cell("SELEC 1", "broken", "transformer", language="sql")
    assert "The SQL of block 'broken' failed: Parser Error" in fails(broken, "StepFailed")
    missing = kernel.cell("SELECT {{ nope }}", "broken", "transformer", language="sql")
    assert "'nope' is undefined" in fails(missing, "StepFailed")
    other = kernel.cell("SELECT 1", "pg", language="sql", configuration={"data_provider": "fabric"})
    assert "SQL for fabric, for which there is no connector; there are: bigquery" in fails(
        other, "StepFailed"
    )
    kernel.start()


def test_charts(kernel: Kernel) -> None:
    code = "import pandas as pd\n@data_loader\ndef f():\n    return pd.DataFrame({'g': ['a', 'b', 'a'], 'n': [1, 2, 3]})"
    ok(kernel.cell(code, "nums"))
    configuration = {
        "chart_type": "bar chart", "group_by": ["g"],
        "metrics": [{"aggregation": "sum", "column": "n"}],
    }  # fmt: skip
    answer = kernel.cell("", "chart", "chart", ["nums"], configuration=configuration)
    ok(answer)
    (spec,) = answer.mime("application/vnd.vegalite.v5+json")
    assert spec["data"]["values"] == [{"g": "a", "sum(n)": 4}, {"g": "b", "sum(n)": 2}]
    answer = kernel.cell(
        "x = list(nums.n)", "chart", "chart", ["nums"],
        configuration={"chart_type": "histogram", "x": "x", "buckets": 5},
    )  # fmt: skip
    (spec,) = answer.mime("application/vnd.vegalite.v5+json")
    assert [row["count"] for row in spec["data"]["values"]] == [1, 1, 1]
    wrong = {"chart_type": "bar chart", "group_by": ["zz"], "metrics": [{"column": "n"}]}
    answer = kernel.cell("", "chart", "chart", ["nums"], configuration=wrong)
    assert "uses column 'zz'" in fails(answer, "StepFailed")


ASYNC = "import asyncio\nasync def five():\n    await asyncio.sleep(0.001)\n    return 5\n"


@pytest.mark.parametrize(
    "body",
    [
        "return asyncio.run(five())",
        "loop = asyncio.new_event_loop()\n    asyncio.set_event_loop(loop)\n    return loop.run_until_complete(five())",
        "with asyncio.Runner() as runner:\n        return runner.run(five())",
        "asyncio.run(five())\n    return asyncio.run(five())",
        "from concurrent.futures import ThreadPoolExecutor\n"
        "    with ThreadPoolExecutor(1) as pool:\n        return pool.submit(asyncio.run, five()).result()",
    ],
)  # fmt: skip
def test_a_block_may_run_an_event_loop(kernel: Kernel, body: str) -> None:
    code = f"{ASYNC}@custom\ndef f(*args, **kwargs):\n    {body}\n"
    for _ in range(2):
        ok(kernel.cell(code, "looped", "custom"))
        assert given(kernel, ["looped"]) == "{'args': (5,)}"
    answer = kernel.cell(
        "import asyncio\nprint(asyncio.get_running_loop().is_running())", "pad", "scratchpad"
    )
    assert answer.stdout == "True\n"  # the kernel's own


def test_the_current_loop_of_a_block(kernel: Kernel) -> None:
    body = "return asyncio.get_event_loop().run_until_complete(five())"
    ok(kernel.cell(f"{ASYNC}@custom\ndef f():\n    {body}", "looped", "custom"))
    module = f"{ASYNC}FIVE = asyncio.run(five())\n@custom\ndef f():\n    return FIVE"
    ok(kernel.cell(module, "at_import", "custom"))
    running = "import asyncio\n@custom\ndef f():\n    asyncio.get_running_loop()"
    assert "running" in fails(kernel.cell(running, "none", "custom"), "RuntimeError")
    assert given(kernel, ["looped", "at_import"]) == "{'args': (5, 5)}"


def test_async_functions_are_run(kernel: Kernel) -> None:
    code = f"""{ASYNC}
@custom
async def f(*args, **kwargs):
    return await five(), kwargs['env']

@test
async def t(number, env, *args):
    assert await five() == number
"""
    done = ok(kernel.cell(code, "awaited", "custom"))
    assert done["tests"] == [{"name": "t", "passed": True, "message": None}]
    assert given(kernel, ["awaited"]) == "{'args': ([5, 'dev'],)}"
