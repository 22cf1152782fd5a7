"""What is to follow the close of a round by itself."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from lms.kit.db import Base


class ReportPlan(Base):
    """From the close of an activity to its publication: freeze once it is locked, ask the agencies for so many working days, publish at a
    set moment once approved. Each step may still be taken by hand."""

    __tablename__ = "report_plan"
    __table_args__ = (CheckConstraint("consultation_days BETWEEN 1 AND 30", name="days"),)

    activity: Mapped[str] = mapped_column(ForeignKey("activity.key"), primary_key=True)
    freezes_when_locked: Mapped[bool]
    consults_when_frozen: Mapped[bool]
    consultation_days: Mapped[int] = mapped_column(default=3)
    publish_at: Mapped[datetime | None]
    set_by: Mapped[UUID | None]
    set_at: Mapped[datetime]
