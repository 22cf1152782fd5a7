"""The agency tree through time (cơ quan, đơn vị): identities, what they were when, what happened to them, and who is below whom."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from lms.agencies.rules import closure
from lms.kit.db import Base, KeyText
from lms.kit.ids import uuid7

FOREVER = closure.FOREVER  # the end of what has no end yet


class Agency(Base):
    """An agency's identity. Everything that can change about it is in its versions."""

    __tablename__ = "agency"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    created_at: Mapped[datetime]


class AgencyVersion(Base):
    """What an agency was over a span of days, as known from `recorded_at` until `superseded_at` (null: still believed)."""

    __tablename__ = "agency_version"
    __table_args__ = (
        CheckConstraint("valid_from < valid_to", name="span"),
        Index(
            "ix_agency_version_current",
            "agency_id",
            "valid_from",
            unique=True,
            postgresql_where=text("superseded_at IS NULL"),
            sqlite_where=text("superseded_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"), index=True)
    name: Mapped[str]
    short_name: Mapped[str | None]
    kind: Mapped[str]
    block: Mapped[str]
    level: Mapped[str]
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("agency.id"), index=True)
    legal_basis: Mapped[str | None]
    sort_key: Mapped[str] = mapped_column(KeyText)
    search_text: Mapped[str] = mapped_column(KeyText)
    valid_from: Mapped[date]
    valid_to: Mapped[date] = mapped_column(default=FOREVER)
    recorded_at: Mapped[datetime]
    superseded_at: Mapped[datetime | None]


class AgencyCode(Base):
    """A code an agency bears over a span of days in one scheme (`qd20` for H55.242, `qcvn102`, `dvhc`, `local`). Never a key."""

    __tablename__ = "agency_code"
    __table_args__ = (
        CheckConstraint("valid_from < valid_to", name="span"),
        Index(
            "ix_agency_code_current",
            "scheme",
            "code",
            "valid_from",
            unique=True,
            postgresql_where=text("superseded_at IS NULL"),
            sqlite_where=text("superseded_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"), index=True)
    scheme: Mapped[str]
    code: Mapped[str]
    valid_from: Mapped[date]
    valid_to: Mapped[date] = mapped_column(default=FOREVER)
    recorded_at: Mapped[datetime]
    superseded_at: Mapped[datetime | None]


class AgencyEvent(Base):
    """A change of organisation with the decision it rests on: established, renamed, merged, split, moved, abolished."""

    __tablename__ = "agency_event"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    kind: Mapped[str]
    effective_on: Mapped[date] = mapped_column(index=True)
    decision_number: Mapped[str | None]
    decision_date: Mapped[date | None]
    note: Mapped[str | None]
    recorded_at: Mapped[datetime]
    superseded_at: Mapped[datetime | None]


class AgencyLink(Base):
    """Which agency an event touches, and which one continues it; either side is null at a birth or an end."""

    __tablename__ = "agency_link"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    event_id: Mapped[UUID] = mapped_column(ForeignKey("agency_event.id"), index=True)
    predecessor_id: Mapped[UUID | None] = mapped_column(ForeignKey("agency.id"), index=True)
    successor_id: Mapped[UUID | None] = mapped_column(ForeignKey("agency.id"), index=True)


class AgencyClosure(Base):
    """Who was below whom on which days, every agency below itself at depth 0: subtree questions are one indexed read."""

    __tablename__ = "agency_closure"
    __table_args__ = (Index("ix_agency_closure_subtree", "ancestor_id", "valid_to", "valid_from", "descendant_id"),)

    ancestor_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"), primary_key=True)
    descendant_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"), primary_key=True, index=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    valid_to: Mapped[date]
    depth: Mapped[int]
