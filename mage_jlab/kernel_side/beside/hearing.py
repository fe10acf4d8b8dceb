"""What another kernel publishes for a block, published again as this kernel's own."""

from __future__ import annotations

import codecs
import contextlib
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mage_jlab.kernel_side import wire
from mage_jlab.kernel_side.step import Step

_SHOWN = frozenset(
    {"stream", "display_data", "execute_result", "update_display_data", "clear_output"}
)


class Hearing:
    """Hears one execution."""

    def __init__(self, shell: Any, step: Step | None) -> None:
        """Publish for a step, or nothing without one."""
        self._shell = shell
        self._step = step
        self.error: str | None = None
        """What the kernel said went wrong, on one line."""
        self.traceback: list[str] = []

    def hear(self, kind: str, content: Mapping[str, Any]) -> None:
        """Take a message of the other kernel."""
        if kind == "error":
            self.error = named(content)
            self.traceback = [str(line) for line in content.get("traceback") or ()]
        elif kind in _SHOWN and self._step is not None:
            content = dict(content)
            if kind == "execute_result":
                content["execution_count"] = self._shell.execution_count
            kernel = self._shell.kernel
            kernel.session.send(
                kernel.iopub_socket, kind, content,
                parent=self._step.request, ident=wire.topic(kernel, kind),
            )  # fmt: skip


def named(error: Mapping[str, Any]) -> str | None:
    """Return an error on one line; None when the kernel only wrote it."""
    return ": ".join(str(error[key]) for key in ("ename", "evalue") if error.get(key)) or None


class Printed:
    """A pipe through which another kernel prints, so that every line is seen as it comes."""

    def __init__(self, path: Path) -> None:
        """Make the pipe."""
        self.path = path
        os.mkfifo(path)
        self._file = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        self._rest = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    @property
    def looks(self) -> dict[int, Callable[[], None]]:
        """Return what is to be looked at, and how."""
        return {self._file: self._look}

    def __enter__(self) -> Printed:
        return self

    def __exit__(self, *_: object) -> None:
        self._look()
        self._write(len(self._rest))
        os.close(self._file)

    def _look(self) -> None:
        """Print whole lines; a part of one when nothing came since the last look."""
        found = False
        with contextlib.suppress(BlockingIOError):
            while data := os.read(self._file, 1 << 16):
                found = True
                self._rest += self._decoder.decode(data)
        end = max(self._rest.rfind("\n"), self._rest.rfind("\r")) + 1
        self._write(end if found else len(self._rest))

    def _write(self, end: int) -> None:
        if end:
            sys.stdout.write(self._rest[:end])
            sys.stdout.flush()
            self._rest = self._rest[end:]
