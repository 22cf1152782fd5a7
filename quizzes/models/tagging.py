"""What is said about items beside their text: tags, and pairs of items that have to do with each other."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from lms.kit.db import Base, KeyText


class ItemTag(Base):
    """A word somebody put on an item, in lower case with its diacritics."""

    __tablename__ = "item_tag"

    item_id: Mapped[UUID] = mapped_column(ForeignKey("item.id"), primary_key=True)
    tag: Mapped[str] = mapped_column(KeyText, primary_key=True, index=True)


class ItemPair(Base):
    """Two items of which somebody said what they are to each other, the smaller identifier first. `enemy`: one gives the other
    away, they never stand in one paper. `distinct`: they look alike and were found to be different questions."""

    __tablename__ = "item_pair"
    __table_args__ = (
        CheckConstraint("item_id < other_id", name="order"),
        CheckConstraint("relation IN ('enemy', 'distinct')", name="relation"),
    )

    item_id: Mapped[UUID] = mapped_column(ForeignKey("item.id"), primary_key=True)
    other_id: Mapped[UUID] = mapped_column(ForeignKey("item.id"), primary_key=True, index=True)
    relation: Mapped[str]
    reason: Mapped[str | None]
    created_at: Mapped[datetime]
