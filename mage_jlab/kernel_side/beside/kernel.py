"""Speaks to a kernel beside this one, by Jupyter's protocol."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mage_jlab.errors import KernelDied, KernelError
from mage_jlab.kernel_side.beside.process import Folder, Process

FOLDER = "MAGE_FOLDER"
"""Environment variable that names the folder of a kernel's data."""
START_SECONDS = 60.0
_GREET = 0.3
_LOOK = 0.01
_GRACE = 5.0
Hear = Callable[[str, Mapping[str, Any]], None]
"""Called with the type and the content of what a kernel publishes."""


class Beside:
    """One kernel, and its sockets."""

    def __init__(self, spec: Mapping[str, Any]) -> None:
        """Start its process; it needs a moment until it answers (`ready`)."""
        self.name = str(spec["name"])
        self.folder = Folder()
        self.data = self.folder.path / "data"
        """Where blocks in languages without a hand-over of their own find and leave files."""
        self._by_message = spec.get("interrupt_mode") == "message"
        self._spec = spec
        self._sockets: dict[str, Any] = {}
        self._ready = False
        # Other users of the machine cannot reach a socket in our folder.
        self._start("ipc" if os.name == "posix" else "tcp")

    def _start(self, transport: str) -> None:
        from jupyter_client.connect import write_connection_file
        from jupyter_client.session import Session

        file = self.folder.path / "connection.json"
        ip = str(self.folder.path / "k") if transport == "ipc" else "127.0.0.1"
        _, told = write_connection_file(
            str(file), ip=ip, transport=transport, key=uuid.uuid4().hex.encode()
        )
        self._session = Session(
            key=_bytes(told["key"]), signature_scheme=told["signature_scheme"], username="mage"
        )
        self._told: dict[str, Any] = dict(told)
        command = [
            word.format(
                connection_file=str(file), resource_dir=str(self._spec.get("resource_dir") or "")
            )
            for word in self._spec["argv"]
        ]
        environment = {**os.environ, **self._spec.get("env", {}), FOLDER: str(self.data)}
        self._process = Process(command, environment, self.folder.path)

    def _connect(self) -> bool:
        """Connect as soon as it listens; return whether that is so."""
        import zmq

        ip, transport = self._told["ip"], self._told["transport"]
        between = ":"
        if transport == "ipc":
            # Jupyter's own kernels put a hyphen before the number; those of JavaScript and Julia
            # put a colon there, as for TCP.
            shell = self._told["shell_port"]
            found = [mark for mark in "-:" if Path(f"{ip}{mark}{shell}").exists()]
            if not found:
                return False
            between = found[0]
        context: Any = zmq.Context.instance()
        kinds = {"shell": zmq.DEALER, "control": zmq.DEALER, "iopub": zmq.SUB}
        for name, kind in kinds.items():
            made = context.socket(kind)
            made.linger = 0
            if kind == zmq.SUB:
                made.setsockopt(zmq.SUBSCRIBE, b"")
                made.setsockopt(zmq.RCVHWM, 0)  # nothing is dropped while we are busy
            else:
                made.setsockopt(zmq.IDENTITY, self._session.bsession)
            made.connect(f"{transport}://{ip}{between}{self._told[f'{name}_port']}")
            self._sockets[name] = made
        return True

    @property
    def alive(self) -> bool:
        """Whether it can be asked something."""
        return self._process.ours and self._process.poll() is None

    def ready(self) -> None:
        """Wait until it answers and is heard.

        Raises:
            KernelError: when it does not start.
        """
        until = time.monotonic() + START_SECONDS
        while not self._ready:
            if self._sockets or self._connect():
                self._ready = self._greeted()
            else:
                time.sleep(_LOOK)
            if self._process.poll() is not None:
                if self._told["transport"] == "tcp":
                    raise KernelError(
                        f"The kernel '{self.name}' could not be started ({self._process.end()})."
                    )
                self._process.kill()
                self._disconnect()
                self._start("tcp")  # those made with xeus know nothing else
            if time.monotonic() > until:
                self.close()
                raise KernelError(
                    f"The kernel '{self.name}' did not answer within {START_SECONDS:g} s."
                )

    def _greeted(self) -> bool:
        """Ask it for its name; return whether it answered and was heard."""
        asked = self._send("shell", "kernel_info_request", {})
        again = time.monotonic() + _GREET
        heard = replied = False
        while time.monotonic() < again and not (heard and replied):
            for channel, message in self._received(100, {}):
                if _parent(message) == asked:
                    heard, replied = heard or channel == "iopub", replied or channel == "shell"
        return heard and replied

    def execute(
        self, code: str, hear: Hear, *, silent: bool = False,
        files: Mapping[int, Callable[[], None]] | None = None,
    ) -> Mapping[str, Any]:  # fmt: skip
        """Have code executed; return the reply. `files` are looked at when they can be read.

        Raises:
            KernelDied: when the kernel ends in the middle of it.
            KeyboardInterrupt: when this kernel is interrupted; the other one was, too.
        """
        self.ready()
        asked = self._send(
            "shell",
            "execute_request",
            {
                "code": code, "silent": silent, "store_history": False, "user_expressions": {},
                "allow_stdin": False, "stop_on_error": False,
            },
        )  # fmt: skip
        waiting = _Waiting(asked, hear)
        try:
            self._until(waiting, files or {}, None)
        except KeyboardInterrupt:
            self._interrupted(waiting, files or {})
            raise
        if waiting.reply is None:
            how = self._process.end()
            self.close()
            raise KernelDied(f"The kernel '{self.name}' ended in the middle of it ({how}).")
        return waiting.reply

    def _until(
        self, waiting: _Waiting, files: Mapping[int, Callable[[], None]], seconds: float | None
    ) -> None:
        end = None if seconds is None else time.monotonic() + seconds
        while not waiting.over and (end is None or time.monotonic() < end):
            dead = self._process.poll() is not None
            found = self._received(0 if dead else 200, files)
            for channel, message in found:
                waiting.heard(channel, message)
            if dead and not found:
                return

    def _interrupted(self, waiting: _Waiting, files: Mapping[int, Callable[[], None]]) -> None:
        """Interrupt the other kernel; one that does not end what it does is killed."""
        if self._by_message:
            self._send("control", "interrupt_request", {})
        else:
            self._process.interrupt()
        try:
            self._until(waiting, files, _GRACE)
        finally:
            if not waiting.over:
                self.close()

    def _send(self, channel: str, kind: str, content: Mapping[str, Any]) -> str:
        message = self._session.msg(kind, dict(content))
        self._session.send(self._sockets[channel], message)
        return str(message["header"]["msg_id"])

    def _received(
        self, patience: int, files: Mapping[int, Callable[[], None]]
    ) -> list[tuple[str, Any]]:
        """Return what has come, waiting some milliseconds for it."""
        import zmq

        poller = zmq.Poller()
        for name in ("iopub", "shell"):
            poller.register(self._sockets[name], zmq.POLLIN)
        for file in files:
            poller.register(file, zmq.POLLIN)
        ready = dict(poller.poll(patience))
        found = []
        for look in files.values():
            look()
        for name in ("iopub", "shell"):
            while self._sockets[name] in ready:
                _, message = self._session.recv(self._sockets[name])
                if message is None:
                    break
                found.append((name, message))
        return found

    def close(self) -> None:
        """End the process and everything it started."""
        if not self._process.ours:
            return
        self._process.kill()
        self._disconnect()
        self.folder.remove()

    def _disconnect(self) -> None:
        for made in self._sockets.values():
            with contextlib.suppress(Exception):  # it may be closed already
                made.close()
        self._sockets = {}


class _Waiting:
    """What has come so far for one request."""

    def __init__(self, asked: str, hear: Hear) -> None:
        self._asked = asked
        self._hear = hear
        self._idle = False
        self.reply: Mapping[str, Any] | None = None

    @property
    def over(self) -> bool:
        """Whether the request is answered and everything was heard."""
        return self._idle and self.reply is not None

    def heard(self, channel: str, message: Mapping[str, Any]) -> None:
        """Take a message."""
        if _parent(message) != self._asked:
            return
        content = message["content"]
        if channel == "shell":
            self.reply = content
        elif message["msg_type"] == "status":
            self._idle = content.get("execution_state") == "idle"
        else:
            self._hear(message["msg_type"], content)


def _parent(message: Mapping[str, Any]) -> Any:
    """Return which request a message belongs to; a first status may belong to none."""
    return (message["parent_header"] or {}).get("msg_id")


def _bytes(key: Any) -> bytes:
    return key if isinstance(key, bytes) else str(key).encode()


def own_spec(language: str, name: str | None) -> dict[str, Any] | None:
    """Return a kernelspec that this kernel's environment knows; for kernels without an engine."""
    from jupyter_client.kernelspec import KernelSpecManager

    found = KernelSpecManager().get_all_specs()
    return chosen(found, language, name)


def chosen(
    specs: Mapping[str, Mapping[str, Any]], language: str, name: str | None
) -> dict[str, Any] | None:
    """Return the kernelspec of a name, else the first of a language; R's own is called `ir`."""
    fitting = [
        key
        for key, item in sorted(specs.items(), key=lambda pair: (pair[0] != "ir", pair[0]))
        if key == name
        or (name is None and str(item["spec"].get("language")).lower() == language.lower())
    ]
    if not fitting:
        return None
    spec = dict(specs[fitting[0]]["spec"])
    argv = list(spec.get("argv") or ())
    if argv and Path(argv[0]).name == argv[0] and argv[0].startswith("python"):
        argv[0] = sys.executable  # as jupyter_client reads it
    return {
        "name": fitting[0], "argv": argv, "env": dict(spec.get("env") or {}),
        "interrupt_mode": spec.get("interrupt_mode") or "signal",
        "language": spec.get("language"), "resource_dir": specs[fitting[0]].get("resource_dir"),
    }  # fmt: skip


def read_json(path: Path) -> dict[str, Any] | None:
    """Return what a kernel wrote into a file, None when it wrote nothing."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
