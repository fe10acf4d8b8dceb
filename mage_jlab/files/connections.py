"""``io_config.yaml`` as a form: what each key refers to, and edits that touch one place.

The text is read without filling in its templates, so that what is shown is
what is written there. What is secret is never given out: a reference is named,
anything else is only said to be there.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mage_jlab.errors import AlreadyExists, BadRequest, BrokenFile, Changed, NotFound
from mage_jlab.files import edit, places, yaml_load
from mage_jlab.model.connectors import BY_KEY, NUMBER, SECTIONS, SWITCH, is_secret

_VERSION = "version"
_NEW = "version: 0.1.1\n"
_REFERENCE = re.compile(
    r"\s*\{\{\s*(env_var|mage_secret_var)\s*\(\s*(?:'([^'\\]*)'|\"([^\"\\]*)\")\s*\)\s*\}\}\s*"
)
_NAME = re.compile(r"[^'\"\\{}\r\n\t]{1,200}")
_KINDS = {"env_var": "env", "mage_secret_var": "secret"}
_FUNCTIONS = {kind: name for name, kind in _KINDS.items()}


@dataclass(frozen=True)
class Value:
    """One key of a profile. `kind`: text | env | secret (references) | hidden | template.

    `text` is what may be shown: the value, the template, or the name that is
    referred to; None when it is hidden.
    """

    path: tuple[str, ...]
    kind: str
    text: str | None
    secret: bool
    connector: str | None = None
    """Of a section of the older layout."""


@dataclass(frozen=True)
class Profile:
    """A profile with its keys in the order of the file."""

    name: str
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Connections:
    """The whole file."""

    etag: str
    exists: bool
    profiles: tuple[Profile, ...]
    problem: str | None = None
    """Why it cannot be edited as a form."""


@dataclass(frozen=True)
class Edit:
    """What one key is to be. `kind`: text | env | secret | remove."""

    path: tuple[str, ...]
    kind: str
    text: str = ""


def read(root: Path) -> Connections:
    """Return what the file holds; one that is not there is empty.

    Raises:
        BrokenFile: when it is no text.
    """
    text = _text(root)
    if text is None:
        return Connections(etag_of(None), False, ())
    try:
        document = yaml_load.load_mapping(text, places.IO_CONFIG) if text.strip() else {}
    except BrokenFile as error:
        problem = f"{error.message} Edit the file by hand."
        if "{{" in text or "{%" in text:
            problem = (
                f"{error.message} It is shown as a form only when every template stands in "
                "quotes; edit the file by hand."
            )
        return Connections(etag_of(text), True, (), problem)
    found = tuple(
        Profile(str(name), tuple(_values((), content or {}, None)))
        for name, content in document.items()
        if name != _VERSION and (content is None or isinstance(content, Mapping))
    )
    return Connections(etag_of(text), True, found)


def changed(
    root: Path, profile: str, edits: Sequence[Edit], *, create: bool, etag: str | None
) -> str:
    """Return the text of the file with some keys of a profile changed.

    Raises:
        Changed: when the file is not the one with that `etag`.
        BadRequest: when an edit makes no sense, or would write a secret in clear.
        AlreadyExists: when a profile is to be made that is there.
        NotFound: when there is no such profile.
        EditRefused: when it cannot be written so that it reads back as meant.
    """
    text = _text(root)
    if etag is not None and etag != etag_of(text):
        raise Changed(
            f"{places.IO_CONFIG} was changed elsewhere since it was read; reload it first.",
            file=places.IO_CONFIG,
        )
    text = _NEW if text is None or not text.strip() else text
    document = yaml_load.load_mapping(text, places.IO_CONFIG)
    wanted = deepcopy(document)
    _profile_in(wanted, profile, create=create)
    for item in edits:
        _apply(wanted, profile, item)
    return edit.rewrite(text, wanted, places.IO_CONFIG)


def etag_of(text: str | None) -> str:
    """Return the hash that says which text a form was made from."""
    if text is None:
        return "none"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def references(found: Connections) -> Iterator[tuple[str, str]]:
    """Yield what is referred to: (env | secret, name)."""
    for profile in found.profiles:
        for value in profile.values:
            if value.kind in _FUNCTIONS and value.text is not None:
                yield value.kind, value.text


def _text(root: Path) -> str | None:
    file = places.inside(root, places.IO_CONFIG)
    try:
        data = places.read_bytes(file, yaml_load.MAX_BYTES)
    except FileNotFoundError:
        return None
    return yaml_load.decode(data, places.IO_CONFIG)


def _values(
    path: tuple[str, ...], content: Mapping[Any, Any], connector: str | None
) -> Iterator[Value]:
    for key, value in content.items():
        name = str(key)
        here = (*path, name)
        section = SECTIONS.get(name) if len(here) <= 2 else None
        if isinstance(value, Mapping) and section is not None:
            yield from _values(here, value, section)
            continue
        yield _value(here, value, connector)


def _value(path: tuple[str, ...], value: Any, connector: str | None) -> Value:
    secret = is_secret(path[-1], value)
    if isinstance(value, Mapping | list):
        return Value(path, "hidden", None, True, connector)
    if value is None:
        return Value(path, "text", "", secret, connector)
    if isinstance(value, str):
        found = _REFERENCE.fullmatch(value)
        if found:
            name = found[2] if found[2] is not None else found[3]
            return Value(path, _KINDS[found[1]], name, secret, connector)
    if secret:
        return Value(path, "hidden" if value != "" else "text", None, True, connector)
    if isinstance(value, str) and ("{{" in value or "{%" in value):
        # A default in a template may be a secret, whatever the key is called.
        shown = value if "," not in value else None
        return Value(path, "template" if shown else "hidden", shown, False, connector)
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return Value(path, "text", text, False, connector)


def _profile_in(document: dict[Any, Any], name: str, *, create: bool) -> None:
    if create:
        if name != name.strip() or name == _VERSION or not _NAME.fullmatch(name):
            raise BadRequest(f"{name!r} cannot be the name of a profile.", path="profile")
        if name in document:
            raise AlreadyExists(f"There is already a profile '{name}'.", profile=name)
        document[name] = {}
    elif name == _VERSION or name not in document:
        raise NotFound(f"{places.IO_CONFIG} has no profile '{name}'.", profile=name)


def _apply(document: dict[Any, Any], profile: str, item: Edit) -> None:
    if not item.path or not all(part.strip() and _NAME.fullmatch(part) for part in item.path):
        raise BadRequest(f"{'.'.join(item.path)!r} cannot be a key.", path="changes")
    content = document[profile]
    if content is None:
        content = document[profile] = {}
    for part in item.path[:-1]:
        inner = content.get(part) if isinstance(content, dict) else None
        if not isinstance(inner, dict):
            raise NotFound(f"Profile '{profile}' has no section '{part}'.", profile=profile)
        content = inner
    if not isinstance(content, dict):
        raise BadRequest(f"'{profile}' is no profile.", profile=profile)
    key = item.path[-1]
    if item.kind == "remove":
        content.pop(key, None)
        return
    content[key] = _written(key, item, content.get(key))


def _written(key: str, item: Edit, before: Any) -> Any:
    if item.kind in _FUNCTIONS:
        if not item.text.strip() or not _NAME.fullmatch(item.text):
            raise BadRequest(
                f"{item.text!r} cannot be referred to: a name holds no quotes, braces or \\.",
                path="changes",
            )
        return f"{{{{ {_FUNCTIONS[item.kind]}('{item.text}') }}}}"
    if item.kind != "text":
        raise BadRequest(f"A key cannot be changed to '{item.kind}'.", path="changes")
    if is_secret(key, item.text) and item.text:
        raise BadRequest(
            f"'{key}' is a secret and is not written into the file; keep it as a secret or in an "
            "environment variable and refer to that.",
            path="changes",
        )
    if "\n" in item.text or len(item.text) > 10_000:
        raise BadRequest(f"The value of '{key}' must be one line.", path="changes")
    known = BY_KEY.get(key)
    kind = known.kind if known is not None else None
    if (kind == NUMBER or isinstance(before, int)) and re.fullmatch(r"-?\d{1,15}", item.text):
        return int(item.text)
    if (kind == SWITCH or isinstance(before, bool)) and item.text in ("true", "false"):
        return item.text == "true"
    return item.text
