"""Runs a block: its code in a fresh module, its function, its tests."""

from __future__ import annotations

import ast
import builtins
import re
import types
from collections.abc import Callable
from typing import Any

from mage_jlab.errors import CodeFailed, MissingInput, NoFunction, StepFailed, TestsFailed
from mage_jlab.kernel_side import (
    advice,
    decorators,
    dynamic,
    event_loop,
    expectations,
    inputs,
    modules,
    outputs,
    tracebacks,
)
from mage_jlab.kernel_side.decorators import Marked
from mage_jlab.kernel_side.step import PYTHON, Step, current
from mage_jlab.kernel_side.wire import TESTS
from mage_jlab.products import cells

_FUNCTION = frozenset({"data_loader", "transformer", "data_exporter", "custom"})
_POLL = 60.0
_LINE = re.compile(r", line \d+$")
"""What the engine adds to the words of an error."""


def run(step: Step, shell: Any, filename: str) -> None:
    """Execute a block; whatever it raises is shown and noted, never passed on."""
    step.entered = True
    step.filename = filename
    try:
        if step.problem is not None:
            raise step.problem
        with event_loop.aside():
            _run(step, shell)
        step.state = "completed"
    except BaseException as error:  # noqa: BLE001 - the boundary between user code and ours
        failed(step, shell, error)


def failed(step: Step, shell: Any, error: BaseException) -> None:
    """Note and show that a block failed."""
    tracebacks.strip(error)
    said = advice.added(tracebacks.describe(error, step.filename), error, step)
    step.fail(said)
    if isinstance(error, (TestsFailed, CodeFailed)) and "lines" in error.detail:
        name = type(error).__name__
        lines = [*error.detail["lines"], f"\x1b[0;31m{name}\x1b[0m: {error.message}"]
        tracebacks.publish(shell, type(error), error, lines)
    else:
        lines = tracebacks.show(shell, error, step.code)
    step.reply = {
        "status": "error",
        "ename": said["name"],
        "evalue": said["message"],
        "traceback": lines,
    }
    error.__traceback__ = None  # its frames would keep the inputs alive


def _run(step: Step, shell: Any) -> None:
    children = dynamic.children(step)
    if children is None:
        _once(step, shell)
        return
    values, result = dynamic.each(step, children, lambda: _once(step, shell))
    step.result = result
    _report(step, shell, [])
    outputs.store(step, values, shell)


def _once(step: Step, shell: Any) -> None:
    if step.language != PYTHON or step.type == "global_data_product":
        if not step.tests_only:  # tests are written in Python
            _foreign(step, shell)
        return
    attached = step.type in ("conditional", "callback")
    if not (step.context.interactive or step.context.one_process or attached):
        modules.alone(step.context)
    values = [] if attached else inputs.load(step)
    inputs.release(step)
    module = modules.fresh(step, values)
    try:
        marked = _execute(step, shell, module)
        if step.tests_only:
            tested, step.version = inputs.own_outputs(step)
            for share in dynamic.shares(step, tested):
                _test(step, shell, marked, share)
        elif attached:
            _attached(step, marked)
        elif step.type == "sensor":
            _sensor(step, marked, values, shell)
        elif step.type == "chart":
            from mage_jlab.kernel_side.charts import draw

            outputs.store(step, draw.run(step, shell, module, marked, values), shell)
        elif step.type == "extension":
            _report(step, shell, expectations.run(step, marked, values))
            outputs.store(step, [], shell)
        elif step.type in _FUNCTION:
            _function(step, shell, marked, values)
        else:
            raise StepFailed(
                f"Block '{step.block}' is of type '{step.type}', which cannot be run yet.",
                block=step.block,
            )
    finally:
        modules.release(step, module, values)
        if step.context.interactive:
            shell.user_ns.update(modules.own_names(module, step.type))


def _foreign(step: Step, shell: Any) -> None:
    """Run a block whose text is no Python, and the extension blocks that check what it left."""
    if step.tests_only:
        left, step.version = inputs.own_outputs(step)
    else:
        from mage_jlab.kernel_side import languages

        languages.run(step, shell)
        left = outputs.left(step) if expectations.attached(step) else []
    if step.options.get("tests") != "skip" and expectations.attached(step):
        _report(step, shell, expectations.check(step, shell, left))


def _execute(step: Step, shell: Any, module: types.ModuleType) -> list[Marked]:
    """Execute the block's text in its module; magics act on that module, too."""
    tree = step.tree if step.tree is not None else ast.Module(body=[], type_ignores=[])
    modules.names.learn(tree)
    flags = shell.compile.flags
    code = compile(tree, step.filename, "exec", flags=flags, dont_inherit=True)
    before = shell.user_ns, shell.user_module
    shell.user_ns, shell.user_module = module.__dict__, module
    try:
        with decorators.collecting() as marked:
            exec(code, module.__dict__)  # noqa: S102 - running the block is what this is for
    finally:
        shell.user_ns, shell.user_module = before
    return marked


def _only(step: Step, marked: list[Marked]) -> Callable[..., Any]:
    """Return the first function with the decorator of the block's type.

    Raises:
        NoFunction: when there is none.
    """
    wanted = decorators.of_type(step.type)
    for item in marked:
        if item.name == wanted:
            return item.function
    others = sorted({item.name for item in marked} - {"test", "preprocesser"})
    hint = f"Decorate its function with @{wanted}."
    if others:
        hint = (
            f"It has a function with @{others[0]}; use @{wanted}, or change the type of the block."
        )
    raise NoFunction(
        f"Block '{step.block}' is a {step.type.replace('_', ' ')} but its code has no function "
        f"with @{wanted}. {hint}",
        block=step.block,
    )


def _prepare(step: Step, marked: list[Marked], values: list[Any]) -> None:
    for item in marked:
        if item.name == "preprocesser":
            inputs.call(item.function, values, step)


def _function(step: Step, shell: Any, marked: list[Marked], values: list[Any]) -> None:
    function = _only(step, marked)
    _prepare(step, marked, values)
    made = outputs.split(inputs.call(function, values, step))
    has = any(item.name == "test" for item in marked) or expectations.attached(step)
    tested = step.options.get("tests") != "skip" and bool(has)
    outputs.store(step, made, shell, alone=not tested)
    if tested:
        _test(step, shell, marked, made)


def _test(step: Step, shell: Any, marked: list[Marked], made: list[Any]) -> None:
    """Call every test with all outputs.

    Raises:
        TestsFailed: when assertions failed; any other exception passes on at once.
    """
    lines: list[str] = []
    for item in marked:
        if item.name != "test":
            continue
        name = getattr(item.function, "__name__", "test")
        try:
            inputs.call_test(item.function, made, step)
        except AssertionError as error:
            tracebacks.strip(error)
            message = cells.text(error, 2000) or tracebacks.source_line(error, step.filename)
            step.tests.append({"name": name, "passed": False, "message": message})
            lines += tracebacks.excerpt(shell, error)
        else:
            step.tests.append({"name": name, "passed": True, "message": None})
    if not lines:
        lines += expectations.check(step, shell, made)
    if step.gathered is None or lines:
        _report(step, shell, lines)


def _report(step: Step, shell: Any, lines: list[str]) -> None:
    """Show how the tests went.

    Raises:
        TestsFailed: when some failed.
    """
    if not step.tests:
        return
    bad = [test for test in step.tests if not test["passed"]]
    words = _summary(len(step.tests), bad)
    data = {
        TESTS: {
            "passed": len(step.tests) - len(bad),
            "failed": len(bad),
            "tests": step.tests,
        },
        "text/plain": words,
    }
    shell.display_pub.publish(data=data, metadata={})
    if bad:
        first = bad[0]
        raise TestsFailed(
            f"{len(bad)} of {len(step.tests)} tests of block '{step.block}' failed: "
            f"{first['name']}: {first['message']}",
            block=step.block,
            lines=lines,
        )


def _summary(total: int, bad: list[dict[str, Any]]) -> str:
    if not bad:
        return f"{total} test{'' if total == 1 else 's'} passed"
    lines = [f"{total - len(bad)} of {total} tests passed"]
    lines += [f"✕ {test['name']}: {test['message']}" for test in bad]
    return "\n".join(lines)


def _sensor(step: Step, marked: list[Marked], values: list[Any], shell: Any) -> None:
    """Call a sensor once; in a run the engine asks again until it is true."""
    function = _only(step, marked)
    _prepare(step, marked, values)
    said = inputs.call_sensor(function, values, step)
    step.result = bool(said)
    if not said and not step.context.interactive:
        pause = float(step.options.get("poll") or _POLL)
        print(f"Sensor '{step.block}' is not ready; it is asked again in {pause:g} seconds.")
        return  # the engine asks again; until then nothing is held
    shell.display_pub.publish(data={"text/plain": f"The sensor says {bool(said)}."}, metadata={})
    outputs.store(step, [], shell)


def _attached(step: Step, marked: list[Marked]) -> None:
    """Run a condition or callbacks: when the engine asks, or by hand for each of their blocks."""
    act = _decide if step.type == "conditional" else _tell
    if inputs.attached(step):
        act(step, marked)
        return
    needed = ("callback", "on_success", "on_failure")
    if step.type == "conditional" or not any(item.name in needed for item in marked):
        _only(step, marked)
    what = "decides whether it runs" if step.type == "conditional" else "runs after it"
    if not step.upstream:
        print(f"This block {what}, once it is connected to a block: it belongs to none yet.")
        return
    hosts = step.options.get("hosts") or ()
    if not hosts:
        target = ", ".join(f"'{block}'" for block in step.upstream)
        print(f"This block belongs to {target} and {what}, when the pipeline runs.")
    for host in hosts:
        step.options["attached"] = host
        act(step, marked)
        if step.type == "conditional":
            print(f"'{host['block']}' would {'run' if step.result else 'be skipped'}.")


def _decide(step: Step, marked: list[Marked]) -> None:
    """Ask the conditions of a block, with its inputs."""
    blocks = [str(item) for item in inputs.attached(step).get("inputs") or ()]
    values = inputs.load(step, blocks)
    step.result = all(
        bool(inputs.call(item.function, values, step))
        for item in marked
        if item.name == "condition"
    )


def _tell(step: Step, marked: list[Marked]) -> None:
    """Call the callbacks for how a block ended.

    Raises:
        MissingInput: when it has not ended; by hand only.
    """
    attached = inputs.attached(step)
    host = str(attached.get("block"))
    status = attached.get("status")
    if status not in ("success", "failure"):
        raise MissingInput(
            f"Block '{step.block}' runs after block '{host}', which has not run; run '{host}' "
            "first.",
            block=step.block,
            upstream=host,
        )
    blocks = [str(item) for item in attached.get("inputs") or ()]
    error = attached.get("error")
    extra = {"__error": _exception(str(error))} if error else {}
    named = dict(zip(blocks, inputs.load(step, blocks)))
    if status == "failure" and not named:
        named = {host: []}  # it left nothing
    chosen = [item for item in marked if _callback_status(item) == status]
    if not chosen and step.context.interactive:
        print(f"'{host}' ended with {status}, for which this block has no function.")
    for item in chosen:
        inputs.call_attached(item.function, named, step, extra)


def _exception(text: str) -> Exception:
    """Return the error of another block as an exception of its kind, as far as that is known."""
    text = advice.taken_off(_LINE.sub("", text))
    name, colon, message = text.partition(": ")
    if not colon or not name.isidentifier():
        return StepFailed(text)
    kind = getattr(builtins, name, None)
    if kind is KeyError:
        return KeyError(message.strip("'"))
    if isinstance(kind, type) and issubclass(kind, Exception):
        try:
            return kind(message)
        except TypeError:
            pass  # it wants more than a message
    made: type[Exception] = type(name, (Exception,), {})  # a class of the block or of a package
    return made(message)


def _callback_status(item: Marked) -> str | None:
    if item.name == "callback":
        given = str(item.arguments[0]) if item.arguments else "success"
        return given.rpartition(".")[2].lower()
    return {"on_success": "success", "on_failure": "failure"}.get(item.name)


def current_step() -> Step | None:
    """Return the step that is being executed here."""
    return current.get()
