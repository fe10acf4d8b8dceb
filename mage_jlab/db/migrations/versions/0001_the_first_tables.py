"""The first tables"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mage_kernel",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("run", sa.String(length=64), nullable=True),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("mark", sa.String(length=64), nullable=False),
        sa.Column("started", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mage_kernel")),
    )
    op.create_table(
        "mage_lease",
        sa.Column("name", sa.String(length=1000), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("expires", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_mage_lease")),
    )
    op.create_table(
        "mage_meta",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_mage_meta")),
    )
    op.create_table(
        "mage_owner",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("mark", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("started", sa.DateTime(), nullable=False),
        sa.Column("heartbeat", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mage_owner")),
    )
    op.create_table(
        "mage_run",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("project", sa.String(length=1000), nullable=False),
        sa.Column("pipeline", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("trigger", sa.String(length=64), nullable=True),
        sa.Column("trigger_name", sa.String(length=255), nullable=True),
        sa.Column("fire_time", sa.DateTime(), nullable=True),
        sa.Column("execution_date", sa.DateTime(), nullable=True),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.Column("started", sa.DateTime(), nullable=True),
        sa.Column("ended", sa.DateTime(), nullable=True),
        sa.Column("updated", sa.DateTime(), nullable=False),
        sa.Column("variables", sa.JSON(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("blocks", sa.JSON(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("code_hash", sa.String(length=64), nullable=True),
        sa.Column("kernel", sa.String(length=255), nullable=True),
        sa.Column("cwd", sa.String(length=1000), nullable=True),
        sa.Column("user", sa.String(length=255), nullable=True),
        sa.Column("retry_of", sa.String(length=64), nullable=True),
        sa.Column("idempotency_key", sa.String(length=255), nullable=True),
        sa.Column("owner", sa.String(length=64), nullable=True),
        sa.Column("serial", sa.Boolean(), nullable=False),
        sa.Column("steps_total", sa.Integer(), nullable=False),
        sa.Column("steps_done", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mage_run")),
        sa.UniqueConstraint("idempotency_key", name="uq_mage_run_idempotency"),
    )
    with op.batch_alter_table("mage_run", schema=None) as batch_op:
        batch_op.create_index("ix_mage_run_list", ["project", "pipeline", "id"], unique=False)
        batch_op.create_index("ix_mage_run_queue", ["state", "owner", "id"], unique=False)
        batch_op.create_index("ix_mage_run_trigger", ["trigger", "state", "id"], unique=False)
        batch_op.create_index("ix_mage_run_updated", ["updated"], unique=False)

    op.create_table(
        "mage_trigger",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("project", sa.String(length=1000), nullable=False),
        sa.Column("pipeline", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("schedule", sa.String(length=255), nullable=True),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("variables", sa.JSON(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("missed", sa.String(length=64), nullable=False),
        sa.Column("overlap", sa.String(length=64), nullable=False),
        sa.Column("start", sa.DateTime(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("enabled_at", sa.DateTime(), nullable=True),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.Column("updated", sa.DateTime(), nullable=False),
        sa.Column("anchor", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mage_trigger")),
        sa.UniqueConstraint("project", "pipeline", "name", name="uq_mage_trigger_name"),
    )
    with op.batch_alter_table("mage_trigger", schema=None) as batch_op:
        batch_op.create_index("ix_mage_trigger_enabled", ["enabled", "project"], unique=False)

    op.create_table(
        "mage_fire",
        sa.Column("trigger", sa.String(length=64), nullable=False),
        sa.Column("fire_time", sa.DateTime(), nullable=False),
        sa.Column("run", sa.String(length=64), nullable=False),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["trigger"], ["mage_trigger.id"], name=op.f("fk_mage_fire_trigger"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("trigger", "fire_time", name=op.f("pk_mage_fire")),
    )
    op.create_table(
        "mage_step",
        sa.Column("run", sa.String(length=64), nullable=False),
        sa.Column("block", sa.String(length=255), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("language", sa.String(length=64), nullable=False),
        sa.Column("upstream", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("started", sa.DateTime(), nullable=True),
        sa.Column("ended", sa.DateTime(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("code_hash", sa.String(length=64), nullable=True),
        sa.Column("version", sa.String(length=64), nullable=True),
        sa.Column("outputs", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run"], ["mage_run.id"], name=op.f("fk_mage_step_run"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run", "block", "attempt", name=op.f("pk_mage_step")),
    )


def downgrade() -> None:
    op.drop_table("mage_step")
    op.drop_table("mage_fire")
    with op.batch_alter_table("mage_trigger", schema=None) as batch_op:
        batch_op.drop_index("ix_mage_trigger_enabled")

    op.drop_table("mage_trigger")
    with op.batch_alter_table("mage_run", schema=None) as batch_op:
        batch_op.drop_index("ix_mage_run_updated")
        batch_op.drop_index("ix_mage_run_trigger")
        batch_op.drop_index("ix_mage_run_queue")
        batch_op.drop_index("ix_mage_run_list")

    op.drop_table("mage_run")
    op.drop_table("mage_owner")
    op.drop_table("mage_meta")
    op.drop_table("mage_lease")
    op.drop_table("mage_kernel")
