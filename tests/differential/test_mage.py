"""Mage's own results, and ours: the same projects run by both.

What mage-ai 0.9.80 gave is recorded in ``recorded.json``; ours is compared with that wherever
the tests run, and the record with mage-ai itself where there is one (MAGE_AI_PYTHON). To make
the record anew: MAGE_AI_RECORD=1 MAGE_AI_PYTHON=… pytest tests/differential
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from differential import drawn, ours, projects, together

from tests.databases import Address
from tests.flow.kernel import environments

HERE = Path(__file__).parent
RECORD = HERE / "recorded.json"
KNOWN = {
    "fan_failing.fan_failing_child": "Mage's own step of a group completes though a child failed",
    "fan_nested.fan_nested_all": "Mage mixes the items of nested dynamic blocks up",
    "keywords.only": "Mage fails on keyword-only parameters with a default; here they are allowed",
    "sql": "it fails in Mage because of the two blocks below",
    "sql.raw_joined": "Mage knows an alias behind a raw block's query only with AS",
    "sql.raw_commented": "Mage ends a statement at a semicolon in a comment",
    "yamls": "YAML that is only data is handed on; Mage runs it as Python",
    "yamls.y_loader": "the same",
    "yamls.y_custom": "the same",
    "wild.w_twice": "a block that is named twice above is given once",
    "polars.pl_series": "Mage stores a Polars series as a list; here it comes back as it was",
    "many_retried.mr_tries": "while a next attempt is waited for no kernel is held, so that its context is empty",
    "chart.bar_two_groups": "Mage names groups without a value, of which it has no numbers",
    "chart.hours_average": "an empty interval has no average; Mage draws 0",
    "chart.many_days": "more than 40 intervals are put together whole",
    **dict.fromkeys(
        ("uses_fresh.f_first", "uses_fresh.f_again", "uses_fresh.f_own", "uses_stale.o_first",
         "uses_stale.o_again", "uses_once.p_first", "uses_once.p_again"),
        "what a data product's block left is read as what it hands on; Mage shows its references",
    ),
    **dict.fromkeys(
        ("one_cached.oc_first", "one_cached.oc_second", "one_cached.oc_third",
         "one_cached.oc_frame", "one_cached.oc_sum"),
        "outputs are stored also where cache_block_output_in_memory is set",
    ),
}  # fmt: skip
if importlib.util.find_spec("sklearn") is None:
    KNOWN["actions.outliers"] = "finding outliers needs scikit-learn in the kernel's environment"


def differences(theirs: Any, mine: Any, place: str = "") -> Iterator[str]:
    """Where two results differ, in words."""
    if isinstance(theirs, dict) and isinstance(mine, dict):
        for key in sorted(theirs.keys() | mine.keys()):
            at = f"{place}.{key}" if place else key
            if key not in theirs or key not in mine:
                yield f"{at} is only in {'ours' if key in mine else 'theirs'}"
            else:
                yield from differences(theirs[key], mine[key], at)
    elif isinstance(theirs, list) and isinstance(mine, list) and len(theirs) == len(mine):
        for number, (left, right) in enumerate(zip(theirs, mine, strict=True)):
            yield from differences(left, right, f"{place}[{number}]")
    elif theirs != mine or isinstance(theirs, bool) is not isinstance(mine, bool):
        yield f"{place}: theirs {json.dumps(theirs)[:300]}, ours {json.dumps(mine)[:300]}"


def shortened(result: dict[str, Any]) -> dict[str, Any]:
    """One entry for each block (``pipeline.block``), one for each pipeline's state."""
    found: dict[str, Any] = {"files": result["files"]}
    found.update({f"chart.{name}": told for name, told in result.get("charts", {}).items()})
    for name, run in result.items():
        if name in ("files", "charts"):
            continue
        found[name] = run["state"]
        # What children left is compared by what gathers it: Mage keeps it elsewhere.
        families = {block.partition(":")[0] for block in run["steps"] if ":" in block}
        for block, step in run["steps"].items():
            if block.partition(":")[0] in families:
                found[f"{name}.{block}"] = {"state": step["state"]}
                continue
            outputs = step["outputs"]
            told = outputs if outputs is None else [references(value) for value in outputs]
            found[f"{name}.{block}"] = {"state": step["state"], "outputs": told}
    return found


def references(value: Any) -> Any:
    """Return an output without what is another one each time: the run that Mage refers to."""
    if isinstance(value, dict) and value.keys() == {"remote_blocks"}:
        return {"remote_blocks": [item["block_uuid"] for item in value["remote_blocks"]]}
    return value


def recorded() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(RECORD.read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def database(postgresql: Callable[[str], Address]) -> Iterator[Callable[[str], None]]:
    """PostgreSQL with a database for each side; the function says whose turn it is."""
    found = {name: postgresql(name) for name in ("ours", "theirs")}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHOP_REGION", "EU")

        def turn(name: str) -> None:
            patch.setenv("SHOP_HOST", found[name].host)
            patch.setenv("SHOP_DBNAME", name)

        yield turn


@pytest.fixture(scope="module")
def mine(
    tmp_path_factory: pytest.TempPathFactory,
    database: Callable[[str], None],
    request: pytest.FixtureRequest,
) -> dict[str, Any]:
    database("ours")
    patch = pytest.MonkeyPatch()
    request.addfinalizer(patch.undo)
    folder = tmp_path_factory.mktemp("ours")
    root = folder / "root"
    root.mkdir()
    names = projects.write(root, with_expectations(folder, patch))
    found = ours.run(root, folder / "state", names)
    (folder / "drawn").mkdir()
    return shortened({**found, "charts": drawn.run(folder / "drawn")})


def with_expectations(folder: Path, patch: pytest.MonkeyPatch) -> str:
    """Name a kernel that has Great Expectations, of Mage's version where that can be had."""
    python = environments.made(environments.expectations()[-1])
    spec = folder / "jupyter" / "kernels" / "expectations"
    spec.mkdir(parents=True)
    argv = [python, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    said = {"argv": argv, "display_name": "expectations", "language": "python"}
    (spec / "kernel.json").write_text(json.dumps(said))
    patch.setenv("JUPYTER_PATH", str(folder / "jupyter"))
    return "expectations"


@pytest.fixture(scope="module")
def theirs(
    tmp_path_factory: pytest.TempPathFactory, database: Callable[[str], None]
) -> dict[str, Any]:
    database("theirs")
    folder = tmp_path_factory.mktemp("theirs")
    return shortened(by_mage(folder, projects.write(folder), "charts"))


def by_mage(
    folder: Path, names: list[str], *also: str, python: str | None = None
) -> dict[str, Any]:
    """Run pipelines of the project in a folder by mage-ai itself; `also` may be "charts"."""
    result = folder / "result.json"
    command = [
        python or os.environ["MAGE_AI_PYTHON"], str(HERE / "mage_side.py"), str(folder / "shop"),
        str(result), json.dumps(names), *also,
    ]  # fmt: skip
    environment = {k: v for k, v in os.environ.items() if k not in ("ENV", "PYTHONPATH")}
    environment["HIDE_ENV_VAR_VALUES"] = "0"
    environment["SHOP_SECRET"] = json.dumps(together.SECRET)
    with (folder / "log.txt").open("w") as log:
        subprocess.run(command, stdout=log, stderr=log, env=environment, timeout=560, check=False)
    assert result.exists(), (folder / "log.txt").read_text()[-3000:]
    found: dict[str, Any] = json.loads(result.read_text(encoding="utf-8"))
    return found


@pytest.mark.timeout(1500)  # the first one runs all pipelines
@pytest.mark.parametrize("place", sorted(recorded()))
def test_ours_gives_what_mage_gave(mine: dict[str, Any], place: str) -> None:
    if place in KNOWN:
        assert list(differences(recorded()[place], mine[place])), "no difference any more"
        return
    assert list(differences(recorded()[place], mine[place], place)) == []


def test_nothing_is_left_out(mine: dict[str, Any]) -> None:
    assert mine.keys() == recorded().keys()


@pytest.mark.mage_ai
@pytest.mark.timeout(600)
def test_mage_still_gives_what_is_recorded(theirs: dict[str, Any]) -> None:
    if os.environ.get("MAGE_AI_RECORD"):
        RECORD.write_text(json.dumps(theirs, sort_keys=True, separators=(",", ":")) + "\n")
    assert list(differences(theirs, recorded())) == []
