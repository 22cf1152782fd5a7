"""Reports: figures frozen at the close of a quarter, one row for the whole and one an agency, never edited afterwards."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from lms.kit.db import Base
from lms.kit.ids import uuid7


class Report(Base):
    """A revision of an activity's results. A later one supersedes it; none is changed."""

    __tablename__ = "report"
    __table_args__ = (
        UniqueConstraint("activity", "revision"),
        Index(
            "ix_report_published",
            "activity",
            unique=True,
            postgresql_where=text("state = 'published'"),
            sqlite_where=text("state = 'published'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    activity: Mapped[str] = mapped_column(ForeignKey("activity.key"))
    period: Mapped[str] = mapped_column(index=True)
    revision: Mapped[int]
    state: Mapped[str]
    manifest: Mapped[dict[str, Any]]
    built_at: Mapped[datetime]
    built_by: Mapped[UUID | None]
    published_at: Mapped[datetime | None]


class ReportAgency(Base):
    """What a report says of one agency; `is_withheld` keeps it from the public."""

    __tablename__ = "report_agency"

    report_id: Mapped[UUID] = mapped_column(ForeignKey("report.id"), primary_key=True)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"), primary_key=True)
    parent_id: Mapped[UUID | None]
    code: Mapped[str] = mapped_column(index=True)
    is_withheld: Mapped[bool]
    figures: Mapped[dict[str, Any]]
