"""The question bank, the rounds with their forms, and the sittings."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Numeric, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from lms.agencies.models import FOREVER
from lms.kit.db import Base, KeyText
from lms.kit.ids import uuid7


class Item(Base):
    """A question's identity: its code never changes and is never used again. Its text is in its versions."""

    __tablename__ = "item"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    code: Mapped[str] = mapped_column(KeyText, unique=True)
    created_at: Mapped[datetime]


class ItemVersion(Base):
    """The text of an item, never edited (only its state moves): a mark can be computed again years later.

    `key` and each answer are lists of texts as the kind understands them; `whys` explains the options by id; `lesson` names the
    lesson to read again within `course` (a course code). At most one version of an item is approved.
    """

    __tablename__ = "item_version"
    __table_args__ = (
        UniqueConstraint("item_id", "number"),
        CheckConstraint("valid_from < valid_to", name="span"),
        CheckConstraint("state IN ('draft', 'approved', 'retired')", name="state"),
        Index(
            "ix_item_version_approved",
            "item_id",
            unique=True,
            postgresql_where=text("state = 'approved'"),
            sqlite_where=text("state = 'approved'"),
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
    course: Mapped[str | None]
    lesson: Mapped[str | None]
    content_hash: Mapped[str]
    search_text: Mapped[str] = mapped_column(KeyText)
    state: Mapped[str]
    created_at: Mapped[datetime]


class Blueprint(Base):
    """Ma trận đề: how many items of which topic and level a paper has."""

    __tablename__ = "blueprint"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    name: Mapped[str]
    created_at: Mapped[datetime]


class BlueprintCell(Base):
    __tablename__ = "blueprint_cell"
    __table_args__ = (CheckConstraint("count > 0", name="count"),)

    blueprint_id: Mapped[UUID] = mapped_column(ForeignKey("blueprint.id"), primary_key=True)
    topic: Mapped[str] = mapped_column(KeyText, primary_key=True)
    level: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int]


class Round(Base):
    """A quarter's test (đợt kiểm tra) with all that was decided about it. `pass_mark` and scores are 0–100."""

    __tablename__ = "round"
    __table_args__ = (
        CheckConstraint("opens_at < closes_at", name="window"),
        CheckConstraint("state IN ('draft', 'open', 'closed', 'locked')", name="state"),
        CheckConstraint("attempts_allowed > 0", name="attempts_allowed"),
        CheckConstraint("pass_mark >= 0 AND pass_mark <= 100", name="pass_mark"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    quarter: Mapped[str] = mapped_column(KeyText, unique=True)
    title: Mapped[str]
    legal_basis: Mapped[str | None]
    audience: Mapped[dict[str, Any]]
    cutoff_day: Mapped[date]
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    duration_seconds: Mapped[int]
    grace_seconds: Mapped[int]
    attempts_allowed: Mapped[int]
    counting: Mapped[str] = mapped_column(default="highest")
    pass_mark: Mapped[Decimal] = mapped_column(Numeric(5, 2))
    feedback_policy: Mapped[str]
    blueprint_id: Mapped[UUID] = mapped_column(ForeignKey("blueprint.id"))
    form_count: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(default="draft")
    created_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]


class Form(Base):
    """One of a round's parallel papers (mã đề), assembled before the round opens."""

    __tablename__ = "form"
    __table_args__ = (UniqueConstraint("round_id", "number"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id"))
    number: Mapped[int]


class FormSlot(Base):
    """The item at a place of a form. A slot's number names the question in every save; each attempt shows them in its own order."""

    __tablename__ = "form_slot"
    __table_args__ = (UniqueConstraint("form_id", "item_version_id"),)

    form_id: Mapped[UUID] = mapped_column(ForeignKey("form.id"), primary_key=True)
    slot: Mapped[int] = mapped_column(primary_key=True)
    item_version_id: Mapped[UUID] = mapped_column(ForeignKey("item_version.id"), index=True)


class Attempt(Base):
    """A sitting (lượt làm bài). `takeover` counts the devices that opened it, the last one may write; answers are taken until
    `accepts_until`, the deadline plus the round's grace."""

    __tablename__ = "attempt"
    __table_args__ = (
        UniqueConstraint("round_id", "person_id", "number"),
        CheckConstraint("state IN ('open', 'submitted', 'expired')", name="state"),
        CheckConstraint(
            "(state = 'open') = (submitted_at IS NULL) AND (state = 'open') = (score IS NULL)"
            " AND (state = 'open') = (passed IS NULL) AND (state = 'open') = (receipt IS NULL)",
            name="finished",
        ),
        Index(
            "ix_attempt_one_open",
            "round_id",
            "person_id",
            unique=True,
            postgresql_where=text("state = 'open'"),
            sqlite_where=text("state = 'open'"),
        ),
        Index(
            "ix_attempt_open_until",
            "accepts_until",
            postgresql_where=text("state = 'open'"),
            sqlite_where=text("state = 'open'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    form_id: Mapped[UUID] = mapped_column(ForeignKey("form.id"))
    number: Mapped[int]
    seed: Mapped[int] = mapped_column(BigInteger)
    takeover: Mapped[int] = mapped_column(default=1)
    started_at: Mapped[datetime]
    deadline: Mapped[datetime]
    accepts_until: Mapped[datetime]
    extra_seconds: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(default="open")
    submitted_at: Mapped[datetime | None]
    score: Mapped[Decimal | None] = mapped_column(Numeric(5, 2))
    passed: Mapped[bool | None]
    receipt: Mapped[str | None] = mapped_column(unique=True)


class Response(Base):
    """The answer that stands in a slot. `(takeover, sequence)` orders the saves; `points` (0–1) come with the mark."""

    __tablename__ = "response"

    attempt_id: Mapped[UUID] = mapped_column(ForeignKey("attempt.id"), primary_key=True)
    slot: Mapped[int] = mapped_column(primary_key=True)
    answer: Mapped[list[Any]]
    flagged: Mapped[bool] = mapped_column(default=False)
    takeover: Mapped[int]
    sequence: Mapped[int] = mapped_column(BigInteger)
    saved_at: Mapped[datetime]
    points: Mapped[Decimal | None] = mapped_column(Numeric(5, 4))
