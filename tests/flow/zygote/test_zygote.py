"""Zygotes: one for each environment, no state shared, gone when their server is."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from flow.zygote.living import lives, living, until
from jupyter_client.kernelspec import KernelSpec

from mage_jlab.errors import ZygoteFailed
from mage_jlab.executors.zygote import nursery as nurseries
from mage_jlab.executors.zygote.nursery import Nursery, python_of
from mage_jlab.executors.zygote.provisioner import ZygoteProvisioner

IPYKERNEL = ["-m", "ipykernel_launcher", "-f", "{connection_file}"]


def spec(*argv: str, **more: object) -> KernelSpec:
    return KernelSpec(argv=list(argv), display_name="x", language="python", **more)


def test_nothing_is_started_before_a_kernel_is_wanted() -> None:
    made = Nursery()
    assert made.zygotes == ()
    made.close()


def test_random_numbers_differ(nursery: Nursery) -> None:
    code = """[
        __import__('random').random(), float(__import__('numpy').random.rand()),
        __import__('uuid').uuid4().hex, __import__('secrets').token_hex(),
        __import__('multiprocessing').current_process().authkey.hex(),
        *__import__('polars').Series(range(10**6)).sample(3).to_list(),
    ]"""

    async def story() -> None:
        found = []
        for _ in range(3):
            async with living(nursery) as kernel:
                found.append(await kernel.value(code))
        for numbers in zip(*found, strict=True):
            assert len(set(numbers)) == 3

    asyncio.run(story())


def test_one_kernel_does_not_see_the_other(nursery: Nursery, tmp_path: Path) -> None:
    """Nothing that user code changed in one kernel is found in the next."""

    async def story() -> None:
        async with living(nursery) as kernel:
            _, error = await kernel.run(
                "import os, sys, pandas, numpy, random\n"
                f"os.chdir({str(tmp_path)!r}); os.environ['LEAK'] = '1'; sys.path.append('/leak')\n"
                "pandas.leak = 1; random.seed(1); numpy.random.seed(1); leak = 1\n"
                "pandas.set_option('display.max_rows', 7); os.umask(0o77)\n"
                f"kept = open({str(tmp_path / 'open')!r}, 'w')\n"
                "import matplotlib; matplotlib.rcParams['lines.linewidth'] = 77"
            )
            assert error == ""
        async with living(nursery) as kernel:
            _, error = await kernel.run(
                "import os, sys, pandas, random\n"
                "assert 'LEAK' not in os.environ and '/leak' not in sys.path\n"
                "assert not hasattr(pandas, 'leak') and 'leak' not in globals()\n"
                "assert pandas.get_option('display.max_rows') != 7 and os.umask(0o22) != 0o77\n"
                f"links = [os.readlink(f'/proc/self/fd/{{n}}') for n in os.listdir('/proc/self/fd')"
                " if os.path.islink(f'/proc/self/fd/{n}')]\n"
                f"assert not [link for link in links if link.startswith({str(tmp_path)!r})]\n"
                "assert os.getcwd() != " + repr(str(tmp_path)) + "\n"
                "import matplotlib; assert matplotlib.rcParams['lines.linewidth'] != 77"
            )
            assert error == ""

    asyncio.run(story())


COMPUTE = """
import threading, numpy as np, pandas as pd, pyarrow as pa, pyarrow.parquet as pq, polars as pl
import duckdb, tempfile, os, json
from concurrent.futures import ThreadPoolExecutor
a = np.arange(160000, dtype=float).reshape(400, 400)
matrix = float((a @ a).trace())
frame = pd.DataFrame({'k': np.arange(100000) % 7, 'v': np.arange(100000)})
grouped = frame.groupby('k').v.sum().tolist()
path = os.path.join(tempfile.mkdtemp(), 'x.parquet')
frame.to_parquet(path)
read = int(pq.read_table(path, use_threads=True)['v'].to_pandas().sum())
query = duckdb.sql(f"select sum(v)::bigint from '{path}'").fetchall()[0][0]
polars = pl.read_parquet(path).group_by('k').agg(pl.col('v').sum()).sort('k')['v'].to_list()
with ThreadPoolExecutor(4) as pool:
    threads = sum(pool.map(lambda n: n * n, range(100)))
print(json.dumps([matrix, grouped, read, int(query), polars, threads]))
"""


@pytest.mark.timeout(300)
def test_many_forked_kernels_compute_right(nursery: Nursery) -> None:
    async def one(how: Nursery | None) -> object:
        async with living(how) as kernel:
            text, error = await kernel.run(COMPUTE)
            assert error == ""
            return json.loads(text)

    async def story() -> None:
        expected = await one(None)
        for _ in range(5):
            assert await asyncio.gather(*(one(nursery) for _ in range(4))) == [expected] * 4

    asyncio.run(story())


def test_sockets_are_out_of_reach_of_others(nursery: Nursery) -> None:
    async def story() -> None:
        async with living(nursery) as kernel:
            folder = Path(kernel.manager.connection_file).parent
            assert list(folder.glob("k-*"))
            assert not stat.S_IMODE(folder.stat().st_mode) & 0o077

    asyncio.run(story())


# ---- environments --------------------------------------------------------


def test_another_environment_is_another_zygote(tmp_path: Path) -> None:
    made = Nursery()

    async def story() -> None:
        first = {"PYTHONPATH": str(tmp_path)}
        for given in ({}, first, {"OMP_NUM_THREADS": "1"}, {}, {"TZ": "Asia/Tokyo"}):
            async with living(made, environment=given) as kernel:
                assert kernel.forked
        assert len(made.zygotes) == 3
        other = spec(sys.executable, "-X", "utf8", *IPYKERNEL)
        async with living(made, spec=other) as kernel:
            assert not kernel.forked  # an option of two words is not understood
        other = spec(sys.executable, "-Xutf8", *IPYKERNEL)
        async with living(made, spec=other) as kernel:
            assert kernel.forked
            assert await kernel.value("__import__('sys').flags.utf8_mode") == 1
        await until(lambda: len(made.zygotes) == nurseries.MOST)

    asyncio.run(story())
    made.close()


def test_a_changed_environment_is_a_new_zygote(tmp_path: Path) -> None:
    made = Nursery()
    given = {"PYTHONPATH": str(tmp_path)}

    async def story() -> None:
        async with living(made, environment=given) as kernel:
            old = kernel.process.zygote
            (tmp_path / "installed.py").write_text("x = 1")
            async with living(made, environment=given) as other:
                assert other.process.zygote is not old
                assert await other.value("__import__('installed').x") == 1
            assert await kernel.value("2 + 2") == 4  # who runs goes on
        await until(lambda: not lives(old.pid))
        assert len(made.zygotes) == 1

    asyncio.run(story())
    made.close()


def test_an_idle_zygote_ends_and_the_next_kernel_gets_another() -> None:
    made = Nursery(idle=0.5)

    async def story() -> None:
        async with living(made) as kernel:
            first = kernel.process.zygote
            await asyncio.sleep(3)
            assert lives(first.pid)  # not while it has a kernel
        await until(lambda: not lives(first.pid))
        async with living(made) as kernel:
            assert kernel.forked and kernel.process.zygote is not first

    asyncio.run(story())
    made.close()


# ---- what is left to others ----------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        ["R", "--slave", "-e", "IRkernel::main()", "--args", "/f"],
        [sys.executable, "-m", "ipykernel", "-f", "/f"],
        [sys.executable, "-m", "ipykernel_launcher", "-f", "/f", "--debug"],
        [sys.executable, "-m", "bash_kernel", "-f", "/f"],
        ["conda", "run", "-n", "x", "python", "-m", "ipykernel_launcher", "-f", "/f"],
        [sys.executable, "wrapper.py", "-m", "ipykernel_launcher", "-f", "/f"],
        [sys.executable, "-c", "import x", "-m", "ipykernel_launcher", "-f", "/f"],
        [],
    ],
)
def test_other_commands_are_not_forked(command: list[str]) -> None:
    assert python_of(command) is None


def test_commands_that_are_forked() -> None:
    tail = ["-m", "ipykernel_launcher", "-f", "/f"]
    assert python_of(["/usr/bin/python3", *tail]) == ("/usr/bin/python3",)
    frozen = ["python3", "-Xfrozen_modules=off", "-I", *tail]
    assert python_of(frozen) == ("python3", "-Xfrozen_modules=off", "-I")


def test_other_kernels_are_delegated(nursery: Nursery) -> None:
    async def story() -> None:
        plain = [sys.executable, *IPYKERNEL]
        code = "from ipykernel.kernelapp import launch_new_instance as go; go()"
        own = {"kernel_provisioner": {"provisioner_name": "local-provisioner", "config": {}}}
        for other in (
            spec(*plain, interrupt_mode="message"),
            spec(sys.executable, "-c", code, "-f", "{connection_file}"),
            spec(*plain, metadata=own),
        ):
            async with living(nursery, spec=other) as kernel:
                assert not kernel.forked
                assert await kernel.value("6 * 7") == 42
        async with living(nursery, independent=True) as kernel:
            assert not kernel.forked

    asyncio.run(story())


def test_kernels_of_ordinary_notebooks_are_left_alone(nursery: Nursery) -> None:
    class Ours(ZygoteProvisioner):
        pass

    Ours.nursery = nursery

    async def story() -> None:
        for given, forked in (({}, False), ({"MAGE_JLAB_NOTEBOOK": "mage:p/x.ipynb"}, True)):
            from jupyter_client.manager import AsyncKernelManager

            manager = AsyncKernelManager(kernel_name="python3")
            manager.provisioner = Ours(
                kernel_id="", kernel_spec=manager.kernel_spec, parent=manager
            )
            await manager.start_kernel(env={**os.environ, **given})
            kind = type(manager.provisioner.process).__name__
            await manager.shutdown_kernel(now=True)
            assert (kind == "Forked") == forked

    asyncio.run(story())


def wrapper(folder: Path, refusal: str) -> Path:
    """An interpreter that cannot be a zygote but starts kernels as any other."""
    file = folder / "python-of-mine"
    file.write_text(
        f"""#!/bin/sh\ncase "$1" in *program.py) {refusal};; esac\nexec {sys.executable} "$@"\n"""
    )
    file.chmod(0o755)
    return file


@pytest.mark.parametrize("refusal", ["exit 3", "exec sleep 600"])
def test_a_kernel_that_cannot_be_forked_is_spawned(
    tmp_path: Path, refusal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mage_jlab.executors.zygote.provisioner.FORK_SECONDS", 3)
    made = Nursery()
    other = spec(str(wrapper(tmp_path, refusal)), *IPYKERNEL)

    async def story() -> None:
        for _ in range(2):
            async with living(made, spec=other) as kernel:
                assert not kernel.forked
                assert await kernel.value("6 * 7") == 42

    asyncio.run(story())
    made.close()


def test_an_interpreter_that_is_not_there(tmp_path: Path) -> None:
    made = Nursery()
    with pytest.raises(ZygoteFailed):
        made.zygote([str(tmp_path / "nothing")], dict(os.environ))
    made.close()


# ---- ends ----------------------------------------------------------------


def test_a_killed_zygote_takes_its_kernels_along_and_is_replaced(nursery: Nursery) -> None:
    async def story() -> None:
        async with living(nursery) as kernel:
            process = kernel.process
            # Busy in a loop that never lets go of the interpreter.
            kernel.client.execute("sum(iter(lambda: 0, 1))")
            await asyncio.sleep(0.5)
            os.kill(process.zygote.pid, signal.SIGKILL)
            await until(lambda: process.poll() is not None)
            assert process.poll() == -signal.SIGKILL
            assert not lives(process.pid)
            assert not await kernel.manager.is_alive()
        async with living(nursery) as kernel:
            assert kernel.forked and kernel.process.zygote is not process.zygote

    asyncio.run(story())


SERVER = """
import asyncio, sys
sys.path.insert(0, sys.argv[1])
from flow.zygote.living import living
from mage_jlab.executors.zygote.nursery import Nursery
async def story():
    nursery = Nursery()
    async with living(nursery) as kernel:
        child = await kernel.value("__import__('subprocess').Popen(['sleep', '600']).pid")
        kernel.client.execute("sum(iter(lambda: 0, 1))")
        await asyncio.sleep(0.5)
        print(kernel.process.zygote.pid, kernel.process.pid, child, flush=True)
        await asyncio.sleep(600)
asyncio.run(story())
"""


def test_a_killed_server_leaves_neither_zygote_nor_kernel() -> None:
    tests = str(Path(__file__).parents[2])
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, tests], stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    pids = [int(word) for word in server.stdout.readline().split()]
    try:
        assert len(pids) == 3 and all(lives(pid) for pid in pids)
        server.send_signal(signal.SIGKILL)
        server.wait()
        asyncio.run(until(lambda: not [pid for pid in pids if lives(pid)], 10))
    finally:
        server.kill()
        for pid in pids:
            if lives(pid):
                psutil.Process(pid).kill()


def test_closing_ends_everything() -> None:
    made = Nursery()

    async def story() -> None:
        async with living(made) as kernel:
            pids = [kernel.process.pid, kernel.process.zygote.pid]
            await asyncio.to_thread(made.close)
            await until(lambda: kernel.process.poll() is not None)
            assert not [pid for pid in pids if lives(pid)]
        with pytest.raises(ZygoteFailed):
            made.zygote([sys.executable], dict(os.environ))

    asyncio.run(story())
