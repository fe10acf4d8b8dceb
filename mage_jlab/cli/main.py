"""The command `mage-jlab`: its words, and what its errors say.

Exit status: 0 done, 1 it ran and failed, 2 wrong use.
"""

from __future__ import annotations

import argparse
import atexit
import gc
import getpass
import logging
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, NoReturn

from mage_jlab import __version__
from mage_jlab.cli.output import Output
from mage_jlab.errors import MageError
from mage_jlab.loading import uncollected

_WRONG_USE = 2


class _WrongUseError(Exception):
    """What was typed is no command."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise _WrongUseError(f"{message}. See: {self.prog} --help")


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the command line says and return the exit status."""
    words = list(sys.argv[1:] if argv is None else argv)
    output = Output("--json" in words)
    logging.basicConfig(level=logging.ERROR, format="%(levelname)s %(message)s")
    atexit.register(_leave)
    try:
        arguments = parser().parse_args(words)
        if arguments.command == "running:run":
            import_module("mage_jlab.cli.early").begin()
        return int(_command(arguments.command)(arguments, output))
    except _WrongUseError as error:
        output.fail(str(error), "WrongUse")
        return _WRONG_USE
    except MageError as error:
        output.fail(error.message, error.reason, error.detail)
        return _WRONG_USE if error.status < 500 else 1
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except KeyboardInterrupt:
        output.fail("Interrupted.", "Interrupted")
        return 1


def _leave() -> None:
    """Let the system take all memory back at once; Python, module by module, needs 70 ms."""
    if "duckdb" not in sys.modules:  # what it keeps then would be told of as leaks, in 100 lines
        gc.freeze()


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    both = argparse.ArgumentParser(add_help=False)
    both.add_argument("--json", action="store_true", help="print one JSON document, nothing else")
    top = _Parser(
        prog="mage-jlab", parents=[both],
        description="Build, run, schedule and watch Mage data pipelines inside JupyterLab.",
    )  # fmt: skip
    top.add_argument("--version", action="version", version=f"mage-jlab {__version__}")
    commands = _words(top)

    init = _add(commands, both, "init", "projects:init", "make a project")
    init.add_argument("path", metavar="PATH")
    init.add_argument("--example", action="store_true", help="with a pipeline on real data")

    start = _add(commands, both, "start", "projects:start", "start JupyterLab on a folder")
    start.add_argument("path", metavar="PATH", nargs="?", default=".")
    start.add_argument("rest", nargs=argparse.REMAINDER, help="options for JupyterLab, after --")

    _run(_add(commands, both, "run", "running:run", "run a pipeline here and now"))

    check = _add(commands, both, "check", "projects:check", "look for problems in every pipeline")
    check.add_argument("project", metavar="PROJECT", nargs="?", default=".")
    _root(check)

    notebook = _add(
        commands, both, "import-notebook", "from_notebook:run", "make a pipeline of a notebook"
    )
    notebook.add_argument("project", metavar="PROJECT")
    notebook.add_argument("notebook", metavar="NOTEBOOK", help="an .ipynb file")
    notebook.add_argument("--name", help="of the pipeline; else the notebook's")
    notebook.add_argument("--dry-run", action="store_true", help="show it and write nothing")
    notebook.add_argument("--code", action="store_true", help="show the code of the blocks, too")
    notebook.add_argument("--yes", action="store_true", help="do not ask")
    _root(notebook)

    product = _words(_group(commands, "product", "the data that blocks left"))
    show = _add(product, both, "show", "products:show", "print what a block left")
    _target(show)
    show.add_argument("block", metavar="BLOCK")
    show.add_argument("--run", metavar="ID", help="of this run; else the newest there is")
    show.add_argument("--limit", type=_positive, default=20, help="rows of a table (20)")
    show.add_argument("--format", choices=("json", "csv"), help="print data for programs")

    export = _add(product, both, "export", "products:export", "write outputs the way Mage does")
    _target(export)
    export.add_argument("--run", metavar="ID", help="of this run; else those of the notebook")
    export.add_argument(
        "--to", required=True, metavar="DIR",
        help="Mage's data folder: outputs go to DIR/pipelines/PIPELINE/.variables",
    )  # fmt: skip

    _history(_words(_group(commands, "runs", "what ran")), both)
    _triggers(_words(_group(commands, "trigger", "what runs by itself")), both)
    _secrets(_words(_group(commands, "secrets", "what code asks for by name")), both)
    _connections(_words(_group(commands, "connections", "profiles of io_config.yaml")), both)
    return top


def _run(run: argparse.ArgumentParser) -> None:
    _target(run)
    run.add_argument(
        "--block", action="append", default=[], metavar="B",
        help="only this block, on stored inputs; may be given several times",
    )  # fmt: skip
    _variables(run)
    run.add_argument("--date", metavar="ISO", help="execution date (now)")
    run.set_defaults(user=_user())


def _history(runs: Any, both: argparse.ArgumentParser) -> None:
    ls = _add(runs, both, "ls", "history:ls", "list runs, the newest first")
    ls.add_argument("project", metavar="PROJECT", nargs="?")
    ls.add_argument("--pipeline")
    ls.add_argument("--state")
    ls.add_argument("--limit", type=_positive, default=20)
    show = _add(runs, both, "show", "history:show", "show a run with its steps")
    show.add_argument("run", metavar="RUN")
    logs = _add(runs, both, "logs", "history:logs", "print what a run printed")
    logs.add_argument("run", metavar="RUN")
    logs.add_argument("block", metavar="BLOCK", nargs="?")


def _triggers(triggers: Any, both: argparse.ArgumentParser) -> None:
    ls = _add(triggers, both, "ls", "triggers:ls", "list triggers")
    ls.add_argument("project", metavar="PROJECT", nargs="?")
    add = _add(triggers, both, "add", "triggers:add", "add a schedule")
    _target(add)
    add.add_argument("name", metavar="NAME")
    add.add_argument("--schedule", required=True, help="cron, or @hourly, @daily, …")
    add.add_argument("--zone", default="UTC", help="time zone of a cron expression (UTC)")
    _variables(add)
    add.add_argument("--start", metavar="ISO", help="never fire before")
    add.add_argument("--missed", choices=("latest", "none", "all"), default="latest")
    add.add_argument("--overlap", choices=("skip", "queue", "allow", "replace"), default="skip")
    add.add_argument("--description")
    add.add_argument("--disabled", action="store_true", help="leave it switched off")
    add.add_argument("--save-in-code", action="store_true", help="write it into triggers.yaml too")
    for word, text in (
        ("enable", "switch a trigger on"), ("disable", "switch a trigger off"),
        ("rm", "remove a trigger; its runs stay"),
    ):  # fmt: skip
        one = _add(triggers, both, word, f"triggers:{word}", text)
        one.add_argument("trigger", metavar="ID")


def _secrets(secrets: Any, both: argparse.ArgumentParser) -> None:
    ls = _add(secrets, both, "ls", "secrets:ls", "list the names of a project's secrets")
    ls.add_argument("project", metavar="PROJECT")
    _root(ls)
    for word, command, text in (
        ("set", "secrets:keep", "keep a secret; its value comes from stdin or a prompt"),
        ("rm", "secrets:rm", "forget a secret"),
    ):
        one = _add(secrets, both, word, command, text)
        one.add_argument("project", metavar="PROJECT")
        one.add_argument("name", metavar="NAME")
        one.add_argument("--pipeline", help="of this pipeline only")
        _root(one)
    take = _add(secrets, both, "import", "secrets:take", "take over the secrets that Mage keeps")
    take.add_argument("project", metavar="PROJECT")
    take.add_argument("--database", metavar="PATH", help="mage-ai.db of Mage's data folder")
    take.add_argument("--keys", metavar="PATH", help="the folder `secrets` (beside the database)")
    take.add_argument("--replace", action="store_true", help="also those that are here already")
    _root(take)


def _connections(connections: Any, both: argparse.ArgumentParser) -> None:
    ls = _add(connections, both, "ls", "connections:ls", "list profiles; secrets are not shown")
    ls.add_argument("project", metavar="PROJECT")
    _root(ls)
    test = _add(connections, both, "test", "connections:test", "try a connection")
    test.add_argument("project", metavar="PROJECT")
    test.add_argument("connector", metavar="CONNECTOR", help="postgres, mysql, s3, …")
    test.add_argument("--profile", default="default", help="of io_config.yaml (default)")
    test.add_argument("--kernel", help="name of the kernel; else the project's")
    test.add_argument("--pipeline", help="with the secrets of this pipeline")
    _root(test)


def _words(of: argparse.ArgumentParser) -> Any:
    return of.add_subparsers(metavar="COMMAND", required=True, parser_class=_Parser)


def _group(commands: Any, word: str, text: str) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = commands.add_parser(word, help=text, description=text)
    return made


def _add(
    commands: Any, both: argparse.ArgumentParser, word: str, command: str, text: str
) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = commands.add_parser(
        word, parents=[both], help=text, description=text
    )
    made.set_defaults(command=command)
    return made


def _target(of: argparse.ArgumentParser) -> None:
    of.add_argument("project", metavar="PROJECT", help="the project's folder")
    of.add_argument("pipeline", metavar="PIPELINE")
    _root(of)


def _root(of: argparse.ArgumentParser) -> None:
    of.add_argument("--root", metavar="PATH", help="the Jupyter server's root, if it differs")


def _variables(of: argparse.ArgumentParser) -> None:
    of.add_argument(
        "--var", action="append", default=[], metavar="K=V",
        help="a runtime variable (JSON or text); may be given several times",
    )  # fmt: skip


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def _user() -> str | None:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return None


def _command(name: str) -> Callable[[argparse.Namespace, Output], int]:
    """Load the module of a command only when it is used: `--help` stays quick."""
    module, _, function = name.partition(":")
    with uncollected():
        loaded = import_module(f"mage_jlab.cli.{module}")
    found: Callable[[argparse.Namespace, Output], int] = getattr(loaded, function)
    return found


if __name__ == "__main__":
    sys.exit(main())
