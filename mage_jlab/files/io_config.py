"""``io_config.yaml``: Jinja, then YAML, then one profile of connection settings."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from secrets import token_hex
from typing import Any

from mage_jlab.errors import BadRequest, BrokenFile, NotFound
from mage_jlab.files import places, yaml_load

_TROUBLE = frozenset("\"'\\#:\n\r\t&*!|>%@`")
Functions = Mapping[str, Callable[..., Any]]


def json_value(text: str, key: str) -> Any:
    """Return one key of a JSON text, as Mage's template function does."""
    return json.loads(text).get(key)


def functions(secret: Callable[[str], Any] | None = None) -> dict[str, Callable[..., Any]]:
    """Return what a template may call. A variable that is not set is None (the text 'None')."""

    def no_secret(*_names: Any, **_options: Any) -> None:
        return None

    mage_secret = secret or no_secret
    return {
        "env_var": lambda name, default=None: os.environ.get(str(name), default),
        "mage_secret_var": mage_secret,
        "aws_secret_var": no_secret,
        "azure_secret_var": no_secret,
        "json_value": json_value,
    }


def render(text: str, known: Functions) -> str:
    """Fill in a template in a sandbox.

    Raises:
        BadRequest: when the template is wrong; the message says the line.
    """
    from mage_jlab.files import rendering

    return rendering.render(text, known)


def render_simple(text: str) -> str:
    """Fill in a template that only fills in values; leave any other text as it is.

    For files that are read when a project is opened: nothing in them may loop
    or compute.
    """
    if "{{" not in text:
        return text
    from mage_jlab.files import rendering

    return rendering.render_simple(text, functions())


def profiles(root: Path, *, secret: Callable[[str], Any] | None = None) -> dict[str, Any]:
    """Return the profiles of a project's ``io_config.yaml``, filled in.

    Raises:
        NotFound: when the project has no such file.
        BrokenFile: when it is no YAML after filling in, or its Jinja is wrong.
    """
    file = places.inside(root, places.IO_CONFIG)
    if not file.is_file():
        raise NotFound(f"The project has no {places.IO_CONFIG}.", file=places.IO_CONFIG)
    text = yaml_load.read(file, places.IO_CONFIG)
    marks: dict[str, str] = {}
    try:
        rendered = render(text, functions(_marked(secret, marks)))
    except BadRequest as error:
        raise BrokenFile(
            f"{places.IO_CONFIG}: {error.message}", file=places.IO_CONFIG, **error.detail
        ) from error
    document = yaml_load.load_mapping(rendered, places.IO_CONFIG)
    return {
        str(name): _unmarked(value, marks) for name, value in document.items() if name != "version"
    }


def _marked(
    secret: Callable[[str], Any] | None, marks: dict[str, str]
) -> Callable[..., Any] | None:
    """Return a secret function that writes a mark for what YAML would read as something else.

    A password may hold a quote or a backslash; in the quotes around the template
    it would end the text or be taken for an escape, which no error need show.
    What looks like a map or a list is meant to be read as one.
    """
    if secret is None:
        return None

    def marked(name: Any, **options: Any) -> Any:
        value = secret(name, **options)
        if not isinstance(value, str) or value.lstrip()[:1] in ("{", "["):
            return value
        if not set(value) & _TROUBLE:
            return value
        mark = f"mage_secret_{token_hex(8)}"
        marks[mark] = value
        return mark

    return marked


def _unmarked(value: Any, marks: Mapping[str, str]) -> Any:
    if not marks:
        return value
    if isinstance(value, str):
        for mark, meant in marks.items():
            value = value.replace(mark, meant)
        return value
    if isinstance(value, Mapping):
        return {key: _unmarked(item, marks) for key, item in value.items()}
    return [_unmarked(item, marks) for item in value] if isinstance(value, list) else value


def profile(
    root: Path, name: str = "default", *, secret: Callable[[str], Any] | None = None
) -> dict[str, Any]:
    """Return one profile.

    Raises:
        NotFound: when there is none of that name, or it holds no settings.
    """
    known = profiles(root, secret=secret)
    if name not in known:
        listed = ", ".join(sorted(known)) or "none"
        raise NotFound(f"{places.IO_CONFIG} has no profile '{name}'; there are: {listed}.")
    said = known[name]
    if said is None:  # all its lines are comments, as in a new project
        return {}
    if not isinstance(said, Mapping):
        raise NotFound(f"The profile '{name}' of {places.IO_CONFIG} is no list of settings.")
    return dict(said)
