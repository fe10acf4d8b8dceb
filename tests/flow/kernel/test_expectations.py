"""Extension blocks with Great Expectations itself, as users have it in their environment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import environments
import pytest
from environments import Environment
from kernels import Answer, Kernel, running

pytestmark = pytest.mark.timeout(900)
ALL = environments.expectations()
TESTS = "application/vnd.mage.tests+json"

LOAD = """
import pandas as pd

@data_loader
def load(*args, **kwargs):
    print('loading')
    return pd.DataFrame({'id': [1, 2, 3, None], 'city': ['Lyon', 'Paris', 'Nice', 'Paris']})

@test
def test_rows(frame, *args):
    assert len(frame) == 4
"""
CHECK = """
if 'extension' not in globals():
    from mage_ai.data_preparation.decorators import extension


@extension('great_expectations', expectations=[
    {'expectation_type': 'expect_table_row_count_to_be_between',
     'kwargs': {'min_value': 1, 'max_value': 10}},
])
def validate(validator, *args, **kwargs):
    assert kwargs['env'] == 'dev'
    validator.expect_column_values_to_not_be_null('id', mostly=%s)
    validator.expect_column_values_to_be_in_set('city', ['Lyon', 'Paris', 'Nice'])
"""


@pytest.fixture(scope="module", params=ALL, ids=[item.name for item in ALL])
def user(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Kernel]:
    chosen: Environment = request.param
    with running(tmp_path_factory.mktemp("g"), environments.made(chosen)) as started:
        assert started.start().steps == [{"event": "ready", "key": "k1"}]
        yield started


def attached(source: str, **more: Any) -> dict[str, Any]:
    said = {"uuid": "check", "source": source, "path": "extensions/check.py", **more}
    return {"options": {"extensions": [said]}}


def shown_tests(answer: Answer) -> list[tuple[str, bool]]:
    (shown,) = answer.mime(TESTS)
    return [(item["name"], item["passed"]) for item in shown["tests"]]


NAMES = [
    "test_rows",
    "check: expect_table_row_count_to_be_between(min_value=1, max_value=10)",
    'check: expect_column_values_to_not_be_null(column="id", mostly=0.5)',
    'check: expect_column_values_to_be_in_set(column="city", value_set=["Lyon", "Paris", "Nice"])',
]


def test_expectations_are_tests_of_the_block(user: Kernel) -> None:
    answer = user.cell(LOAD, "load", **attached(CHECK % 0.5))
    assert answer.finished["state"] == "completed", answer.traceback
    shown = shown_tests(answer)
    assert [passed for _, passed in shown] == [True] * 4
    assert {name.replace("min_value=1, max_value=10", "") for name, _ in shown} >= {NAMES[0]}
    assert {name.partition("(")[0] for name, _ in shown} == {n.partition("(")[0] for n in NAMES}
    assert "Calculating" not in answer.stderr


def test_one_that_is_not_met_fails_the_block(user: Kernel) -> None:
    answer = user.cell(LOAD, "load", **attached(CHECK % 1))
    assert answer.finished["state"] == "failed"
    assert answer.finished["error"]["name"] == "TestsFailed"
    message = answer.finished["error"]["message"]
    assert message.startswith(
        "1 of 4 tests of block 'load' failed: check: expect_column_values_to_not"
    )
    assert "1 of 4 values are not as expected (25 %)" in message
    assert [passed for _, passed in shown_tests(answer)].count(False) == 1


def test_it_is_asked_only_after_the_blocks_own_tests(user: Kernel) -> None:
    broken = LOAD.replace("== 4", "== 5")
    answer = user.cell(broken, "load", **attached(CHECK % 1))
    assert shown_tests(answer) == [("test_rows", False)]


def test_tests_only_asks_it_too_and_skip_does_not(user: Kernel) -> None:
    user.cell(LOAD, "load")
    said = attached(CHECK % 1)
    said["options"]["tests"] = "only"
    answer = user.cell(LOAD, "load", **said)
    assert answer.finished["state"] == "failed" and "loading" not in answer.stdout
    said["options"]["tests"] = "skip"
    assert user.cell(LOAD, "load", **said).finished["state"] == "completed"


def test_an_extension_block_runs_by_itself_on_stored_outputs(user: Kernel) -> None:
    user.cell(LOAD, "load")
    user.cell(LOAD, "other")
    alone = user.cell(CHECK % 1, "check", "extension", ["load"], role="extension")
    assert alone.finished["state"] == "failed"
    two = (CHECK % 0.5).replace("validate(validator,", "validate(validator, second,")
    both = user.cell(two, "check", "extension", ["load", "other"], role="extension")
    assert both.finished["state"] == "completed", both.traceback
    assert any(name.startswith("check on other: ") for name, _ in shown_tests(both))
    nobody = user.cell(CHECK % 1, "check", "extension", role="extension")
    assert "looks at no block yet" in nobody.finished["error"]["message"]


@pytest.mark.parametrize(
    ("returned", "words"),
    [
        ("{'id': 1, 'city': 'Lyon'}", None),
        ("[{'id': 1, 'city': 'Lyon'}, {'id': 2, 'city': 'Nice'}]", None),
        ("'text'", "checks tables, but block 'load' left a str"),
        ("None", "checks tables, but block 'load' left nothing"),
    ],
)
def test_what_is_checked(user: Kernel, returned: str, words: str | None) -> None:
    text = f"@data_loader\ndef load(*args):\n    return {returned}\n"
    answer = user.cell(text, "load", **attached(CHECK % 0.5))
    if words is None:
        assert answer.finished["state"] == "completed", answer.traceback
    else:
        assert words in answer.finished["error"]["message"]


def test_faults_are_said(user: Kernel) -> None:
    column = CHECK.replace("'city'", "'town'") % 0.5
    answer = user.cell(LOAD, "load", **attached(column))
    assert 'The column "town" in BatchData does not exist' in answer.finished["error"]["message"]
    for source, words in {
        "x = 1": "no function with @extension('great_expectations')",
        "@extension('soda')\ndef v(x): pass": "asks for the extension 'soda'",
    }.items():
        answer = user.cell(LOAD, "load", **attached(source))
        assert words in answer.finished["error"]["message"]


def test_without_the_package_its_name_is_said(kernel: Kernel) -> None:
    answer = kernel.cell(LOAD, "load", **attached(CHECK % 1))
    assert answer.finished["state"] == "failed"
    assert "pip install great_expectations" in answer.finished["error"]["message"]
    missing = answer.finished["error"]["missing_package"]
    assert missing["package"] == "great_expectations"  # the page offers to install it
