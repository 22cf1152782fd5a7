"""Records that turned out to be one person, and people who go from one agency to another at the agencies' own request."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from lms.kit.db import Base
from lms.kit.ids import uuid7


class PersonMerge(Base):
    """Two records of one person were joined: `absorbed_id` lives on in `kept_id`. `details`: which values were taken from which record
    and how much of what was carried over."""

    __tablename__ = "person_merge"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    kept_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    absorbed_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), unique=True)
    merged_by: Mapped[UUID | None]
    merged_at: Mapped[datetime]
    details: Mapped[dict[str, Any]]


class PersonApart(Base):
    """Two records that are alike were looked at and are two people: they are not offered as duplicates any more. The lesser id first."""

    __tablename__ = "person_apart"
    __table_args__ = (CheckConstraint("one_id < other_id", name="order"),)

    one_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    other_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True, index=True)
    marked_by: Mapped[UUID | None]
    marked_at: Mapped[datetime]


class TransferRequest(Base):
    """One agency says that a person is not theirs (`not_ours`) or has come to them (`claim`), and the other side decides. `to_agency_id`
    null: where the person went is not known, the department decides; `from_agency_id` null: the person held no post when claimed."""

    __tablename__ = "transfer_request"
    __table_args__ = (
        Index(
            "ix_transfer_request_pending",
            "person_id",
            unique=True,
            postgresql_where=text("state = 'pending'"),
            sqlite_where=text("state = 'pending'"),
        ),
        Index("ix_transfer_request_from", "from_agency_id", "state"),
        Index("ix_transfer_request_to", "to_agency_id", "state"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    kind: Mapped[str]
    from_agency_id: Mapped[UUID | None] = mapped_column(ForeignKey("agency.id"))
    to_agency_id: Mapped[UUID | None] = mapped_column(ForeignKey("agency.id"))
    effective_on: Mapped[date]
    note: Mapped[str | None]
    state: Mapped[str] = mapped_column(index=True)
    requested_by: Mapped[UUID | None]
    requested_at: Mapped[datetime]
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]
    reason: Mapped[str | None]  # why it was refused or closed
