"""The database: connection, transactions, migrations.

Transactions are short and take the write lock at their start (BEGIN
IMMEDIATE): on SQLite a read that turns into a write fails at once when
somebody else wrote in between, whatever the busy timeout says.
"""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from mage_jlab.db import tables, versions
from mage_jlab.db.versions import VERSION_TABLE
from mage_jlab.errors import DatabaseTooNew, DiskFull, MageError

BUSY_SECONDS = 30
_ADVISORY_LOCK = 7_245_103
_WRITE = "mage_write"


class Database:
    """One database, SQLite or PostgreSQL. Safe to use from several threads."""

    def __init__(self, url: str) -> None:
        """Remember where it is; nothing is opened before `prepare`."""
        self.url = make_url(url)
        self.problem: MageError | None = None
        self._engine: Engine | None = None
        self._id: str | None = None

    @classmethod
    def file(cls, path: Path) -> Database:
        """Return the SQLite database in a file."""
        return cls(f"sqlite:///{path}")

    @property
    def is_sqlite(self) -> bool:
        """Whether it is an SQLite file."""
        return self.url.get_backend_name() == "sqlite"

    @property
    def name(self) -> str:
        """Return the address without a password, for people."""
        return self.url.render_as_string(hide_password=True)

    @property
    def id(self) -> str:
        """Return the name this database gave itself when it was made."""
        if self._id is None:
            with self.read() as connection:
                row = select(tables.meta.c.value).where(tables.meta.c.key == "id")
                self._id = str(connection.execute(row).scalar_one())
        return self._id

    def prepare(self) -> None:
        """Open the database and bring it up to date.

        Raises:
            DatabaseTooNew: when newer code wrote it; then nothing is written,
                and every later use says so.
        """
        try:
            self._refuse_newer(self._peek())
            if self.is_sqlite and self.url.database:
                Path(self.url.database).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._engine = _open(self.url.render_as_string(hide_password=False), self.is_sqlite)
            self._upgrade()
        except DatabaseTooNew as error:
            self.problem = error
            raise
        if self.is_sqlite and self.url.database:
            Path(self.url.database).chmod(0o600)
        self._name_itself()

    def close(self) -> None:
        """Close all connections."""
        if self._engine is not None:
            self._engine.dispose()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection for reading."""
        with self._opened().connect() as connection, _translated(), connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a connection whose transaction holds the write lock from its start."""
        with (
            _translated(),
            self._opened().connect() as plain,
            plain.execution_options(**{_WRITE: True}) as connection,
            connection.begin(),
        ):
            yield connection

    def _opened(self) -> Engine:
        if self.problem is not None:
            raise self.problem
        if self._engine is None:
            raise RuntimeError("the database was not prepared")
        return self._engine

    def _peek(self) -> str | None:
        """Read the version of an SQLite file without writing a byte."""
        path = self.url.database
        if not self.is_sqlite or not path or not Path(path).is_file():
            return None
        connection = sqlite3.connect(f"{Path(path).resolve().as_uri()}?mode=ro", uri=True)
        try:
            query = f"SELECT version_num FROM {VERSION_TABLE}"  # noqa: S608 - a constant
            row = connection.execute(query).fetchone()
        except sqlite3.OperationalError:
            return None
        finally:
            connection.close()
        return str(row[0]) if row else None

    def _refuse_newer(self, version: str | None) -> None:
        if version is not None and version not in versions.known():
            raise DatabaseTooNew(
                f"The database {self.name} was written by a newer mage-jlab "
                f"(version {version} of its tables); nothing is written to it. "
                "Install that mage-jlab or use another MAGE_JLAB_STATE_DIR.",
                version=version,
            )

    def _upgrade(self) -> None:
        with self.write() as connection:
            if connection.dialect.name == "postgresql":
                # Two processes that start together must not both make the tables.
                lock = text("SELECT pg_advisory_xact_lock(:key)")
                connection.execute(lock, {"key": _ADVISORY_LOCK})
            if inspect(connection).has_table(VERSION_TABLE):
                query = text(f"SELECT version_num FROM {VERSION_TABLE}")  # noqa: S608
                version = connection.execute(query).scalar()
                self._refuse_newer(version)
                if version == versions.newest():
                    return
            versions.upgrade(connection)

    def _name_itself(self) -> None:
        with self.write() as connection:
            row = select(tables.meta.c.value).where(tables.meta.c.key == "id")
            found = connection.execute(row).scalar()
            if found is None:
                found = uuid.uuid4().hex
                connection.execute(tables.meta.insert().values(key="id", value=found))
        self._id = str(found)


def _open(url: str, is_sqlite: bool) -> Engine:
    if not is_sqlite:
        return create_engine(url, pool_pre_ping=True)
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        writes = connection.get_execution_options().get(_WRITE)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        if "disk is full" in str(error.orig).lower() or "no space left" in str(error.orig).lower():
            raise DiskFull(
                "The database cannot be written because the disk is full; free some space."
            ) from error
        raise
