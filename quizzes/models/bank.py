"""The question bank: items and the versions of their text."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from lms.agencies.models import FOREVER
from lms.kit.db import Base, KeyText
from lms.kit.ids import uuid7


class Item(Base):
    """A question's identity: its code never changes and is never used again. Its text is in its versions.

    `owner_id` is told when it is about to expire. `purpose`: `exam` items appear in tests that count only, `practice` items never do.
    """

    __tablename__ = "item"
    __table_args__ = (CheckConstraint("purpose IN ('exam', 'practice', 'both')", name="purpose"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    code: Mapped[str] = mapped_column(KeyText, unique=True)
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"), index=True)
    purpose: Mapped[str] = mapped_column(default="both", server_default="both")
    created_at: Mapped[datetime]


class ItemVersion(Base):
    """The text of an item, never edited once it has left the draft (only its state moves): a mark can be computed again years later.

    `key` and each answer are lists of texts as the kind understands them; `whys` explains the options by id; `lesson` names the
    lesson to read again within `course` (a course code). `level` is the step of Bloom's scale, `competency` a place in `framework` (name
    and edition, such as “DigComp 3.0”). At most one version of an item is approved, at most one is being worked on.
    """

    __tablename__ = "item_version"
    __table_args__ = (
        UniqueConstraint("item_id", "number"),
        CheckConstraint("valid_from < valid_to", name="span"),
        CheckConstraint("state IN ('draft', 'in_review', 'approved', 'retired')", name="state"),
        Index(
            "ix_item_version_approved",
            "item_id",
            unique=True,
            postgresql_where=text("state = 'approved'"),
            sqlite_where=text("state = 'approved'"),
        ),
        Index(
            "ix_item_version_in_work",
            "item_id",
            unique=True,
            postgresql_where=text("state IN ('draft', 'in_review')"),
            sqlite_where=text("state IN ('draft', 'in_review')"),
        ),
        Index("ix_item_version_topic", "topic", "level", "state"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    item_id: Mapped[UUID] = mapped_column(ForeignKey("item.id"))
    number: Mapped[int]
    kind: Mapped[str]
    level: Mapped[str]
    topic: Mapped[str] = mapped_column(KeyText)
    stem: Mapped[str]
    body: Mapped[dict[str, Any]]
    key: Mapped[list[Any]]
    explanation: Mapped[str]
    whys: Mapped[dict[str, Any]]
    legal_basis: Mapped[str | None]
    valid_from: Mapped[date]
    valid_to: Mapped[date] = mapped_column(default=FOREVER)
    competency: Mapped[str | None]
    framework: Mapped[str | None]
    course: Mapped[str | None]
    lesson: Mapped[str | None]
    content_hash: Mapped[str]
    search_text: Mapped[str] = mapped_column(KeyText)
    state: Mapped[str]
    author_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"), index=True)
    change_note: Mapped[str | None]
    submitted_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
