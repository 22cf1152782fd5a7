"""Answers that came after a sitting took no more: kept with the evidence of when they were given, and what was decided."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from lms.kit.db import Base
from lms.kit.ids import uuid7


class LateArrival(Base):
    """One message, or one sealed file, with answers that came too late.

    `answers`: a list of {slot, takeover, sequence, answer, flagged, given_at, order}: the server's reckoning of when the device says
    each was given, and its place in the device's journal. `evidence`: the device's clock beside ours, now and at earlier saves, and
    what speaks against taking them by rule. `replaced`: what stood in the slots that were taken over. The same message again is the
    same row (`digest`).
    """

    __tablename__ = "late_arrival"
    __table_args__ = (
        UniqueConstraint("attempt_id", "digest"),
        CheckConstraint("state IN ('taken', 'waiting', 'accepted', 'refused', 'empty')", name="state"),
        CheckConstraint("source IN ('line', 'file')", name="source"),
        CheckConstraint("(state IN ('accepted', 'refused')) = (decided_at IS NOT NULL)", name="decided"),
        Index(
            "ix_late_arrival_waiting",
            "received_at",
            postgresql_where=text("state = 'waiting'"),
            sqlite_where=text("state = 'waiting'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    attempt_id: Mapped[UUID] = mapped_column(ForeignKey("attempt.id"))
    digest: Mapped[str]
    source: Mapped[str]
    state: Mapped[str]
    received_at: Mapped[datetime]
    brought_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"), index=True)
    answers: Mapped[list[Any]]
    evidence: Mapped[dict[str, Any]]
    replaced: Mapped[list[Any]]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None]
    reason: Mapped[str | None]
