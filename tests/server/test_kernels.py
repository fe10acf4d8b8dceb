"""Which kernels of a Jupyter server are forked: those of pipelines, and no others."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from mage_jlab.executors.zygote import provisioner as provisioners
from mage_jlab.executors.zygote.link import Forked
from tests.server.conftest import until
from tests.server.test_notebook_run import execute, kernel_of

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks on Linux only")


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a slow machine, too, kernels are forked, not spawned because a zygote took its time."""
    monkeypatch.setattr(provisioners, "FORK_SECONDS", 100)


async def started(ask: Any, serverapp: Any, path: str) -> tuple[str, Any]:
    session = await ask(
        "api", "sessions", method="POST",
        body={"path": path, "type": "notebook", "name": path.rpartition("/")[2],
              "kernel": {"name": "python3"}},
    )  # fmt: skip
    assert session.status == 201, session.body
    kernel_id = session.json["kernel"]["id"]
    return kernel_id, serverapp.kernel_manager.get_kernel(kernel_id).provisioner


async def test_a_pipeline_is_forked_and_an_ordinary_notebook_is_not(
    ask: Any, jp_serverapp: Any, mage_project: Path
) -> None:
    manager = jp_serverapp.kernel_manager
    for path, forked in (("mage:demo/numbers.ipynb", True), ("plain.ipynb", False)):
        kernel_id, provisioner = await started(ask, jp_serverapp, path)
        assert isinstance(provisioner.process, Forked) == forked
        await manager.shutdown_kernel(kernel_id, now=True)


async def test_restart_and_interrupt_of_a_pipelines_kernel(
    ask: Any, jp_serverapp: Any, mage_project: Path
) -> None:
    async with kernel_of(ask, jp_serverapp) as client:
        listed = (await ask("api", "kernels")).json
        kernel_id = listed[0]["id"]
        provisioner = jp_serverapp.kernel_manager.get_kernel(kernel_id).provisioner
        before = provisioner.pid
        assert isinstance(provisioner.process, Forked)
        answer = await ask("api", "kernels", kernel_id, "restart", method="POST", body={})
        assert answer.status == 200, answer.body
        assert provisioner.pid != before and isinstance(provisioner.process, Forked)
        await client.wait_for_ready(timeout=60)
        reply, _ = await execute(client, "import os; here = os.getpid()")
        assert reply["status"] == "ok"


async def test_a_killed_kernel_of_a_pipeline_comes_back_by_itself(
    ask: Any, jp_serverapp: Any, mage_project: Path
) -> None:
    kernel_id, provisioner = await started(ask, jp_serverapp, "mage:demo/numbers.ipynb")
    before = provisioner.pid
    provisioner.process.kill()

    async def back() -> bool:
        return provisioner.has_process and provisioner.pid != before

    await until(back)
    await jp_serverapp.kernel_manager.get_kernel(kernel_id).ready
    assert isinstance(provisioner.process, Forked)
    await jp_serverapp.kernel_manager.shutdown_kernel(kernel_id, now=True)
