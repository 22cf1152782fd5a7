"""Runs migrations on the application's engine; each in a transaction of its own, with short lock waits on a live server."""

from typing import Any

import wsgi  # noqa: F401  (imports every feature's models)
from alembic import context
from sqlalchemy import Engine, text

from lms.kit.db import Base, UTCDateTime
from lms.maintenance.schema import is_of_models


def render_item(kind: str, item: Any, _context: Any) -> str | bool:
    """Migrations outlive the models: they name plain column types, never the application's own."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UTCDateTime) else False


engine: Engine = context.config.attributes["engine"]
with engine.connect() as connection:
    sqlite = connection.connection.driver_connection if connection.dialect.name == "sqlite" else None
    if sqlite is not None:
        # A table that is rebuilt is dropped while others refer to it; outside a transaction, since inside one this says nothing.
        sqlite.execute("PRAGMA foreign_keys=OFF")
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET lock_timeout = '5s'"))
        connection.commit()
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        render_item=render_item,
        include_object=is_of_models,
        compare_type=True,
        transaction_per_migration=True,
    )
    try:
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
    finally:
        if sqlite is not None:
            connection.rollback()
            sqlite.execute("PRAGMA foreign_keys=ON")
    if sqlite is not None and (dangling := sqlite.execute("PRAGMA foreign_key_check").fetchall()):
        raise RuntimeError(f"rows that refer to nothing (table, row, to): {dangling[:10]}")
