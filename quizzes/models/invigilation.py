"""Supervised sittings: who watches where, who sits there, and tries at codes; and what the looks for oddities found."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lms.kit.db import Base, KeyText
from lms.kit.ids import uuid7


class Supervision(Base):
    """An invigilator's session (ca coi thi) of a round at a place of an agency. `code` lets people begin there until `valid_until`."""

    __tablename__ = "supervision"
    __table_args__ = (UniqueConstraint("round_id", "code"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id"))
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"), index=True)
    place: Mapped[str]
    code: Mapped[str] = mapped_column(KeyText)
    opened_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"), index=True)
    opened_at: Mapped[datetime]
    valid_until: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class Seat(Base):
    """A sitting that began under an invigilator's eyes. `unsent`: answers the device said it could not send yet."""

    __tablename__ = "seat"

    attempt_id: Mapped[UUID] = mapped_column(ForeignKey("attempt.id"), primary_key=True)
    supervision_id: Mapped[UUID] = mapped_column(ForeignKey("supervision.id"), index=True)
    last_seen_at: Mapped[datetime]
    unsent: Mapped[int] = mapped_column(default=0)


class CodeTry(Base):
    """Wrong codes a person gave of late."""

    __tablename__ = "code_try"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    failures: Mapped[int]
    counted_until: Mapped[datetime]


class SittingTrace(Base):
    """Another device or address that went on with a sitting; the first ones are in the attempt. Keyed fingerprints: equal or not."""

    __tablename__ = "sitting_trace"
    __table_args__ = (UniqueConstraint("attempt_id", "device", "address"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    attempt_id: Mapped[UUID] = mapped_column(ForeignKey("attempt.id"))
    device: Mapped[str]
    address: Mapped[str]
    seen_at: Mapped[datetime]


class Signal(Base):
    """Something odd about sittings of a round, for people to look at; nothing follows from it by itself. `attempts`: ids as texts."""

    __tablename__ = "signal"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id"), index=True)
    kind: Mapped[str]
    weight: Mapped[float]
    attempts: Mapped[list[Any]]
    figures: Mapped[dict[str, Any]]
    found_at: Mapped[datetime]
