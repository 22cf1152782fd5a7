"""The agency tree through time (cơ quan, đơn vị): identities, what they were when, what happened to them, and who is below whom."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from lms.agencies.rules import closure
from lms.kit.db import Base, KeyText
from lms.kit.ids import uuid7

FOREVER = closure.FOREVER  # the end of what has no end yet
BEGINNING = "1970-01-01 00:00:00.000000"  # what was stored before it was noted when it became known


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
    """A change of organisation with the decision it rests on. Believed events are the truth the other tables follow from; `details`
    (see `rules.events`) hold all that replaying needs. Nothing is edited: a correction supersedes an event and `replaces_id` names it."""

    __tablename__ = "agency_event"
    __table_args__ = (
        Index("ix_agency_event_import_run_id", "import_run_id"),
        Index("ix_agency_event_replaces_id", "replaces_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    kind: Mapped[str]
    effective_on: Mapped[date] = mapped_column(index=True)
    ordinal: Mapped[int] = mapped_column(default=0, server_default="0")  # the order within the day
    decision_number: Mapped[str | None]
    decision_date: Mapped[date | None]
    note: Mapped[str | None]
    details: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    recorded_at: Mapped[datetime]
    superseded_at: Mapped[datetime | None]
    replaces_id: Mapped[UUID | None] = mapped_column(ForeignKey("agency_event.id"))
    import_run_id: Mapped[UUID | None] = mapped_column(ForeignKey("import_run.id"))


class AgencyLink(Base):
    """Which agency an event touches, and which one continues it; either side is null at a birth or an end.

    `share` is the part of the predecessor's people, from 0 to 1, that the decision gives to the successor; null where it does not say."""

    __tablename__ = "agency_link"
    __table_args__ = (CheckConstraint("share IS NULL OR share BETWEEN 0 AND 1", name="share"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    event_id: Mapped[UUID] = mapped_column(ForeignKey("agency_event.id"), index=True)
    predecessor_id: Mapped[UUID | None] = mapped_column(ForeignKey("agency.id"), index=True)
    successor_id: Mapped[UUID | None] = mapped_column(ForeignKey("agency.id"), index=True)
    share: Mapped[float | None]


class AgencyClosure(Base):
    """Who was below whom on which days, every agency below itself at depth 0: subtree questions are one indexed read."""

    __tablename__ = "agency_closure"
    __table_args__ = (Index("ix_agency_closure_subtree", "ancestor_id", "valid_to", "valid_from", "descendant_id"),)

    ancestor_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"), primary_key=True)
    descendant_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"), primary_key=True, index=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    valid_to: Mapped[date]
    depth: Mapped[int]
    recorded_at: Mapped[datetime] = mapped_column(server_default=BEGINNING)


class AgencyClosurePast(Base):
    """Rows of the closure no longer believed: with those of `agency_closure` recorded by then, what was known on a moment."""

    __tablename__ = "agency_closure_past"
    __table_args__ = (
        CheckConstraint("recorded_at < superseded_at", name="knowledge"),
        Index("ix_agency_closure_past_subtree", "ancestor_id", "valid_to", "valid_from", "superseded_at", "recorded_at", "descendant_id"),
        Index("ix_agency_closure_past_above", "descendant_id", "superseded_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    ancestor_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    descendant_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    valid_from: Mapped[date]
    valid_to: Mapped[date]
    depth: Mapped[int]
    recorded_at: Mapped[datetime]
    superseded_at: Mapped[datetime]
