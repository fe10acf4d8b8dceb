"""`mage-jlab secrets`: a value comes from stdin or a prompt, never from argv."""

from __future__ import annotations

import getpass
import sys
from argparse import Namespace
from pathlib import Path

from mage_jlab.cli import opening
from mage_jlab.cli.output import Output, when
from mage_jlab.errors import BadRequest, MageError
from mage_jlab.secrets import of_mage
from mage_jlab.secrets.store import LARGEST

_DATABASES = ("mage-ai.db", ".mage_data/mage-ai.db", "mage_data/mage-ai.db")


def ls(arguments: Namespace, output: Output) -> int:
    """List the names of a project's secrets."""
    engine, project = opening.project(arguments.project, arguments.root)
    items = engine.secrets(project).names()
    output.give({"items": items, "next": None})
    output.table(
        ("name", "for", "changed"),
        [(item.name, item.pipeline or "the project", when(item.changed)) for item in items],
    )
    if not items:
        output.say("No secrets yet. Add one with: mage-jlab secrets set PROJECT NAME")
    return 0


def keep(arguments: Namespace, output: Output) -> int:
    """Keep a secret; what was there under that name is replaced."""
    engine, project = opening.project(arguments.project, arguments.root)
    pipeline = arguments.pipeline and opening.pipeline(engine, project, arguments.pipeline)
    value = _value(arguments.name)
    engine.secrets(project).put(arguments.name, value, pipeline=pipeline, replace=True)
    output.give({"name": arguments.name, "pipeline": pipeline})
    output.say(f"Kept the secret '{arguments.name}'.")
    return 0


def rm(arguments: Namespace, output: Output) -> int:
    """Forget a secret."""
    engine, project = opening.project(arguments.project, arguments.root)
    pipeline = arguments.pipeline and opening.pipeline(engine, project, arguments.pipeline)
    engine.secrets(project).delete(arguments.name, pipeline=pipeline)
    output.give({"name": arguments.name, "pipeline": pipeline})
    output.say(f"Forgot the secret '{arguments.name}'.")
    return 0


def take(arguments: Namespace, output: Output) -> int:
    """Take over the secrets that Mage keeps; those that are here already stay as they are."""
    engine, project = opening.project(arguments.project, arguments.root)
    database = _database(project.root, arguments.database)
    keys = Path(arguments.keys) if arguments.keys else database.parent / "secrets"
    store = engine.secrets(project)
    known = {(item.pipeline, item.name) for item in store.names()}
    taken: list[str] = []
    notes: list[str] = []
    for item in of_mage.read(database, keys.expanduser().resolve(), project.root.name):
        where = f"'{item.name}'" + (f" of pipeline '{item.pipeline}'" if item.pipeline else "")
        if item.value is None:
            notes.append(f"{where}: no key in {keys} opens it.")
        elif (item.pipeline, item.name) in known and not arguments.replace:
            notes.append(f"{where} is here already; --replace takes Mage's value.")
        else:
            try:
                store.put(item.name, item.value, pipeline=item.pipeline, replace=True)
                taken.append(item.name)
            except MageError as error:
                notes.append(f"{where}: {error.message}")
    output.give({"imported": taken, "notes": notes})
    output.say(f"Took over {len(taken)} secret{'' if len(taken) == 1 else 's'} from {database}.")
    for note in notes:
        output.say(f"  left out: {note}")
    return 0


def _value(name: str) -> str:
    if sys.stdin.isatty():
        value = getpass.getpass(f"Value of '{name}': ")
    else:
        # As bytes: what is no UTF-8 is refused below, not guessed at.
        data = sys.stdin.buffer.read(LARGEST + 2)
        try:
            value = data.decode("utf-8")
        except UnicodeDecodeError:
            raise BadRequest("The value on standard input is no UTF-8 text.") from None
        value = value.removesuffix("\n").removesuffix("\r")
    return value


def _database(root: Path, given: str | None) -> Path:
    if given:
        return Path(given).expanduser().resolve()
    for name in _DATABASES:
        if (root / name).is_file():
            return root / name
    raise BadRequest(
        "The project holds no mage-ai.db; say where it is (Mage's data folder, usually "
        "~/.mage_data/PROJECT): --database PATH"
    )
