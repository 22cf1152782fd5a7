"""What agencies say of their draft."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from lms.kit.db import Base
from lms.kit.ids import uuid7


class Verdict(StrEnum):
    CONFIRM = "confirm"
    OBJECT = "object"


class AgencyVerdict(Base):
    """An agency confirms its draft or objects, in words. One stands at a time: the head's over the focal point's, the later of one office
    over the earlier; those that no longer stand are kept. The department answers an objection, naming the paper it rests on."""

    __tablename__ = "agency_verdict"
    __table_args__ = (
        CheckConstraint("verdict IN ('confirm', 'object')", name="verdict"),
        ForeignKeyConstraint(["report_id", "agency_id"], ["report_agency.report_id", "report_agency.agency_id"], name="fk_verdict_draft"),
        Index(
            "ix_agency_verdict_standing",
            "report_id",
            "agency_id",
            unique=True,
            postgresql_where=text("replaced_at IS NULL"),
            sqlite_where=text("replaced_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    report_id: Mapped[UUID]
    agency_id: Mapped[UUID]
    verdict: Mapped[str]
    text: Mapped[str] = mapped_column(Text, default="")
    said_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    said_as: Mapped[str]  # a role: head or focal_point
    said_at: Mapped[datetime]
    replaced_at: Mapped[datetime | None]
    answer: Mapped[str | None] = mapped_column(Text)
    answer_paper: Mapped[str | None]
    answered_by: Mapped[UUID | None]
    answered_at: Mapped[datetime | None]
