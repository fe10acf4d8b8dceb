"""What travels between a kernel and its host: messages, hashes, the host channel."""

from __future__ import annotations

import hashlib
import json
import socket
import threading
import uuid
from collections.abc import Mapping
from typing import Any

from mage_jlab.errors import HostError

MESSAGE = "mage_step"
STORED = "mage_stored"
"""In a reply: what was stored or lost since the last one."""
SETTLE = "mage_settle"
"""In the metadata of a request: answer when everything is stored or lost."""
PREVIEW = "application/vnd.mage.preview+json"
TESTS = "application/vnd.mage.tests+json"
DBT = "application/vnd.mage.dbt+json"
DATED = "mage_jlab.date"
"""In variables: the only key of a date or time, whose text is its value."""


def code_hash(source: str) -> str:
    """Return the hash of a block's text, whatever its line ends and last newlines."""
    text = source.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def publish(kernel: Any, content: dict[str, Any], parent: Any) -> None:
    """Send a step event on the kernel's IOPub channel."""
    kernel.session.send(
        kernel.iopub_socket, MESSAGE, content, parent=parent, ident=topic(kernel, MESSAGE)
    )


def asks_to_settle(request: Mapping[str, Any]) -> bool:
    """Whether a request is to be answered only when every product is stored or lost."""
    return bool((request.get("metadata") or {}).get(SETTLE))


def topic(kernel: Any, name: str) -> bytes:
    """Return the topic under which a kernel publishes messages of a type."""
    return f"kernel.{kernel.ident}.{name}".encode()


class HostChannel:
    """Asks the engine for what only it knows: one JSON object per line on a socket."""

    def __init__(self, address: str, token: str) -> None:
        """Remember where the engine listens; connect at the first call."""
        self._address = address
        self._token = token
        self._lock = threading.Lock()

    def said(self) -> dict[str, str]:
        """Return what another process of this kernel needs to ask, too."""
        return {"address": self._address, "token": self._token}

    def call(self, name: str, timeout: float | None = 30, /, **args: Any) -> Any:
        """Ask and wait for the answer.

        Raises:
            HostError: when the engine refuses, is gone or does not answer in time.
        """
        request = {"token": self._token, "id": uuid.uuid4().hex, "call": name, "args": args}
        try:
            with self._lock, self._connect(timeout) as connection:
                connection.sendall(json.dumps(request, default=str).encode() + b"\n")
                line = connection.makefile("rb").readline()
            answer = json.loads(line)
        except (OSError, ValueError) as error:
            raise HostError(
                f"'{name}' needs the mage-jlab engine, which does not answer: {error}."
            ) from None
        if "error" in answer:
            problem = answer["error"]
            raise HostError(str(problem.get("message", problem)), reason=problem.get("reason"))
        return answer.get("result")

    def _connect(self, timeout: float | None) -> socket.socket:
        host, _, port = self._address.rpartition(":")
        if port.isdigit() and "/" not in self._address:
            return socket.create_connection((host or "127.0.0.1", int(port)), timeout)
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(timeout)
        connection.connect(self._address)
        return connection
