"""Serves one kernel: a JSON object a line in, events and one result or error a line out."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from mage_jlab.errors import MageError
from mage_jlab.kernel_side import masking
from mage_jlab.products.formats import typed_json

Tell = Callable[[Mapping[str, Any]], None]
_LOOK = 2.0


def main() -> None:
    """Serve until the kernel hangs up or is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the kernel decides what an interrupt ends
    threading.Thread(target=_watch, args=(os.getppid(),), daemon=True).start()
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints is no answer
    for line in sys.stdin.buffer:
        request = typed_json.loads(line)

        def tell(event: Mapping[str, Any]) -> None:
            _say(answers, {"event": event})

        _say(answers, _answer(request, tell))


def _watch(parent: int) -> None:
    """End with the kernel, also when a child of it keeps our input open."""
    while os.getppid() == parent:
        time.sleep(_LOOK)
    os._exit(0)


def _say(answers: Any, what: Mapping[str, Any]) -> None:
    data = frozenset({"result"})  # what a block returns is data; words show stars for secrets
    answers.write(json.dumps(masking.anything(dict(what), data), default=str) + "\n")
    answers.flush()


def _answer(request: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    try:
        return {"result": _call(str(request["call"]))(tell, **request["args"])}
    except MageError as error:
        detail = {name: value for name, value in error.detail.items() if name != "message"}
        return {"error": {"message": error.message, "detail": detail}}
    except Exception as error:  # noqa: BLE001 - told to whoever asked
        return {"error": {"message": f"{type(error).__name__}: {error}"}}


def _call(name: str) -> Callable[..., dict[str, Any]]:
    if name == "sql":
        from mage_jlab.executors.tables import sql

        return sql.run
    if name == "give_buffers":
        from mage_jlab.executors.tables import buffers

        return buffers.give_buffers
    if name in ("give_r", "take_r", "give_files", "take_files"):
        from mage_jlab.executors.tables import exchange

        found: Callable[..., dict[str, Any]] = getattr(exchange, name)
        return found
    raise MageError(f"There is no work called '{name}'.")
