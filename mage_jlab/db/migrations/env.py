"""Alembic's environment: always on a connection that the caller gives."""

from alembic import context

from mage_jlab.db.tables import metadata
from mage_jlab.db.versions import VERSION_TABLE


def _ours(name, type_, parent_names):  # type: ignore[no-untyped-def]
    """A database may be shared: only our own tables are compared."""
    return type_ != "table" or name in metadata.tables


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,
    include_name=_ours,
)
context.run_migrations()
