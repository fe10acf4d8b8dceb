"""The host channel: what code in a kernel may ask the engine for.

A Unix socket in a folder only we can read (loopback where there are none),
one JSON object a line, a token per run or notebook that says who asks. It is
no comm: a comm waits until the block that asks is over.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import logging
import os
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mage_jlab.errors import BadRequest, HostError, MageError

log = logging.getLogger(__name__)
MAX_LINE = 16 * 1024 * 1024


@dataclass(frozen=True)
class Asker:
    """Who asks: a notebook or a run of a pipeline."""

    project: str
    pipeline: str
    run: str | None = None


Answer = Callable[[Asker, str, Mapping[str, Any]], Awaitable[Any]]


class HostChannel:
    """Listens on one socket for all kernels of this engine."""

    def __init__(self, folder: Path, answer: Answer) -> None:
        """Keep where to listen and who answers."""
        self._folder = folder
        self._answer = answer
        self._askers: dict[str, Asker] = {}
        self._tokens: dict[Asker, str] = {}
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self.address = ""

    async def start(self) -> None:
        """Begin to listen."""
        if hasattr(asyncio, "start_unix_server") and os.name == "posix":
            path = self._folder / "host"
            before = os.umask(0o177)
            try:
                self._server = await asyncio.start_unix_server(
                    self._serve, path=str(path), limit=MAX_LINE
                )
            finally:
                os.umask(before)
            path.chmod(0o600)
            self.address = str(path)
        else:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=MAX_LINE)
            host, port = self._server.sockets[0].getsockname()[:2]
            self.address = f"{host}:{port}"

    async def stop(self) -> None:
        """Stop listening and hang up."""
        if self._server is not None:
            self._server.close()
        for writer in list(self._open):
            writer.close()
        self._askers.clear()
        self._tokens.clear()

    def admit(self, asker: Asker) -> dict[str, str]:
        """Return the address and the token for somebody; the same one asks with the same token."""
        token = self._tokens.get(asker)
        if token is None:
            token = secrets.token_urlsafe(24)
            self._tokens[asker] = token
            self._askers[token] = asker
        return {"address": self.address, "token": token}

    def dismiss(self, asker: Asker) -> None:
        """Let a token end: its run is over."""
        token = self._tokens.pop(asker, None)
        if token is not None:
            self._askers.pop(token, None)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        pending: set[asyncio.Task[None]] = set()
        try:
            while line := await reader.readline():
                task = asyncio.get_running_loop().create_task(self._reply(line, writer))
                pending.add(task)
                task.add_done_callback(pending.discard)
            await asyncio.gather(*pending, return_exceptions=True)
        except (ValueError, ConnectionError):
            log.info("A kernel's connection ended with an unreadable line.")
        finally:
            for task in pending:
                task.cancel()
            self._open.discard(writer)
            writer.close()
            with contextlib.suppress(Exception):  # it is closed either way
                await writer.wait_closed()

    async def _reply(self, line: bytes, writer: asyncio.StreamWriter) -> None:
        number: Any = None
        try:
            request = json.loads(line)
            if not isinstance(request, dict):
                raise BadRequest("A request is one JSON object on one line.")
            number = request.get("id")
            asker = self._who(request.get("token"))
            args = request.get("args") or {}
            result = await self._answer(asker, str(request.get("call")), args)
            reply = {"id": number, "result": result}
        except MageError as error:
            reply = _refusal(number, error.reason, error.message)
        except ValueError:
            reply = _refusal(number, "BadRequest", "A request is one JSON object on one line.")
        except Exception:  # the asker gets a sentence, the log the trace
            log.exception("A request of a kernel failed.")
            reply = _refusal(number, "HostError", "The engine failed on this request; see its log.")
        with contextlib.suppress(ConnectionError):
            writer.write(json.dumps(reply, default=str).encode() + b"\n")
            await writer.drain()

    def _who(self, token: Any) -> Asker:
        given = str(token or "")
        for known, asker in self._askers.items():
            if hmac.compare_digest(known.encode(), given.encode()):
                return asker
        raise HostError("The token of this kernel is not known (any more); restart the kernel.")


def _refusal(number: Any, reason: str, message: str) -> dict[str, Any]:
    return {"id": number, "error": {"reason": reason, "message": message}}
