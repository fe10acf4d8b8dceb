"""Showing what a block raised: the user's own lines, none of our frames."""

from __future__ import annotations

import contextlib
import linecache
import sys
import types
from typing import Any

from mage_jlab.errors import MageError, MissingPackage
from mage_jlab.kernel_side import distributions, masking
from mage_jlab.products import cells

_OURS = __name__.partition(".")[0]


def strip(error: BaseException) -> None:
    """Take our frames out of the tracebacks of an exception and of what led to it."""
    seen: set[int] = set()
    stack: list[BaseException | None] = [error]
    while stack:
        item = stack.pop()
        if item is None or id(item) in seen:
            continue
        seen.add(id(item))
        with contextlib.suppress(AttributeError, TypeError):  # read-only exceptions
            item.__traceback__ = _kept(item.__traceback__)
        stack += [item.__cause__, item.__context__]


def _kept(traceback: types.TracebackType | None) -> types.TracebackType | None:
    frames = []
    while traceback is not None:
        if not _is_ours(traceback.tb_frame):
            frames.append(traceback)
        traceback = traceback.tb_next
    result: types.TracebackType | None = None
    for item in reversed(frames):
        result = types.TracebackType(result, item.tb_frame, item.tb_lasti, item.tb_lineno)
    return result


def _is_ours(frame: types.FrameType) -> bool:
    name = str(frame.f_globals.get("__name__", ""))
    return (
        name.partition(".")[0] == _OURS
        or frame.f_locals.get("__tracebackhide__") is True
        or "_mage_jlab_entry_" in frame.f_code.co_names
    )


def line(error: BaseException, filename: str) -> int | None:
    """Return the line of the block in which it happened, or None."""
    if isinstance(error, SyntaxError) and error.filename == filename:
        return error.lineno
    if isinstance(error, MageError) and isinstance(error.detail.get("line"), int):
        return int(error.detail["line"])
    found = None
    traceback = error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == filename:
            found = traceback.tb_lineno
        traceback = traceback.tb_next
    return found


def source_line(error: BaseException, filename: str) -> str:
    """Return the text of the block's line in which it happened."""
    number = line(error, filename)
    return linecache.getline(filename, number).strip() if number else ""


def describe(error: BaseException, filename: str) -> dict[str, Any]:
    """Return an error as step events carry it.

    `missing_package` says what to install where (`io.drivers.package`), so that pages can offer it.
    """
    message = error.message if isinstance(error, MageError) else cells.text(error)
    if isinstance(error, SystemExit):
        message = f"The block called exit({error.code!r})."
    elif isinstance(error, KeyboardInterrupt) and not message:
        message = "The block was interrupted."
    elif type(error).__name__ == "StdinNotImplementedError":
        message = "The block asks for input, which nobody gives in a run."
    elif isinstance(error, SyntaxError) and error.filename == filename:
        # Its text ends with the name of a file that nobody has.
        message = error.msg
    message = masking.text(message)
    said = {"name": type(error).__name__, "message": message, "line": line(error, filename)}
    if isinstance(error, MageError):
        said["sentence"] = True  # it says all by itself; the name of its class is ours
    missing = _missing(error)
    return {**said, "missing_package": missing} if missing else said


def _missing(error: BaseException) -> Any:
    """Return what is to be installed into this environment, when that is what is wrong."""
    if isinstance(error, MissingPackage):
        if error.detail.get("missing_package"):
            return error.detail["missing_package"]
        name = error.detail.get("package")
    elif isinstance(error, ImportError):
        name = distributions.lacked(error)
    else:
        return None
    found = {"environment": sys.prefix, "python": sys.executable, "wanted_by": "the block"}
    return {"package": name, **found} if name else None


def show(shell: Any, error: BaseException, source: str = "") -> list[str]:
    """Publish an error as the kernel would, and return its traceback.

    One that knows its line in a text of another language is shown with that text.
    """
    kind, traceback = type(error), error.__traceback__
    own = isinstance(error, MageError)
    number = error.detail.get("line") if isinstance(error, MageError) else None
    if isinstance(number, int) and source:
        lines = [*_around(source, number), _headline(error)]
    elif own or isinstance(error, SystemExit):
        lines = [_headline(error)]
        if own and traceback is not None:
            lines = _structured(shell, kind, error, traceback)
    elif isinstance(error, SyntaxError) and traceback is None:
        lines = shell.SyntaxTB.structured_traceback(kind, error, [])
    else:
        lines = _structured(shell, kind, error, traceback)
    publish(shell, kind, error, lines)
    return lines


def _around(source: str, number: int) -> list[str]:
    """Return the lines around one of a text, with an arrow at it."""
    texts = source.split("\n")
    shown = []
    for at in range(max(1, number - 2), min(len(texts), number + 2) + 1):
        mark = "\x1b[0;32m---->" if at == number else "\x1b[0m     "
        shown.append(f"{mark} {at:>3}\x1b[0m {texts[at - 1]}")
    return ["\n".join(shown)]


def publish(shell: Any, kind: type[BaseException], error: BaseException, lines: list[str]) -> None:
    """Send an error message and remember the error for the debugger."""
    sys.last_type, sys.last_value, sys.last_traceback = kind, error, error.__traceback__
    shell._showtraceback(kind, _Worded(error), lines)


class _Worded:
    """An error as its sentence: `str` of it never raises."""

    def __init__(self, error: BaseException) -> None:
        self._text = cells.text(error)

    def __str__(self) -> str:
        return self._text


def _structured(shell: Any, kind: Any, error: BaseException, traceback: Any) -> list[str]:
    try:
        lines = shell.InteractiveTB.structured_traceback(kind, error, traceback, tb_offset=0)
    except Exception as problem:  # noqa: BLE001 - formatting must not hide the error itself
        return [_headline(error), f"(the traceback could not be shown: {problem})"]
    return [str(item) for item in lines]


def _headline(error: BaseException) -> str:
    words = describe(error, "")["message"]
    return f"\x1b[0;31m{type(error).__name__}\x1b[0m: {words}"


def excerpt(shell: Any, error: BaseException) -> list[str]:
    """Return the traceback of an error without publishing it."""
    return _structured(shell, type(error), error, error.__traceback__)
