"""Looking through a project for problems: all of them, with severity, never a traceback."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from mage_jlab.errors import BrokenFile, MageError
from mage_jlab.files import data_products, pipeline_yaml, places, projects, trigger_yaml, yaml_load
from mage_jlab.files.reader import Reader
from mage_jlab.ids import PipelineId
from mage_jlab.model import graph
from mage_jlab.model.block import (
    ANY_LANGUAGE,
    DBT,
    EXTENSIONS,
    GLOBAL_DATA_PRODUCT,
    MARKDOWN,
    SCRATCHPAD,
    Block,
)
from mage_jlab.model.check import ERROR, INFO, WARNING, Problem
from mage_jlab.model.pipeline import PIPELINE_TYPES, RUNNABLE_TYPES, Pipeline
from mage_jlab.model.project import Project

SQL_PROVIDERS = frozenset({
    "bigquery", "clickhouse", "duckdb", "mssql", "mysql", "postgres", "redshift", "snowflake",
    "sqlite", "sqlserver", "trino",
})  # fmt: skip
RUNNABLE_LANGUAGES = ("python", "markdown", "sql", "yaml", "r")
_LATER_YAML = re.compile(r"^(connector_type|source|destination):\s*\S", re.MULTILINE)
_OWN_EXECUTOR = (None, "", "local_python", "local_python_force", "pyspark")


def problems(reader: Reader, project: Project, pipeline_id: str | None = None) -> list[Problem]:
    """Return the problems of one pipeline, or of the project and all its pipelines."""
    if pipeline_id is not None:
        return list(_pipeline(reader, project, reader.resolve(project, pipeline_id)))
    found = list(_project(project))
    for known in reader.pipelines(project):
        found.extend(_pipeline(reader, project, known))
    return found


def _project(project: Project) -> Iterator[Problem]:
    try:
        settings = projects.read_settings(places.inside(project.root, places.METADATA))
    except BrokenFile as error:
        yield _broken(error)
        return
    except FileNotFoundError:
        settings = {}
        yield Problem(INFO, "The project has no metadata.yaml; its settings are Mage's defaults.")
    except OSError as error:
        yield Problem(ERROR, f"metadata.yaml cannot be read: {error.strerror}.")
        return
    yield from _variables_dir(settings, places.METADATA)
    try:
        config = places.inside(project.root, places.IO_CONFIG)
        yaml_load.decode(places.read_bytes(config, yaml_load.MAX_BYTES), places.IO_CONFIG)
    except FileNotFoundError:
        return
    except (MageError, OSError) as error:
        yield Problem(WARNING, str(error), file=places.IO_CONFIG)


def _broken(error: BrokenFile, pipeline: str | None = None) -> Problem:
    file, line = error.detail.get("file"), error.detail.get("line")
    return Problem(ERROR, error.message, pipeline=pipeline, file=file, line=line)


def _pipeline(reader: Reader, project: Project, pipeline_id: PipelineId) -> Iterator[Problem]:
    file = reader.name(pipeline_id)
    try:
        data = reader.data(project, pipeline_id)
        document = reader.document(data, file)
        pipeline = reader.built(project, pipeline_id, document)
    except BrokenFile as error:
        yield _broken(error, pipeline_id)
        return
    except MageError as error:
        yield Problem(ERROR, error.message, pipeline=pipeline_id, file=file)
        return
    lines = reader.lines(data, file)
    yield from _twice(data, pipeline_id, file)
    for problem in _document(pipeline, document, file):
        yield problem if problem.line or problem.block is None else _at(problem, lines)
    for block in pipeline:
        for problem in _block(reader, project, pipeline, block):
            yield problem if problem.file else _at(problem, lines, file)
    yield from _triggers(reader, project, pipeline_id)


_KEY = re.compile(rb"^([A-Za-z_]\w*):(?=\s)", re.MULTILINE)


def _twice(data: bytes, pipeline: str, file: str) -> Iterator[Problem]:
    seen: set[bytes] = set()
    for key in _KEY.finditer(data):
        if key[1] in seen:
            yield Problem(
                WARNING,
                f"'{key[1].decode()}' is there twice; the last one counts, as in Mage.",
                pipeline=pipeline, file=file, line=data.count(b"\n", 0, key.start()) + 1,
            )  # fmt: skip
        seen.add(key[1])


def _at(problem: Problem, lines: Mapping[str, int], file: str | None = None) -> Problem:
    return Problem(
        problem.severity,
        problem.message,
        pipeline=problem.pipeline,
        block=problem.block,
        file=problem.file or file,
        line=lines.get(problem.block or ""),
    )


def _document(pipeline: Pipeline, document: Mapping[Any, Any], file: str) -> Iterator[Problem]:
    def problem(severity: str, message: str, block: str | None = None) -> Problem:
        return Problem(severity, message, pipeline=pipeline.id, block=block, file=file)

    if pipeline.type not in PIPELINE_TYPES:
        yield problem(WARNING, f"The pipeline type '{pipeline.type}' is not known; it cannot run.")
    elif pipeline.type not in RUNNABLE_TYPES:
        yield problem(INFO, f"Pipelines of type '{pipeline.type}' cannot be run here yet.")
    uuid = document.get("uuid")
    if uuid is not None and str(uuid) != pipeline.id:
        yield problem(
            WARNING, f"The file says uuid '{uuid}', but the folder is named '{pipeline.id}'."
        )
    for key in ("blocks", "callbacks", "conditionals", "widgets"):
        if document.get(key) is not None and not isinstance(document[key], list):
            yield problem(ERROR, f"'{key}' should be a list of blocks.")
    yield from _entries(pipeline, document, problem)
    path = graph.cycle({block.id: block.upstream for block in pipeline})
    if path is not None:
        yield problem(
            ERROR,
            f"The blocks form a cycle: {' → '.join(path)}; remove one of these connections.",
            path[0],
        )
    for item in _variables_dir(document, file):
        yield problem(item.severity, item.message)


def _entries(pipeline: Pipeline, document: Mapping[Any, Any], problem: Any) -> Iterator[Problem]:
    known = set(pipeline.ids)
    seen: set[str] = set()
    for entry in pipeline_yaml.entries(document):
        if entry.id is None:
            yield problem(ERROR, f"Entry {entry.position + 1} of '{entry.keys[0]}' has no uuid.")
            continue
        if entry.id in seen:
            yield problem(
                ERROR, f"The block uuid '{entry.id}' occurs twice; the later entry is ignored.",
                entry.id,
            )  # fmt: skip
            continue
        seen.add(entry.id)
        for item in pipeline_yaml.links(entry.value.get("upstream_blocks")):
            if item not in known:
                yield problem(
                    ERROR, f"'{entry.id}' depends on '{item}', which does not exist.", entry.id
                )
        for item in pipeline_yaml.links(entry.value.get("downstream_blocks")):
            if item not in known:
                yield problem(
                    INFO,
                    f"'{entry.id}' names '{item}' as downstream, which does not exist; "
                    "the link is ignored.",
                    entry.id,
                )


def _block(reader: Reader, project: Project, pipeline: Pipeline, block: Block) -> Iterator[Problem]:
    def problem(severity: str, message: str, line: int | None = None) -> Problem:
        file = block.path if line is not None else None
        return Problem(severity, message, pipeline.id, block.id, file, line)

    if not block.known:
        yield problem(
            WARNING, f"The block type '{block.type}' is not known; '{block.id}' is kept but inert."
        )
        return
    if block.replicated_block and block.replicated_block not in pipeline.ids:
        yield problem(
            ERROR, f"'{block.id}' replicates '{block.replicated_block}', which does not exist."
        )
    if block.type == GLOBAL_DATA_PRODUCT:
        yield from _data_product(reader, project, pipeline, block)
        return
    try:
        source = reader.source(project, block)
    except BrokenFile as error:
        yield Problem(ERROR, error.message, pipeline.id, block.id, block.path, 1)
        return
    if source is None:
        if block.path is not None:
            severity = ERROR if block.scheduled else WARNING
            yield problem(severity, f"The file {block.path} of block '{block.id}' is missing.")
        return
    yield from _not_yet(block, source, problem)
    yield from _connection(project, block, problem)
    if block.language == "python" and block.type not in (SCRATCHPAD, MARKDOWN):
        yield from _syntax(source, problem)
    if block.executor_type not in _OWN_EXECUTOR:
        yield problem(
            INFO,
            f"'{block.id}' asks for the executor '{block.executor_type}'; it runs locally here.",
        )
    if block.entry.get("has_callback") is True:
        yield problem(INFO, f"'{block.id}' has an old-style callback, which is not run.")


def _data_product(
    reader: Reader, project: Project, pipeline: Pipeline, block: Block
) -> Iterator[Problem]:
    name = data_products.named_by(block.configuration)
    if name is None:
        unnamed = f"'{block.id}' names no global data product; choose one in its settings."
        yield Problem(WARNING, unnamed, pipeline.id, block.id)
        return
    words: str | None = None
    try:
        product = data_products.get(project, name)
        path = data_products.circle(reader, project, pipeline.id, product)
        if product.pipeline not in reader.pipelines(project):
            words = f"The data product '{name}' names the pipeline '{product.pipeline}', "
            words += "which does not exist."
        elif path:
            words = f"'{block.id}' would wait for its own pipeline: {' → '.join(path)}."
    except MageError as error:
        words = error.message
    if words is not None:
        yield Problem(ERROR, words, pipeline.id, block.id)


def _not_yet(block: Block, source: str, problem: Any) -> Iterator[Problem]:
    """Say what of a block is kept but cannot be run here yet."""
    provider = block.configuration.get("data_provider")
    if block.language == "sql" and provider and provider not in SQL_PROVIDERS:
        yield problem(INFO, f"'{block.id}' is SQL for {provider}, which cannot be run here yet.")
    elif block.language not in RUNNABLE_LANGUAGES and (
        block.language in EXTENSIONS or block.type not in ANY_LANGUAGE
    ):
        yield problem(
            INFO, f"'{block.id}' is written in {block.language}, which cannot be run here yet."
        )
    if block.language == "yaml" and block.type != DBT and _LATER_YAML.search(source):
        yield problem(
            INFO, f"'{block.id}' belongs to streaming or data integration, which cannot be run yet."
        )
    if block.configuration.get("dynamic") not in (None, True, False):
        yield problem(
            WARNING, f"'{block.id}' is not dynamic: of `dynamic` only `true` counts, as in Mage."
        )


_PROFILE = re.compile(r"""^(['"]?)([^\s#'":{][^'":\n]*)\1:""", re.MULTILINE)


def _connection(project: Project, block: Block, problem: Any) -> Iterator[Problem]:
    """Say of SQL for a database that io_config.yaml lacks its profile."""
    name = block.configuration.get("data_provider_profile")
    in_database = block.language == "sql" and block.configuration.get("data_provider")
    if block.type == DBT or not in_database or not isinstance(name, str) or "{{" in name:
        return
    try:
        config = places.inside(project.root, places.IO_CONFIG)
        data = places.read_bytes(config, yaml_load.MAX_BYTES)
        text = yaml_load.decode(data, places.IO_CONFIG)
    except FileNotFoundError:
        text = ""
    except (MageError, OSError):
        return  # said of the project
    if name and "{%" not in text and name not in {found[2] for found in _PROFILE.finditer(text)}:
        yield problem(
            WARNING,
            f"'{block.id}' uses the connection '{name}', which {places.IO_CONFIG} does not have.",
        )


def _syntax(source: str, problem: Any) -> Iterator[Problem]:
    found = _unreadable(source)
    if found is not None:
        yield problem(ERROR, *found)


@lru_cache(maxsize=4096)
def _unreadable(source: str) -> tuple[str, int] | None:
    """Return why Python cannot read a text, and the line; None when it can."""
    found: tuple[str, int] | None = None
    # IPython's magics are no Python, but a block may have them; a "%" may also stand in a text.
    for text in dict.fromkeys((source, _without_magics(source))):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", SyntaxWarning)
                ast.parse(text)
        except SyntaxError as error:
            found = f"Python cannot read this block: {error.msg}.", error.lineno or 1
        except (ValueError, RecursionError, MemoryError):
            found = "Python cannot read this block.", 1
        else:
            return None
    return found


def _without_magics(source: str) -> str:
    """Return the text with IPython's magics and shell lines as comments."""
    lines = source.split("\n")
    if lines and lines[0].startswith("%%"):
        return ""
    return "\n".join(
        f"{line[: len(line) - len(bare)]}pass  #" if bare.startswith(("%", "!")) else line
        for line in lines
        for bare in [line.lstrip()]
    )


def _triggers(reader: Reader, project: Project, pipeline_id: PipelineId) -> Iterator[Problem]:
    try:
        trigger_yaml.read(reader, project, pipeline_id)
    except BrokenFile as error:
        yield _broken(error, pipeline_id)


def _variables_dir(settings: Mapping[Any, Any], file: str) -> Iterator[Problem]:
    value = settings.get("variables_dir")
    if not isinstance(value, str) or not value.strip():
        return
    text = value.strip()
    foreign = "\\" in text or text[1:2] == ":"
    if foreign or (text.startswith("/") and not Path(text).exists()):
        yield Problem(
            INFO,
            f"variables_dir '{text[:200]}' does not exist on this machine; it is ignored.",
            file=file,
        )
