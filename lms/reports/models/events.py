"""What happened to what the public reads, in order, for those who tell it on: webhooks, letters, feeds."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from lms.kit.db import Base


class ReportHappening(StrEnum):
    PUBLISHED = "report.published"
    SUPERSEDED = "report.superseded"
    WITHDRAWN = "report.withdrawn"


class ReportEvent(Base):
    """Written in the transaction in which it happened, once a report and kind. `spread_at`: since when the jobs that tell it on exist.

    `details`: period, revision, sha256 of the manifest; where superseded, the id and revision that took its place; where withdrawn, why.
    """

    __tablename__ = "report_event"
    __table_args__ = (
        UniqueConstraint("report_id", "kind"),
        Index("ix_report_event_waiting", "id", postgresql_where=text("spread_at IS NULL"), sqlite_where=text("spread_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)
    report_id: Mapped[UUID] = mapped_column(ForeignKey("report.id"))
    kind: Mapped[str]
    at: Mapped[datetime]
    details: Mapped[dict[str, Any]]
    spread_at: Mapped[datetime | None]
