"""`mage-jlab init`, `start` and `check`."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

from mage_jlab.assembly import Engine
from mage_jlab.cli import opening
from mage_jlab.cli.output import Output, plain
from mage_jlab.errors import BadRequest, MageError
from mage_jlab.model import graph
from mage_jlab.model.check import ERROR, Problem
from mage_jlab.model.project import Project

_MARKS = {"error": "✗", "warning": "!", "info": "·"}


def init(arguments: Namespace, output: Output) -> int:
    """Make a project, with the example when asked."""
    folder = Path(arguments.path).expanduser().resolve()
    folder.parent.mkdir(parents=True, exist_ok=True)
    engine = Engine(folder.parent, kind="cli")
    made = engine.workspace.create_project(folder.name, example=arguments.example)
    pipelines = engine.workspace.pipelines(made)
    output.give({"project": str(made.root), "name": made.name, "pipelines": pipelines})
    output.say(f"Made the project {made.root}.")
    for pipeline in pipelines:
        output.say(f"  Run it:   mage-jlab run {arguments.path} {pipeline}")
    output.say(f"  Open it:  mage-jlab start {arguments.path}")
    return 0


def start(arguments: Namespace, output: Output) -> int:
    """Become JupyterLab on a folder."""
    folder = Path(arguments.path).expanduser().resolve()
    if not folder.is_dir():
        raise BadRequest(f"There is no folder {folder}; make a project with: mage-jlab init PATH")
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={folder}"]
    command += [item for item in arguments.rest if item != "--"]
    output.give({"command": command})
    sys.stdout.flush()
    os.execv(command[0], command)  # noqa: S606 - no shell, our own interpreter


def check(arguments: Namespace, output: Output) -> int:
    """Look at every pipeline: blocks, edges, problems; 1 when something cannot run.

    Of a folder that is no project, all projects below it.
    """
    several = opening.several(arguments.project)
    if several is None:
        found = _checked(*opening.project(arguments.project, arguments.root), output)
        output.give(found)
        return 1 if found["errors"] else 0
    all_found: list[dict[str, Any]] = []
    for project in several.workspace.projects():
        output.say("\n" if all_found else "")
        all_found.append(_checked(several, project, output))
    errors = sum(item["errors"] for item in all_found)
    output.give({"projects": all_found, "errors": errors})
    pipelines = sum(len(item["pipelines"]) for item in all_found)
    output.say(
        f"\n{_count(len(all_found), 'project')}, {_count(pipelines, 'pipeline')}, "
        f"{_count(errors, 'error')}."
    )
    return 1 if errors else 0


def _checked(engine: Engine, project: Project, output: Output) -> dict[str, Any]:
    workspace = engine.workspace
    problems = workspace.check(project)
    pipelines = [_pipeline(engine, project, item) for item in workspace.pipelines(project)]
    bad = sum(1 for item in problems if item.severity == ERROR)
    output.say(f"{project.name}: {_count(len(pipelines), 'pipeline')}")
    for found in pipelines:
        blocks, edges = found.get("blocks", []), found.get("edges", [])
        output.say(f"\n{found['id']}  {_count(len(blocks), 'block')}, {_count(len(edges), 'edge')}")
        for block in blocks:
            above = f"  ← {', '.join(block['upstream'])}" if block["upstream"] else ""
            output.say(f"  {block['id']}  {block['type']}, {block['language']}{above}")
        for problem in (item for item in problems if item.pipeline == found["id"]):
            output.say(f"  {_line(problem)}")
    for problem in (item for item in problems if item.pipeline is None):
        output.say(_line(problem))
    output.say(f"\n{_count(bad, 'error')}, {_count(len(problems) - bad, 'other remark')}.")
    return {
        "project": str(project.root),
        "name": project.name,
        "pipelines": pipelines,
        "problems": problems,
        "errors": bad,
    }


def _pipeline(engine: Engine, project: Any, pipeline_id: str) -> dict[str, Any]:
    try:
        found = engine.workspace.load(project, pipeline_id)
    except MageError as error:
        return {
            "id": pipeline_id,
            "problem": {"message": error.message, "detail": plain(error.detail)},
        }
    links = graph.edges(found.blocks)
    return {
        "id": found.id,
        "name": found.name,
        "type": found.type,
        "blocks": [
            {
                "id": block.id,
                "name": block.name,
                "type": block.type,
                "language": block.language,
                "role": block.role,
                "path": block.path,
                "upstream": list(links[block.id]),
            }
            for block in found.blocks
        ],
        "edges": [[above, block] for block, parents in links.items() for above in parents],
    }


def _line(problem: Problem) -> str:
    place = problem.file or ""
    if problem.line is not None:
        place = f"{place}:{problem.line}"
    block = f"{problem.block}: " if problem.block else ""
    return f"{_MARKS.get(problem.severity, '·')} {problem.severity}: {block}{problem.message}" + (
        f" ({place})" if place else ""
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
