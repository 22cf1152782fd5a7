"""What became of postings and roles when their agency ended, kept so that an event that is withdrawn can be taken back exactly."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from lms.kit.db import Base
from lms.kit.ids import uuid7


class PostingMove(Base):
    """A posting that an event carried from an agency that ended into its heir. One that had begun before was closed (`continued_id`)
    and goes on in `posting_id`; one that would have begun later only changed its agency. A posting since removed leaves null."""

    __tablename__ = "posting_move"
    # Both columns together: taken one by one, a planner without statistics walks through a whole event for each posting.
    __table_args__ = (
        Index("ix_posting_move_event_continued", "event_id", "continued_id"),
        Index("ix_posting_move_event_posting", "event_id", "posting_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    event_id: Mapped[UUID] = mapped_column(ForeignKey("agency_event.id"))
    posting_id: Mapped[UUID | None] = mapped_column(ForeignKey("posting.id", ondelete="SET NULL"), index=True)
    continued_id: Mapped[UUID | None] = mapped_column(ForeignKey("posting.id", ondelete="SET NULL"), index=True)
    is_continued: Mapped[bool]
    from_agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    to_agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))


class RoleEnding(Base):
    """A role that an event ended: the whole row as it stood before. One that had not begun by then was removed altogether."""

    __tablename__ = "role_ending"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    event_id: Mapped[UUID] = mapped_column(ForeignKey("agency_event.id"), index=True)
    grant_id: Mapped[UUID]
    before: Mapped[dict[str, Any]]
