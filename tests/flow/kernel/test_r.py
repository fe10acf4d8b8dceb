"""R blocks in a real IRkernel beside the Python kernel."""

from __future__ import annotations

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


def r(
    kernel: Kernel, text: str, block: str, *upstream: str, type_: str = "transformer", **more: Any
) -> Answer:
    return kernel.cell(text, block, type_, upstream, language="r", **more)


def rows(answer: Answer) -> Any:
    ok(answer)
    return answer.previews[-1]["page"]["rows"]


FRAME = """
import datetime, numpy as np, pandas as pd
@data_loader
def f():
    return pd.DataFrame({
        'i': [1, 2, 3],
        'big': [2**40, 0, -1],
        'some': pd.array([1, None, 3], dtype='Int64'),
        'f': [0.1 + 0.2, np.nan, -np.inf],
        's': ['ä', '', None],
        'b': [True, False, True],
        'bn': pd.array([True, None, False], dtype='boolean'),
        'd': [datetime.date(2024, 2, 29), None, datetime.date(1969, 12, 31)],
        't': pd.to_datetime(['2024-01-01 10:00:00.123456', None, '1900-01-01 00:00:00'], format='ISO8601'),
        'z': pd.to_datetime(['2024-07-01 10:00'] * 3).tz_localize('Europe/Paris'),
        'u': pd.to_datetime(['2024-07-01 10:00'] * 3).tz_localize('UTC'),
        'c': pd.Categorical(['lo', None, 'hi'], categories=['lo', 'mid', 'hi'], ordered=True),
        'td': pd.to_timedelta(['1h', None, '2D']),
    })
"""


def test_types_are_kept_both_ways(kernel: Kernel) -> None:
    ok(kernel.cell(FRAME, "frame"))
    text = """
transform <- function(df_1, ...) {
    print(vapply(df_1, function(x) class(x)[1], ""))
    print(is.na(df_1$s)); print(df_1$s == ""); print(levels(df_1$c)); print(attr(df_1$z, "tzone"))
    print(format(df_1$z[1])); print(df_1$b); print(df_1$f[1] == 0.1 + 0.2); print(format(df_1$d))
    df_1
}
"""
    answer = r(kernel, text, "same", "frame")
    ok(answer)
    said = answer.stdout
    assert '"POSIXct"' in said and '"ordered"' in said and '"difftime"' in said and '"Date"' in said
    assert "[1] FALSE FALSE  TRUE" in said and '[1] "lo"  "mid" "hi"' in said
    assert '"Europe/Paris"' in said and '"2024-07-01 10:00:00"' in said and '"2024-02-29"' in said
    below = """
@custom
def f(frame, before):
    print({name: str(kind) for name, kind in frame.dtypes.items()})
    for name in frame:
        print(name, [None if pd.isna(x) else x for x in frame[name]] == [None if pd.isna(x) else x for x in before[name]])
import pandas as pd
"""
    answer = kernel.cell(below, "below", "custom", ["same", "frame"])
    ok(answer)
    kinds, *equal = answer.stdout.splitlines()
    assert equal == [
        f"{name} True"
        for name in ["i", "big", "some", "f", "s", "b", "bn", "d", "t", "z", "u", "c", "td"]
    ]
    for piece in (
        "'i': 'int64'",
        "'some': 'Int64'",
        "'f': 'float64'",
        "'b': 'bool'",
        "'bn': 'boolean'",
        "'t': 'datetime64[us]'",
        "'z': 'datetime64[us, Europe/Paris]'",
        "'u': 'datetime64[us, UTC]'",
        "'c': 'category'",
        "'td': 'timedelta64[us]'",
    ):
        assert piece in kinds


def test_texts_are_kept_where_the_locale_knows_ascii_only(tmp_path: Path) -> None:
    with running(tmp_path, env={**os.environ, "LC_ALL": "C"}) as kernel:
        kernel.start()
        code = "import pandas as pd\n@data_loader\ndef f():\n    return pd.DataFrame({'ñ': ['ä', None], 'k': pd.Categorical(['é', 'ü'])})"
        ok(kernel.cell(code, "frame"))
        answer = r(kernel, "transform <- function(df_1) { df_1$too <- 'ß'; df_1 }", "same", "frame")
        assert rows(answer) == [["ä", "é", "ß"], [None, "ü", "ß"]]
        assert [column["name"] for column in answer.previews[-1]["columns"]] == ["ñ", "k", "too"]


def test_the_functions_of_mage(kernel: Kernel) -> None:
    kernel.start(variables={"n": 4, "who": "me"})
    load = 'load_data <- function() {\n  data.frame(x = seq_len(global_vars$n), w = global_vars["who"][[1]])\n}'
    assert rows(r(kernel, load, "load", type_="data_loader")) == [
        [1, "me"],
        [2, "me"],
        [3, "me"],
        [4, "me"],
    ]
    taken = """load_data <- function() {
  stopifnot(nchar(global_vars["who"]) == 2, is.na(global_vars["nobody"]), jsonlite::toJSON(global_vars["n"]) == "[4]")
  data.frame(who = unname(global_vars["who"]), path = sprintf("%s/x", global_vars["who"]), n = as.numeric(global_vars["n"]))
}"""
    assert rows(r(kernel, taken, "taken", type_="data_loader")) == [["me", "me/x", 4]]
    more = "transform <- function(df_1, df_2, ...) {\n  merge(df_1, df_2)\n}"
    ok(
        kernel.cell(
            "@data_loader\ndef f():\n    return [{'x': 2, 'y': 'b'}, {'x': 3, 'y': 'c'}]", "other"
        )
    )
    assert rows(r(kernel, more, "merged", "load", "other")) == [[2, "me", "b"], [3, "me", "c"]]
    export = (
        "export_data <- function(df_1, ...) {\n  write.csv(df_1, 'out.csv', row.names = FALSE)\n}"
    )
    kernel.execute(f"import os; os.chdir({str(kernel.project.parent)!r})")
    done = ok(r(kernel, export, "export", "merged", type_="data_exporter"))
    assert (
        done["outputs"] == [] and '"x","w","y"' in (kernel.project.parent / "out.csv").read_text()
    )
    lists = "custom <- function() list(a = 1L, b = c(1.5, NA), c = 'x')"
    ok(r(kernel, lists, "lists", type_="custom"))
    assert (
        kernel.cell("@custom\ndef f(v): print(v)", "p", "custom", ["lists"]).stdout
        == "{'a': 1, 'b': [1.5, None], 'c': 'x'}\n"
    )
    two = "custom <- function() list(data.frame(a = 1), data.frame(b = 'z'))"
    assert len(ok(r(kernel, two, "two", type_="custom"))["outputs"]) == 2
    assert (
        kernel.cell(
            "@custom\ndef f(v): print(list(v[0]), list(v[1]))", "p", "custom", ["two"]
        ).stdout
        == "['a'] ['b']\n"
    )
    count = "SELECT count(*) AS n FROM {{ df_1 }}"
    assert rows(kernel.cell(count, "sql", "transformer", ["merged"], language="sql")) == [[2]]


def test_errors_are_at_the_line_of_the_cell(kernel: Kernel) -> None:
    text = "# first\nhelper <- function(x) {\n  log(x)\n}\n\nload_data <- function() {\n  helper('a')\n}"
    answer = r(kernel, text, "bad", type_="data_loader")
    stops = "transform <- function(df_1) {\n  stop('no rows')\n}"
    assert "Error in transform(df_1): no rows" in fails(r(kernel, stops, "a", "load"), "CodeFailed")
    assert "Error in log(x): non-numeric argument to mathematical function" in fails(
        answer, "CodeFailed"
    )
    assert answer.finished["error"]["line"] == 3
    assert "---->   3   log(x)" in answer.traceback and "mage" not in answer.traceback
    answer = r(kernel, "x <- 1\nstop('no way')", "bad", type_="data_loader")
    assert "no way" in fails(answer, "CodeFailed") and answer.finished["error"]["line"] == 2
    answer = r(kernel, "load_data <- function() {\n  1 +* 2\n}", "bad", type_="data_loader")
    assert "unexpected '*'" in fails(answer, "CodeFailed") and answer.finished["error"]["line"] == 2
    answer = r(kernel, "load <- function() 1", "bad", type_="data_loader")
    assert (
        "no function named load_data" in fails(answer, "NoFunction")
        and "It defines load." in answer.traceback
    )
    ok(r(kernel, "load_data <- function() data.frame(a = 1)", "one", type_="data_loader"))
    answer = r(kernel, "transform <- function() 1", "bad", "one")
    assert "takes 0 inputs but the block has 1" in fails(answer, "WrongArguments")
    assert "run 'never' first" in fails(
        r(kernel, "transform <- function(x) x", "bad", "never"), "MissingInput"
    )


def test_what_is_said_and_drawn(kernel: Kernel) -> None:
    text = """
load_data <- function() {
    message("a message")
    warning("careful")
    cat("printed\\n")
    plot(1:3)
    hist(c(1, 2, 2))
    data.frame(a = 1)
}
1 + 1
"""
    answer = r(kernel, text, "draw", type_="data_loader")
    ok(answer)
    assert answer.stdout == "[1] 2\nprinted\n"
    assert "a message" in answer.stderr and "careful" in answer.stderr
    assert len(answer.mime("image/png")) == 2
    record = kernel.store.record("etl", "interactive", "draw")
    assert any("image/png" in (item.get("data") or {}) for item in record)
    assert any("careful" in item.get("text", "") for item in record)


def test_prints_come_as_they_happen(kernel: Kernel, tmp_path: Path) -> None:
    go = tmp_path / "go"
    wait = f"while (!file.exists('{go}')) Sys.sleep(0.05)"
    text = f"load_data <- function() {{ cat('early\\n'); {wait}; cat('late\\n') }}"
    asked = kernel.send(
        text, metadata={"mage": {"uuid": "slow", "type": "data_loader", "language": "r"}}
    )
    seen = kernel.client.get_iopub_msg(timeout=60)
    while not (seen["msg_type"] == "stream" and "early" in seen["content"]["text"]):
        seen = kernel.client.get_iopub_msg(timeout=60)
    go.touch()
    assert "late" in kernel.collect(asked).stdout


def beside(kernel: Kernel) -> list[psutil.Process]:
    pid = int(kernel.evaluate("__import__('os').getpid()"))
    found = psutil.Process(pid).children(recursive=True)
    return [
        item
        for item in found
        if "IRkernel::main()" in " ".join(item.cmdline()) and "exec/R" in item.cmdline()[0]
    ]


def test_a_second_block_has_the_same_r_and_interrupts_reach_it(fresh: Kernel) -> None:
    ok(r(fresh, "load_data <- function() NULL", "a", type_="data_loader"))
    (first,) = beside(fresh)
    ok(r(fresh, "load_data <- function() data.frame(a = 1)", "a", type_="data_loader"))
    assert beside(fresh) == [first]
    pid = int(fresh.evaluate("__import__('os').getpid()"))
    text = "load_data <- function() { cat('go\\n'); while (TRUE) Sys.sleep(0.1) }"
    asked = fresh.send(
        text, metadata={"mage": {"uuid": "long", "type": "data_loader", "language": "r"}}
    )
    seen = fresh.client.get_iopub_msg(timeout=60)
    while not (seen["msg_type"] == "stream" and "go" in seen["content"]["text"]):
        seen = fresh.client.get_iopub_msg(timeout=60)
    os.kill(pid, signal.SIGINT)
    answer = fresh.collect(asked)
    assert answer.finished["error"]["name"] == "KeyboardInterrupt"
    assert beside(fresh) == [first]  # R was interrupted, not killed
    ok(r(fresh, "load_data <- function() data.frame(a = 1)", "a", type_="data_loader"))
    answer = r(
        fresh, "load_data <- function() tools::pskill(Sys.getpid(), 9)", "dies", type_="data_loader"
    )
    assert "ended in the middle of it" in fails(answer, "KernelDied")
    ok(r(fresh, "load_data <- function() data.frame(a = 1)", "a", type_="data_loader"))


def test_r_ends_with_the_kernel(tmp_path: Path) -> None:
    with running(tmp_path) as kernel:
        kernel.start()
        ok(r(kernel, "load_data <- function() NULL", "a", type_="data_loader"))
        (process,) = beside(kernel)
        os.kill(int(kernel.evaluate("__import__('os').getpid()")), signal.SIGKILL)
        process.wait(20)


def test_a_million_rows(kernel: Kernel) -> None:
    code = """
import numpy as np, pandas as pd
@data_loader
def f():
    n = 1_000_000
    rng = np.random.default_rng(1)
    return pd.DataFrame({
        'a': np.arange(n), 'b': rng.random(n), 'c': rng.random(n), 's': np.arange(n).astype(str),
        'k': pd.Categorical.from_codes(rng.integers(0, 3, n), ['x', 'y', 'z']),
        't': pd.date_range('2024-01-01', periods=n, freq='s'),
    })
"""
    ok(kernel.cell(code, "million"))
    ok(r(kernel, "transform <- function(df_1) NULL", "warm", "million"))
    answer = r(
        kernel, "transform <- function(df_1) { df_1$d <- df_1$b * 2; df_1 }", "through", "million"
    )
    assert ok(answer)["outputs"][0]["rows"] == 1_000_000
    below = "@custom\ndef f(a, b):\n    print(all((a[n] == b[n]).all() for n in b), (a['d'] == 2 * b['b']).all())"
    assert kernel.cell(below, "below", "custom", ["through", "million"]).stdout == "True True\n"


def test_a_bare_kernel_is_enough(bare: Kernel) -> None:
    ok(bare.cell("@data_loader\ndef f():\n    return [{'a': 1}, {'a': 2}]", "load"))
    assert rows(
        r(bare, "transform <- function(df_1) { df_1$b <- df_1$a * 10L; df_1 }", "more", "load")
    ) == [[1, 10], [2, 20]]


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    plain = next(item for item in environments.listed() if item.name == "bare")
    with running(tmp_path_factory.mktemp("bare"), environments.made(plain)) as started:
        started.start()
        yield started


def test_without_r_it_says_what_to_install(fresh: Kernel) -> None:
    answer = r(
        fresh,
        "load_data <- function() 1",
        "a",
        type_="data_loader",
        configuration={"kernel_name": "nope"},
    )
    said = fails(answer, "MissingPackage")
    assert "no kernel named 'nope'" in said and "apt install r-base-core r-cran-irkernel" in said


def test_a_sensor_in_r(kernel: Kernel) -> None:
    answer = r(kernel, "sensor <- function(...) TRUE", "s", type_="sensor")
    ok(answer)
    assert answer.finished["result"] is True
