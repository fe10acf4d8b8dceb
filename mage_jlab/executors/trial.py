"""Tries a connection in a kernel of the project's environment, for a short time."""

from __future__ import annotations

import ast
import asyncio
import json
import time
from collections.abc import Mapping
from queue import Empty
from typing import Any

from mage_jlab.errors import ConnectionTestFailed, KernelError
from mage_jlab.executors import bundle, messages
from mage_jlab.executors.launch import Launched, Surroundings

SECONDS = 20.0
"""For the test itself, once the kernel is there."""

_CODE = """
def _mage_jlab_try(address, token, profile, connector, anywhere):
    import contextlib, io
    from {package}.io import probe
    from {package}.kernel_side.wire import HostChannel
    said = HostChannel(address, token).call("io_config", profile=profile)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        return probe.run(connector, said["config"], said["hidden"], anywhere)

_mage_jlab_said = _mage_jlab_try({arguments})
"""


async def connection(
    kernel: str, around: Surroundings, channel: Mapping[str, str], wanted: Mapping[str, Any]
) -> dict[str, Any]:
    """Try what `wanted` names (profile, connector, anywhere); return what `io.probe.run` says.

    Raises:
        KernelError: when the kernel does not start.
        ConnectionTestFailed: when the settings cannot be read, or no Python kernel answers.
    """
    launched = Launched(kernel, around)
    began = time.monotonic()
    try:
        try:
            await asyncio.wait_for(launched.start(), around.start_seconds)
        except (TimeoutError, asyncio.TimeoutError):
            raise KernelError(
                f"The kernel '{kernel}' did not start in {around.start_seconds:g} s."
                f"{launched.last_words()}",
                kernel=kernel,
            ) from None
        asked = _code(channel, wanted)
        try:
            reply = await asyncio.wait_for(_reply(launched, asked), SECONDS)
        except (TimeoutError, asyncio.TimeoutError):
            return {
                "ok": False,
                "reason": "unreachable",
                "message": f"There was no answer within {SECONDS:g} s; the test was given up.",
                "seconds": round(time.monotonic() - began, 3),
            }
        return _answer(reply, kernel)
    finally:
        await asyncio.shield(launched.close(now=True))


def _code(channel: Mapping[str, str], wanted: Mapping[str, Any]) -> str:
    arguments = [
        channel["address"], channel["token"], wanted["profile"], wanted["connector"],
        bool(wanted["anywhere"]),
    ]  # fmt: skip
    code = _CODE.replace("{package}", bundle.PACKAGE)
    text = code.replace("{arguments}", ", ".join(repr(item) for item in arguments))
    return f"{bundle.install_code()}\n{text}"


async def _reply(launched: Launched, code: str) -> Mapping[str, Any]:
    """Execute some code; return the content of the reply."""
    content = {
        "code": code, "silent": True, "store_history": False, "allow_stdin": False,
        "stop_on_error": True, "user_expressions": {"said": "_mage_jlab_said"},
    }  # fmt: skip
    client = launched.client
    message = client.session.msg("execute_request", content)
    client.shell_channel.send(message)
    while True:
        try:
            said = await client.get_shell_msg(timeout=0.2)
        except Empty:
            if launched.died.is_set():
                raise ConnectionTestFailed(
                    f"The kernel died while it tried the connection ({launched.exit()})."
                ) from None
            continue
        if messages.parent_of(said) == message["header"]["msg_id"]:
            found: Mapping[str, Any] = said.get("content") or {}
            return found


def _answer(reply: Mapping[str, Any], kernel: str) -> dict[str, Any]:
    said = (reply.get("user_expressions") or {}).get("said") or {}
    text = (said.get("data") or {}).get("text/plain")
    if reply.get("status") == "ok" and text:
        found: dict[str, Any] = json.loads(ast.literal_eval(text))
        return found
    message = str(reply.get("evalue") or "").strip()
    if reply.get("ename") == "HostError" and message:
        raise ConnectionTestFailed(message)
    raise ConnectionTestFailed(
        f"The kernel '{kernel}' cannot test connections: {messages.raised(reply)}; it must be a "
        "Python kernel."
    )
