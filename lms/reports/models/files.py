"""What a report was rendered as, and what came back signed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from lms.kit.db import Base
from lms.kit.ids import uuid7


class ReportFile(Base):
    """A rendering that lies in the data folder under its SHA-256. It can be made again at any time from the report's body, with the same
    bytes: the row and the file are there to save the work."""

    __tablename__ = "report_file"
    __table_args__ = (
        CheckConstraint("kind IN ('pdf', 'docx', 'xlsx')", name="kind"),
        CheckConstraint("size > 0", name="size"),
        ForeignKeyConstraint(["report_id", "agency_id"], ["report_agency.report_id", "report_agency.agency_id"], name="fk_file_body"),
    )

    report_id: Mapped[UUID] = mapped_column(primary_key=True)
    agency_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    variant: Mapped[str] = mapped_column(primary_key=True)  # draft, final or public
    form: Mapped[str] = mapped_column(primary_key=True)  # report or notice
    sha256: Mapped[str] = mapped_column(index=True)
    size: Mapped[int]
    rendered_at: Mapped[datetime]


class SignedFile(Base):
    """A document of a report as it came back signed from the e-office, or as this service sealed it. It cannot be made again, so it lies
    in the database, and a backup of that has it. `verdict`: what verification found (lms.reports.signing.verdicts), kept for ever; a
    later one of the same agency takes its place (`replaced_at`) and both are kept."""

    __tablename__ = "report_signed_file"
    __table_args__ = (
        CheckConstraint("size > 0", name="size"),
        ForeignKeyConstraint(["report_id", "agency_id"], ["report_agency.report_id", "report_agency.agency_id"], name="fk_signed_body"),
        Index(
            "ix_report_signed_file_standing",
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
    sha256: Mapped[str]
    size: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    number: Mapped[str]  # số/ký hiệu, as the clerk gave it
    issued_on: Mapped[date]
    verdict: Mapped[dict[str, Any]]
    is_seal: Mapped[bool]  # made by this service, not uploaded
    stored_at: Mapped[datetime]
    stored_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    replaced_at: Mapped[datetime | None]
