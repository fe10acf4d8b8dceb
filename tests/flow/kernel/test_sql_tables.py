"""SQL blocks without a data provider, in kernels that have what it takes and in bare ones."""

from __future__ import annotations

import datetime
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import environments
import psutil
import pytest
from kernels import Answer, Kernel, running
from test_convention import fails, ok

pytestmark = pytest.mark.timeout(600)

LOAD = """
import pandas as pd, datetime
@data_loader
def f():
    return pd.DataFrame({
        'n': [1, 2, 3], 'word': ['a', 'b', None], 'day': [datetime.date(2024, 1, d) for d in (1, 2, 3)],
        'at': pd.to_datetime(['2024-01-01 00:00', None, '2024-06-01 10:00']),
        'kind': pd.Categorical(['x', 'y', 'x']),
        'zoned': pd.to_datetime(['2024-07-01 10:00'] * 3).tz_localize('Europe/Paris'),
    })
"""


LONG = "SELECT count(*) FROM range(1_000_000) a, range(1_000_000) b WHERE a.range * b.range % 7 = 1"


def sql(
    kernel: Kernel, text: str, block: str, *upstream: str, type_: str = "transformer", **more: Any
) -> Answer:
    return kernel.cell(text, block, type_, upstream, language="sql", **more)


def rows(answer: Answer) -> Any:
    ok(answer)
    return answer.previews[-1]["page"]["rows"]


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """A kernel whose environment has ipykernel and nothing else."""
    plain = next(item for item in environments.listed() if item.name == "bare")
    with running(tmp_path_factory.mktemp("bare"), environments.made(plain)) as started:
        started.start(variables={"least": 2, "who": "O'Neil"})
        yield started


def test_no_database_and_no_package(bare: Kernel) -> None:
    code = "import importlib.util as u; print([n for n in ('duckdb', 'pyarrow', 'pandas', 'jinja2') if u.find_spec(n)])"
    assert bare.execute(code).stdout == "[]\n"
    ok(
        bare.cell(
            "@data_loader\ndef f():\n    return [{'a': i, 'b': 'x' * i} for i in range(4)]", "load"
        )
    )
    text = "SELECT a * 2 AS double, b FROM {{ df_1 }}\nWHERE a >= {{ least }} ORDER BY a"
    answer = sql(bare, text, "more", "load")
    assert rows(answer) == [[4, "xx"], [6, "xxx"]]
    assert answer.previews[0]["rows"] == 2 and answer.finished["outputs"][0]["columns"] == 2
    assert "FROM df_1\nWHERE a >= $least" in answer.mime("text/markdown")[0]
    assert "-- $least = 2" in answer.mime("text/markdown")[0]
    assert rows(sql(bare, "SELECT sum(double) AS s, count(*) AS c FROM more", "sum", "more")) == [
        [10, 2]
    ]


@pytest.mark.parametrize("run", [None, {"id": "r1"}], ids=["notebook", "run"])
def test_a_limit_cuts_nothing(bare: Kernel, run: Any) -> None:
    """What a block had in a database: the grid fetches what is looked at, and blocks want all."""
    said = {"limit": 2, "limit_in_pipeline_run": 1}
    bare.start(variables={"least": 2, "who": "O'Neil"}, run=run)
    answer = sql(bare, "SELECT * FROM range(5) t(n)", "all", configuration=said)
    assert ok(answer)["outputs"][0]["rows"] == 5 and "Limited" not in answer.stdout
    bare.start(variables={"least": 2, "who": "O'Neil"})


def test_templates(bare: Kernel) -> None:
    ok(bare.cell("@data_loader\ndef f():\n    return {'a': 5}", "one"))
    bare.execute("import os; os.environ['PLACE'] = 'here'")
    text = """SELECT {{ who }} AS bound, '{{ who }}' AS text, {{ variables('least') }} AS v,
    '{{ env_var('PLACE') }}' AS e, {{ block_output('one', parse=lambda data, variables: data['a'] + 1) }} AS o,
    '{{ execution_date.year > 2000 }}' AS moment, {{ execution_date }} > TIMESTAMPTZ '2020-01-01' AS later,
    '{{ env }}' AS env{% for x in [1, 2] %}, {{ x }} AS x{{ x }}{% endfor %}, a FROM one"""
    answer = sql(bare, text, "t", "one")
    assert rows(answer) == [["O'Neil", "O'Neil", 2, "here", 6, "True", True, "dev", 1, 2, 5]]


def test_what_is_wrong_is_said_at_its_line(bare: Kernel) -> None:
    ok(bare.cell("@data_loader\ndef f():\n    return {'a': 5}", "one"))
    answer = sql(bare, "SELECT 1;\n\nSELECT a,\n  nope\nFROM {{ df_1 }}", "w", "one")
    assert 'column "nope" not found' in fails(answer, "StepFailed")
    assert answer.finished["error"]["line"] == 4
    assert "---->   4   nope" in answer.traceback and "LINE" not in answer.traceback
    answer = sql(bare, "SELECT 1 AS a\nFRM x", "w")
    assert answer.finished["error"]["line"] == 2
    answer = sql(bare, "SELECT *\nFROM nowhere", "w")
    assert answer.finished["error"]["line"] == 2
    answer = sql(bare, "SELECT 1,\n {{ nothing }}", "w")
    assert "'nothing' is undefined" in fails(answer, "StepFailed")
    assert answer.finished["error"]["line"] == 2
    assert "has 0 upstream blocks" in fails(
        sql(bare, "SELECT * FROM {{ df_1 }}", "w"), "StepFailed"
    )
    assert "has no SQL to run" in fails(sql(bare, "-- nothing", "w"), "StepFailed")
    assert "run 'never' first" in fails(sql(bare, "SELECT 1", "w", "never"), "MissingInput")
    ok(bare.cell("@data_loader\ndef f():\n    return object()", "thing"))
    said = fails(sql(bare, "SELECT * FROM thing", "w", "thing"), "StepFailed")
    assert "asks the output of 'thing' by SQL, which is no table (builtins.object)" in said
    assert rows(sql(bare, "SELECT 1 AS a", "w", "thing")) == [[1]]


def test_statements_before_the_last(bare: Kernel) -> None:
    text = "CREATE TABLE t AS SELECT 1 AS a; INSERT INTO t VALUES (2); SELECT * FROM t ORDER BY a;"
    assert rows(sql(bare, text, "s")) == [[1], [2]]
    answer = sql(bare, "CREATE TABLE t AS SELECT 1 AS a", "s")
    assert ok(answer)["outputs"] == [] and not answer.previews


def test_the_block_s_folder_and_files(bare: Kernel) -> None:
    (bare.project.parent / "some.csv").write_text("a,b\n1,x\n")
    bare.execute(f"import os; os.chdir({str(bare.project.parent)!r})")
    assert rows(sql(bare, "SELECT * FROM 'some.csv'", "file")) == [[1, "x"]]


def test_types_come_back(kernel: Kernel) -> None:
    ok(kernel.cell(LOAD, "load"))
    text = """SELECT *, n::HUGEINT * 2 AS big, 1.5 AS half, INTERVAL 1 DAY AS gap, TIME '10:00' AS t,
      CASE WHEN n > 1 THEN n END AS some, n > 1 AS yes, [n, 1] AS list, NULL AS none, 1 AS n FROM {{ df_1 }} ORDER BY n"""
    ok(sql(kernel, text, "typed", "load"))
    below = """
@custom
def f(frame):
    print({name: str(kind) for name, kind in frame.dtypes.items()})
    print(frame.iloc[0].tolist())
    print(frame['some'].tolist(), frame['word'].isna().tolist(), frame['at'].isna().tolist())
    frame.loc[0, 'n'] = 9
"""
    answer = kernel.cell(below, "below", "custom", ["typed"])
    ok(answer)
    kinds, first, missing = answer.stdout.splitlines()
    for said in (
        "'n': 'int64'",
        "'zoned': 'datetime64[ns, UTC]'",
        "'big': 'int64'",
        "'half': 'float64'",
        "'gap': 'timedelta64[us]'",
        "'some': 'Int64'",
        "'yes': 'bool'",
        "'at': 'datetime64[",
    ):
        assert said in kinds.replace("us, UTC", "ns, UTC"), kinds
    assert "datetime.date(2024, 1, 1)" in first and "datetime.time(10, 0)" in first
    assert "[1, 1]" in first and missing == "[<NA>, 2, 3] [False, False, True] [False, True, False]"


def test_a_large_table_is_not_copied_into_the_kernel(kernel: Kernel) -> None:
    code = """
import numpy as np, pandas as pd
@data_loader
def f():
    n = 10_000_000
    rng = np.random.default_rng(1)
    return pd.DataFrame({'k': rng.integers(0, 100, n), 'v': rng.random(n), 'w': np.arange(n)})
"""
    ok(kernel.cell(code, "large"))
    kernel.execute("import gc; gc.collect()")
    answer = sql(
        kernel,
        "SELECT k, count(*) AS n, sum(w) AS s FROM {{ df_1 }} GROUP BY k ORDER BY k",
        "few",
        "large",
    )
    assert len(rows(answer)) == 50 and answer.previews[0]["rows"] == 100
    memory = "int(open('/proc/self/statm').read().split()[1]) * 4096"
    before = int(kernel.evaluate(memory))
    answer = sql(kernel, "SELECT *, v * 2 AS u FROM {{ df_1 }}", "all", "large")
    assert (
        answer.previews[0]["rows"] == 10_000_000 and ok(answer)["outputs"][0]["rows"] == 10_000_000
    )
    assert int(kernel.evaluate(memory)) - before < 50e6
    assert rows(sql(kernel, "SELECT count(*), sum(w) FROM {{ df_1 }}", "again", "all")) == [
        [10_000_000, sum(range(10_000_000))]
    ]
    below = "@custom\ndef f(frame):\n    print(len(frame), round(float((frame['u'] - 2 * frame['v']).abs().max()), 6))"
    assert kernel.cell(below, "below", "custom", ["all"]).stdout == "10000000 0.0\n"


def beside(kernel: Kernel) -> list[psutil.Process]:
    pid = int(kernel.evaluate("__import__('os').getpid()"))
    return [
        child
        for child in psutil.Process(pid).children()
        if "tables.program" in " ".join(child.cmdline())
    ]


def long_query(kernel: Kernel) -> str:
    """Send a query that would take hours; return when it has begun."""
    kernel.start(variables={"x": 1})
    mage = {"uuid": "long", "type": "data_loader", "language": "sql"}
    asked = kernel.send(LONG + " AND {{ x }} = 1", metadata={"mage": mage})
    while kernel.client.get_iopub_msg(timeout=60)["msg_type"] != "display_data":
        pass  # the compiled SQL is shown when the query begins
    return asked


def test_an_interrupt_ends_it(fresh: Kernel) -> None:
    pid = int(fresh.evaluate("__import__('os').getpid()"))
    asked = long_query(fresh)
    os.kill(pid, signal.SIGINT)
    answer = fresh.collect(asked)
    assert answer.finished["error"]["name"] == "KeyboardInterrupt"
    assert beside(fresh) == []
    assert rows(sql(fresh, "SELECT 1 AS a", "after")) == [[1]]


def test_it_ends_with_the_kernel(tmp_path: Path) -> None:
    with running(tmp_path) as kernel:
        kernel.start()
        ok(sql(kernel, "SELECT 1 AS a", "a"))
        (process,) = beside(kernel)
        os.kill(int(kernel.evaluate("__import__('os').getpid()")), signal.SIGKILL)
        process.wait(20)


def test_its_death_is_told(fresh: Kernel) -> None:
    ok(sql(fresh, "SELECT 1 AS a", "a"))
    (process,) = beside(fresh)
    asked = long_query(fresh)
    process.kill()
    answer = fresh.collect(asked)
    assert "ended in the middle of it (signal 9)" in fails(answer, "KernelError")
    assert rows(sql(fresh, "SELECT 2 AS a", "a")) == [[2]]


def test_dates_survive_in_json_rows(kernel: Kernel) -> None:
    code = "import datetime\n@data_loader\ndef f():\n    return [{'d': datetime.date(2024, 1, i + 1)} for i in range(3)]"
    ok(kernel.cell(code, "dates"))
    answer = sql(kernel, "SELECT max(d::DATE) AS d FROM {{ df_1 }}", "last", "dates")
    assert rows(answer)[0][0].startswith(str(datetime.date(2024, 1, 3)))


def test_a_foreign_frame_is_converted_where_it_can_be_opened(kernel: Kernel) -> None:
    code = """
import pandas as pd
class Frame:
    def __init__(self, data):
        self.data = data
    def to_pandas(self):
        return pd.DataFrame(self.data)
@data_loader
def f():
    return Frame({'a': [1, 2]})
"""
    ok(kernel.cell(code, "foreign"))
    assert rows(sql(kernel, "SELECT sum(a) AS s FROM {{ df_1 }}", "s", "foreign")) == [[3]]


def test_children_and_items(fresh: Kernel) -> None:
    items = "SELECT * FROM range(3)"
    ok(sql(fresh, items, "items", type_="data_loader", configuration={"dynamic": True}))
    child = sql(
        fresh,
        "SELECT range * 10 AS n FROM {{ df_1 }}",
        "child",
        "items",
        configuration={"reduce_output": True},
    )
    assert len(ok(child)["outputs"]) == 3
    below = "@custom\ndef f(frames):\n    print([int(frame['n'].iloc[0]) for frame in frames])"
    assert fresh.cell(below, "below", "custom", ["child"]).stdout == "[0, 10, 20]\n"


@pytest.mark.parametrize("name", ["pandas2", "pandas3"])
def test_python_reads_it_without_pyarrow(name: str, tmp_path: Path) -> None:
    there = next(item for item in environments.listed() if item.name == name)
    with running(tmp_path, environments.made(there)) as kernel:
        kernel.start()
        text = """SELECT i AS n, 'w' || i AS word, i > 1 AS yes, CASE WHEN i > 0 THEN i END AS some,
        DATE '2024-01-01' + i::INT AS day, TIME '10:00' AS t, [i, 1] AS list, i / 2 AS f,
        TIMESTAMP '2024-01-01 10:00:00.5' AS at, TIMESTAMPTZ '2024-01-01 10:00:00+00' AS z,
        CASE WHEN i <> 1 THEN 'a' END AS gap, 'b'::ENUM('a', 'b') AS kind FROM range(3) t(i)"""
        ok(sql(kernel, text, "made"))
        below = """
@custom
def f(frame):
    print({name: str(kind) for name, kind in frame.dtypes.items()})
    print(frame.iloc[1].tolist(), frame['some'].isna().tolist(), frame['gap'].isna().tolist())
    frame.loc[0, 'n'] = 7
    return frame
"""
        answer = kernel.cell(below, "below", "custom", ["made"])
        ok(answer)
        kinds, values = answer.stdout.splitlines()
        for said in (
            "'n': 'int64'",
            "'some': 'Int64'",
            "'at': 'datetime64[us]'",
            "'z': 'datetime64[us, UTC]'",
            "'kind': 'category'",
        ):
            assert said in kinds
        assert "datetime.date(2024, 1, 2), datetime.time(10, 0), [1, 1]" in values
        assert "[True, False, False] [False, True, False]" in values
