"""Outputs that Mage's own notebook left serve as inputs until their blocks have run here."""

from __future__ import annotations

from kernels import Kernel

TOTAL = "@transformer\ndef f(numbers, *args, **kwargs):\n    print('got', sum(numbers))\n"


def left_by_mage(kernel: Kernel, block: str, text: str) -> None:
    folder = kernel.project / "pipelines" / "etl" / ".variables" / block / "output_0"
    folder.mkdir(parents=True)
    (folder / "data.json").write_text(text)
    (folder / "type.json").write_text('{"type": "iterable"}')


def test_a_block_takes_what_mage_left_of_the_one_above(fresh: Kernel) -> None:
    left_by_mage(fresh, "numbers", "[1, 2, 3]")
    fresh.start(key="k2", mage_data=[str(fresh.project)])
    answer = fresh.cell(TOTAL, "total", "transformer", ["numbers"])
    assert answer.finished["state"] == "completed", answer.traceback
    assert "got 6" in answer.stdout
    assert "'numbers' has not run here yet; its output of " in answer.stdout
    assert "comes from Mage" in answer.stdout

    fresh.cell("@data_loader\ndef f(*a, **k):\n    return {'a': 1}\n", "numbers")
    again = fresh.cell(TOTAL.replace("sum", "len"), "total", "transformer", ["numbers"])
    assert "got 1" in again.stdout
    assert "Mage" not in again.stdout


def test_get_variable_finds_what_mage_left(fresh: Kernel) -> None:
    left_by_mage(fresh, "rates", '{"eur": 1.1}')
    fresh.start(key="k2", mage_data=[str(fresh.project)])
    code = (
        "from mage_ai.data_preparation.variable_manager import get_variable\n"
        "@custom\ndef f(*args, **kwargs):\n    print(get_variable('etl', 'rates', 'output_0'))\n"
    )
    assert fresh.cell(code, "c", "custom").stdout == "{'eur': 1.1}\n"


def test_a_run_takes_only_what_it_made_itself(fresh: Kernel) -> None:
    left_by_mage(fresh, "numbers", "[1, 2, 3]")
    fresh.start(key="k2", mage_data=[str(fresh.project)], scope="r1", run={"id": "r1"})
    answer = fresh.cell(TOTAL, "total", "transformer", ["numbers"])
    assert answer.finished["error"]["name"] == "MissingInput"
