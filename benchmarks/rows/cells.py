"""An empty block in a notebook's kernel, over a plain cell, as the browser asks for it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any

from jupyter_client.manager import KernelManager

from benchmarks.measure import Sample, tree_cpu
from benchmarks.row import OURS, Once, Row, Side
from benchmarks.stage import Stage
from benchmarks.work import chain

_MANY = 10


@contextlib.contextmanager
def ours(stage: Stage) -> Iterator[Once]:
    stage.pipeline("chain1", chain(1))
    with stage.server() as server:
        server.ready()
        said = server.ask("GET", "projects/bench/pipelines/chain1/kernel")
        manager = KernelManager(kernel_name="python3")
        manager.start_kernel(cwd=str(stage.root), env=stage.environment())
        client = manager.blocking_client()
        client.start_channels()
        try:
            client.wait_for_ready(60)
            _idle(client, said["code"], silent=True)
            block = {
                "uuid": "c1_0", "name": "c1_0", "type": "custom", "language": "python",
                "role": "block", "upstream": [], "configuration": {},
            }  # fmt: skip
            code = "@custom\ndef f(*args, **kwargs):\n    return 1\n"
            metadata = {"mage": block, "cellId": "c1_0"}

            def once() -> Sample:
                cpu = tree_cpu(manager.provisioner.pid)
                plain = min(_idle(client, "1") for _ in range(_MANY))
                took = [_idle(client, code, metadata) for _ in range(_MANY)]
                used = tree_cpu(manager.provisioner.pid) - cpu
                return Sample(sorted(took)[_MANY // 2] - plain, used, {"plain cell": plain})

            yield once
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)


def _idle(client: Any, code: str, metadata: Any = None, *, silent: bool = False) -> float:
    """Send a request; return the seconds until the kernel is idle again."""
    content = {
        "code": code, "silent": silent, "store_history": not silent, "user_expressions": {},
        "allow_stdin": False, "stop_on_error": True,
    }  # fmt: skip
    message = client.session.msg("execute_request", content, metadata=metadata or {})
    began = time.perf_counter()
    client.shell_channel.send(message)
    finished = metadata is None
    while True:
        answer = client.get_iopub_msg(timeout=60)
        if answer["parent_header"].get("msg_id") != message["header"]["msg_id"]:
            continue
        if answer["msg_type"] == "mage_step" and answer["content"].get("state") == "completed":
            finished = True
        if answer["content"].get("execution_state") == "idle":
            break
    if not finished:
        raise RuntimeError("The block did not complete.")
    return time.perf_counter() - began


ROW = Row(
    "cell",
    "interactive: empty block, request → idle, over a plain cell",
    "≤ 30 ms",
    (Side(OURS, ours),),
    limit=0.03,
    repeat=5,
    recorded="mage 65 ms",
)
