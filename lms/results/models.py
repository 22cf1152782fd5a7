"""The ledger: who was expected to do what in a period, and with what outcome. Features write it, reports read it, nobody edits it."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from lms.kit.db import Base
from lms.kit.ids import uuid7


class Activity(Base):
    """Something people of the province are expected to do in a period, such as this quarter's test. From `locked_at` on who is expected
    and what came of it stay as they are, until it is unlocked."""

    __tablename__ = "activity"

    key: Mapped[str] = mapped_column(primary_key=True)
    period: Mapped[str] = mapped_column(index=True)
    title: Mapped[str]
    counted_on: Mapped[date]
    registered_at: Mapped[datetime]
    locked_at: Mapped[datetime | None]


class Expectation(Base):
    """A person in the denominator (thuộc diện) of an activity, frozen with the agency version and group of the cut-off day;
    or left out of it, with the reason (miễn, hoãn)."""

    __tablename__ = "expectation"
    __table_args__ = (
        UniqueConstraint("activity", "person_id"),
        Index("ix_expectation_activity_agency", "activity", "agency_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    activity: Mapped[str] = mapped_column(ForeignKey("activity.key"))
    period: Mapped[str]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    agency_version_id: Mapped[UUID] = mapped_column(ForeignKey("agency_version.id"))
    group_code: Mapped[str] = mapped_column(ForeignKey("position_group.code"))
    excluded_because: Mapped[str | None]
    recorded_at: Mapped[datetime]


class ExpectationPast(Base):
    """A row of the list that stood until `superseded_at`, when its person turned out to be one who is on the list already: what was known
    until then is still counted as it was."""

    __tablename__ = "expectation_past"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    activity: Mapped[str] = mapped_column(ForeignKey("activity.key"), index=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    agency_version_id: Mapped[UUID] = mapped_column(ForeignKey("agency_version.id"))
    group_code: Mapped[str] = mapped_column(ForeignKey("position_group.code"))
    excluded_because: Mapped[str | None]
    recorded_at: Mapped[datetime]
    superseded_at: Mapped[datetime]


class ExpectationChange(Base):
    """Somebody was taken off the list after it was frozen, or put on it again: what stood before, what since, on what evidence.
    `past_id`: the change was one of a row that stands no longer, and is told beside the one that took its place."""

    __tablename__ = "expectation_change"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    expectation_id: Mapped[UUID] = mapped_column(ForeignKey("expectation.id"), index=True)
    excluded_before: Mapped[str | None]
    excluded_after: Mapped[str | None]
    evidence: Mapped[str]
    changed_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    changed_at: Mapped[datetime]
    past_id: Mapped[UUID | None] = mapped_column(ForeignKey("expectation_past.id"))


class Outcome(Base):
    """What a person's work in an activity came to. Append-only: a correction is a new row that the old one points to, and counted until
    `superseded_at`. Of a record that was merged into another: it counts for that one from `joined_at` on, before as `OutcomePast` says."""

    __tablename__ = "outcome"
    __table_args__ = (
        CheckConstraint("score >= 0 AND score <= 100", name="score"),
        Index(
            "ix_outcome_standing",
            "activity",
            "person_id",
            unique=True,
            postgresql_where=text("superseded_by IS NULL"),
            sqlite_where=text("superseded_by IS NULL"),
        ),
        Index("ix_outcome_activity_person", "activity", "person_id"),  # what stood at a moment is read without the index above
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    activity: Mapped[str] = mapped_column(ForeignKey("activity.key"))
    period: Mapped[str]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    source_id: Mapped[UUID]
    attempts: Mapped[int]
    score: Mapped[Decimal] = mapped_column(Numeric(5, 2))
    passed: Mapped[bool]
    occurred_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    superseded_by: Mapped[UUID | None]
    superseded_at: Mapped[datetime | None]
    joined_at: Mapped[datetime | None]


class OutcomePast(Base):
    """For which row of the list an outcome counted, from `since` on (null: from the beginning) until that row stood no longer."""

    __tablename__ = "outcome_past"

    past_id: Mapped[UUID] = mapped_column(ForeignKey("expectation_past.id"), primary_key=True)
    outcome_id: Mapped[UUID] = mapped_column(ForeignKey("outcome.id"), primary_key=True)
    since: Mapped[datetime | None]
