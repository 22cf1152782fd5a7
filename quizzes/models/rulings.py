"""What was decided about an item that is in papers already."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, text
from sqlalchemy.orm import Mapped, mapped_column

from lms.kit.db import Base
from lms.kit.ids import uuid7


class Ruling(Base):
    """A decision on an item version: another key, one more key, void (everybody gets the full mark), or that an earlier ruling no longer
    holds (`withdraws_id`). In one round, or where `round_id` is empty in all that were not locked when it was approved.

    One person proposes, another decides. An approved one is never changed: its papers are marked again in a job (`job_id`), `foreseen` is
    what the one who approved was shown, `carried_out_at` when the last paper was done.
    """

    __tablename__ = "ruling"
    __table_args__ = (
        CheckConstraint("kind IN ('new_key', 'also_accept', 'void', 'withdrawal')", name="kind"),
        CheckConstraint("state IN ('proposed', 'approved', 'refused', 'taken_back')", name="state"),
        CheckConstraint("(state = 'proposed') = (decided_at IS NULL)", name="decided"),
        CheckConstraint("state NOT IN ('approved', 'refused') OR decided_by <> proposed_by", name="two_people"),
        CheckConstraint("(kind = 'withdrawal') = (withdraws_id IS NOT NULL)", name="withdraws"),
        Index(
            "ix_ruling_one_proposal",
            "item_version_id",
            unique=True,
            postgresql_where=text("state = 'proposed'"),
            sqlite_where=text("state = 'proposed'"),
        ),
        Index(
            "ix_ruling_withdrawn",
            "withdraws_id",
            unique=True,
            postgresql_where=text("state = 'approved'"),
            sqlite_where=text("state = 'approved'"),
        ),
        Index("ix_ruling_version", "item_version_id", "state"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    item_version_id: Mapped[UUID] = mapped_column(ForeignKey("item_version.id"))
    round_id: Mapped[UUID | None] = mapped_column(ForeignKey("round.id"), index=True)
    kind: Mapped[str]
    key: Mapped[list[Any]]
    withdraws_id: Mapped[UUID | None] = mapped_column(ForeignKey("ruling.id"))
    reason: Mapped[str]
    legal_basis: Mapped[str | None]
    state: Mapped[str] = mapped_column(default="proposed")
    proposed_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    proposed_at: Mapped[datetime]
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"), index=True)
    decided_at: Mapped[datetime | None]
    decision_note: Mapped[str | None]
    foreseen: Mapped[dict[str, Any] | None]
    job_id: Mapped[UUID | None] = mapped_column(ForeignKey("job.id"))
    carried_out_at: Mapped[datetime | None]


class RulingEffect(Base):
    """What a ruling was foreseen to do to one attempt's mark, as it was shown to the one who approved it; only where the mark moves."""

    __tablename__ = "ruling_effect"

    ruling_id: Mapped[UUID] = mapped_column(ForeignKey("ruling.id"), primary_key=True)
    attempt_id: Mapped[UUID] = mapped_column(ForeignKey("attempt.id"), primary_key=True, index=True)
    score_before: Mapped[Decimal] = mapped_column(Numeric(5, 2))
    score_after: Mapped[Decimal] = mapped_column(Numeric(5, 2))
    passed_before: Mapped[bool]
    passed_after: Mapped[bool]


class RulingExcept(Base):
    """A round a ruling for all rounds does not reach, because its results were locked when it was approved; unlocking it later does
    not change that."""

    __tablename__ = "ruling_except"

    ruling_id: Mapped[UUID] = mapped_column(ForeignKey("ruling.id"), primary_key=True)
    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id"), primary_key=True)
