"""Who did what to whom, before and after, from where: written beside the change, in the same transaction, never edited. The database
itself refuses to change or remove an entry; `lms.audit` chains the entries, verifies and shows them."""

from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Index, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from lms.kit.actors import Actor
from lms.kit.db import Base
from lms.kit.ids import uuid7


class AuditEntry(Base):
    """One thing somebody did. Each way to search it (by actor, action, subject, address, day) has an index that is already in the order
    in which the entries are shown."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_at", "at", "id"),
        Index("ix_audit_entry_action", "action", "at", "id"),
        Index("ix_audit_entry_subject", "subject", "at", "id"),
        Index("ix_audit_entry_actor", "actor_id", "at", "id"),
        Index("ix_audit_entry_address", "remote_address", "at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    at: Mapped[datetime]
    actor_id: Mapped[UUID | None]
    actor_name: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str]
    details: Mapped[dict[str, Any]]
    request_id: Mapped[str | None]
    remote_address: Mapped[str | None]


_NEW = insert(AuditEntry.__table__)  # type: ignore[arg-type]  # typed for tables, and this is one


def record(session: Session, actor: Actor, action: str, subject: object, at: datetime, **details: Any) -> None:
    """Add an entry. `action` is `package.verb_object`, with its Vietnamese name in the package's `audit_names`; `subject` the identifier
    acted on; details must be JSON values. Where something changes, pass `before` and `after`: values, or dicts of the same keys."""
    session.add(AuditEntry(**_values(actor, action, subject, at, details)))


def record_at_once(session: Session, actor: Actor, action: str, subject: object, at: datetime, **details: Any) -> None:
    """The same for the one entry of a request that many make at the same time: a plain insert costs less than the unit of work."""
    session.connection().execute(_NEW, _values(actor, action, subject, at, details))


def _values(actor: Actor, action: str, subject: object, at: datetime, details: dict[str, Any]) -> dict[str, Any]:
    origin = structlog.contextvars.get_contextvars()
    return {
        "at": at,
        "actor_id": actor.person_id,
        "actor_name": actor.display_name,
        "action": action,
        "subject": str(subject),
        "details": details,
        "request_id": origin.get("request_id"),
        "remote_address": origin.get("remote_address"),
    }
