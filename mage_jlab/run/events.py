"""What happened, told to whoever listens: ids and sequence numbers, not truth."""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Callable
from typing import Any

log = logging.getLogger(__name__)
Listener = Callable[[dict[str, Any]], None]


class EventBus:
    """Tells listeners about changes. Safe to use from any thread."""

    def __init__(self) -> None:
        """Begin with nobody listening."""
        self._listeners: list[Listener] = []
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with every event from now on; return how to stop that."""
        with self._lock:
            self._listeners.append(listener)

        def unsubscribe() -> None:
            with self._lock:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return unsubscribe

    def emit(self, kind: str, *, project: str, pipeline: str = "", **facts: str | None) -> None:
        """Tell that something changed. `project` is a slug, `pipeline` an id."""
        with self._lock:
            event: dict[str, Any] = {"seq": next(self._numbers), "kind": kind, "project": project}
            listeners = list(self._listeners)
        event["pipeline"] = pipeline
        event |= {name: value for name, value in facts.items() if value is not None}
        for listener in listeners:
            try:
                listener(event)
            except Exception:  # a deaf listener must not stop a run
                log.exception("A listener failed on the event %s.", event["kind"])
