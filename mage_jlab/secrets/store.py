"""The secrets of one project: encrypted, by name, for all of it or for one pipeline."""

from __future__ import annotations

import json
import os
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from mage_jlab import clock
from mage_jlab.errors import AlreadyExists, BadRequest, InvalidName, NotFound, SecretsClosed
from mage_jlab.secrets.keyring import Keyring, locked, write

LARGEST = 64 * 1024
"""Bytes of one secret: a certificate or a service account, not data."""
_LONGEST = 200
_PROJECT = ""


@dataclass(frozen=True)
class Secret:
    """What may be known of a secret: never its value."""

    name: str
    pipeline: str | None
    """None: for the whole project."""
    changed: datetime


class SecretStore:
    """The secrets of a project, in a folder of its state."""

    def __init__(self, folder: Path, keyring: Keyring) -> None:
        """Remember where; nothing is read or made yet."""
        self._folder = folder
        self._file = folder / "store.json"
        self._keyring = keyring

    def names(self) -> list[Secret]:
        """Return what there is: the project's first, then by pipeline."""
        return [
            Secret(name, scope or None, datetime.fromisoformat(facts["changed"]))
            for scope, kept in sorted(self._read().items())
            for name, facts in sorted(kept.items())
        ]

    def put(
        self, name: str, value: str, *, pipeline: str | None = None, replace: bool = False
    ) -> None:
        """Keep a secret.

        Raises:
            AlreadyExists: when there is one of that name and `replace` is not said.
            InvalidName: when the name is empty, too long or holds control characters.
            BadRequest: when the value is empty or too large.
            SecretsClosed: when the key is not ours alone.
        """
        _checked(name, value)
        token = self._keyring.made().encrypt(value.encode("utf-8")).decode("ascii")
        with locked(self._folder):
            scopes = self._read()
            kept = scopes.setdefault(pipeline or _PROJECT, {})
            if name in kept and not replace:
                raise AlreadyExists(f"There is already a secret '{name}'{_where(pipeline)}.")
            kept[name] = {"changed": clock.now().isoformat(), "value": token}
            self._write(scopes)

    def delete(self, name: str, *, pipeline: str | None = None) -> None:
        """Forget a secret.

        Raises:
            NotFound: when there is none of that name.
        """
        with locked(self._folder):
            scopes = self._read()
            if scopes.get(pipeline or _PROJECT, {}).pop(name, None) is None:
                raise NotFound(f"There is no secret '{name}'{_where(pipeline)}.")
            self._write(scopes)

    def get(self, name: str, pipeline: str | None = None) -> str | None:
        """Return a value: the pipeline's, the project's, the environment's, or None.

        Raises:
            SecretsClosed: when there is one that cannot be decrypted with our key.
        """
        scopes = self._read()
        for scope in dict.fromkeys((pipeline or _PROJECT, _PROJECT)):
            facts = scopes.get(scope, {}).get(name)
            if facts is not None:
                return self._decrypted(name, facts["value"])
        return os.environ.get(name)

    def follow(self, old: str, new: str | None) -> None:
        """Give the secrets of a pipeline its new name; let them go when it has none."""
        with locked(self._folder):
            scopes = self._read()
            kept = scopes.pop(old, None)
            if kept is None:
                return
            if new is not None:
                scopes[new] = {**scopes.get(new, {}), **kept}
            self._write(scopes)

    def _decrypted(self, name: str, token: str) -> str:
        from cryptography.fernet import InvalidToken

        cipher = self._keyring.cipher()
        try:
            if cipher is not None:
                return cipher.decrypt(token.encode("ascii")).decode("utf-8")
        except InvalidToken:
            pass
        raise SecretsClosed(
            f"The secret '{name}' was encrypted with a key that {self._keyring.file} no longer "
            "holds; bring the key back, or set the secret anew."
        )

    def _read(self) -> dict[str, dict[str, Any]]:
        try:
            found = json.loads(self._file.read_bytes())
            return dict(found["secrets"])
        except FileNotFoundError:
            return {}
        except (ValueError, KeyError, TypeError):
            raise SecretsClosed(f"The store of secrets {self._file} is damaged.") from None

    def _write(self, scopes: dict[str, dict[str, Any]]) -> None:
        kept = {scope: names for scope, names in scopes.items() if names}
        write(self._file, json.dumps({"version": 1, "secrets": kept}, indent=1).encode())


def _checked(name: str, value: str) -> None:
    bad = any(unicodedata.category(char) in ("Cc", "Cs", "Cn") for char in name)
    if not name.strip() or name != name.strip() or len(name) > _LONGEST or bad:
        raise InvalidName(
            f"A secret needs a name of 1 to {_LONGEST} characters, none of them a control "
            "character, no blank at its ends."
        )
    if not value or len(value.encode("utf-8", "surrogatepass")) > LARGEST:
        raise BadRequest(f"The value of a secret has 1 to {LARGEST:,} bytes.", path="value")
    if any(unicodedata.category(char) == "Cs" for char in value):
        raise BadRequest("The value of a secret is no valid text.", path="value")


def _where(pipeline: str | None) -> str:
    return f" of pipeline '{pipeline}'" if pipeline else " of the project"
