"""What holds of a spawned kernel holds of a forked one: each test runs with both."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest
from flow.zygote.living import lives, living, until

from mage_jlab.executors.zygote.nursery import Nursery

How = Nursery | None


def test_it_is_what_was_asked_for(how: How) -> None:
    async def story() -> None:
        async with living(how) as kernel:
            assert kernel.forked == (how is not None)
            pid = kernel.manager.provisioner.pid
            assert await kernel.value("__import__('os').getpid()") == pid

    asyncio.run(story())


def test_folder_and_environment(how: How, tmp_path: Path) -> None:
    async def story() -> None:
        given = {"OF_MY_RUN": "é=1", "HOME": str(tmp_path)}
        async with living(how, environment=given, cwd=str(tmp_path)) as kernel:
            assert await kernel.value("__import__('os').getcwd()") == str(tmp_path)
            environment = await kernel.value("dict(__import__('os').environ)")
            assert environment["OF_MY_RUN"] == "é=1"
            # What it starts sees the same: also the C library knows.
            text, _ = await kernel.run("!echo $OF_MY_RUN; echo $HOME")
            assert text.split() == ["é=1", str(tmp_path)]
        missing = {k: v for k, v in os.environ.items() if k != "USER_OF_TEST"}
        os.environ["USER_OF_TEST"] = "1"
        try:
            async with living(how) as kernel:
                assert await kernel.value("__import__('os').environ.get('USER_OF_TEST')") == "1"
        finally:
            del os.environ["USER_OF_TEST"]
        async with living(how, environment=missing) as kernel:
            assert await kernel.value("__import__('os').environ.get('USER_OF_TEST')") is None

    asyncio.run(story())


def test_time_zone(how: How) -> None:
    async def story() -> None:
        for zone, hour in (("Asia/Tokyo", 9), ("UTC", 0)):
            async with living(how, environment={"TZ": zone}) as kernel:
                code = "__import__('time').localtime(0).tm_hour"
                assert await kernel.value(code) == hour
                code = "str(__import__('datetime').datetime.fromtimestamp(0).hour)"
                assert await kernel.value(code) == str(hour)

    asyncio.run(story())


def test_python_path(how: How, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "only_here.py").write_text("x = 42")

    async def story() -> None:
        given = {"PYTHONPATH": str(tmp_path / "mine")}
        async with living(how, environment=given) as kernel:
            assert await kernel.value("__import__('only_here').x") == 42
        async with living(how) as kernel:
            assert await kernel.run("import only_here") == ("", "ModuleNotFoundError")

    asyncio.run(story())


def test_import_path_and_arguments_are_the_same(nursery: Nursery) -> None:
    async def ask(how: How) -> list[object]:
        async with living(how) as kernel:
            code = """[
                __import__('sys').path, __import__('sys').argv[0], __import__('sys').argv[1],
                len(__import__('sys').argv), __import__('sys').orig_argv[:4],
                __import__('sys').executable, __import__('sys').flags.optimize,
                sorted(n for n in globals() if not n.startswith('_')),
                __import__('os').getsid(0) == __import__('os').getpid(),
                __import__('__main__').__dict__ is globals(),
                str(__import__('signal').getsignal(15)), str(__import__('signal').getsignal(17)),
                str(__import__('signal').getsignal(1)), __import__('os').umask(18),
                sorted(map(int, __import__('signal').pthread_sigmask(0, []))),
            ]"""
            found = await kernel.value(code)
            assert isinstance(found, list)
            return found

    async def story() -> None:
        assert await ask(nursery) == await ask(None)

    asyncio.run(story())


@pytest.mark.parametrize("ignored", [True, False])
def test_a_hangup_is_ignored_where_the_server_ignores_it(ignored: bool) -> None:
    """As one does that was started with nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN if ignored else signal.SIG_DFL)
    made = Nursery()

    async def story() -> None:
        for how in (made, None):
            async with living(how) as kernel:
                assert kernel.forked == (how is made)
                code = "__import__('signal').getsignal(1) == __import__('signal').SIG_IGN"
                assert await kernel.value(code) is ignored

    try:
        asyncio.run(story())
    finally:
        signal.signal(signal.SIGHUP, before)
        made.close()


def test_no_file_of_others_is_open(nursery: Nursery) -> None:
    def files(pid: int) -> set[str]:
        links = {str(entry.readlink()) for entry in Path(f"/proc/{pid}/fd").iterdir()}
        return {link for link in links if link.startswith(("socket:", "pipe:"))}

    async def story() -> None:
        async with living(nursery) as first, living(nursery) as kernel, living(nursery):
            mine = files(kernel.process.pid)
            assert mine
            assert not mine & files(kernel.process.zygote.pid)
            assert not mine & files(first.process.pid)

    asyncio.run(story())


def test_interrupt(how: How, tmp_path: Path) -> None:
    async def story() -> None:
        async with living(how) as kernel:

            async def interrupt() -> None:
                await until((tmp_path / "begun").exists)
                await kernel.manager.interrupt_kernel()

            interrupted = asyncio.ensure_future(interrupt())
            begin = f"open({str(tmp_path / 'begun')!r}, 'w')"
            _, error = await kernel.run(f"import time\n{begin} and time.sleep(50)")
            assert error == "KeyboardInterrupt"
            await interrupted
            assert await kernel.value("1 + 1") == 2

    asyncio.run(story())


def test_restart(how: How) -> None:
    async def story() -> None:
        async with living(how) as kernel:
            await kernel.run("x = 1")
            before = kernel.manager.provisioner.pid
            await kernel.manager.restart_kernel()
            await kernel.client.wait_for_ready(timeout=60)
            assert kernel.manager.provisioner.pid != before
            assert kernel.forked == (how is not None)
            assert (await kernel.run("x"))[1] == "NameError"
            assert not lives(before)

    asyncio.run(story())


def test_a_polite_end_runs_what_is_to_run_at_exit(how: How, tmp_path: Path) -> None:
    mark = tmp_path / "ended"

    async def story() -> None:
        async with living(how) as kernel:
            await kernel.run(
                "import atexit, threading, time\n"
                f"atexit.register(lambda: open({str(mark)!r}, 'a').write('exit'))\n"
                f"def last():\n    time.sleep(0.3)\n    open({str(mark)!r}, 'a').write('thread ')\n"
                "threading.Thread(target=last).start()\n"
                f"file = open({str(tmp_path / 'open')!r}, 'w')\n"
                "_ = file.write('kept')"
            )
            process = kernel.process
            await kernel.manager.shutdown_kernel()
            assert process.returncode == 0
            assert not await kernel.manager.is_alive()
            assert not lives(process.pid)

    asyncio.run(story())
    assert mark.read_text() == "thread exit"


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("import os; os._exit(7)", 7),
        ("import os; os.kill(os.getpid(), 9)", -signal.SIGKILL),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", -signal.SIGSEGV),
    ],
)
def test_how_it_ended_is_known(how: How, code: str, status: int) -> None:
    async def story() -> None:
        async with living(how) as kernel:
            process = kernel.process
            kernel.client.execute(code)
            await until(lambda: process.poll() is not None)
            assert process.poll() == status
            assert not await kernel.manager.is_alive()

    asyncio.run(story())


def test_what_it_starts_can_be_waited_for(how: How) -> None:
    async def story() -> None:
        async with living(how) as kernel:
            code = "__import__('subprocess').run(['sh', '-c', 'exit 3']).returncode"
            assert await kernel.value(code) == 3
            text, error = await kernel.run(
                "from concurrent.futures import ProcessPoolExecutor\n"
                "import multiprocessing, operator\n"
                "context = multiprocessing.get_context('fork')\n"
                "with ProcessPoolExecutor(2, mp_context=context) as pool:\n"
                "    print(sum(pool.map(operator.neg, range(10))))"
            )
            assert (text, error) == ("-45\n", "")

    asyncio.run(story())


def test_low_level_output_is_seen(how: How, tmp_path: Path) -> None:
    async def story() -> None:
        async with living(how) as kernel:
            seen = tmp_path / "seen"
            text, _ = await kernel.run(
                "import os, time; os.write(1, b'deep\\n'); until = time.time() + 30\n"
                f"while not os.path.exists({str(seen)!r}) and time.time() < until: time.sleep(.05)",
                lambda said: "deep" in said and seen.touch(),
            )
            assert "deep" in text
            assert await kernel.value("__import__('os').read(0, 10).decode()") == ""

    asyncio.run(story())


def test_output_before_and_after_goes_where_it_was_sent(how: How, tmp_path: Path) -> None:
    target = tmp_path / "said"

    async def story() -> None:
        with target.open("wb") as file:
            async with living(how, stdout=file, stderr=file) as kernel:
                await kernel.run(
                    "import sys; print('to the file', file=sys.__stderr__, flush=True)"
                )

    asyncio.run(story())
    assert "to the file" in target.read_text()


def test_its_processes_carry_its_mark(how: How) -> None:
    marker = "MAGE_JLAB_KERNEL"

    def seen(pid: int) -> str:
        entries = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        return next((e.decode() for e in entries if e.startswith(marker.encode())), "")

    async def story() -> None:
        async with living(how, environment={marker: "abcdef012345"}) as kernel:
            pid = await kernel.value(
                "[os.fork() or (os.setsid(), time.sleep(60), os._exit(0)) "
                "for os, time in [(__import__('os'), __import__('time'))]][0]"
            )
            assert seen(kernel.manager.provisioner.pid) == f"{marker}=abcdef012345"
            assert seen(pid) == f"{marker}=abcdef012345"
            os.kill(pid, signal.SIGKILL)

    asyncio.run(story())


@pytest.mark.skipif(sys.platform != "linux", reason="forks on Linux only")
def test_the_id_of_an_ended_kernel_is_kept(how: How) -> None:
    """Who kills by process id must not hit somebody else who got the id meanwhile."""

    async def story() -> None:
        async with living(how) as kernel:
            process = kernel.process
            os.kill(process.pid, signal.SIGKILL)
            if how is not None:
                await until(lambda: process.poll() is not None)
            stat = Path(f"/proc/{process.pid}/stat")
            await until(lambda: stat.read_text().rpartition(")")[2].split()[0] == "Z")
            await asyncio.sleep(0.3)
            assert stat.exists()
            process.wait()
            await until(lambda: not Path(f"/proc/{process.pid}").exists())

    asyncio.run(story())
