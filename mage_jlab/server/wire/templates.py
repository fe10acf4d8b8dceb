"""What new pipelines and blocks begin with, and the forms of interactions."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from mage_jlab.server.wire.envelope import Name, Request


class BlockTemplate(Struct):
    """A template for a new block."""

    id: str
    name: str
    type: str
    language: str
    description: str
    source: str
    configuration: dict[str, Any] = {}
    color: str | None = None
    own: bool = False
    """Whether it is a template of the project."""


class PipelineTemplate(Struct):
    """A template of the project for new pipelines."""

    id: str
    name: str
    description: str
    tags: list[str]
    blocks: int


class TemplateCreate(Request):
    """Save a pipeline (an id), or one block of it, as a template of the project."""

    name: Name
    pipeline: str
    block: str | None = None
    description: str = ""


class FormOption(Struct):
    """One choice of a field."""

    label: str
    value: Any


class FormField(Struct):
    """One input of a form: the variable it sets and how it looks.

    `input` is checkbox | code | dropdown_menu | switch | text_field; `types` are boolean | date |
    datetime | dictionary | float | integer | list | string. `width` is a share of its row.
    """

    variable: str
    label: str
    description: str | None
    input: str
    types: list[str]
    required: bool
    options: list[FormOption]
    multiline: bool
    number: bool
    language: str | None
    default: Any
    width: float


class Form(Struct):
    """A form for variables of a pipeline (an interaction); `block` is what it belongs to."""

    id: str
    block: str
    rows: list[list[FormField]]
    problem: str | None = None
