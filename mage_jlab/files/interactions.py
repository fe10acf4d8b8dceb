"""Interactions: forms for the variables of a pipeline, as Mage's files describe them.

``pipelines/<id>/interactions.yaml`` names files of ``interactions/``. Most of
them in the wild are empty; what cannot be understood is left out.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mage_jlab.errors import MageError
from mage_jlab.files import pipeline_yaml, places, rendering, yaml_load
from mage_jlab.model.pipeline import Pipeline
from mage_jlab.model.project import Project

FOLDER = "interactions"
FILE = "interactions.yaml"
INPUTS = ("checkbox", "code", "dropdown_menu", "switch", "text_field")
TYPES = (
    "boolean", "date", "datetime", "dictionary", "float", "integer", "list", "string",
)  # fmt: skip
_ENDINGS = ("", ".yaml", ".yml")


@dataclass(frozen=True)
class Field:
    """One input of a form: the variable it sets and how it looks."""

    variable: str
    label: str
    description: str | None = None
    input: str = "text_field"
    types: tuple[str, ...] = ()
    required: bool = False
    options: tuple[tuple[str, Any], ...] = ()
    multiline: bool = False
    number: bool = False
    language: str | None = None
    default: Any = None
    width: float = 1


@dataclass(frozen=True)
class Form:
    """The form of one interaction: rows of fields; `block` is the one it is attached to."""

    id: str
    block: str
    rows: tuple[tuple[Field, ...], ...] = ()
    problem: str | None = None


@dataclass(frozen=True)
class _Said:
    inputs: Mapping[str, Any] = field(default_factory=dict)
    variables: Mapping[str, Any] = field(default_factory=dict)
    layout: Any = None


def forms(project: Project, pipeline: Pipeline) -> list[Form]:
    """Return the forms of a pipeline in the order of its layout; none when it has none."""
    try:
        file = places.inside(places.pipeline_folder(project.root, pipeline.id), FILE)
        said = _mapping(_loaded(file, FILE, pipeline))
    except FileNotFoundError:
        return []
    except (MageError, OSError) as error:
        return [Form(FILE, "", problem=f"{FILE} cannot be read: {error}.")]
    named: dict[tuple[str, str], None] = {}
    attached = _mapping(said.get("blocks"))
    for block, items in attached.items():
        for item in items if isinstance(items, list) else ():
            name = pipeline_yaml.text_of(item.get("uuid")) if isinstance(item, Mapping) else item
            if isinstance(name, str) and name:
                named[(str(block), name)] = None
    order = [key for key in _ordered(said.get("layout")) if key in named]
    return [_form(project, pipeline, *key) for key in dict.fromkeys([*order, *named])]


def _ordered(layout: Any) -> Iterator[tuple[str, str]]:
    for row in layout if isinstance(layout, list) else ():
        for item in row if isinstance(row, list) else ():
            if isinstance(item, Mapping):
                yield str(item.get("block_uuid")), str(item.get("interaction"))


def _form(project: Project, pipeline: Pipeline, block: str, name: str) -> Form:
    problem = f"There is no file {FOLDER}/{name}."
    for ending in _ENDINGS:
        try:
            file = places.inside(project.root, f"{FOLDER}/{name}{ending}")
            said = _mapping(_loaded(file, name, pipeline))
        except FileNotFoundError:
            continue
        except (MageError, OSError) as error:
            problem = f"{FOLDER}/{name} cannot be read: {error}"
            break
        content = _Said(
            _mapping(said.get("inputs")), _mapping(said.get("variables")), said.get("layout")
        )
        return Form(name, block, tuple(_rows(content, pipeline)))
    return Form(name, block, problem=problem)


def _loaded(file: Any, name: str, pipeline: Pipeline) -> Any:
    if file.is_dir():
        raise FileNotFoundError(name)
    text = yaml_load.decode(places.read_bytes(file, yaml_load.MAX_BYTES), name)
    if "{{" in text or "{%" in text:
        with contextlib.suppress(MageError):  # what cannot be filled in is taken as it stands
            text = rendering.render(text, {"variables": lambda key: pipeline.variables.get(key)})
    return yaml_load.load(text, name)


def _rows(said: _Said, pipeline: Pipeline) -> Iterator[tuple[Field, ...]]:
    """Yield the rows of the layout, then every variable that it leaves out."""
    shown: set[str] = set()
    for row in said.layout if isinstance(said.layout, list) else ():
        found = []
        for item in row if isinstance(row, list) else ():
            variable = str(item.get("variable")) if isinstance(item, Mapping) else ""
            if variable in said.variables and variable not in shown:
                shown.add(variable)
                found.append(_field(said, pipeline, variable, item.get("width")))
        if found:
            yield tuple(found)
    for variable in said.variables:
        if variable not in shown:
            yield (_field(said, pipeline, str(variable), None),)


def _field(said: _Said, pipeline: Pipeline, variable: str, width: Any) -> Field:
    about = _mapping(said.variables.get(variable))
    shape = _mapping(said.inputs.get(str(about.get("input"))))
    style = _mapping(shape.get("style"))
    kind = str(shape.get("type") or "text_field")
    types = about.get("types")
    default = about.get("default", shape.get("default"))
    return Field(
        variable=variable,
        label=pipeline_yaml.text_of(about.get("name")) or variable,
        description=pipeline_yaml.text_of(about.get("description"))
        or pipeline_yaml.text_of(shape.get("description")),
        input=kind if kind in INPUTS else "text_field",
        types=tuple(str(item) for item in types if item in TYPES)
        if isinstance(types, list)
        else (),
        required=about.get("required") is True,
        options=tuple(_options(shape.get("options"))),
        multiline=style.get("multiline") is True,
        number=style.get("input_type") == "number",
        language=pipeline_yaml.text_of(style.get("language")),
        default=yaml_load.plain(pipeline.variables.get(variable, default)),
        width=float(width)
        if isinstance(width, int | float) and not isinstance(width, bool) and 0 < width < 1e6
        else 1,
    )


def _options(said: Any) -> Iterator[tuple[str, Any]]:
    for item in said if isinstance(said, list) else ():
        value = item.get("value") if isinstance(item, Mapping) else item
        if isinstance(value, str | int | float | bool):
            label = item.get("label") if isinstance(item, Mapping) else None
            yield str(value if label is None else label), value


def _mapping(value: Any) -> Mapping[str, Any]:
    return pipeline_yaml.mapping(value)
