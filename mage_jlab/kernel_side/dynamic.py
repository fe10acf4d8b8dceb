"""Dynamic blocks in the kernel: items, the children's inputs, all children one after the other.

In a run the engine says which child this is and where its inputs lie. In a
notebook nobody says it: what the blocks above left tells how many children a
block has now, and they run one after the other.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from mage_jlab.errors import BadItems, MissingInput
from mage_jlab.kernel_side.held import Entry, held
from mage_jlab.kernel_side.step import Step
from mage_jlab.plan import dynamic as plan
from mage_jlab.plan.dynamic import Above, Fan, Member, Source
from mage_jlab.products import execution, manifest, places

_ALONE = ("chart", "conditional", "callback", "scratchpad")
_SHAPE = "return [items] or [items, metadata], items being a list or a table"


def is_dynamic(step: Step) -> bool:
    """Whether what a block returns is items, one for each child below it."""
    return step.configuration.get("dynamic") is True


def fan(values: Sequence[Any]) -> dict[str, Any]:
    """Return what is told of the outputs of a dynamic block: how many items, their names."""
    try:
        items, metadata = _pair(values)
        names = [_name(metadata, index) for index in range(len(items))]
    except BadItems as error:
        return {"problem": error.message}
    return {"count": len(items), **({"names": names} if any(names) else {})}


def _pair(values: Sequence[Any]) -> tuple[Any, Any]:
    """Return the items and their metadata.

    Raises:
        BadItems: when there are none.
    """
    if not values:
        raise BadItems(f"it returned nothing; {_SHAPE} ([[]] for no item).")
    items = values[0]
    countable = hasattr(items, "__len__") and hasattr(items, "__getitem__")
    if not countable or isinstance(items, (str, bytes, dict)):
        kind = type(items).__name__
        raise BadItems(f"the first thing it returned is of type {kind}; {_SHAPE}.")
    metadata = values[1] if len(values) > 1 else None
    entries = metadata if isinstance(metadata, (list, tuple)) else [metadata or {}]
    for entry in entries:
        if not isinstance(entry, dict):
            kind = type(entry).__name__
            raise BadItems(f"its metadata has something of type {kind}; it is a list of dicts.")
    return items, metadata


def _metadata(metadata: Any, index: int) -> dict[str, Any]:
    if isinstance(metadata, dict):
        return metadata
    if isinstance(metadata, (list, tuple)) and index < len(metadata):
        return dict(metadata[index])
    return {}


def _name(metadata: Any, index: int) -> str | None:
    found = _metadata(metadata, index).get("block_uuid") if metadata else None
    return str(found) if found and not isinstance(metadata, dict) else None


def _item(items: Any, index: int) -> Any:
    """Return an item that the block may change: others get theirs unchanged."""
    at = getattr(items, "iloc", items)  # a row of a table arrives as pandas has it
    return _own(at[index])


def _own(value: Any) -> Any:
    try:
        return copy.deepcopy(value)
    except Exception:  # noqa: BLE001 - whatever an object says to being copied
        return value


class Reader:
    """Reads the inputs of children; what holds many inputs it keeps while it is asked for it."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.forget()

    def forget(self) -> None:
        """Let go of what was read."""
        self._key: tuple[str, str] | None = None
        self._folder: Path | None = None
        self._values: list[Any] = []
        self._starts: list[int] = []

    def value(self, step: Step, said: Any) -> Any:
        """Return one input of a block: of a child, or the list of all children.

        Raises:
            MissingInput: when it is not there.
        """
        if isinstance(said, list):
            return self._gathered(step, [Source.of(one) for one in said])
        source = Source.of(said)
        if source.item is not None:
            return _item(_pair(self._share(step, source))[0], source.item)
        values = self._outputs(step, source)
        if not values:
            return None  # as in Mage, where another block's nothing is []
        return values[0] if len(values) == 1 else values

    def metadata(self, step: Step, source: Source) -> dict[str, Any]:
        """Return what the metadata says of an item."""
        if source.item is None:
            return {}
        found = _metadata(_pair(self._share(step, source))[1], source.item)
        return dict(_own(found))

    def _gathered(self, step: Step, sources: Sequence[Source]) -> list[Any]:
        """Return the outputs of all children as Mage puts them together.

        A list joins the lists of the others, as several outputs do; a pair of which
        the second is a dict is taken for output and metadata and stays a pair.
        """
        found: list[Any] = []
        for source in sources:
            values = self._outputs(step, source)
            if len(values) == 1 and isinstance(values[0], list):
                found += values[0]
            elif len(values) > 2 or (len(values) == 2 and not isinstance(values[1], dict)):
                found += values
            elif len(values) == 2:
                found.append(values)
            else:
                found.append(values[0] if values else None)
        return found

    def _outputs(self, step: Step, source: Source) -> list[Any]:
        """Return what an execution left, to be changed at will."""
        if source.part is None:
            return _read(step, source.step, _held(step, source.step))
        return [_own(value) for value in self._share(step, source)]

    def _share(self, step: Step, source: Source) -> list[Any]:
        """Return what an execution left, as it is kept here: not to be changed."""
        self._open(step, source.step)
        if source.part is None:
            return self._values
        return self._values[self._starts[source.part] : self._starts[source.part + 1]]

    def _open(self, step: Step, block: str) -> None:
        key = (step.version, block)
        if key == self._key:
            return
        self._key = key
        context, entry = step.context, _held(step, block)
        if entry is not None:
            folder: Path | None = entry.folder
        else:
            folder = execution.find(context.store, context.pipeline, scope(step), block, None)
        if folder is not None and folder == self._folder:
            return
        values = _read(step, block, entry)
        parts = _told(step, block).get("parts")
        self._values = values if parts is None else _returned(values)
        self._starts = list(itertools.accumulate(parts or [], initial=0))
        self._folder = folder


def _held(step: Step, block: str) -> Entry | None:
    return held.find((step.context.pipeline, scope(step), block), None)


def _read(step: Step, block: str, entry: Entry | None) -> list[Any]:
    if entry is not None:
        return entry.values()
    context = step.context
    try:
        return execution.read_values(context.store, context.pipeline, scope(step), block)
    except MissingInput:
        raise MissingInput(
            f"Block '{step.block}' needs the output of '{block}', which is not stored (any "
            f"more); run '{block}' again.",
            block=step.block, upstream=block,
        ) from None  # fmt: skip


def _returned(values: list[Any]) -> list[Any]:
    """Return outputs as they were returned; Mage's order has output_10 before output_2."""
    found: list[Any] = [None] * len(values)
    for value, number in zip(values, sorted(range(len(values)), key=str)):
        found[number] = value
    return found


reader = Reader()


def scope(step: Step) -> str:
    """Return where a step's inputs are looked for."""
    return str(step.options.get("inputs_scope") or step.context.scope)


def said(step: Step) -> dict[str, Any]:
    """Return what the engine (or the loop in a notebook) said of this child."""
    found = step.options.get("dynamic")
    return dict(found) if isinstance(found, dict) else {}


def keywords(step: Step) -> dict[str, Any]:
    """Return what arrives in **kwargs of a child besides everything else."""
    told = said(step)
    if "index" not in told:
        return {}
    result: dict[str, Any] = {"dynamic_block_index": told["index"]}
    if step.type not in ("conditional", "callback"):
        result["block_uuid"] = told.get("block", step.block)
    for source in (told.get("inputs") or {}).values():
        if isinstance(source, dict):
            result.update(reader.metadata(step, Source.of(source)))
    return result


_results: dict[tuple[str, str, str], tuple[str, dict[str, Any]]] = {}
"""What blocks told in this kernel, by their version: their step files may not be written yet."""


def told(step: Step, values: Sequence[Any]) -> None:
    """Note for the engine, and for blocks below, what a dynamic block left."""
    if is_dynamic(step) and step.result is None:
        step.result = {"fan": fan(values)}
    if step.context.interactive:
        key = (step.context.pipeline, scope(step), step.block)
        _results[key] = (step.version, step.result if isinstance(step.result, dict) else {})


# ---- in a notebook ---------------------------------------------------------


def children(step: Step) -> list[dict[str, Any]] | None:
    """Return what to say of each child of a block in a notebook, None when it runs once.

    Raises:
        MissingInput: when an upstream block has not run.
        InvalidPlan: when an upstream block left no items that make sense.
    """
    if not step.context.interactive or said(step) or step.tests_only or step.type in _ALONE:
        return None
    above = [_above(step, block) for block in step.upstream]
    if not any(item.dynamic or len(item.members) != 1 or item.gathered for item in above):
        return None
    if not any(item.dynamic or _is_family(step, item) for item in above):
        step.options["dynamic"] = {"inputs": plan.travelling(plan.inputs(above))}
        return None
    made = plan.children(step.block, above)
    return [
        {
            "block": step.block,
            "index": child.index,
            "name": child.id,
            "inputs": plan.travelling(child.inputs),
        }
        for child in made
    ]


def _is_family(step: Step, above: Above) -> bool:
    return "parts" in _told(step, above.block) and not above.gathered


def _above(step: Step, block: str) -> Above:
    result = _told(step, block)
    fans, parts = result.get("fans"), result.get("parts")
    if parts is None:
        found = result.get("fan")
        member = Member(block, fan=None if found is None else Fan.of(found))
        return Above(block, (member,), dynamic=found is not None and not result.get("reduce"))
    members = tuple(
        Member(block, part, Fan.of(fans[part]) if fans else None) for part in range(len(parts))
    )
    reduced = bool(result.get("reduce"))
    return Above(block, members, dynamic=fans is not None and not reduced, gathered=reduced)


def _told(step: Step, block: str) -> dict[str, Any]:
    """Return what the newest execution of a block said of its items and children."""
    context = step.context
    folder = places.block_folder(context.store, context.pipeline, scope(step), block)
    known, result = _results.get((context.pipeline, scope(step), block), ("", {}))
    for version in places.versions(folder):
        if version == known:
            return result
        ended = manifest.read_json(folder / version / manifest.STEP) or {}
        if ended.get("state") == "completed":
            found = ended.get("result")
            return found if isinstance(found, dict) else {}
    return {}


def shares(step: Step, values: list[Any]) -> list[list[Any]]:
    """Return the outputs of each child in what a notebook stored of a block."""
    parts = _told(step, step.block).get("parts")
    if parts is None:
        return [values]
    returned, starts = _returned(values), list(itertools.accumulate(parts, initial=0))
    return [returned[starts[part] : starts[part + 1]] for part in range(len(parts))]


def each(
    step: Step, found: Sequence[dict[str, Any]], once: Callable[[], None]
) -> tuple[list[Any], dict[str, Any]]:
    """Run all children of a block one after the other; return their outputs, and what to tell.

    Raises:
        Exception: whatever a child raises; what it is called is printed before.
    """
    base = dict(step.options)
    step.gathered = []
    try:
        for child in found:
            step.options = {**base, "dynamic": child}
            try:
                once()
            except BaseException:
                print(f"In '{child['name']}', {child['index'] + 1} of {len(found)} children:")
                raise
        made = step.gathered
    finally:
        step.options, step.gathered = base, None
        reader.forget()
    result: dict[str, Any] = {"parts": [len(values) for values in made]}
    if is_dynamic(step):
        result["fans"] = [fan(values) for values in made]
    if step.configuration.get("reduce_output") is True:
        result["reduce"] = True
    return [value for values in made for value in values], result
