"""What is planned about a round beside its settings: its calendar, who sits when, who sits again, and who was left out and why."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from lms.kit.db import Base
from lms.kit.ids import uuid7


class RoundPlan(Base):
    """The plan of a round, one row a round: the document it rests on, its phases, and what the service does by itself.

    `block_capacity` is how many people one block may hold, as it was tested. `job_id` is the opening or closing under way or done last;
    `automatic`: the service opens, closes and locks it when its time has come and nothing is missing. `told_missing_at`: when it was
    found that its time had come and something was missing. `side_answer` is what a contest's side question came to.
    """

    __tablename__ = "round_plan"
    __table_args__ = (CheckConstraint("block_capacity IS NULL OR block_capacity > 0", name="block_capacity"),)

    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id"), primary_key=True)
    legal_number: Mapped[str | None]
    legal_date: Mapped[date | None]
    notice_on: Mapped[date | None]
    practice_from: Mapped[date | None]
    locks_at: Mapped[datetime | None]
    publishes_on: Mapped[date | None]
    block_capacity: Mapped[int | None]
    automatic: Mapped[bool] = mapped_column(default=False, server_default=false())
    side_question: Mapped[str | None]
    side_answer: Mapped[int | None]
    copied_from: Mapped[UUID | None] = mapped_column(ForeignKey("round.id"))
    job_id: Mapped[UUID | None]
    told_missing_at: Mapped[datetime | None]
    unlocked_because: Mapped[str | None]


class RoundBlock(Base):
    """Ca thi: a part of a round's window in which certain agencies sit."""

    __tablename__ = "round_block"
    __table_args__ = (UniqueConstraint("round_id", "number"), CheckConstraint("opens_at < closes_at", name="window"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id"))
    number: Mapped[int]
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]


class BlockRule(Base):
    """Which agencies a block is for, as it was planned: an agency with all below it, or its own staff alone. The nearest rule counts."""

    __tablename__ = "block_rule"
    __table_args__ = (Index("ix_block_rule_block", "block_id"),)

    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id"), primary_key=True)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"), primary_key=True)
    block_id: Mapped[UUID] = mapped_column(ForeignKey("round_block.id"))
    alone: Mapped[bool] = mapped_column(default=False, server_default=false())


class BlockAgency(Base):
    """The block of each agency on the list, worked out when the round opens: starting reads one row."""

    __tablename__ = "block_agency"

    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id"), primary_key=True)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"), primary_key=True)
    block_id: Mapped[UUID] = mapped_column(ForeignKey("round_block.id"), index=True)


class MakeUp(Base):
    """Kiểm tra bổ sung (đợt vét): a further window of a round for named people, with attempts of its own."""

    __tablename__ = "make_up"
    __table_args__ = (
        CheckConstraint("opens_at < closes_at", name="window"),
        CheckConstraint("attempts_allowed > 0", name="attempts_allowed"),
        Index("ix_make_up_round", "round_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id"))
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    attempts_allowed: Mapped[int]
    reason: Mapped[str]
    created_at: Mapped[datetime]


class MakeUpPlace(Base):
    """A person admitted to a make-up sitting, with the reason, frozen when it was given. One is in at most one of them a round."""

    __tablename__ = "make_up_place"

    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    make_up_id: Mapped[UUID] = mapped_column(ForeignKey("make_up.id"), index=True)
    reason: Mapped[str]
    admitted_at: Mapped[datetime]


class LeftOut(Base):
    """Somebody with a post on the cut-off day whom the round's rule did not name, and why: frozen with the list, so that the answer
    stays what it was when posts are corrected later."""

    __tablename__ = "round_left_out"

    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    because: Mapped[str]
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"), index=True)
    group_code: Mapped[str]


class ListProposal(Base):
    """An agency asks that one of its people be taken off a round's list, or put on it again, after the cut-off; the department decides.

    `because` is the reason to be excluded, empty to be included; `evidence` what it rests on (a decision, a certificate)."""

    __tablename__ = "list_proposal"
    __table_args__ = (
        CheckConstraint("state IN ('pending', 'accepted', 'refused', 'withdrawn')", name="state"),
        Index(
            "ix_list_proposal_pending",
            "round_id",
            "person_id",
            unique=True,
            postgresql_where=text("state = 'pending'"),
            sqlite_where=text("state = 'pending'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    because: Mapped[str | None]
    evidence: Mapped[str]
    state: Mapped[str] = mapped_column(default="pending")
    proposed_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    proposed_at: Mapped[datetime]
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime | None]
    answer: Mapped[str | None]


class SideAnswer(Base):
    """What a person answered to a contest's side question, before handing in."""

    __tablename__ = "side_answer"
    __table_args__ = (CheckConstraint("answer >= 0", name="answer"),)

    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    answer: Mapped[int]
    given_at: Mapped[datetime]


class RoundAgencyMove(Base):
    """What an agency event changed in a round being prepared, to be put back if the event is withdrawn."""

    __tablename__ = "round_agency_move"

    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id"), primary_key=True)
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]
