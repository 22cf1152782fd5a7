"""Answers that people mark, and what they gave."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lms.kit.db import Base
from lms.kit.ids import uuid7


class EssayAnswer(Base):
    """An answer waiting for people to mark it, made when its attempt is handed in. Those who mark know it by this id alone.

    `state` says whose turn it is: the first marker's, the second's, that of the one who decides between the two, or nobody's
    any more; then `share` (0–1) is what the answer earns.
    """

    __tablename__ = "essay_answer"
    __table_args__ = (
        UniqueConstraint("attempt_id", "slot"),
        CheckConstraint("state IN ('first', 'second', 'third', 'done')", name="state"),
        CheckConstraint("(state = 'done') = (share IS NOT NULL)", name="share"),
        Index("ix_essay_answer_round_id", "round_id", "state"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id"))
    attempt_id: Mapped[UUID] = mapped_column(ForeignKey("attempt.id"))
    slot: Mapped[int]
    state: Mapped[str] = mapped_column(default="first")
    share: Mapped[Decimal | None] = mapped_column(Numeric(5, 4))


class EssayMark(Base):
    """What one person gave: `points` by criterion. `place` 1 and 2 are the markers, 3 decided between them. Nobody marks one twice."""

    __tablename__ = "essay_mark"
    __table_args__ = (
        UniqueConstraint("essay_id", "marker_id"),
        CheckConstraint("place IN (1, 2, 3)", name="place"),
        CheckConstraint("share BETWEEN 0 AND 1", name="share"),
    )

    essay_id: Mapped[UUID] = mapped_column(ForeignKey("essay_answer.id"), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)
    marker_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    points: Mapped[dict[str, Any]]
    share: Mapped[Decimal] = mapped_column(Numeric(5, 4))
    comment: Mapped[str]
    marked_at: Mapped[datetime]
