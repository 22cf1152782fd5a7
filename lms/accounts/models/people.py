"""People and the posts they hold over time."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from lms.agencies.models import FOREVER
from lms.kit.db import Base, KeyText
from lms.kit.ids import uuid7
from lms.kit.vietnamese import fold


class PositionGroup(Base):
    """Nhóm đối tượng: one of the plan's groups of staff; which groups there are is data (N1 … N5 at the start)."""

    __tablename__ = "position_group"

    code: Mapped[str] = mapped_column(primary_key=True)
    name_vi: Mapped[str]
    name_en: Mapped[str]
    ordinal: Mapped[int]
    retired_at: Mapped[datetime | None]  # no longer offered for new posts; posts that were in it keep it


def _folded_name(context: Any) -> str:
    return fold(context.get_current_parameters()["full_name"])


class Person(Base):
    """One human. Identity number and phone are encrypted; `identity_fingerprint` finds a number again without keeping it legible."""

    __tablename__ = "person"
    __table_args__ = (
        Index("ix_person_name_key_birth_date", "name_key", "birth_date"),
        # Of the merged alone: an index over all would lure the planner away from the order of names.
        Index(
            "ix_person_merged",
            "merged_into_id",
            postgresql_where=text("merged_into_id IS NOT NULL"),
            sqlite_where=text("merged_into_id IS NOT NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    staff_code: Mapped[str] = mapped_column(unique=True)
    full_name: Mapped[str]
    sort_key: Mapped[str] = mapped_column(KeyText, index=True)
    search_text: Mapped[str] = mapped_column(KeyText)
    # The folded name, for finding the same person entered twice; whoever changes the name changes it.
    name_key: Mapped[str] = mapped_column(KeyText, default=_folded_name, server_default="")
    birth_date: Mapped[date | None]
    birth_year: Mapped[int | None]
    sex: Mapped[str | None]
    email: Mapped[str | None]
    phone_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    identity_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    identity_fingerprint: Mapped[str | None] = mapped_column(unique=True)
    qualification: Mapped[str | None]
    it_qualification: Mapped[str | None]
    it_major: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    # A record that turned out to be another person's: it stays as a signpost for old links and is in no list.
    merged_into_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    erased_at: Mapped[datetime | None]


class Posting(Base):
    """A post held in an agency over a span of days; one at a time is primary and decides where the person is counted."""

    __tablename__ = "posting"
    __table_args__ = (
        CheckConstraint("valid_from < valid_to", name="span"),
        Index("ix_posting_agency_days", "agency_id", "valid_to", "valid_from"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    group_code: Mapped[str] = mapped_column(ForeignKey("position_group.code"))
    job_title: Mapped[str | None]
    it_duty: Mapped[str] = mapped_column(default="none")
    is_primary: Mapped[bool] = mapped_column(default=True)
    absence: Mapped[str | None]  # why the whole post does not count, as a roster says; leave with days is in `Leave`
    nature: Mapped[str] = mapped_column(server_default="regular")
    decision: Mapped[str | None]
    valid_from: Mapped[date]
    valid_to: Mapped[date] = mapped_column(default=FOREVER)


class Leave(Base):
    """Days on which a person is away from whatever posts they hold: at most one leave covers a day."""

    __tablename__ = "leave"
    __table_args__ = (
        CheckConstraint("valid_from < valid_to", name="span"),
        Index("ix_leave_person_days", "person_id", "valid_to", "valid_from"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str]
    decision: Mapped[str | None]
    valid_from: Mapped[date]
    valid_to: Mapped[date] = mapped_column(default=FOREVER)
