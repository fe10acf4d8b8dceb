"""Structural edits of a pipeline's document: pure functions on a copy of it.

Upstream lists are the truth; the downstream lists that Mage mirrors are
touched only where an edge changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mage_jlab.errors import BadRequest, BlockNotFound, CycleError
from mage_jlab.files.pipeline_yaml import Entry, entries, entry_id, links, lists
from mage_jlab.files.yaml_load import merged, plain, same, unshared
from mage_jlab.ids import BlockId
from mage_jlab.model import graph
from mage_jlab.model.block import CALLBACK, CHART, CONDITIONAL, EXTENSION, ROLES, Block
from mage_jlab.model.pipeline import Pipeline

Document = dict[str, Any]

_ROLE_OF_TYPE = {
    CALLBACK: "callback",
    CONDITIONAL: "conditional",
    CHART: "chart",
    EXTENSION: "extension",
}
_LIST_OF_ROLE = {role: key for key, role in ROLES.items()}
_DEFAULT_EXTENSION = "great_expectations"

SETTINGS = (
    "configuration", "retry_config", "timeout", "executor_type", "executor_config", "color",
)  # fmt: skip
"""Keys of a block entry that are set as they are."""


def copied(document: Mapping[str, Any]) -> Document:
    """Return a deep copy to be changed."""
    return {key: unshared(value) for key, value in document.items()}


def role_of(kind: str) -> str:
    """Return the role that blocks of a type have."""
    return _ROLE_OF_TYPE.get(kind, "block")


def find(document: Document, block_id: str) -> Entry:
    """Return the entry of a block.

    Raises:
        BlockNotFound: when there is none.
    """
    for entry in entries(document):
        if entry.id == block_id:
            return entry
    raise BlockNotFound(f"The pipeline has no block '{block_id}'.", block=block_id)


def index(document: Document) -> dict[BlockId, Entry]:
    """Return the entry of every block; of two with one uuid the first."""
    found: dict[BlockId, Entry] = {}
    for entry in entries(document):
        if entry.id is not None:
            found.setdefault(entry.id, entry)
    return found


def new_pipeline(pipeline_id: str, name: str, kind: str, description: str | None) -> Document:
    """Return the document of a new, empty pipeline, with the keys that Mage writes."""
    return {
        "blocks": [],
        "callbacks": [],
        "concurrency_config": {},
        "conditionals": [],
        "data_integration": None,
        "description": description,
        "executor_config": {},
        "executor_count": 1,
        "executor_type": None,
        "extensions": {},
        "name": name,
        "notification_config": {},
        "retry_config": {},
        "settings": {"triggers": None},
        "spark_config": {},
        "tags": [],
        "type": kind,
        "uuid": pipeline_id,
        "variables": {},
        "widgets": [],
    }


def new_entry(
    block_id: str,
    name: str,
    kind: str,
    language: str,
    configuration: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return a new block entry, with the keys that Mage writes, in its order."""
    entry: dict[str, Any] = {
        "all_upstream_blocks_executed": True,
        "color": None,
        "configuration": dict(configuration or {}),
        "downstream_blocks": [],
        "executor_config": None,
        "executor_type": "local_python",
        "has_callback": False,
        "language": language,
        "name": name,
        "retry_config": None,
        "status": "not_executed",
        "timeout": None,
        "type": kind,
        "upstream_blocks": [],
        "uuid": block_id,
    }
    if kind == EXTENSION:
        entry["extension_uuid"] = _DEFAULT_EXTENSION
    return entry


def list_for(document: Document, role: str, extension: str | None = None) -> list[Any]:
    """Return the list of entries for a role, made when absent."""
    key = _LIST_OF_ROLE[role]
    if role != EXTENSION:
        if not isinstance(document.get(key), list):
            document[key] = []
        found: list[Any] = document[key]
        return found
    if not isinstance(document.get(key), dict):
        document[key] = {}
    part = document[key].setdefault(extension or _DEFAULT_EXTENSION, {})
    if not isinstance(part.get("blocks"), list):
        part["blocks"] = []
    blocks: list[Any] = part["blocks"]
    return blocks


def add(document: Document, entry: dict[str, Any], role: str, after: str | None = None) -> None:
    """Add an entry behind the block `after`, or last.

    Raises:
        BadRequest: when the uuid is there already.
    """
    if any(known.id == entry["uuid"] for known in entries(document)):
        raise BadRequest(f"The pipeline has a block '{entry['uuid']}' already.")
    items = list_for(document, role, entry.get("extension_uuid"))
    places = [place for place, item in enumerate(items) if after and entry_id(item) == after]
    items.insert(places[0] + 1 if places else len(items), entry)


def remove(document: Document, block_id: str) -> None:
    """Take an entry out, and every link to it."""
    find(document, block_id)
    # A second entry with the uuid goes, too: it would take the place of the first.
    for keys, _, items in list(lists(document)):
        holder: Any = document
        for key in keys[:-1]:
            holder = holder[key]
        if any(entry_id(item) == block_id for item in items):
            holder[keys[-1]] = [item for item in items if entry_id(item) != block_id]
    for entry in entries(document):
        if isinstance(entry.value, dict):
            for key in ("upstream_blocks", "downstream_blocks"):
                _drop(entry.value, key, block_id)


def _drop(entry: dict[str, Any], key: str, block_id: str) -> None:
    value = entry.get(key)
    if isinstance(value, list) and any(str(item) == block_id for item in value):
        entry[key] = [item for item in value if str(item) != block_id]


def connect(
    document: Document, block_id: str, upstream: Sequence[str], *, check: bool = True
) -> None:
    """Set what a block depends on, in this order, and mirror the changed edges.

    Raises:
        BadRequest: when one of them is no block of the pipeline.
        CycleError: when that closes a circle; the message names its path.
    """
    by_id = index(document)
    if block_id not in by_id:
        raise BlockNotFound(f"The pipeline has no block '{block_id}'.", block=block_id)
    found = by_id[BlockId(block_id)]
    before = links(found.value.get("upstream_blocks"))
    wanted = tuple(dict.fromkeys(BlockId(item) for item in upstream))
    if wanted == before:
        return
    for item in wanted:
        if item == block_id:
            raise CycleError(f"Block '{block_id}' cannot depend on itself.", path=[item, item])
        if item in before:
            continue
        if item not in by_id:
            raise BadRequest(f"There is no block '{item}' to connect '{block_id}' to.")
        if by_id[item].role != "block":
            raise BadRequest(
                f"'{item}' is a {by_id[item].role}, which gives no data to other blocks."
            )
    old = _upstream(document)
    found.value["upstream_blocks"] = list(wanted)
    if check:
        _refuse_cycle(old, _upstream(document))
    if found.role == "block":
        _mirror(by_id, block_id, before, wanted)


def _mirror(
    by_id: Mapping[BlockId, Entry],
    block_id: str,
    before: Sequence[BlockId],
    wanted: Sequence[BlockId],
) -> None:
    """Follow changed edges in the downstream lists of the blocks at their other end."""
    for item in before:
        if item not in wanted and item in by_id:
            _drop(by_id[item].value, "downstream_blocks", block_id)
    for item in wanted:
        if item in before or item not in by_id:
            continue
        parent = by_id[item].value
        below = parent.get("downstream_blocks")
        listed = list(below) if isinstance(below, list) else []
        if block_id not in [str(known) for known in listed]:
            parent["downstream_blocks"] = [*listed, block_id]


def _upstream(document: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    return {
        entry.id: tuple(links(entry.value.get("upstream_blocks")))
        for entry in entries(document)
        if entry.id is not None
    }


def refuse_new_cycle(before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Refuse an edited document whose links form a circle that was not there before.

    Raises:
        CycleError: the message names the path of the circle.
    """
    _refuse_cycle(_upstream(before), _upstream(after))


def _refuse_cycle(
    before: Mapping[str, tuple[str, ...]], after: Mapping[str, tuple[str, ...]]
) -> None:
    if before == after:
        return
    path = graph.cycle(after)
    old = graph.cycle(before)
    # A circle that is there already does not forbid other edits.
    if path is not None and (old is None or set(path) != set(old)):
        raise CycleError(
            f"This connection would close a cycle: {' → '.join(path)}.", path=list(path)
        )


def reorder(document: Document, order: Iterable[str], role: str = "block") -> None:
    """Bring the entries of one role into the order; unnamed ones keep their places.

    So does one with the uuid of a block that stands elsewhere.
    """
    wanted = [BlockId(item) for item in order]
    if role == EXTENSION:
        return
    items = document.get(_LIST_OF_ROLE[role])
    if not isinstance(items, list):
        return
    chosen = set(wanted)
    first = index(document)
    named: dict[BlockId, int] = {}
    for place, item in enumerate(items):
        block_id = entry_id(item)
        if block_id is not None and block_id in chosen and first[block_id].value is item:
            named.setdefault(block_id, place)
    queue = [items[named[item]] for item in dict.fromkeys(wanted) if item in named]
    for place, item in zip(sorted(named.values()), queue, strict=True):
        items[place] = item


def settle(entry: dict[str, Any], changes: Mapping[str, Any], block: Block | None = None) -> None:
    """Set settings of a block entry; what says the same as the block stays untouched."""
    for key in SETTINGS:
        if key in changes:
            value = changes[key]
            if key == "timeout" and isinstance(value, float) and value.is_integer():
                value = int(value)
            if block is None or plain(getattr(block, key)) != plain(value):
                put(entry, key, value)


def put(holder: dict[str, Any], key: str, value: Any) -> None:
    """Set a key to plain data; nothing is written for what is absent and stays empty."""
    if key not in holder:
        if value is None or value == {} or value == []:
            return
        holder[key] = plain(value)
        return
    current = holder[key]
    if not current and not value and current in (None, {}, [], "") and value in (None, {}, [], ""):
        return
    if isinstance(current, int | float) and isinstance(value, int | float) and current == value:
        return
    result = merged(current, plain(value))
    if not same(result, current):
        holder[key] = result


def shown(pipeline: Pipeline) -> dict[str, Any]:
    """Return the settings of a pipeline as they are shown, by their key in the file."""
    return {
        "description": pipeline.description,
        "tags": list(pipeline.tags),
        "variables": plain(pipeline.variables),
        "executor_type": pipeline.executor_type,
        "retry_config": plain(pipeline.retry_config),
        "concurrency_config": plain(pipeline.concurrency),
    }


def kernel(holder: dict[str, Any], name: str | None) -> None:
    """Set or unset the kernel of a pipeline or block entry."""
    config = holder.get("executor_config")
    config = dict(config) if isinstance(config, dict) else {}
    if name == config.get("kernel_name"):
        return
    if name is None:
        config.pop("kernel_name", None)
    else:
        config["kernel_name"] = name
    holder["executor_config"] = config


def rename(document: Document, old: str, new: str, name: str, paths: Mapping[str, str]) -> bool:
    """Give a block another uuid everywhere in a document; `paths` maps old to new file.

    Returns whether anything changed.
    """
    changed = False
    for entry in entries(document):
        value = entry.value
        if not isinstance(value, dict):
            continue
        if entry.id == old:
            value["uuid"] = new
            value["name"] = name
            changed = True
        for key in ("upstream_blocks", "downstream_blocks"):
            listed = value.get(key)
            if isinstance(listed, list) and any(str(item) == old for item in listed):
                value[key] = [new if str(item) == old else item for item in listed]
                changed = True
        if value.get("replicated_block") == old:
            value["replicated_block"] = new
            changed = True
        changed |= _rename_configuration(value.get("configuration"), old, new, paths)
    return changed


def _rename_configuration(configuration: Any, old: str, new: str, paths: Mapping[str, str]) -> bool:
    if not isinstance(configuration, dict):
        return False
    changed = False
    source = configuration.get("file_source")
    for holder, key in ((source, "path"), (configuration, "file_path")):
        if isinstance(holder, dict) and holder.get(key) in paths:
            holder[key] = paths[holder[key]]
            changed = True
    tables = configuration.get("upstream_block_configuration")
    if isinstance(tables, dict) and old in tables:
        configuration["upstream_block_configuration"] = {
            (new if key == old else key): value for key, value in tables.items()
        }
        changed = True
    return changed
