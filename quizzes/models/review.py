"""What became of versions between their author and the bank."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from lms.kit.db import Base
from lms.kit.ids import uuid7


class ItemReview(Base):
    """A step of a version's review, never edited: handed in, withdrawn, sent back with remarks, approved, retired, discarded.

    `by_id` is nobody when a command did it. Who reviews never reads `by_id` of the author's own steps: pages show it to the author alone.
    """

    __tablename__ = "item_review"
    __table_args__ = (
        CheckConstraint("action IN ('submitted', 'withdrawn', 'sent_back', 'approved', 'retired', 'discarded')", name="action"),
        CheckConstraint("action != 'sent_back' OR remarks IS NOT NULL", name="remarks"),
        Index("ix_item_review_item_version_id", "item_version_id", "at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    item_version_id: Mapped[UUID] = mapped_column(ForeignKey("item_version.id"))
    action: Mapped[str]
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"), index=True)
    remarks: Mapped[str | None]
    at: Mapped[datetime]
