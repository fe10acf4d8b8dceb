"""``global_data_products.yaml``: read into products, written back key by key."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mage_jlab.errors import (
    AlreadyExists,
    BadRequest,
    BrokenFile,
    InvalidName,
    MageError,
    NotFound,
)
from mage_jlab.files import edit, pipeline_yaml, places, save, structure, yaml_dump, yaml_load
from mage_jlab.files.reader import Reader
from mage_jlab.ids import PipelineId
from mage_jlab.model.block import GLOBAL_DATA_PRODUCT
from mage_jlab.model.data_product import AGES, MOMENTS, DataProduct, of
from mage_jlab.model.project import Project

FILE = "global_data_products.yaml"
_KEYS = ("outdated_after", "outdated_starting_at", "settings")


def read(project: Project) -> list[DataProduct]:
    """Return the registered products, in the order of the file.

    Raises:
        BrokenFile: when the file cannot be read.
    """
    text = _text(project)
    if text is None:
        return []
    document = yaml_load.load(text, FILE)
    if document is None:
        return []
    return [
        of(_id(key), pipeline_yaml.mapping(value))
        for key, value in yaml_load.as_mapping(document, FILE).items()
        if isinstance(value, Mapping)
    ]


def get(project: Project, identity: str) -> DataProduct:
    """Return one product.

    Raises:
        NotFound: when there is none of that name.
        BrokenFile: when the file cannot be read.
    """
    for product in read(project):
        if product.id == _id(identity):
            return product
    raise NotFound(
        f"Project '{project.name}' has no global data product '{identity}'; register it in "
        f"{FILE}, or choose another one in the settings of the block.",
        product=identity,
    )


def added(reader: Reader, project: Project, name: str, said: Mapping[str, Any]) -> save.Change:
    """Return the change that registers a product.

    Raises:
        AlreadyExists: when there is one of that name.
        BadRequest: when its pipeline or its rules make no sense.
    """
    identity = places.clean_name(name)
    text, document = _document(project)
    if identity in {_id(key) for key in document}:
        raise AlreadyExists(f"There is already a global data product '{identity}'.")
    _check(reader, project, said)
    entry: dict[str, Any] = {"object_type": "pipeline", "object_uuid": said["pipeline"]}
    entry.update({key: dict(said[key]) for key in _KEYS if said.get(key)})
    document[identity] = entry
    return _change(project, text, document)


def changed(
    reader: Reader, project: Project, identity: str, said: Mapping[str, Any]
) -> save.Change:
    """Return the change of a product; keys that are not known stay as they are.

    Raises:
        NotFound: when there is none of that name.
        BadRequest: when its pipeline or its rules make no sense.
    """
    present = get(project, identity)
    _check(reader, project, {"pipeline": present.pipeline, **said})
    text, document = _document(project)
    entry = document[_key(document, identity)]
    if "pipeline" in said:
        structure.put(entry, "object_uuid", said["pipeline"])
    for key in _KEYS:
        if key not in said:
            continue
        if said[key]:
            structure.put(entry, key, dict(said[key]))
        else:
            entry.pop(key, None)
    return _change(project, text, document)


def removed(project: Project, identity: str) -> save.Change:
    """Return the change that takes a product out of the file.

    Raises:
        NotFound: when there is none of that name.
    """
    get(project, identity)
    text, document = _document(project)
    del document[_key(document, identity)]
    return _change(project, text, document)


def circle(reader: Reader, project: Project, pipeline: str, product: DataProduct) -> list[str]:
    """Return the pipelines by which a product would wait for the pipeline that asks for it."""
    try:
        known = {item.id: item.pipeline for item in read(project)}
    except BrokenFile:
        return []
    stack, seen = [[product.pipeline]], set[str]()
    while stack:
        path = stack.pop()
        if path[-1] == pipeline:
            return [pipeline, *path]
        if path[-1] in seen:
            continue
        seen.add(path[-1])
        stack += [[*path, after] for after in _waits_for(reader, project, path[-1], known)]
    return []


def _waits_for(
    reader: Reader, project: Project, pipeline: str, known: Mapping[str, str]
) -> list[str]:
    try:
        loaded = reader.load(project, PipelineId(pipeline))
    except MageError:
        return []
    named = [named_by(b.configuration) for b in loaded if b.type == GLOBAL_DATA_PRODUCT]
    return [known[_id(name)] for name in named if name is not None and _id(name) in known]


def named_by(configuration: Mapping[str, Any]) -> str | None:
    """Return the product that a block's configuration names."""
    said = configuration.get("global_data_product")
    return pipeline_yaml.text_of(said.get("uuid")) if isinstance(said, Mapping) else None


def _check(reader: Reader, project: Project, said: Mapping[str, Any]) -> None:
    pipeline = said.get("pipeline")
    if pipeline not in reader.pipelines(project):
        raise BadRequest(f"Project '{project.name}' has no pipeline '{pipeline}'.", path="pipeline")
    for unit, number in (said.get("outdated_after") or {}).items():
        if unit not in AGES:
            raise BadRequest(
                f"outdated_after knows {', '.join(AGES)}, not '{unit}'.", path="outdated_after"
            )
        if not 0 < number < 1e10:
            raise BadRequest(f"outdated_after: {unit} must be above 0.", path="outdated_after")
    for part, number in (said.get("outdated_starting_at") or {}).items():
        if part not in MOMENTS:
            raise BadRequest(
                f"outdated_starting_at knows {', '.join(MOMENTS)}, not '{part}'.",
                path="outdated_starting_at",
            )
        low, high = MOMENTS[part]
        if not low <= number <= high:
            raise BadRequest(
                f"outdated_starting_at: {part} lies between {low} and {high}.",
                path="outdated_starting_at",
            )
    if not said.get("settings"):
        return
    blocks = reader.load(project, PipelineId(str(pipeline))).ids
    for block, value in said["settings"].items():
        if block not in blocks:
            raise BadRequest(f"Pipeline '{pipeline}' has no block '{block}'.", path="settings")
        count = value.get("partitions", 1) if isinstance(value, Mapping) else None
        if not isinstance(count, int) or isinstance(count, bool) or count < 0:
            raise BadRequest(
                f"settings: '{block}' needs partitions, a whole number of 0 (all runs) or more.",
                path="settings",
            )


def _id(key: Any) -> str:
    """Return the name of a product: as in Mage, the key as names of blocks are made."""
    try:
        return places.clean_name(str(key))
    except InvalidName:
        return str(key)


def _key(document: Mapping[Any, Any], identity: str) -> Any:
    return next(key for key in document if _id(key) == _id(identity))


def _text(project: Project) -> str | None:
    try:
        data = places.read_bytes(places.inside(project.root, FILE), yaml_load.MAX_BYTES)
    except FileNotFoundError:
        return None
    except (OSError, MageError) as error:
        raise BrokenFile(f"{FILE} cannot be read: {error}.", file=FILE) from error
    return yaml_load.decode(data, FILE)


def _document(project: Project) -> tuple[str | None, structure.Document]:
    text = _text(project)
    loaded = yaml_load.load(text, FILE) if text is not None else None
    if loaded is None:
        return None, {}
    return text, structure.copied(yaml_load.as_mapping(loaded, FILE))


def _change(project: Project, text: str | None, document: structure.Document) -> save.Change:
    file: Path = places.inside(project.root, FILE)
    if not document:
        new = "{}\n"
    else:
        new = yaml_dump.dump(document) if text is None else edit.rewrite(text, document, FILE)
    change = save.Change()
    if new != text:
        change.writes[file] = new.encode("utf-8")
    return change
