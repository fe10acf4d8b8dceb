"""The same blocks in other people's environments: no mage-jlab, no pyarrow in any of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import environments
import pytest
from environments import Environment
from kernels import Kernel, running
from test_convention import ok

from mage_jlab.preview import page, statistics

pytestmark = pytest.mark.timeout(600)
ALL = environments.listed()


@pytest.fixture(scope="module", params=ALL, ids=[e.name for e in ALL])
def environment(request: pytest.FixtureRequest) -> Environment:
    chosen: Environment = request.param
    return chosen


@pytest.fixture(scope="module")
def other(environment: Environment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    python = environments.made(environment)
    with running(tmp_path_factory.mktemp("e"), python) as started:
        answer = started.start()
        assert answer.steps == [{"event": "ready", "key": "k1"}], answer.traceback
        yield started


def has_pandas(environment: Environment) -> bool:
    return any("pandas" in package for package in environment.packages)


def test_nothing_of_ours_is_there(other: Kernel) -> None:
    code = "import importlib.util as u; print([n for n in ('mage_jlab', 'pyarrow', 'yaml') if u.find_spec(n)])"
    assert other.execute(code).stdout == "[]\n"


def test_blocks_without_any_package(other: Kernel) -> None:
    code = """
if 'data_loader' not in globals():
    from mage_ai.data_preparation.decorators import data_loader
from mage_ai.settings.repo import get_repo_path

class Thing:
    n = 5

@data_loader
def load(*args, **kwargs):
    print('in', get_repo_path().rsplit('/', 1)[-1])
    return {'a': [1, 2.5, None]}, 'text', Thing(), b'bytes'
@test
def check(*outputs):
    assert len(outputs) == 4
"""
    answer = other.cell(code, "plain")
    done = ok(answer)
    assert answer.stdout == "in shop\n" and done["tests"][0]["passed"]
    assert [o["kind"] for o in done["outputs"]] == ["json", "text", "pickle", "media"]
    use = "@custom\ndef f(v):\n    print(v[0], v[1], v[2].n, v[3])"
    answer = other.cell(use, "use", "custom", ["plain"])
    assert answer.stdout == "{'a': [1, 2.5, None]} text 5 b'bytes'\n"
    answer = other.cell("@custom\ndef f():\n    return missing", "bad", "custom")
    assert "line 3, in f()" in answer.traceback or "line 3" in answer.traceback
    assert answer.finished["error"]["line"] == 3 and "mage" not in answer.traceback


FRAME = """
import pandas as pd, numpy as np, datetime
@data_loader
def load():
    return pd.DataFrame({
        'i': [1, 2, 3], 'f': [1.5, np.nan, -1], 's': ['a', None, 'ü'], 'b': [True, False, True],
        't': pd.to_datetime(['2024-01-01', None, '2024-06-01 10:00:00.000000001'], format='ISO8601'),
        'z': pd.to_datetime(['2024-07-01 10:00', None, '2024-01-01 00:00']).tz_localize('Europe/Paris'),
        'c': pd.Categorical(['x', 'y', None]), 'd': pd.to_timedelta([1, 2, None], unit='s'),
        'o': [{'k': 1}, [1, 2], 'x'], 'm': [1, 'a', datetime.date(2024, 1, 1)],
        'n': pd.array([1, None, 3], dtype='Int64'), 'q': pd.array(['a', None, 'b'], dtype='string'),
    }, index=pd.Index(['r1', 'r2', 'r3'], name='key'))
"""


def test_frames(other: Kernel, environment: Environment) -> None:
    if not has_pandas(environment):
        answer = other.cell("import pandas", "nopandas")
        assert answer.finished["error"]["name"] == "ModuleNotFoundError"
        return
    answer = other.cell(FRAME, "frame")
    done = ok(answer)
    assert (done["outputs"][0]["rows"], done["outputs"][0]["columns"]) == (3, 12)
    (preview,) = answer.previews
    assert [c["name"] for c in preview["columns"]][:4] == ["key", "i", "f", "s"]
    assert preview["page"]["rows"][1][:4] == ["r2", 2, None, None]
    same = FRAME.replace("@data_loader\ndef load():", "def make():") + (
        "\n@custom\ndef f(df):\n    pd.testing.assert_frame_equal(df, make())\n"
        "    df.loc['r1', 'f'] = 9.0\n    print(df.f.sum(), type(df).__name__)"
    )
    answer = other.cell(same, "same", "custom", ["frame"])
    ok(answer)
    assert answer.stdout == "8.0 DataFrame\n"
    file = "from mage_ai.io.file import FileIO\n@custom\ndef f(df):\n    FileIO().export(df, 'x.parquet')"
    answer = other.cell(file, "file", "custom", ["frame"])
    assert answer.finished["error"]["name"] == "MissingPackage", answer.traceback
    assert "-m pip install pyarrow" in answer.finished["error"]["message"]


TIMES = """
import pandas as pd
seen = globals().setdefault('seen', {})
@data_loader
def load():
    df = pd.DataFrame({'n': [1, 2], 't': pd.to_datetime(['2024-01-01', '2024-01-02'])})
    seen['address'] = df['t'].array._ndarray.ctypes.data
    WATCH
    return df
"""


def test_nobody_who_kept_a_part_of_a_frame_changes_what_was_handed_on(
    other: Kernel, environment: Environment
) -> None:
    """Before pandas 3 a frame is kept without a copy only if nobody else sees its memory."""
    if "pandas==2.*" not in environment.packages:
        pytest.skip("what pandas 3 shares it guards itself")
    here = "from _mage_jlab_kernel.kernel_side.held import held as h\n"
    last = "list(h._entries.values())[-1].kept[0].value['t'].array._ndarray.ctypes.data"
    change = "seen['part'][0] = pd.Timestamp('1999-09-09')"
    use = "@custom\ndef f(df):\n    print(df['t'].iloc[0].year)"
    ok(other.cell(TIMES.replace("WATCH", ""), "times"))
    assert other.execute(f"{here}print({last} == seen['address'])").stdout == "True\n"
    for watch in ("df['t'].array", "df['t'].array._ndarray", "df['t'].to_numpy()[:1]"):
        ok(other.cell(TIMES.replace("WATCH", f"seen['part'] = {watch}"), "times"))
        assert other.execute(change).reply["status"] == "ok"
        answer = other.cell(use, "use", "custom", ["times"])
        ok(answer)
        assert answer.stdout == "2024\n", watch


def test_the_server_shows_what_such_an_environment_left(
    other: Kernel, environment: Environment
) -> None:
    if not has_pandas(environment):
        pytest.skip("no frames without pandas")
    answer = other.cell(FRAME, "shown")
    ok(answer)
    (preview,) = answer.previews
    manifest = other.store.latest("etl", "interactive", "shown")
    assert manifest is not None
    folder = other.store.execution("etl", "interactive", "shown", manifest.version)
    assert manifest.outputs[0].files[0].endswith(".columns")
    found = page.window(folder, manifest.outputs[0])
    names = [c["name"] for c in found["columns"]]
    kept = [
        n for n, name in enumerate(names) if name not in ("t", "d")
    ]  # nanoseconds, spans: below
    for mine, theirs in zip(found["rows"], preview["page"]["rows"], strict=True):
        assert [mine[n] for n in kept] == [theirs[n] for n in kept]
    assert found["columns"] == preview["columns"]
    asked = page.window(
        folder, manifest.outputs[0], sort=[["f", "asc"]], filters=[{"column": "s", "op": "notnull"}]
    )
    assert [row[0] for row in asked["rows"]] == ["r3", "r1"]
    assert statistics.statistics(folder, manifest.outputs[0])["rows"] == 3


def test_a_frame_goes_from_one_environment_to_another(tmp_path: Path) -> None:
    """Written by pandas 2 without pyarrow, read by pandas 3 and by our own environment."""
    by_name = {e.name: e for e in ALL}
    if not {"pandas2", "pandas3"} <= set(by_name):
        pytest.skip("both are needed")
    with running(tmp_path, environments.made(by_name["pandas2"])) as first:
        first.start()
        ok(first.cell(FRAME, "frame"))
    use = "@custom\ndef f(df):\n    print(df.shape, df.i.sum(), df.s.isna().sum(), df.c.dtype)"
    for python in (environments.made(by_name["pandas3"]), None):
        with running(tmp_path, python) as second:
            second.start()
            answer = second.cell(use, "use", "custom", ["frame"])
            ok(answer)
            assert answer.stdout == "(3, 12) 6 1 category\n"


@pytest.mark.parametrize("place", ["above", "inside"])
def test_functions_of_a_block_reach_other_processes(tmp_path: Path, place: str) -> None:
    """joblib's worker processes cannot import the module of a block."""
    line = "from joblib import Parallel, delayed"
    code = f"""
{line if place == "above" else ""}

class Weight:
    factor = 3

def heavy(number):
    return helper(number) * Weight.factor

def helper(number):
    return number + 1

@custom
def f(*args, **kwargs):
    {line if place == "inside" else ""}
    import cloudpickle, subprocess, sys
    print(Parallel(n_jobs=2)(delayed(heavy)(number) for number in range(3)))
    read = "import pickle, sys; print(pickle.load(sys.stdin.buffer)(1))"
    run = subprocess.run([sys.executable, "-c", read], input=cloudpickle.dumps(heavy), capture_output=True)
    print(run.stdout.decode())
    return Weight()
"""
    with running(tmp_path, environments.made(environments.workers())) as kernel:
        kernel.start()
        answer = kernel.cell(code, "sent", "custom")
        ok(answer)
        assert answer.stdout.split("\n")[:2] == ["[3, 6, 9]", "6"]
        below = "@custom\ndef g(weight, *args):\n    print(weight.factor, type(weight).__module__)"
        answer = kernel.cell(below, "below", "custom", ["sent"])
        ok(answer)
        assert answer.stdout == "3 mage_blocks.sent\n"
