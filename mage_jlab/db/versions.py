"""The versions of the tables, and the way from one to the next.

Which versions there are is read from the files; Alembic itself is loaded only
when there is a step to take, because that takes longer than all the rest.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

from sqlalchemy import Connection

VERSION_TABLE = "mage_jlab_version"
_REVISION = re.compile(r"^revision\s*=\s*['\"](\w+)['\"]", re.MULTILINE)
_BEFORE = re.compile(r"^down_revision\s*=\s*['\"](\w+)['\"]", re.MULTILINE)


@cache
def _versions() -> dict[str, str | None]:
    """Return every version with the one before it."""
    found = {}
    for file in (resources.files("mage_jlab.db") / "migrations" / "versions").iterdir():
        if file.name.endswith(".py"):
            text = file.read_text(encoding="utf-8")
            own, before = _REVISION.search(text), _BEFORE.search(text)
            if own is not None:
                found[own[1]] = None if before is None else before[1]
    return found


def known() -> frozenset[str]:
    """Return all versions this code knows."""
    return frozenset(_versions())


def newest() -> str:
    """Return the version this code works with."""
    (last,) = known() - set(_versions().values())
    return last


def upgrade(connection: Connection) -> None:
    """Bring the tables up to date."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    folder = resources.files("mage_jlab.db") / "migrations"
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
