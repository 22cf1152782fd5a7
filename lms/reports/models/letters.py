"""Letters with an agency's own documents, and the addresses they go to besides those of its heads and focal points."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from lms.kit.db import Base
from lms.mail.models import OnItsWay


class AgencyAddress(Base):
    """A mailbox of an agency (văn thư, its website's editors) that gets its results."""

    __tablename__ = "report_agency_address"

    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"), primary_key=True)
    address: Mapped[str] = mapped_column(primary_key=True)
    added_at: Mapped[datetime]
    added_by: Mapped[UUID | None]


class ReportLetter(OnItsWay, Base):
    """What became of a report, told to one address of one agency: once a report, happening, agency and address.
    `person_id`: whose address it is, if a person's; it is looked up again when the letter is sent."""

    __tablename__ = "report_letter"
    __table_args__ = (
        UniqueConstraint("report_id", "kind", "agency_id", "address"),
        CheckConstraint("state IN ('waiting', 'sending', 'sent', 'failed')", name="state"),
        Index(
            "ix_report_letter_due",
            "due_at",
            postgresql_where=text("state IN ('waiting', 'sending')"),
            sqlite_where=text("state IN ('waiting', 'sending')"),
        ),
    )

    report_id: Mapped[UUID] = mapped_column(ForeignKey("report.id"))
    event_id: Mapped[int] = mapped_column(ForeignKey("report_event.id"))
    kind: Mapped[str]
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"), index=True)
    address: Mapped[str]
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"), index=True)
