"""Rounds with their windows and blueprints, and the forms that were assembled for them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, UniqueConstraint, false, text, true
from sqlalchemy.orm import Mapped, mapped_column

from lms.kit.db import Base, KeyText
from lms.kit.ids import uuid7


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
    """A test (đợt kiểm tra) with all that was decided about it. `pass_mark` and scores are 0–100.

    `code` is its address, for a quarterly test the quarter itself; `quarter` the period it is counted in; `activity` its key in the
    ledger. `audience` is the rule that says whom it is for, `assembly` the limits its forms are drawn within. Practice leaves
    no outcome in the ledger. `late_seconds`: answers that come after the grace are taken if the device gave them
    before the deadline and they arrive within so many seconds; others wait for a decision. `extended_until` is the end of the last
    make-up sitting, where there is one: nothing that tells the key is shown before.
    """

    __tablename__ = "round"
    __table_args__ = (
        CheckConstraint("opens_at < closes_at", name="window"),
        CheckConstraint("state IN ('draft', 'open', 'closed', 'locked')", name="state"),
        CheckConstraint("attempts_allowed > 0", name="attempts_allowed"),
        CheckConstraint("pass_mark >= 0 AND pass_mark <= 100", name="pass_mark"),
        CheckConstraint("purpose IN ('quarterly', 'practice', 'course_test', 'contest')", name="purpose"),
        CheckConstraint("counting IN ('highest', 'first', 'last')", name="counting"),
        Index(
            "ix_round_one_a_quarter",
            "quarter",
            unique=True,
            postgresql_where=text("purpose = 'quarterly'"),
            sqlite_where=text("purpose = 'quarterly'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    code: Mapped[str] = mapped_column(KeyText, unique=True)
    purpose: Mapped[str] = mapped_column(default="quarterly", server_default="quarterly")
    quarter: Mapped[str] = mapped_column(KeyText, index=True)
    activity: Mapped[str] = mapped_column(unique=True)
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
    assembly: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=text("'{}'"))
    course: Mapped[str | None]
    shuffles_items: Mapped[bool] = mapped_column(default=True, server_default=true())
    shuffles_choices: Mapped[bool] = mapped_column(default=True, server_default=true())
    supervised: Mapped[bool] = mapped_column(default=False, server_default=false())
    late_seconds: Mapped[int] = mapped_column(default=600, server_default=text("600"))
    appeals_from: Mapped[datetime | None]
    appeals_until: Mapped[datetime | None]
    extended_until: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(default="draft")
    created_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    locked_at: Mapped[datetime | None]


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
