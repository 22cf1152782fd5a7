"""Reports: figures frozen at the close of a quarter, one row for the whole and one an agency, never edited afterwards."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from lms.kit.db import Base
from lms.kit.ids import uuid7


class ReportState(StrEnum):
    """Where a revision stands. `building`: being frozen, and nobody sees it; `discarded`: frozen anew before it was published."""

    BUILDING = "building"
    DRAFT = "draft"
    CONSULTING = "consulting"
    APPROVED = "approved"
    PUBLISHED = "published"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"
    DISCARDED = "discarded"


UNFINISHED = (ReportState.DRAFT, ReportState.CONSULTING, ReportState.APPROVED)  # frozen, and not yet published
ONCE_PUBLIC = (ReportState.PUBLISHED, ReportState.SUPERSEDED, ReportState.WITHDRAWN)


class Report(Base):
    """A revision of an activity's results. A later one supersedes it; what it says is never changed.

    `manifest_text` is the canonical manifest and `sha256` its fingerprint (empty: frozen before version 2, `lms.reports.frozen` reads its
    agencies); `manifest` repeats of it what lists show. `diff_text`: what it corrects in the revision the public reads (đính chính),
    canonical. `built_at`: the ledger is read as it was known then.
    """

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
        Index(
            "ix_report_building",
            "activity",
            unique=True,
            postgresql_where=text("state = 'building'"),
            sqlite_where=text("state = 'building'"),
        ),
        Index("ix_report_publish_at", "publish_at", postgresql_where=text("state = 'approved'"), sqlite_where=text("state = 'approved'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    activity: Mapped[str] = mapped_column(ForeignKey("activity.key"))
    period: Mapped[str] = mapped_column(index=True)
    revision: Mapped[int]
    state: Mapped[str]
    manifest: Mapped[dict[str, Any]]
    manifest_text: Mapped[str] = mapped_column(Text, default="", server_default="", deferred=True)
    sha256: Mapped[str] = mapped_column(default="", server_default="")
    diff_text: Mapped[str | None] = mapped_column(Text, deferred=True)
    corrects_because: Mapped[str | None]  # why there is a revision of what was published
    built_at: Mapped[datetime]
    built_by: Mapped[UUID | None]
    job_id: Mapped[UUID | None]  # the job that freezes or publishes it
    consultation_days: Mapped[int] = mapped_column(default=3, server_default="3")  # working days
    consultation_opened_at: Mapped[datetime | None]
    consultation_until: Mapped[datetime | None]
    approved_by: Mapped[UUID | None]
    approved_at: Mapped[datetime | None]
    publish_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    published_by: Mapped[UUID | None]
    superseded_at: Mapped[datetime | None]
    superseded_by: Mapped[UUID | None]  # the report that took its place
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[UUID | None]
    withdrawn_because: Mapped[str | None]


class ReportAgency(Base):
    """What a report says of one agency: the canonical `body` and its fingerprint. `figures` repeats the few counts that lists of many
    agencies show (`lms.reports.queries.bodies` reads a body; rows of version 1 have no body and the whole of it in `figures`).
    `is_withheld` keeps it from the public; `ordinal` is its place in the tree, read from above."""

    __tablename__ = "report_agency"

    report_id: Mapped[UUID] = mapped_column(ForeignKey("report.id"), primary_key=True)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"), primary_key=True)
    parent_id: Mapped[UUID | None]
    code: Mapped[str] = mapped_column(index=True)
    ordinal: Mapped[int] = mapped_column(default=0, server_default="0")
    is_withheld: Mapped[bool]
    figures: Mapped[dict[str, Any]]
    body: Mapped[str] = mapped_column(Text, default="", server_default="", deferred=True)
    sha256: Mapped[str] = mapped_column(default="", server_default="")


class Installation(Base):
    """Whose reports these are: drawn once, named in every manifest, so that the file of another province is known for one."""

    __tablename__ = "report_installation"
    __table_args__ = (CheckConstraint("number = 1", name="only_one"),)

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[UUID]
    since: Mapped[datetime]
