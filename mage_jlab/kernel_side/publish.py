"""Hears everything the kernel publishes for a block, records it, and keeps it in bounds.

`session.send` is the one door through which streams, displays, results and
errors leave, in whatever thread. What is too much for a browser (a gigabyte
printed) leaves only with its beginning and its end.
"""

from __future__ import annotations

import collections
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mage_jlab.kernel_side import masking
from mage_jlab.kernel_side.step import Step
from mage_jlab.kernel_side.wire import PREVIEW, TESTS, topic

PUBLISHED_BYTES = 8 * 1024 * 1024
PUBLISHED_MESSAGES = 2000
"""Displays; streams count by their size, updates of displays not at all."""
_BURST = 500
_RATE = 200.0
"""Messages beyond a burst leave at this rate: a channel whose reader lags drops them."""
_TAIL = 64 * 1024
_DATA = frozenset({PREVIEW})
_HEARD = frozenset(
    {"stream", "display_data", "execute_result", "error", "update_display_data", "clear_output"}
)


@dataclass
class _Account:
    """What one step has published so far."""

    step: Step
    bytes: int = 0
    messages: int = 0
    held_bytes: int = 0
    held_messages: int = 0
    tail: dict[str, collections.deque[str]] = field(default_factory=dict)
    tail_size: dict[str, int] = field(default_factory=dict)
    credit: float = _BURST
    asked: float = field(default_factory=time.monotonic)

    def wait(self) -> None:
        """Slow the block down when it publishes faster than can be read."""
        now = time.monotonic()
        self.credit = min(_BURST, self.credit + (now - self.asked) * _RATE) - 1
        self.asked = now
        if self.credit < 0:
            time.sleep(-self.credit / _RATE)


class Door:
    """The kernel's `session.send`, with an ear."""

    def __init__(self, kernel: Any) -> None:
        """Stand in the door."""
        self._kernel = kernel
        self._send: Callable[..., Any] = kernel.session.send
        self._accounts: dict[str, _Account] = {}
        self._lock = threading.Lock()
        kernel.session.send = self

    def remove(self) -> None:
        """Leave the door as it was."""
        self._kernel.session.send = self._send

    def open(self, step: Step) -> None:
        """Begin to hear a step."""
        self._accounts[_message_id(step.request)] = _Account(step)

    def close(self, step: Step) -> None:
        """Publish what was held back at the end, and hear the step no more."""
        with self._lock:
            account = self._accounts.pop(_message_id(step.request), None)
        if account is None or not account.held_messages:
            return
        held = account.held_bytes / 1e6
        words = (
            f"\n… {account.held_messages:,} pieces of output ({held:,.1f} MB) are not shown here; "
            "the log of the step keeps more. The end was: …\n"
        )
        self._stream(step, "stderr", words)
        for name, pieces in account.tail.items():
            self._stream(step, name, "".join(pieces)[-_TAIL:])

    def _stream(self, step: Step, name: str, text: str) -> None:
        kernel = self._kernel
        self._send(
            kernel.iopub_socket,
            "stream",
            {"name": name, "text": text},
            parent=step.request,
            ident=topic(kernel, "stream"),
        )

    def __call__(self, stream: Any, msg_or_type: Any, *args: Any, **kwargs: Any) -> Any:
        """Send a message, or as much of it as is left to be sent; secrets of it as stars."""
        msg_or_type, args = _masked(msg_or_type, args, kwargs)
        if self._accounts:
            kind, content, parent = _parts(msg_or_type, args, kwargs)
            account = self._accounts.get(parent) if kind in _HEARD else None
            if account is not None:
                allowed = self._hear(account, kind, content)
                if allowed is None:
                    return None
                if allowed < len(content.get("text", "")):
                    self._stream(account.step, content["name"], content["text"][:allowed])
                    return None
        return self._send(stream, msg_or_type, *args, **kwargs)

    def _hear(self, account: _Account, kind: str, content: Mapping[str, Any]) -> int | None:
        """Record a message; return how many characters of it may be sent, or None."""
        recorder = account.step.recorder
        entry = _entry(kind, content)
        if recorder is not None and entry is not None:
            recorder.add(entry)
        size = len(content["text"]) if kind == "stream" else 0
        if kind == "error" or _ours(content):
            return size
        if kind != "stream":
            account.wait()
            if kind in ("update_display_data", "clear_output"):
                return size
        limits = account.step.context.limits
        with self._lock:
            left = int(limits.get("published_bytes", PUBLISHED_BYTES)) - account.bytes
            messages = int(limits.get("published_messages", PUBLISHED_MESSAGES))
            allowed = min(size, max(0, left))
            sent = bool(allowed) if kind == "stream" else account.messages < messages
            if sent:
                account.messages += kind != "stream"
                account.bytes += allowed
            if allowed < size or not sent:
                account.held_bytes += size - allowed
                account.held_messages += 1
            if allowed < size:
                _keep_end(account, content["name"], content["text"][allowed:][-_TAIL:])
        return allowed if sent else None


def _masked(
    msg_or_type: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Any, tuple[Any, ...]]:
    """Return a message being sent with stars in its content; the table of a preview is data."""
    if not masking.active():
        return msg_or_type, args
    if isinstance(msg_or_type, Mapping):
        content = masking.anything(msg_or_type.get("content"), _DATA)
        return {**msg_or_type, "content": content}, args
    if args:
        return msg_or_type, (masking.anything(args[0], _DATA), *args[1:])
    if "content" in kwargs:
        kwargs["content"] = masking.anything(kwargs["content"], _DATA)
    return msg_or_type, args


def _keep_end(account: _Account, name: str, text: str) -> None:
    pieces = account.tail.setdefault(name, collections.deque())
    pieces.append(text)
    size = account.tail_size.get(name, 0) + len(text)
    while len(pieces) > 1 and size - len(pieces[0]) >= _TAIL:
        size -= len(pieces.popleft())
    account.tail_size[name] = size


def _ours(content: Mapping[str, Any]) -> bool:
    """Whether a display is a preview or a summary of tests, which are always shown."""
    data = content.get("data") or {}
    return PREVIEW in data or TESTS in data


def _message_id(request: Mapping[str, Any]) -> str:
    return str((request.get("header") or {}).get("msg_id", ""))


def _parts(
    msg_or_type: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> tuple[str, Mapping[str, Any], str]:
    """Return the type, the content and the parent's id of a message being sent."""
    if isinstance(msg_or_type, Mapping):
        parent = msg_or_type.get("parent_header") or {}
        return (
            str(msg_or_type["header"]["msg_type"]),
            msg_or_type.get("content") or {},
            str(parent.get("msg_id", "")),
        )
    content = args[0] if args else kwargs.get("content")
    parent = args[1] if len(args) > 1 else kwargs.get("parent")
    header = (parent or {}).get("header", parent) or {}
    return str(msg_or_type), content or {}, str(header.get("msg_id", ""))


def _entry(kind: str, content: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return a published message as an entry of the record."""
    if kind == "clear_output":
        return {"clear": bool(content.get("wait"))}
    if kind == "stream":
        output = {"output_type": kind, "name": content["name"], "text": content["text"]}
        return {"output": output}
    if kind == "error":
        names = ("ename", "evalue", "traceback")
        return {"output": {"output_type": kind, **{name: content[name] for name in names}}}
    data, metadata = dict(content.get("data") or {}), dict(content.get("metadata") or {})
    display = (content.get("transient") or {}).get("display_id")
    output = {"output_type": kind, "data": data, "metadata": metadata}
    if kind == "execute_result":
        output["execution_count"] = content.get("execution_count")
    if kind == "update_display_data":
        output["output_type"] = "display_data"
        return {"output": output, "update": display} if display else None
    return {"output": output, **({"display_id": display} if display else {})}
