"""``io_config.yaml``: Jinja, then YAML, then one profile of connection settings."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mage_jlab.errors import BadRequest, BrokenFile, NotFound
from mage_jlab.files import places, yaml_load

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
    try:
        rendered = render(text, functions(secret))
    except BadRequest as error:
        raise BrokenFile(
            f"{places.IO_CONFIG}: {error.message}", file=places.IO_CONFIG, **error.detail
        ) from error
    document = yaml_load.load_mapping(rendered, places.IO_CONFIG)
    return {str(name): value for name, value in document.items() if name != "version"}


def profile(
    root: Path, name: str = "default", *, secret: Callable[[str], Any] | None = None
) -> dict[str, Any]:
    """Return one profile.

    Raises:
        NotFound: when there is none of that name; the message names those there are.
    """
    known = profiles(root, secret=secret)
    if not isinstance(known.get(name), Mapping):
        listed = ", ".join(sorted(known)) or "none"
        raise NotFound(f"{places.IO_CONFIG} has no profile '{name}'; there are: {listed}.")
    return dict(known[name])
