"""A Jupyter server with the extension, its engine started, and a way to ask it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError

P = ("mage", "api", "projects", "demo")
N = (*P, "pipelines", "numbers")


@dataclass
class Answer:
    """What the server said."""

    status: int
    body: bytes
    headers: Any

    @property
    def json(self) -> Any:
        return json.loads(self.body) if self.body else None


Ask = Callable[..., Awaitable[Answer]]


@pytest.fixture
def jp_server_config(mage_state: Path) -> dict[str, Any]:
    return {
        "ServerApp": {
            "jpserver_extensions": {"mage_jlab": True},
            "allow_unauthenticated_access": False,
        },
        # A kernel that is ended politely stores what it has to, however slow the machine is.
        "KernelManager": {"shutdown_wait_time": 60},
    }


@pytest.fixture
def started(
    jp_serverapp: Any, mage_project: Path, jp_asyncio_loop: asyncio.AbstractEventLoop
) -> Iterator[Any]:
    """The extension, started as a Jupyter server starts it."""
    jp_asyncio_loop.run_until_complete(jp_serverapp.extension_manager.start_all_extensions())
    app = jp_serverapp.extension_manager.extension_points["mage_jlab"].app
    yield app
    jp_asyncio_loop.run_until_complete(app.stop_extension())


@pytest.fixture
def ask(started: Any, jp_fetch: Any) -> Ask:
    """Ask the server; an error is an answer too."""

    async def fetch(*path: str, method: str = "GET", body: Any = None, **more: Any) -> Answer:
        if body is not None and not isinstance(body, bytes | str):
            body = json.dumps(body)
        if body is None and method in ("POST", "PATCH", "PUT"):
            body = "{}"
        try:
            said = await jp_fetch(*path, method=method, body=body, request_timeout=60, **more)
        except HTTPClientError as error:
            said = error.response
        return Answer(said.code, said.body, said.headers)

    return fetch


async def until(look: Callable[[], Awaitable[Any]], seconds: float = 90) -> Any:
    """Look again until there is something to see."""
    end = time.monotonic() + seconds
    while True:
        seen = await look()
        if seen:
            return seen
        assert time.monotonic() < end, "It did not happen in time."
        await asyncio.sleep(0.1)


async def run_to_end(ask: Ask, **wanted: Any) -> Any:
    """Start a run by REST and wait for its end."""
    body = {"project": "demo", "pipeline": "numbers", **wanted}
    answer = await ask("mage", "api", "runs", method="POST", body=body)
    assert answer.status == 202, answer.body

    async def ended() -> Any:
        run = (await ask("mage", "api", "runs", answer.json["id"])).json
        return run if run["state"] not in ("queued", "running", "cancelling") else None

    return await until(ended)
