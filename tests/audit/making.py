"""Entries for tests of the audit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from lms.kit.actors import SERVICE, Actor
from lms.kit.audit import AuditEntry
from lms.kit.clock import now
from lms.kit.db import Database
from lms.kit.ids import uuid7

AT = datetime(2026, 11, 2, 3, 0, tzinfo=UTC)


def add_entries(database: Database, count: int, *, first: datetime = AT, actor: Actor = SERVICE, action: str = "accounts.unlock") -> None:
    """Entries a second apart, their identifiers one after the other."""
    start = uuid7().int
    with database.transaction() as session:
        session.add_all(
            AuditEntry(
                id=UUID(int=start + index),
                at=first + timedelta(seconds=index),
                actor_id=actor.person_id,
                actor_name=actor.display_name,
                action=action,
                subject=f"subject-{index}",
                details={"name": "Nguyễn Thị Ánh", "number": index},
                request_id=None,
                remote_address=None,
            )
            for index in range(count)
        )


def add_entry(database: Database, **values: Any) -> UUID:
    """One entry with all its columns as wanted; `id` decides its place among those sealed with it."""
    entry = {
        "id": uuid7(),
        "at": now(),
        "actor_id": None,
        "actor_name": "Công vụ LMS",
        "action": "accounts.unlock",
        "subject": "x",
        "details": {},
        "request_id": None,
        "remote_address": None,
        **values,
    }
    with database.transaction() as session:
        session.add(AuditEntry(**entry))
    return entry["id"]  # type: ignore[no-any-return]


def tamper(database: Database, statement: str, **values: Any) -> None:
    """What somebody does who has the database's own password: past the application and past its triggers."""
    with database.engine.begin() as connection:
        if database.is_sqlite:
            triggers = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
            for name, _ in triggers:
                connection.execute(text(f"DROP TRIGGER {name}"))
            connection.execute(text(statement), values)
            for _, sql in triggers:
                connection.exec_driver_sql(sql)
        else:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            connection.execute(text(statement), values)
