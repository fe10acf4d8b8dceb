"""Makes a kernel run blocks: called by the bundle, once and again with a new context.

Three hooks: the kernel's `do_execute` (a block begins and ends there, whatever
happens in between), an AST transformer (a block's tree becomes one call that
runs it in a module of its own) and an input transformer (text of other
languages never reaches the Python parser).
"""

from __future__ import annotations

import ast
import asyncio
import contextlib
import datetime
import functools
import inspect
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mage_jlab.errors import MageError
from mage_jlab.kernel_side import execute, mage_names, masking, modules, outputs, plots, spark, wire
from mage_jlab.kernel_side.publish import Door
from mage_jlab.kernel_side.step import PYTHON, Context, Step, current, of_request
from mage_jlab.kernel_side.tables import tables
from mage_jlab.kernel_side.writer import writer
from mage_jlab.products import execution, places
from mage_jlab.products.execution import Execution
from mage_jlab.products.formats import frame_decode, pickled, spark_frame
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
        self._shut_down = self.kernel.do_shutdown
        self.kernel.do_shutdown = self._do_shutdown
        self._stored: list[dict[str, Any]] = []
        """What was stored or lost since the last reply."""
        self._transformer = _Transformer(shell)
        shell.ast_transformers.append(self._transformer)
        shell.input_transformers_cleanup.insert(0, _clean)
        pickled.find_module[:] = [self._find_module]
        execution.before_reading[:] = [writer.wait]
        frame_decode.as_buffers[:] = [self._as_buffers]
        spark_frame.find_session[:] = [spark.for_reading]

    def remove(self) -> None:
        """Take the hooks away, for a newer version of this code."""
        writer.wait()
        self.door.remove()
        self.kernel.do_execute = self._original
        self.kernel.do_shutdown = self._shut_down
        for listed, item in (
            (self.shell.ast_transformers, self._transformer),
            (self.shell.input_transformers_cleanup, _clean),
        ):
            with contextlib.suppress(ValueError):
                listed.remove(item)

    def _find_module(self, name: str, folder: Any) -> None:
        modules.bring_back(self.context, self.shell, name, folder)

    def _as_buffers(self, path: Path) -> Path:
        said = tables.call(self.context, "give_buffers", lambda _event: None, path=str(path))
        return Path(said["folder"])

    async def _do_execute(self, code: str, silent: bool, *args: Any, **kwargs: Any) -> Any:
        request = self._request()
        step = of_request(self.context, request, code)
        if step is None:
            if wire.asks_to_settle(request):
                await asyncio.get_running_loop().run_in_executor(None, writer.wait)
            return self._with_news(await self._original(code, silent, *args, **kwargs))
        self._begin(step)
        token = current.set(step)
        reply: Any = None
        try:
            reply = await self._original(code, silent, *args, **kwargs)
            if not step.entered and not step.raw and reply.get("status") == "ok":
                execute.run(step, self.shell, "<block>")  # an empty cell
        except BaseException as error:
            step.fail({"name": type(error).__name__, "message": str(error), "line": None})
            raise
        finally:
            current.reset(token)
            said = self._finish(step, reply)
        if step.reply is not None:
            reply.update(step.reply, user_expressions={})
            self.shell.last_execution_succeeded = False
        reply[wire.MESSAGE] = said  # the reply cannot get lost, a published message can
        return self._with_news(reply)

    def _with_news(self, reply: Any) -> Any:
        """Repeat in a reply what was stored meanwhile: a published message can get lost."""
        if isinstance(reply, dict) and self._stored:
            news, self._stored = self._stored, []
            reply[wire.STORED] = news
        return reply

    async def _do_shutdown(self, restart: bool) -> Any:
        """End the kernel, but not before what blocks left is on disk."""
        writer.wait()
        spark.stop()
        result = self._shut_down(restart)
        return await result if inspect.isawaitable(result) else result

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
                log = _log_of_another(step)
                step.recorder = Recorder(log or folder, limit)
                if log is not None:
                    words = f"{step.type.capitalize()} '{step.block}':\n"
                    output = {"output_type": "stream", "name": "stdout", "text": words}
                    step.recorder.add({"output": output})
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
        """Say that a step is done; what it left may still be on its way to the disk."""
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):  # whatever the user put there
                stream.flush()
        self.door.close(step)
        _settle(step, reply)
        step.settled = step.product is None
        if step.settled:
            self._close(step)
        else:
            self._save(step)
        content = {**_ending(step), "event": "finished", "block": step.block}
        self._tell(step, content)
        if not step.settled:
            outputs.settle(step, functools.partial(self._was_stored, step))
        return content

    def _was_stored(self, step: Step) -> None:
        """Note and say what became of the product of a step that has ended."""
        ended = _ending(step)
        if step.lost is not None and step.context.interactive:
            text = f"The output of this block was not stored: {step.lost['message']}\n"
            self._show(step, {"name": "stderr", "text": text})
        self._close(step)
        content = {**ended, "event": "stored", "block": step.block}
        self._stored.append(content)
        self._tell(step, content)

    def _close(self, step: Step) -> None:
        """Write the end of a step into its folder."""
        if step.recorder is not None:
            step.recorder.close()
        self._save(step)

    def _save(self, step: Step) -> None:
        if step.execution is None:
            return
        step.execution.step = _step_file(step)
        try:
            step.execution.save()
        except OSError as error:
            self.kernel.log.warning("The end of block %s was not saved: %s", step.block, error)

    def _show(self, step: Step, content: dict[str, Any]) -> None:
        if step.recorder is not None:
            step.recorder.add({"output": {"output_type": "stream", **content}})
        self.kernel.session.send(
            self.kernel.iopub_socket, "stream", content,
            parent=step.request, ident=wire.topic(self.kernel, "stream"),
        )  # fmt: skip

    def _tell(self, step: Step, content: dict[str, Any]) -> None:
        wire.publish(self.kernel, content, step.request)


def _log_of_another(step: Step) -> Path | None:
    """Return where a callback's output belongs: behind that of the block it is called for."""
    log = (step.options.get("attached") or {}).get("log") or {}
    if not places.is_version(str(log.get("version"))):
        return None
    context = step.context
    return places.execution(
        context.store, context.pipeline, context.scope, str(log["block"]), log["version"]
    )


def _settle(step: Step, reply: Any) -> None:
    """Say how a cell ended that did not go through our runner: scratchpad, syntax error."""
    if step.state != "running":
        return
    if isinstance(reply, dict) and reply.get("status") == "ok":
        step.state = "completed"
        if step.raw and step.execution is not None:
            with contextlib.suppress(MageError):
                outputs.store(step, [], None)
        return
    said = reply if isinstance(reply, dict) else {}
    found = sys.last_value if said and hasattr(sys, "last_value") else None
    message, line = said.get("evalue", "The block was interrupted."), None
    if isinstance(found, SyntaxError):
        # Its text ends with the name of a file that nobody has.
        message, line = found.msg, found.lineno
    step.fail(
        {
            "name": said.get("ename", "KeyboardInterrupt"),
            "message": masking.text(str(message)),
            "line": line,
        }
    )


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
        "stored": step.settled and step.lost is None,
        **({} if step.result is None else {"result": step.result}),
    }


def _step_file(step: Step) -> dict[str, Any]:
    ending = _ending(step) if step.state != "running" else {}
    if step.product is not None and not step.settled:
        # Ended, but not complete: it counts as running until its product is on disk.
        ending = {**ending, "state": "running", "storing": True}
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


def context() -> Context | None:
    """Return what this kernel works for."""
    return None if _host is None else _host.context


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
    modules.prepare(context, used=shell.execution_count > 1)
    if not context.interactive:
        plots.keep(shell)
    spark.offer(context, shell.user_ns)
    wire.publish(_host.kernel, {"event": "ready", "key": context.key}, _host._request())


def deactivate() -> None:
    """Take everything back."""
    global _host
    if _host is not None:
        _host.remove()
        mage_names.uninstall()
        _host = None
