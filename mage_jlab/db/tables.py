"""The tables. Times are UTC; projects are stored by their real path."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)  # fmt: skip
from sqlalchemy.types import TypeDecorator

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)
PATH = String(1000)
KEY = String(64)
NAME = String(255)


class UtcTime(TypeDecorator[datetime]):
    """An aware moment, kept as UTC without a zone: the same on every database."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Turn an aware moment into naive UTC."""
        return None if value is None else value.astimezone(timezone.utc).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Give the zone back."""
        return None if value is None else value.replace(tzinfo=timezone.utc)


meta = Table(
    "mage_meta",
    metadata,
    Column("key", KEY, primary_key=True),
    Column("value", Text, nullable=False),
)

owners = Table(
    "mage_owner",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("host", NAME, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("mark", KEY, nullable=False),
    Column("kind", KEY, nullable=False),
    Column("started", UtcTime, nullable=False),
    Column("heartbeat", UtcTime, nullable=False),
)

leases = Table(
    "mage_lease",
    metadata,
    Column("name", PATH, primary_key=True),
    Column("owner", KEY, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("expires", UtcTime, nullable=False),
)

triggers = Table(
    "mage_trigger",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("project", PATH, nullable=False),
    Column("pipeline", NAME, nullable=False),
    Column("name", NAME, nullable=False),
    Column("kind", KEY, nullable=False),
    Column("schedule", NAME),
    Column("zone", KEY, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("variables", JSON, nullable=False),
    Column("settings", JSON, nullable=False),
    Column("missed", KEY, nullable=False),
    Column("overlap", KEY, nullable=False),
    Column("start", UtcTime),
    Column("description", Text),
    Column("source", KEY, nullable=False),
    Column("enabled_at", UtcTime),
    Column("created", UtcTime, nullable=False),
    Column("updated", UtcTime, nullable=False),
    # Fire times up to here have been dealt with. Editing or enabling moves it
    # to the present, so neither can fire anything by itself.
    Column("anchor", UtcTime, nullable=False),
    UniqueConstraint("project", "pipeline", "name", name="uq_mage_trigger_name"),
    Index("ix_mage_trigger_enabled", "enabled", "project"),
)

fires = Table(
    "mage_fire",
    metadata,
    Column("trigger", ForeignKey("mage_trigger.id", ondelete="CASCADE"), primary_key=True),
    Column("fire_time", UtcTime, primary_key=True),
    Column("run", KEY, nullable=False),
    Column("created", UtcTime, nullable=False),
)

runs = Table(
    "mage_run",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("project", PATH, nullable=False),
    Column("pipeline", NAME, nullable=False),
    Column("state", KEY, nullable=False),
    Column("kind", KEY, nullable=False),
    # No foreign key: history outlives the trigger.
    Column("trigger", KEY),
    Column("trigger_name", NAME),
    Column("fire_time", UtcTime),
    Column("execution_date", UtcTime),
    Column("created", UtcTime, nullable=False),
    Column("started", UtcTime),
    Column("ended", UtcTime),
    Column("updated", UtcTime, nullable=False),
    Column("variables", JSON, nullable=False),
    Column("settings", JSON, nullable=False),
    Column("blocks", JSON),
    Column("error", Text),
    Column("code_hash", KEY),
    Column("kernel", NAME),
    Column("cwd", PATH),
    Column("user", NAME),
    Column("retry_of", KEY),
    Column("idempotency_key", NAME),
    # Who carries it out. A write by anybody else is refused (fencing).
    Column("owner", KEY),
    # Waits for older runs of the same trigger.
    Column("serial", Boolean, nullable=False),
    Column("steps_total", Integer, nullable=False),
    Column("steps_done", Integer, nullable=False),
    UniqueConstraint("idempotency_key", name="uq_mage_run_idempotency"),
    Index("ix_mage_run_list", "project", "pipeline", "id"),
    Index("ix_mage_run_queue", "state", "owner", "id"),
    Index("ix_mage_run_trigger", "trigger", "state", "id"),
    Index("ix_mage_run_updated", "updated"),
)

steps = Table(
    "mage_step",
    metadata,
    Column("run", ForeignKey("mage_run.id", ondelete="CASCADE"), primary_key=True),
    Column("block", NAME, primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("name", NAME, nullable=False),
    Column("type", KEY, nullable=False),
    Column("language", KEY, nullable=False),
    Column("upstream", JSON, nullable=False),
    Column("state", KEY, nullable=False),
    Column("started", UtcTime),
    Column("ended", UtcTime),
    Column("error", Text),
    Column("code_hash", KEY),
    Column("version", KEY),
    Column("outputs", JSON, nullable=False),
)

kernels = Table(
    "mage_kernel",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("owner", KEY, nullable=False),
    Column("run", KEY),
    Column("host", NAME, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("mark", KEY, nullable=False),
    Column("started", UtcTime, nullable=False),
)
