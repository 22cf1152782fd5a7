"""What people say against a mark or a question, and what they were answered."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from lms.kit.db import Base
from lms.kit.ids import uuid7

WHOLE = 0  # the slot of an appeal on the whole paper: slots of questions begin at one


class Appeal(Base):
    """Phúc khảo: a person asks that a paper, or one question of it, be looked at again.

    `proposed`: one has proposed points by hand (`points` by slot) and an answer, another must agree; `ruled`: it waits for a ruling on
    the item and ends with it.
    """

    __tablename__ = "appeal"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'proposed', 'ruled', 'granted', 'rejected', 'withdrawn')", name="state"),
        CheckConstraint("(state IN ('granted', 'rejected')) = (decided_at IS NOT NULL)", name="decided"),
        CheckConstraint("decided_by IS NULL OR proposed_by IS NULL OR decided_by <> proposed_by", name="two_people"),
        CheckConstraint("state <> 'ruled' OR ruling_id IS NOT NULL", name="ruled"),
        Index(
            "ix_appeal_once",
            "attempt_id",
            "slot",
            unique=True,
            postgresql_where=text("state <> 'withdrawn'"),
            sqlite_where=text("state <> 'withdrawn'"),
        ),
        Index("ix_appeal_queue", "state", "due_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    attempt_id: Mapped[UUID] = mapped_column(ForeignKey("attempt.id"))
    slot: Mapped[int]
    text: Mapped[str]
    state: Mapped[str] = mapped_column(default="open")
    filed_at: Mapped[datetime]
    due_at: Mapped[datetime]
    points: Mapped[dict[str, Any] | None]
    answer: Mapped[str | None]
    proposed_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"), index=True)
    proposed_at: Mapped[datetime | None]
    ruling_id: Mapped[UUID | None] = mapped_column(ForeignKey("ruling.id"), index=True)
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"), index=True)
    decided_at: Mapped[datetime | None]


class ItemReport(Base):
    """“Báo lỗi câu này”: somebody who met a question found something wrong with it. One a question and sitting; sending again while nobody
    has answered replaces the text."""

    __tablename__ = "item_report"
    __table_args__ = (
        UniqueConstraint("attempt_id", "slot"),
        CheckConstraint("kind IN ('key', 'wording', 'outdated', 'display', 'other')", name="kind"),
        CheckConstraint("state IN ('open', 'answered')", name="state"),
        CheckConstraint("(state = 'answered') = (answered_at IS NOT NULL)", name="answered"),
        Index("ix_item_report_queue", "state", "item_version_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    attempt_id: Mapped[UUID] = mapped_column(ForeignKey("attempt.id"))
    slot: Mapped[int]
    item_version_id: Mapped[UUID] = mapped_column(ForeignKey("item_version.id"), index=True)
    kind: Mapped[str]
    text: Mapped[str]
    state: Mapped[str] = mapped_column(default="open")
    filed_at: Mapped[datetime]
    answer: Mapped[str | None]
    answered_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"), index=True)
    answered_at: Mapped[datetime | None]
