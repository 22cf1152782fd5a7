"""Letters to people, and what they have been told."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from lms.kit.db import Base
from lms.kit.ids import uuid7


class OnItsWay:
    """What every table of letters has. The id is the Message-ID, so a letter sent twice is known for the same; `due_at`: when it is to be
    tried, or until when a worker holds it."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    state: Mapped[str] = mapped_column(default="waiting")
    tries: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    problem: Mapped[str | None]


class Message(OnItsWay, Base):
    """A letter on its way. The address is looked up when it is sent; once it is, its text goes."""

    __tablename__ = "mail_message"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'sending', 'sent', 'failed')", name="state"),
        Index(
            "ix_mail_message_due",
            "due_at",
            postgresql_where=text("state IN ('waiting', 'sending')"),
            sqlite_where=text("state IN ('waiting', 'sending')"),
        ),
        Index("ix_mail_message_state", "state", "created_at"),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    subject: Mapped[str]
    body: Mapped[str]


class Told(Base):
    """Somebody was told something: never again."""

    __tablename__ = "mail_told"

    key: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True, index=True)
    told_at: Mapped[datetime]


class DigestRun(Base):
    """A day whose letters have all been written. `unreachable`: people with something to tell who have no address."""

    __tablename__ = "mail_digest_run"

    day: Mapped[date] = mapped_column(primary_key=True)
    finished_at: Mapped[datetime]
    letters: Mapped[int]
    unreachable: Mapped[int]
