"""Sittings and the answers that stand in them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Numeric, UniqueConstraint, text, true
from sqlalchemy.orm import Mapped, mapped_column

from lms.kit.db import Base
from lms.kit.ids import uuid7


class Attempt(Base):
    """A sitting (lượt làm bài). `takeover` counts the devices that opened it, the last one may write; answers are taken until
    `accepts_until`, the deadline plus the round's grace. `counts` is false for practice: one may have such a sitting beside a test.

    `score` and `passed` are what it was first marked with and are never changed; what supersedes them is kept beside them (`Regrade`).
    `waiting_since`: the paper was handed out then and its clock is still to be started by hand; it starts by itself at `started_at`.
    One in the state `marking` is handed in and waits for people to mark its essays. `device` and `address` are fingerprints that
    tell equal from different and nothing else.
    """

    __tablename__ = "attempt"
    __table_args__ = (
        UniqueConstraint("round_id", "person_id", "number"),
        CheckConstraint("state IN ('open', 'marking', 'submitted', 'expired')", name="state"),
        CheckConstraint(
            "(state = 'open') = (submitted_at IS NULL) AND (state IN ('open', 'marking')) = (score IS NULL)"
            " AND (state IN ('open', 'marking')) = (passed IS NULL) AND (state = 'open') = (receipt IS NULL)",
            name="finished",
        ),
        Index(
            "ix_attempt_one_open",
            "person_id",
            "counts",
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
    counts: Mapped[bool] = mapped_column(default=True, server_default=true())
    seed: Mapped[int] = mapped_column(BigInteger)
    takeover: Mapped[int] = mapped_column(default=1)
    waiting_since: Mapped[datetime | None]
    started_at: Mapped[datetime]
    deadline: Mapped[datetime]
    accepts_until: Mapped[datetime]
    extra_seconds: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(default="open")
    submitted_at: Mapped[datetime | None]
    score: Mapped[Decimal | None] = mapped_column(Numeric(5, 2))
    passed: Mapped[bool | None]
    receipt: Mapped[str | None] = mapped_column(unique=True)
    device: Mapped[str | None]
    address: Mapped[str | None]


class Response(Base):
    """The answer that stands in a slot. `(takeover, sequence)` orders the saves; `points` (0–1) come with the mark. `device_offset`: by
    how many seconds the device's clock was ahead of ours when it was saved."""

    __tablename__ = "response"

    attempt_id: Mapped[UUID] = mapped_column(ForeignKey("attempt.id"), primary_key=True)
    slot: Mapped[int] = mapped_column(primary_key=True)
    answer: Mapped[list[Any]]
    flagged: Mapped[bool] = mapped_column(default=False)
    takeover: Mapped[int]
    sequence: Mapped[int] = mapped_column(BigInteger)
    saved_at: Mapped[datetime]
    device_offset: Mapped[int | None]
    points: Mapped[Decimal | None] = mapped_column(Numeric(5, 4))
