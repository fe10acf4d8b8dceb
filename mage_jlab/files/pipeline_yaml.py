"""A pipeline's file to the model, with every oddity that real projects have.

Upstream links are trusted and downstream links rebuilt; what cannot be
understood is kept in `document` and left out of the model, never an error.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mage_jlab.files.block_source import Lookup
from mage_jlab.files.yaml_load import as_mapping, load, plain
from mage_jlab.ids import BlockId, PipelineId
from mage_jlab.model.block import DBT, MARKDOWN, ROLES, Block
from mage_jlab.model.pipeline import Pipeline

_USUAL = {MARKDOWN: "markdown", DBT: "sql"}
"""The language of a block of a type when its entry names none."""


@dataclass(frozen=True)
class Entry:
    """A block entry and where it stands: the keys that lead to its list, and its place in it."""

    keys: tuple[str, ...]
    position: int
    value: Any
    role: str

    @property
    def id(self) -> BlockId | None:
        """Return the block's uuid, or None when the entry is unusable."""
        return entry_id(self.value)


def entry_id(entry: Any) -> BlockId | None:
    """Return the uuid of a block entry (its name when it has none), or None."""
    if not isinstance(entry, Mapping):
        return None
    for key in ("uuid", "name"):
        value = entry.get(key)
        if isinstance(value, str | int | float) and not isinstance(value, bool) and str(value):
            return BlockId(str(value))
    return None


def lists(document: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], str, list[Any]]]:
    """Yield every list of block entries: the keys to it, the role of its blocks, the list."""
    for key, role in ROLES.items():
        value = document.get(key)
        if key != "extensions":
            if isinstance(value, list):
                yield (key,), role, value
        elif isinstance(value, Mapping):
            for name, extension in value.items():
                blocks = extension.get("blocks") if isinstance(extension, Mapping) else None
                if isinstance(blocks, list):
                    yield (key, name, "blocks"), role, blocks


def entries(document: Mapping[str, Any]) -> Iterator[Entry]:
    """Yield every block entry of the file, in order."""
    for keys, role, items in lists(document):
        for position, value in enumerate(items):
            yield Entry(keys, position, value, role)


def parse(text: str, pipeline_id: str, file: str, lookup: Lookup) -> Pipeline:
    """Return the pipeline that a text defines.

    Raises:
        BrokenFile: when the text is no YAML mapping.
    """
    return build(as_mapping(load(text, file), file), pipeline_id, lookup)


def build(document: Mapping[str, Any], pipeline_id: str, lookup: Lookup) -> Pipeline:
    """Return the pipeline that a document defines."""
    seen: set[str] = set()
    blocks = []
    for entry in entries(document):
        # Of two entries with one uuid the first counts; `check` names the other.
        if entry.id is None or entry.id in seen:
            continue
        seen.add(entry.id)
        blocks.append(_block(entry, lookup))
    executor_config = mapping(document.get("executor_config"))
    tags = document.get("tags")
    return Pipeline(
        id=PipelineId(pipeline_id),
        name=text_of(document.get("name")) or pipeline_id,
        type=text_of(document.get("type")) or "python",
        description=text_of(document.get("description")),
        tags=tuple(str(tag) for tag in tags if tag is not None) if isinstance(tags, list) else (),
        variables=mapping(document.get("variables")),
        blocks=tuple(blocks),
        executor_type=text_of(document.get("executor_type")),
        retry_config=document.get("retry_config")
        if isinstance(document.get("retry_config"), Mapping)
        else None,
        concurrency=mapping(document.get("concurrency_config")),
        kernel=text_of(executor_config.get("kernel_name")),
        document=document,
    )


def _block(entry: Entry, lookup: Lookup) -> Block:
    value: Mapping[str, Any] = entry.value
    block_id = entry.id or BlockId("")
    kind = text_of(value.get("type")) or "custom"
    language = text_of(value.get("language")) or _USUAL.get(kind, "python")
    configuration = mapping(value.get("configuration"))
    replicated = text_of(value.get("replicated_block"))
    timeout = value.get("timeout")
    return Block(
        id=block_id,
        name=text_of(value.get("name")) or block_id,
        type=kind,
        language=language,
        upstream=links(value.get("upstream_blocks")),
        role=entry.role,
        path=lookup.find(replicated or block_id, kind, language, configuration),
        configuration=configuration,
        executor_type=text_of(value.get("executor_type")),
        executor_config=optional(value.get("executor_config")),
        retry_config=optional(value.get("retry_config")),
        timeout=float(timeout)
        if isinstance(timeout, int | float) and not isinstance(timeout, bool)
        else None,
        color=text_of(value.get("color")),
        replicated_block=BlockId(replicated) if replicated else None,
        entry=value,
    )


def links(value: Any) -> tuple[BlockId, ...]:
    """Return a list of uuids as it is meant: texts, each once."""
    if not isinstance(value, list):
        return ()
    found: dict[BlockId, None] = {}
    for item in value:
        if item is not None and not isinstance(item, list | dict):
            found[BlockId(str(item))] = None
    return tuple(found)


def mapping(value: Any) -> dict[str, Any]:
    """Return a mapping as plain data with text keys, or {} for anything else."""
    return dict(plain(value)) if isinstance(value, Mapping) else {}


def optional(value: Any) -> dict[str, Any] | None:
    """Return a mapping as plain data, or None for anything else."""
    return mapping(value) if isinstance(value, Mapping) else None


def text_of(value: Any) -> str | None:
    """Return a scalar as text, or None for nothing or a collection."""
    if value is None or isinstance(value, list | dict) or value == "":
        return None
    return value if isinstance(value, str) else str(plain(value))
