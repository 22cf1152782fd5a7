"""Marks that came after the first one."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, text
from sqlalchemy.orm import Mapped, mapped_column

from lms.kit.db import Base
from lms.kit.ids import uuid7


class Regrade(Base):
    """A mark that took the place of an attempt's first one, or of an earlier such row, which then points to it. Append-only.

    `cause` and `cause_id` say what led to it (a ruling on an item, an appeal, a late answer, marking by hand), `reason` tells the person
    so. `points` are the points of every slot as fractions ("2/3"); `given` those of them that people decided, `answers` answers that came
    late and were accepted: both are carried on from row to row.
    """

    __tablename__ = "regrade"
    __table_args__ = (
        CheckConstraint("score >= 0 AND score <= 100", name="score"),
        CheckConstraint("cause IN ('ruling', 'appeal', 'late', 'hand')", name="cause"),
        Index(
            "ix_regrade_standing",
            "attempt_id",
            unique=True,
            postgresql_where=text("superseded_by IS NULL"),
            sqlite_where=text("superseded_by IS NULL"),
        ),
        Index("ix_regrade_cause", "cause_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    attempt_id: Mapped[UUID] = mapped_column(ForeignKey("attempt.id"), index=True)
    cause: Mapped[str]
    cause_id: Mapped[UUID]
    reason: Mapped[str]
    score: Mapped[Decimal] = mapped_column(Numeric(5, 2))
    passed: Mapped[bool]
    points: Mapped[dict[str, Any]]
    given: Mapped[dict[str, Any]]
    answers: Mapped[dict[str, Any]]
    recorded_by: Mapped[UUID | None]
    recorded_at: Mapped[datetime]
    superseded_by: Mapped[UUID | None]
