"""Makes a kernel run blocks: called by the bundle, once and again with a new context.

Three hooks: the kernel's `do_execute` (a block begins and ends there, whatever
happens in between), an AST transformer (a block's tree becomes one call that
runs it in a module of its own) and an input transformer (text of other
languages never reaches the Python parser).
"""

from __future__ import annotations

import ast
import contextlib
import datetime
import os
import sys
from collections.abc import Mapping
from typing import Any

from mage_jlab.errors import MageError
from mage_jlab.kernel_side import execute, mage_names, modules, wire
from mage_jlab.kernel_side.publish import Door
from mage_jlab.kernel_side.step import PYTHON, Context, Step, current, of_request
from mage_jlab.products import places
from mage_jlab.products.execution import Execution
from mage_jlab.products.formats import pickled
from mage_jlab.products.record import LIMIT, Recorder

_PACKAGE = __name__.partition(".")[0]


class Host:
    """The hooks in a kernel, and the context it works for."""

    def __init__(self, shell: Any, context: Context) -> None:
        """Put the hooks in place."""
        self.shell = shell
        self.kernel = shell.kernel
        self.context = context
        self.door = Door(self.kernel)
        self._original = self.kernel.do_execute
        self.kernel.do_execute = self._do_execute
        self._transformer = _Transformer(shell)
        shell.ast_transformers.append(self._transformer)
        shell.input_transformers_cleanup.insert(0, _clean)
        pickled.find_module[:] = [self._find_module]

    def remove(self) -> None:
        """Take the hooks away, for a newer version of this code."""
        self.door.remove()
        self.kernel.do_execute = self._original
        for listed, item in (
            (self.shell.ast_transformers, self._transformer),
            (self.shell.input_transformers_cleanup, _clean),
        ):
            with contextlib.suppress(ValueError):
                listed.remove(item)

    def _find_module(self, name: str, folder: Any) -> None:
        modules.bring_back(self.context, self.shell, name, folder)

    async def _do_execute(self, code: str, silent: bool, *args: Any, **kwargs: Any) -> Any:
        request = self._request()
        step = of_request(self.context, request, code)
        if step is None:
            return await self._original(code, silent, *args, **kwargs)
        self._begin(step)
        token = current.set(step)
        reply: Any = None
        try:
            reply = await self._original(code, silent, *args, **kwargs)
            if not step.entered and not step.raw and reply.get("status") == "ok":
                execute.run(step, self.shell, "<block>")  # an empty cell
        except BaseException as error:
            step.state = "failed"
            step.error = {"name": type(error).__name__, "message": str(error), "line": None}
            raise
        finally:
            current.reset(token)
            said = self._finish(step, reply)
        if step.reply is not None:
            reply.update(step.reply, user_expressions={})
            self.shell.last_execution_succeeded = False
        reply["mage_step"] = said  # the reply cannot get lost, a published message can
        return reply

    def _request(self) -> Mapping[str, Any]:
        try:
            parent = self.kernel.get_parent("shell")
        except TypeError:  # a kernel without channels
            parent = self.kernel.get_parent()
        return parent if isinstance(parent, Mapping) else {}

    def _begin(self, step: Step) -> None:
        context = step.context
        if not step.tests_only:
            try:
                folder = places.execution(
                    context.store, context.pipeline, context.scope, step.block, step.version
                )
                step.execution = Execution(folder, _step_file(step))
                step.execution.keep_source(step.code)
                limit = int(context.limits.get("record_bytes") or LIMIT)
                step.recorder = Recorder(folder, limit)
            except Exception as error:  # noqa: BLE001 - a request must always get its reply
                step.problem = error
        self.door.open(step)
        self._tell(
            step,
            {
                "event": "started",
                "block": step.block,
                "version": step.version,
                "started": step.started.isoformat(),
            },
        )

    def _finish(self, step: Step, reply: Any) -> dict[str, Any]:
        """Close the record, write the end into the step file, and say that it is done."""
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):  # whatever the user put there
                stream.flush()
        self.door.close(step)
        if step.recorder is not None:
            step.recorder.close()
        _settle(step, reply)
        if step.execution is not None:
            step.execution.step = _step_file(step)
            try:
                step.execution.save()
            except OSError as error:
                self.kernel.log.warning("The end of block %s was not saved: %s", step.block, error)
        content = {**_ending(step), "event": "finished", "block": step.block}
        self._tell(step, content)
        return content

    def _tell(self, step: Step, content: dict[str, Any]) -> None:
        wire.publish(self.kernel, content, step.request)


def _settle(step: Step, reply: Any) -> None:
    """Say how a cell ended that did not go through our runner: scratchpad, syntax error."""
    if step.state != "running":
        return
    if isinstance(reply, dict) and reply.get("status") == "ok":
        step.state = "completed"
        if step.raw and step.execution is not None:
            from mage_jlab.kernel_side import outputs

            with contextlib.suppress(MageError):
                outputs.store(step, [], None)
        return
    step.state = "failed"
    said = reply if isinstance(reply, dict) else {}
    found = sys.last_value if said and hasattr(sys, "last_value") else None
    line = found.lineno if isinstance(found, SyntaxError) else None
    step.error = {
        "name": said.get("ename", "KeyboardInterrupt"),
        "message": said.get("evalue", "The block was interrupted."),
        "line": line,
    }


def _ending(step: Step) -> dict[str, Any]:
    if step.ended_after is None:
        step.ended_after = step.duration()
    duration = step.ended_after
    return {
        "version": step.version,
        "state": step.state,
        "started": step.started.isoformat(),
        "ended": (step.started + datetime.timedelta(seconds=duration)).isoformat(),
        "duration": duration,
        "outputs": step.outputs,
        "tests": step.tests,
        "error": step.error,
        "code_hash": step.code_hash,
        **({} if step.result is None else {"result": step.result}),
    }


def _step_file(step: Step) -> dict[str, Any]:
    ending = _ending(step) if step.state != "running" else {}
    return {
        "block": step.block,
        "type": step.type,
        "version": step.version,
        "state": step.state,
        "started": step.started.isoformat(),
        "code_hash": step.code_hash,
        "pid": os.getpid(),
        "attempt": step.options.get("attempt"),
        **ending,
    }


class _Transformer(ast.NodeTransformer):
    """Turns the tree of a block's cell into one call; leaves everything else alone."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell

    def visit(self, node: ast.AST) -> Any:
        step = current.get()
        if step is None or step.raw or step.entered or not isinstance(node, ast.Module):
            return node
        step.tree = node
        return ast.parse(f"__import__('{__name__}', fromlist=['_']).{_ENTRY}()")


_ENTRY = "_mage_jlab_entry_"


def _mage_jlab_entry_() -> None:
    """Run the block whose cell this is."""
    step = current.get()
    if step is not None and _host is not None:
        execute.run(step, _host.shell, sys._getframe(1).f_code.co_filename)


def _clean(lines: list[str]) -> list[str]:
    """Hide other languages from the Python parser, and keep the line numbers of Python.

    IPython cuts empty lines off at the start, which shifts every line number; a
    comment in their place stays.
    """
    step = current.get()
    if step is None or step.raw or step.entered:
        return lines
    if step.language != PYTHON:
        return ["pass\n"]
    empty = 0
    while empty < len(lines) and not lines[empty].strip():
        empty += 1
    if empty == len(lines) or lines[empty][0].isspace() or lines[empty].startswith("%%"):
        return lines
    return ["#\n"] * empty + lines[empty:]


_host: Host | None = None


def activate(data: Mapping[str, Any]) -> None:
    """Make this kernel run blocks of a pipeline, or give it another context."""
    global _host
    from IPython import get_ipython

    shell = get_ipython()
    context = Context.of(data)
    if _host is None:
        _host = Host(shell, context)
        mage_names.install(lambda: _host.context if _host is not None else context)
    _host.context = context
    modules.prepare(context)
    wire.publish(_host.kernel, {"event": "ready", "key": context.key}, _host._request())


def deactivate() -> None:
    """Take everything back."""
    global _host
    if _host is not None:
        _host.remove()
        mage_names.uninstall()
        _host = None
