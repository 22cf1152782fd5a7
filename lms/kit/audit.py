"""Who did what to whom: written beside the change, in the same transaction, never edited."""

from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.orm import Mapped, Session, mapped_column

from lms.kit.actors import Actor
from lms.kit.db import Base
from lms.kit.ids import uuid7


class AuditEntry(Base):
    __tablename__ = "audit_entry"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    at: Mapped[datetime] = mapped_column(index=True)
    actor_id: Mapped[UUID | None]
    actor_name: Mapped[str]
    action: Mapped[str] = mapped_column(index=True)
    subject: Mapped[str] = mapped_column(index=True)
    details: Mapped[dict[str, Any]]
    request_id: Mapped[str | None]
    remote_address: Mapped[str | None]


def record(session: Session, actor: Actor, action: str, subject: object, at: datetime, **details: Any) -> None:
    """Add an entry. `action` is `package.verb_object`; `subject` the identifier acted on; details must be JSON values."""
    origin = structlog.contextvars.get_contextvars()
    session.add(
        AuditEntry(
            at=at,
            actor_id=actor.person_id,
            actor_name=actor.display_name,
            action=action,
            subject=str(subject),
            details=details,
            request_id=origin.get("request_id"),
            remote_address=origin.get("remote_address"),
        )
    )
