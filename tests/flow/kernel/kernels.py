"""A real kernel to send block cells to, as the notebook and the engine do."""

from __future__ import annotations

import contextlib
import queue
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import KernelManager

from mage_jlab.executors.bundle import start_code
from mage_jlab.executors.context import ours
from mage_jlab.products.store import ProductStore

DEADLINE = 150
"""Seconds for a cell: enough for a Java machine that starts on a busy computer."""


@dataclass
class Answer:
    """Everything that came back for one execute request."""

    reply: dict[str, Any] = field(default_factory=dict)
    messages: list[dict[str, Any]] = field(default_factory=list)

    def of(self, *types: str) -> list[dict[str, Any]]:
        return [m["content"] for m in self.messages if m["msg_type"] in types]

    @property
    def stdout(self) -> str:
        return "".join(c["text"] for c in self.of("stream") if c["name"] == "stdout")

    @property
    def stderr(self) -> str:
        return "".join(c["text"] for c in self.of("stream") if c["name"] == "stderr")

    @property
    def steps(self) -> list[dict[str, Any]]:
        return self.of("mage_step")

    @property
    def finished(self) -> dict[str, Any]:
        ends = [s for s in self.steps if s["event"] == "finished"]
        assert len(ends) == 1, self.messages
        return ends[0]

    @property
    def stored(self) -> dict[str, Any] | None:
        """What became of the product, when the block left one."""
        return next((s for s in self.steps if s["event"] == "stored"), None)

    @property
    def on_its_way(self) -> bool:
        """Whether a product has been told of that is neither stored nor lost."""
        ended = [s for s in self.steps if s["event"] == "finished"]
        return bool(ended) and not ended[-1]["stored"] and self.stored is None

    @property
    def traceback(self) -> str:
        import re

        text = "\n".join("\n".join(c["traceback"]) for c in self.of("error"))
        return re.sub(r"\x1b\[[0-9;]*m", "", text)

    def mime(self, kind: str) -> list[Any]:
        return [c["data"][kind] for c in self.of("display_data") if kind in c["data"]]

    @property
    def previews(self) -> list[dict[str, Any]]:
        return self.mime("application/vnd.mage.preview+json")


class Kernel:
    """A running kernel that works for one pipeline of one project."""

    def __init__(self, manager: KernelManager, client: Any, project: Path, state: Path) -> None:
        self.manager, self.client = manager, client
        self.project = project
        self._others: list[tuple[str, dict[str, Any]]] = []
        self.store = ProductStore(state / "products")

    def context(self, **changes: Any) -> dict[str, Any]:
        return {
            "key": "k1",
            "project": self.project.name,
            "project_slug": self.project.name,
            "root": str(self.project),
            "pipeline": "etl",
            "pipeline_slug": "etl",
            "scope": "interactive",
            "store": str(self.store.root),
            "cwd": str(self.project.parent),
            "parent_on_path": True,
            "aliases": [],
            "variables": {},
            "env": "dev",
            "execution_date": None,
            "trigger": {},
            "run": None,
            "sources": None,
            "channel": None,
            "limits": {},
            "ours": ours(),
            **changes,
        }

    def start(self, **changes: Any) -> Answer:
        return self.execute(start_code(self.context(**changes)), silent=True)

    def cell(
        self, code: str, block: str, type_: str = "data_loader", upstream: Any = (), **mage: Any
    ) -> Answer:
        metadata = {
            "mage": {
                "uuid": block,
                "name": block,
                "type": type_,
                "language": "python",
                "role": "block",
                "upstream": list(upstream),
                "configuration": {},
                **mage,
            },
            "cellId": block,
        }
        return self.execute(code, metadata=metadata)

    def send(self, code: str, *, metadata: Any = None, silent: bool = False) -> str:
        session = self.client.session
        content = {
            "code": code,
            "silent": silent,
            "store_history": not silent,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": True,
        }
        message = session.msg("execute_request", content, metadata=metadata or {})
        self.client.shell_channel.send(message)
        return str(message["header"]["msg_id"])

    def execute(self, code: str, *, metadata: Any = None, silent: bool = False) -> Answer:
        return self.collect(self.send(code, metadata=metadata, silent=silent))

    def collect(
        self, message_id: str, deadline: float = DEADLINE, *, stored: bool = True
    ) -> Answer:
        """Gather what comes for one request; what comes for others is kept for them.

        With `stored`, wait for what the block left to be on disk, too.
        """
        answer = Answer()
        end = time.monotonic() + deadline
        waiting, self._others = self._others, []
        idle = False
        while not (idle and answer.reply) or (stored and answer.on_its_way):
            assert time.monotonic() < end, (answer.reply, [m["msg_type"] for m in answer.messages])
            if not waiting:
                waiting = self._received(0.01 if idle else 0.2)
            for channel, message in waiting:
                if message["parent_header"].get("msg_id") != message_id:
                    self._others.append((channel, message))
                elif channel == "shell":
                    answer.reply = message["content"]
                else:
                    answer.messages.append(message)
                    idle = idle or message["content"].get("execution_state") == "idle"
            waiting = []
        return answer

    def _received(self, timeout: float) -> list[tuple[str, dict[str, Any]]]:
        """Return everything that is there: who reads slowly loses messages."""
        found = []
        with contextlib.suppress(queue.Empty):
            while True:
                found.append(("iopub", self.client.get_iopub_msg(timeout=timeout)))
                timeout = 0
        with contextlib.suppress(queue.Empty):
            found.append(("shell", self.client.get_shell_msg(timeout=0.01)))
        return found

    def evaluate(self, expression: str) -> str:
        reply = self.execute(f"print(({expression}))")
        assert reply.reply["status"] == "ok", reply.traceback
        return reply.stdout.strip()


@contextlib.contextmanager
def running(
    folder: Path, python: str | None = None, env: dict[str, str] | None = None
) -> Iterator[Kernel]:
    """Start a kernel of an interpreter and a project for it; stop it at the end."""
    project = folder / "shop"
    (project / "pipelines" / "etl").mkdir(parents=True, exist_ok=True)
    manager = KernelManager(transport="ipc", ip=str(folder / "k"))
    if python is not None:
        manager._kernel_spec = KernelSpec(
            argv=[python, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
            language="python",
            display_name="x",
        )
    manager.start_kernel(**({"env": env} if env else {}))
    client = manager.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=DEADLINE)
        yield Kernel(manager, client, project, folder / "state")
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
