"""The secrets that Mage keeps: table `secret` of its database, key files beside it.

Each scope has a folder with two files, `key` (Fernet) and `uuid`, which the
rows name: `secrets/`, `secrets/projects/<project>/`, and below that
`pipelines/<pipeline>/`. Older rows name no key and belong to `secrets/key`.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from mage_jlab.errors import BrokenFile, NotFound

_KEY_BYTES = 1024


@dataclass(frozen=True)
class MageSecret:
    """One secret of Mage; `value` is None when no key opens it."""

    name: str
    pipeline: str | None
    value: str | None

    def __repr__(self) -> str:
        return f"MageSecret({self.name!r}, {self.pipeline!r})"  # never the value


@dataclass(frozen=True)
class _Key:
    uuid: str | None
    cipher: Fernet
    pipeline: str | None


def read(database: Path, keys: Path, repository: str) -> list[MageSecret]:
    """Return the secrets of a Mage database; `repository` is the name of the project's folder.

    Raises:
        NotFound: when there is no such file or no key.
        BrokenFile: when it is no Mage database.
    """
    if not database.is_file():
        raise NotFound(f"There is no Mage database {database}.")
    known = list(_keys(keys))
    if not known:
        raise NotFound(f"There is no key of Mage in {keys} (files `key` and `uuid`).")
    found: dict[tuple[str | None, str], MageSecret] = {}
    for name, value, uuid, repo in _rows(database):
        if uuid is None and Path(str(repo or "")).name != repository:
            continue  # an old row of another project in the same database
        key = next((item for item in known if _fits(item, uuid)), None)
        opened = None if key is None else _opened(key, str(value))
        secret = MageSecret(str(name), None if key is None else key.pipeline, opened)
        place = (secret.pipeline, secret.name)
        if opened is not None or place not in found:
            found[place] = secret
    return list(found.values())


def _fits(key: _Key, uuid: str | None) -> bool:
    return key.uuid == uuid if uuid is not None else key.pipeline is None


def _opened(key: _Key, value: str) -> str | None:
    with contextlib.suppress(InvalidToken, UnicodeError):
        return key.cipher.decrypt(value.encode()).decode("utf-8")
    return None


def _keys(folder: Path) -> Iterator[_Key]:
    """Yield the keys, the one for everything first."""
    for file in [folder / "key", *sorted(folder.glob("projects/**/key"))]:
        if not file.is_file() or file.stat().st_size > _KEY_BYTES:
            continue
        uuid = file.with_name("uuid")
        pipeline = file.parent.name if file.parent.parent.name == "pipelines" else None
        with contextlib.suppress(ValueError, UnicodeError):
            named = uuid.read_text("utf-8").strip() if uuid.is_file() else None
            yield _Key(named, Fernet(file.read_text("ascii").strip()), pipeline)


def _rows(database: Path) -> list[tuple[str, str, str | None, str | None]]:
    try:
        with contextlib.closing(
            sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True, timeout=10)
        ) as connection:
            columns = {row[1] for row in connection.execute("PRAGMA table_info(secret)")}
            key = "key_uuid" if "key_uuid" in columns else "NULL"
            repo = "repo_name" if "repo_name" in columns else "NULL"
            return connection.execute(
                f"SELECT name, value, {key}, {repo} FROM secret ORDER BY id"  # noqa: S608
            ).fetchall()
    except sqlite3.Error as error:
        raise BrokenFile(f"{database.name} is no database of Mage: {error}.") from error
