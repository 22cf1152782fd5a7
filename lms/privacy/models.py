"""Who read the notice, what people ask about their data, and what retention threw away."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from lms.kit.db import Base
from lms.kit.ids import uuid7


class NoticeRead(Base):
    """A person has seen a version of the notice on the processing of personal data and said so."""

    __tablename__ = "notice_read"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    version: Mapped[str] = mapped_column(primary_key=True)
    read_at: Mapped[datetime]


class DataRequest(Base):
    """What a data subject asks for (Luật 91/2025/QH15, điều 4). To be answered by `due_at`, and what was granted to be done by
    `complete_by`. `made_by` is the person themself, or one who asks on their behalf. What a correction is about is sealed: it may be
    an identity number. While it is open there is at most one of a kind (and field) for a person."""

    __tablename__ = "data_request"
    __table_args__ = (
        CheckConstraint("kind IN ('correction', 'copy', 'erasure', 'restriction', 'objection')", name="kind"),
        CheckConstraint("state IN ('open', 'granted', 'done', 'refused', 'withdrawn')", name="state"),
        CheckConstraint("(state IN ('open', 'withdrawn')) = (answered_at IS NULL)", name="answered"),
        Index(
            "ix_data_request_open",
            "person_id",
            "kind",
            "field",
            unique=True,
            postgresql_where=text("state IN ('open', 'granted')"),
            sqlite_where=text("state IN ('open', 'granted')"),
        ),
        Index("ix_data_request_due", "state", "due_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    kind: Mapped[str]
    state: Mapped[str] = mapped_column(default="open")
    field: Mapped[str] = mapped_column(default="")
    present_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    proposed_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    reason: Mapped[str]
    made_by: Mapped[UUID]
    made_at: Mapped[datetime]
    due_at: Mapped[datetime]
    complete_by: Mapped[date]
    answer: Mapped[str | None]
    answered_by: Mapped[UUID | None]
    answered_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]


class RetentionRun(Base):
    """What was thrown away on a day, by kind. Without `finished_at`: under way, or stopped half-way and to be taken up again."""

    __tablename__ = "retention_run"

    day: Mapped[date] = mapped_column(primary_key=True)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    counts: Mapped[dict[str, Any]]
