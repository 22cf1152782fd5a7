"""What happened, in order, still to be turned into statements: one row in the transaction in which it happened."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Mapped, Session, mapped_column

from lms.kit.db import Base
from lms.kit.ids import uuid7


class OutboxEntry(Base):
    """`builder` names a feature's statement builder, `reference` is what it needs to find the facts again."""

    __tablename__ = "outbox_entry"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    builder: Mapped[str]
    reference: Mapped[dict[str, Any]]
    happened_at: Mapped[datetime]
    stored_at: Mapped[datetime | None] = mapped_column(index=True)


def emit(session: Session, builder: str, reference: dict[str, Any], at: datetime) -> None:
    """Note that something happened; the worker builds and stores its statements, once, in the order of the notes."""
    session.add(OutboxEntry(id=uuid7(), builder=builder, reference=reference, happened_at=at))
