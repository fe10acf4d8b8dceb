"""`mage-jlab connections`: the profiles of io_config.yaml, and trying one."""

from __future__ import annotations

import shlex
from argparse import Namespace

from mage_jlab.cli import opening
from mage_jlab.cli.output import Output
from mage_jlab.cli.running import started
from mage_jlab.files.connections import Value

_WORDS = {"env": "environment variable", "secret": "secret", "hidden": "(not shown)"}


def ls(arguments: Namespace, output: Output) -> int:
    """List what the profiles hold; what is secret is not shown."""
    engine, project = opening.project(arguments.project, arguments.root)
    found = engine.workspace.connections(project)
    output.give(found)
    if found.problem:
        output.say(found.problem)
    for profile in found.profiles:
        output.say(profile.name)
        output.table(
            ("  key", "value"), [(f"  {'.'.join(v.path)}", _shown(v)) for v in profile.values]
        )
    if not found.exists:
        output.say("The project has no io_config.yaml yet.")
    return 0


def test(arguments: Namespace, output: Output) -> int:
    """Try a connection in a kernel of the project; 0 when it is there, 1 when not."""
    engine, project = opening.project(arguments.project, arguments.root)
    pipeline = arguments.pipeline and opening.pipeline(engine, project, arguments.pipeline)
    with started(engine):
        said = engine.try_connection(
            project,
            arguments.profile,
            arguments.connector,
            pipeline=pipeline or "",
            kernel=arguments.kernel,
        ).result()
    output.give(said)
    output.say(f"{'✓' if said['ok'] else '✗'} {said['message']}")
    missing = said.get("missing_package")
    if missing:
        command = [missing["python"], "-m", "pip", "install", missing["package"]]
        output.say(f"  Install it:  {shlex.join(command)}")
    return 0 if said["ok"] else 1


def _shown(value: Value) -> str:
    word = _WORDS.get(value.kind, "")
    return " ".join(part for part in (word, value.text) if part)
