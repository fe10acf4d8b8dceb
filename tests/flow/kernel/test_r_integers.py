"""Whole numbers in R blocks: none changes on the way, or the block says why it cannot."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from kernels import Kernel, running
from test_convention import fails, ok
from test_r import r, rows

pytestmark = pytest.mark.timeout(300)
HERE = Path("/usr/lib/R/site-library")
FRAME = """
import pandas as pd
@data_loader
def f():
    return pd.DataFrame({
        'small': [2**31 - 1, -2**31 + 1, 0],
        'over': [2**31, -2**31, 5],
        'exact': [2**53, -2**53, 5],
        'beyond': [2**53 + 1, -2**63 + 1, 2**63 - 1],
        'gaps': pd.array([2**62 + 1, None, 3], dtype='Int64'),
        'plain': pd.array([2**63 - 1, 1, 2], dtype='uint64'),
    })
"""
SAME = "transform <- function(df_1, ...) { print(sapply(df_1, function(x) class(x)[1])); df_1 }"
BELOW = """
import pandas as pd
@custom
def f(frame, before):
    for name in frame:
        got = [None if pd.isna(x) else int(x) for x in frame[name]]
        print(name, str(frame[name].dtype), got == [None if pd.isna(x) else int(x) for x in before[name]])
"""


@pytest.fixture(scope="module")
def without(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """A kernel whose R has no bit64."""
    folder = tmp_path_factory.mktemp("without")
    library = folder / "library"
    library.mkdir()
    for package in HERE.iterdir():
        if package.name not in ("bit", "bit64"):
            (library / package.name).symlink_to(package)
    with running(folder, env={"R_LIBS_SITE": str(library)}) as started:
        started.start()
        yield started


def test_with_bit64_they_come_back_as_they_were(kernel: Kernel) -> None:
    ok(kernel.cell(FRAME, "frame"))
    answer = r(kernel, SAME, "same", "frame")
    ok(answer)
    assert answer.stdout.split().count('"integer64"') == 5
    answer = kernel.cell(BELOW, "below", "custom", ["same", "frame"])
    ok(answer)
    assert answer.stdout.splitlines() == [
        "small int64 True", "over int64 True", "exact int64 True", "beyond int64 True",
        "gaps Int64 True", "plain int64 True",
    ]  # fmt: skip
    # R reckons with them exactly, too.
    text = "transform <- function(d, ...) data.frame(n = d$beyond - 1L)"
    assert rows(r(kernel, text, "less", "frame"))[0] == [2**53]


def test_without_bit64_nothing_is_rounded(without: Kernel) -> None:
    ok(without.cell(FRAME, "frame"))
    said = fails(r(without, SAME, "same", "frame"), "StepFailed")
    assert "column 'beyond' has integers beyond 2^53" in said and "r-cran-bit64" in said
    fewer = FRAME.replace("'beyond'", "# 'beyond'").replace("'gaps'", "# 'gaps'")
    ok(without.cell(fewer.replace("'plain'", "# 'plain'"), "frame"))
    answer = r(without, SAME, "same", "frame")
    ok(answer)
    assert '"integer" "numeric" "numeric"' in " ".join(answer.stdout.split())
    answer = without.cell(BELOW, "below", "custom", ["same", "frame"])
    assert answer.stdout.splitlines() == [
        "small int64 True", "over float64 True", "exact float64 True",
    ]  # fmt: skip


@pytest.mark.parametrize("value", ["2**63", "2**64 - 1"])
def test_integers_that_r_has_not_are_refused(kernel: Kernel, value: str) -> None:
    text = "import pandas as pd\n@data_loader\ndef f():\n    return pd.DataFrame({{'n': pd.array([{}], dtype='uint64')}})"
    ok(kernel.cell(text.format(value), "frame"))
    said = fails(r(kernel, SAME, "same", "frame"), "StepFailed")
    assert "column 'n'" in said and "64 bits" in said and "install" not in said


def test_the_least_integer_is_not_na(kernel: Kernel) -> None:
    text = (
        "import pandas as pd\n@data_loader\ndef f():\n    return pd.DataFrame({'n': [-2**63, 1]})"
    )
    ok(kernel.cell(text, "frame"))
    assert "column 'n'" in fails(r(kernel, SAME, "same", "frame"), "StepFailed")


def test_sums_of_sql_are_whole_in_r(kernel: Kernel) -> None:
    ok(kernel.cell(FRAME, "frame"))
    text = "SELECT sum(exact) + 3 AS n FROM {{ df_1 }} WHERE exact > 5"
    ok(kernel.cell(text, "sums", "transformer", ["frame"], language="sql"))
    assert rows(r(kernel, "transform <- function(d) d", "same", "sums")) == [[str(2**53 + 3)]]


PLAIN = """
@data_loader
def f():
    return {'id': 2**53 + 1, 'huge': 2**70, 'small': 7, 'mixed': [1, -2**60 - 1], 'x': 0.1, 'year': 2**31}
"""


@pytest.mark.parametrize("which", ["kernel", "without"])
def test_plain_data_keeps_every_digit(which: str, request: pytest.FixtureRequest) -> None:
    kernel: Kernel = request.getfixturevalue(which)
    ok(kernel.cell(PLAIN, "plain"))
    text = """
custom <- function(d, ...) {
    print(unlist(lapply(d, function(x) class(x)[1])))
    print(global_vars$id); print(global_vars$n)
    c(d, list(most = 2^53 - 1, sum = 0.1 + 0.2, third = 1/3, several = c(2^53, 0.1 + 0.2, NA),
      frame = data.frame(n = c(2^53 - 1, 2), w = c("a", NA)), square = matrix(c(2^53 - 1, 2, 3, 4), 2),
      one = I(2^53 - 1)))
}
"""
    kernel.start(variables={"id": 2**60 + 1, "n": 5})
    answer = r(kernel, text, "told", "plain", type_="custom")
    ok(answer)
    assert '[1] "1152921504606846977"\n[1] 5\n' in answer.stdout
    below = "@custom\ndef f(v):\n    print(v)"
    said = kernel.cell(below, "p", "custom", ["told"]).stdout
    assert said == (
        "{'id': '9007199254740993', 'huge': '1180591620717411303424', 'small': 7, "
        "'mixed': ['1', '-1152921504606846977'], 'x': 0.1, 'year': 2147483648, "
        "'most': 9007199254740991, 'sum': 0.30000000000000004, 'third': 0.3333333333333333, "
        "'several': [9007199254740992, 0.30000000000000004, None], "
        "'frame': [{'n': 9007199254740991, 'w': 'a'}, {'n': 2, 'w': None}], "
        "'square': [[9007199254740991, 3], [2, 4]], 'one': [9007199254740991]}\n"
    )


def test_rows_with_a_number_that_no_column_holds(kernel: Kernel) -> None:
    ok(kernel.cell("@data_loader\ndef f():\n    return [{'n': 2**70}, {'n': 1}]", "some"))
    answer = r(kernel, "transform <- function(d) { str(d); NULL }", "same", "some")
    ok(answer)
    assert "1180591620717411303424" in answer.stdout
