"""What a zygote loads before it forks, and who waits for it."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from pathlib import Path

import pytest
from flow.zygote.living import living, until

from mage_jlab.executors.settings import OF_COMMAND, Imports
from mage_jlab.executors.zygote import nursery as nurseries
from mage_jlab.executors.zygote.nursery import Nursery


def test_asking_for_a_zygote_does_not_wait_for_its_imports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody reads while modules are loaded, and our own code is more than a socket takes."""
    (tmp_path / "waits_for_me.py").write_text(
        "import pathlib, time\n"
        f"while not pathlib.Path({str(tmp_path / 'go')!r}).exists():\n"
        "    time.sleep(0.01)\n"
    )
    monkeypatch.setattr(
        nurseries.bundle, "install_code", lambda: f"# {'x' * 2_000_000}\nimport this_is_ours"
    )
    (tmp_path / "this_is_ours.py").write_text("")
    nursery = Nursery(imports=Imports(first=("waits_for_me",)))
    more = {"PYTHONPATH": str(tmp_path)}
    wanted = (sys.executable,), {**os.environ, **more}
    asking = threading.Thread(target=nursery.zygote, args=wanted)
    try:
        asking.start()
        asking.join(30)
        assert not asking.is_alive()
        (zygote,) = nursery.zygotes
        assert not zygote.ready.done()
        (tmp_path / "go").touch()
        zygote.ready.result(60)

        async def story() -> None:
            async with living(nursery, environment=more) as kernel:
                assert await kernel.value("'this_is_ours' in __import__('sys').modules")

        asyncio.run(story())
    finally:
        (tmp_path / "go").touch()
        nursery.close()


def test_a_kernel_of_a_command_has_tables_and_no_debugger_that_could_be_missed() -> None:
    nursery = Nursery(imports=OF_COMMAND)

    async def story() -> None:
        async with living(nursery) as kernel:
            assert await kernel.value("'pandas' in __import__('sys').modules")
            assert await kernel.value("'debugpy' in __import__('sys').modules") is False
            _, error = await kernel.run("import debugpy; debugpy.breakpoint")
            assert error == ""

    try:
        asyncio.run(story())
    finally:
        nursery.close()


def test_a_retired_nursery_ends_with_its_last_kernel() -> None:
    nursery = Nursery()

    async def story() -> None:
        async with living(nursery) as kernel:
            (zygote,) = nursery.zygotes
            nursery.retire()
            assert await kernel.value("1 + 1") == 2
            assert zygote.alive
        await until(lambda: not zygote.alive)

    try:
        asyncio.run(story())
    finally:
        nursery.close()
