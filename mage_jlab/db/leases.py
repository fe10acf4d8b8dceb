"""Who lives, who schedules, and which kernels somebody left behind."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from mage_jlab import clock
from mage_jlab.db.session import Database
from mage_jlab.db.tables import kernels, leases, owners

LEASE = timedelta(seconds=30)
"""How long an owner may be silent, and a lease lasts without renewal."""


@dataclass(frozen=True)
class Owner:
    """A process that carries out runs: host, pid and when that process began."""

    id: str
    host: str
    pid: int
    mark: str
    heartbeat: datetime


@dataclass(frozen=True)
class LeftKernel:
    """A kernel process that was started by an owner."""

    id: str
    owner: str
    host: str
    pid: int
    mark: str


class LeaseStore:
    """Owners, leases and the processes they started."""

    def __init__(self, database: Database) -> None:
        """Keep the database."""
        self._db = database

    def register(self, host: str, pid: int, mark: str, kind: str) -> Owner:
        """Write a new owner: this process."""
        at = clock.now()
        owner = Owner(secrets.token_hex(8), host, pid, mark, at)
        with self._db.write() as connection:
            _insert(connection, owner, kind, at)
        return owner

    def beat(self, owner: Owner, kind: str) -> None:
        """Say that an owner lives, and renew its leases.

        One that was taken for dead and forgotten is written down again; the
        runs it had then are no longer its own.
        """
        at = clock.now()
        with self._db.write() as connection:
            mine = update(owners).where(owners.c.id == owner.id).values(heartbeat=at)
            if connection.execute(mine).rowcount == 0:
                _insert(connection, owner, kind, at)
            connection.execute(
                update(leases)
                .where(leases.c.owner == owner.id, leases.c.expires > at)
                .values(expires=at + LEASE)
            )

    def owners(self) -> list[Owner]:
        """Return everybody who registered and did not take leave."""
        with self._db.read() as connection:
            rows = connection.execute(select(owners)).all()
        return [Owner(r.id, r.host, r.pid, r.mark, r.heartbeat) for r in rows]

    def leave(self, owner: str) -> None:
        """Forget an owner with its leases."""
        with self._db.write() as connection:
            connection.execute(delete(leases).where(leases.c.owner == owner))
            connection.execute(delete(owners).where(owners.c.id == owner))

    def acquire(self, name: str, owner: str) -> int | None:
        """Take a lease that is free or ran out; return its epoch, None when held elsewhere."""
        at = clock.now()
        try:
            with self._db.write() as connection:
                query = select(leases).where(leases.c.name == name).with_for_update()
                row = connection.execute(query).first()
                if row is None:
                    values = {"name": name, "owner": owner, "epoch": 1, "expires": at + LEASE}
                    connection.execute(insert(leases).values(**values))
                    return 1
                if row.owner == owner and row.expires > at:
                    return int(row.epoch)
                alive = connection.execute(select(owners.c.id).where(owners.c.id == row.owner))
                if row.expires > at and alive.first() is not None:
                    return None
                epoch = int(row.epoch) + 1
                connection.execute(
                    update(leases)
                    .where(leases.c.name == name)
                    .values(owner=owner, epoch=epoch, expires=at + LEASE)
                )
                return epoch
        except IntegrityError:
            return None

    def add_kernel(self, kernel: LeftKernel, run: str | None) -> None:
        """Note a kernel process, so that it can be ended if its owner dies."""
        with self._db.write() as connection:
            connection.execute(
                insert(kernels).values(
                    id=kernel.id,
                    owner=kernel.owner,
                    run=run,
                    host=kernel.host,
                    pid=kernel.pid,
                    mark=kernel.mark,
                    started=clock.now(),
                )
            )

    def drop_kernels(self, ids: Iterable[str]) -> None:
        """Forget kernel processes that are gone."""
        wanted = list(ids)
        if wanted:
            with self._db.write() as connection:
                connection.execute(delete(kernels).where(kernels.c.id.in_(wanted)))

    def kernels_of(self, owner: str) -> list[LeftKernel]:
        """Return the kernel processes an owner started."""
        with self._db.read() as connection:
            rows = connection.execute(select(kernels).where(kernels.c.owner == owner)).all()
        return [LeftKernel(r.id, r.owner, r.host, r.pid, r.mark) for r in rows]


def _insert(connection: Connection, owner: Owner, kind: str, at: datetime) -> None:
    connection.execute(
        insert(owners).values(
            id=owner.id,
            host=owner.host,
            pid=owner.pid,
            mark=owner.mark,
            kind=kind,
            started=at,
            heartbeat=at,
        )
    )


def still_held(connection: Connection, name: str, owner: str, epoch: int) -> bool:
    """Tell, inside a transaction, whether a lease is held in that epoch."""
    query = select(leases.c.name).where(
        and_(leases.c.name == name, leases.c.owner == owner, leases.c.epoch == epoch)
    )
    return connection.execute(query.where(leases.c.expires > clock.now())).first() is not None
