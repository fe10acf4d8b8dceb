"""Asks the process of our own environment that works on stored tables.

It runs beside this kernel with the interpreter of mage-jlab, which has DuckDB
and pyarrow whatever this kernel's environment lacks. It is started when it is
first needed, serves this kernel only, and ends with it.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import tempfile
from collections.abc import Callable
from typing import Any

from mage_jlab.errors import KernelError, StepFailed
from mage_jlab.kernel_side.step import Context
from mage_jlab.products.formats import typed_json

_PROGRAM = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from mage_jlab.executors.tables.program import main; main()"
)
_LAST_WORDS = 2000


class Tables:
    """The process, and one conversation with it at a time."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self._process: subprocess.Popen[bytes] | None = None
        self._errors: Any = None
        self._owner = 0

    def call(
        self, context: Context, call: str, told: Callable[[dict[str, Any]], None], **args: Any
    ) -> dict[str, Any]:
        """Have something done; `told` hears what is said before the result.

        An interrupt ends the process, whatever it does just now.

        Raises:
            StepFailed: when it cannot be done; `detail` may name the line.
            KernelError: when the process cannot be started or dies.
        """
        process = self.start(context)
        try:
            process.stdin.write(typed_json.dumps({"call": call, "args": args}).encode() + b"\n")
            process.stdin.flush()
            while line := process.stdout.readline():
                answer = json.loads(line)
                if "error" in answer:
                    problem = answer["error"]
                    raise StepFailed(problem["message"], **problem.get("detail", {}))
                if "result" in answer:
                    result: dict[str, Any] = answer["result"]
                    return result
                told(answer["event"])
        except (StepFailed, BrokenPipeError):
            if process.poll() is None:
                raise
        except BaseException:
            self.close()
            raise
        raise KernelError(
            f"The process that works on tables ended in the middle of it ({self._end()}); "
            "if the machine is short of memory, ask for fewer rows or columns."
        )

    def start(self, context: Context) -> Any:
        """Start the process unless it is there; it needs a moment until it answers."""
        if self._process is not None and self._owner == os.getpid():
            if self._process.poll() is None:
                return self._process
            self.close()
        python = str(context.ours.get("python") or "")
        if not os.path.exists(python):  # noqa: PTH110 - an empty path is no file either
            raise KernelError(
                f"The interpreter of mage-jlab ('{python}') is not there, where this kernel runs; "
                "SQL blocks without a data provider and R blocks need both on one machine."
            )
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        self._owner = os.getpid()
        self._process = subprocess.Popen(
            [python, "-I", "-c", _PROGRAM, json.dumps(list(context.ours.get("path") or ()))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors,
        )  # fmt: skip
        return self._process

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is None or self._owner != os.getpid():
            return
        with contextlib.suppress(OSError):
            process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, self._errors):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()

    def _end(self) -> str:
        process = self._process
        if process is None:
            return "it was closed"
        code = process.wait()
        self._errors.seek(max(0, self._errors.tell() - _LAST_WORDS))
        words = self._errors.read().decode("utf-8", "replace").strip()
        how = f"exit status {code}" if code >= 0 else f"signal {-code}"
        return f"{how}: {words.splitlines()[-1]}" if words else how


tables = Tables()
