"""What persons are granted beyond a test's own rules."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from lms.kit.db import Base
from lms.kit.ids import uuid7


class Accommodation(Base):
    """Điều kiện riêng: more time, a later end, another attempt, for one person in one round, or (without a round) in every one.

    `extra_percent` lengthens the time of a sitting, past the window's end too. `start_until` is how long this person may begin,
    `extra_attempts` comes on top of the round's. `other` says what people do, such as a paper in large type. One stands at a time.
    """

    __tablename__ = "accommodation"
    __table_args__ = (
        CheckConstraint("extra_percent >= 0 AND extra_percent <= 300", name="extra_percent"),
        CheckConstraint("extra_attempts >= 0 AND extra_attempts <= 20", name="extra_attempts"),
        CheckConstraint("round_id IS NOT NULL OR (start_until IS NULL AND extra_attempts = 0)", name="of_every_round"),
        Index(
            "ix_accommodation_standing",
            "person_id",
            "round_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL AND round_id IS NOT NULL"),
            sqlite_where=text("ended_at IS NULL AND round_id IS NOT NULL"),
        ),
        Index(
            "ix_accommodation_standing_everywhere",
            "person_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL AND round_id IS NULL"),
            sqlite_where=text("ended_at IS NULL AND round_id IS NULL"),
        ),
        Index("ix_accommodation_round", "round_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    round_id: Mapped[UUID | None] = mapped_column(ForeignKey("round.id"))
    extra_percent: Mapped[int]
    extra_attempts: Mapped[int]
    start_until: Mapped[datetime | None]
    other: Mapped[str | None]
    reason: Mapped[str]
    granted_at: Mapped[datetime]
    granted_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
