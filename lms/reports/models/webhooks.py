"""Who outside is told at once of what becomes of reports, and every telling."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from lms.kit.db import Base
from lms.kit.ids import uuid7


class WebhookTarget(Base):
    """An address that is sent events. The secret its messages are signed with is sealed; after a rotation the one before signs beside it
    until `old_secret_until`. `lease_until` keeps two workers apart."""

    __tablename__ = "webhook_target"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    name: Mapped[str] = mapped_column(unique=True)
    url: Mapped[str]
    events: Mapped[list[Any]]
    secret: Mapped[bytes]
    old_secret: Mapped[bytes | None]
    old_secret_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    created_by: Mapped[UUID | None]
    paused_at: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]


class WebhookDelivery(Base):
    """One event on its way to one target: there is one row however often the worker dies, and its id is the message's id each time it is
    sent. `since`: when it began to be tried, anew after a replay; `answer`: the beginning of what the receiver said."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        UniqueConstraint("target_id", "event_id"),
        CheckConstraint("state IN ('waiting', 'delivered', 'failed')", name="state"),
        Index("ix_webhook_delivery_due", "next_at", postgresql_where=text("state = 'waiting'"), sqlite_where=text("state = 'waiting'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    target_id: Mapped[UUID] = mapped_column(ForeignKey("webhook_target.id", ondelete="CASCADE"))
    event_id: Mapped[int] = mapped_column(ForeignKey("report_event.id"), index=True)
    state: Mapped[str] = mapped_column(default="waiting")
    tries: Mapped[int] = mapped_column(default=0)
    since: Mapped[datetime]
    next_at: Mapped[datetime]
    status: Mapped[int | None]
    answer: Mapped[str | None]
    delivered_at: Mapped[datetime | None]
    replays: Mapped[int] = mapped_column(default=0)
