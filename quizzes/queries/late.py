"""Reading answers that came too late, with what is known about them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from lms.accounts.models import Person
from lms.agencies.models import AgencyVersion
from lms.agencies.queries.lookups import within
from lms.kit.actors import NotFound, Scope
from lms.kit.audit import AuditEntry
from lms.results.models import Expectation
from quizzes.models import Attempt, LateArrival, Response, Round
from quizzes.rules.late import LateState


@dataclass(frozen=True, slots=True)
class LateOfAttempt:
    """A late arrival as the person it belongs to reads of it."""

    id: UUID
    state: str
    received_at: datetime
    answers: list[dict[str, Any]]
    decided_at: datetime | None
    reason: str | None


def late_of_attempt(session: Session, attempt_id: UUID) -> list[LateOfAttempt]:
    """What came late for an attempt, in the order in which it came."""
    rows = session.execute(
        select(*(getattr(LateArrival, name) for name in LateOfAttempt.__dataclass_fields__))
        .where(LateArrival.attempt_id == attempt_id)
        .order_by(LateArrival.received_at, LateArrival.id)
    )
    return [LateOfAttempt(*row) for row in rows]


def owner_of_attempt(session: Session, attempt_id: UUID, person_id: UUID | None, scope: Scope | None, on: date) -> UUID:
    """Whose attempt it is, for its person and for those in whose scope the person was when the list was frozen. Raises NotFound."""
    may_see: ColumnElement[bool] = Attempt.person_id == person_id
    if scope is not None:
        may_see = or_(may_see, within(Expectation.agency_id, scope, on))
    owner = session.scalar(
        select(Attempt.person_id)
        .join(Round, Round.id == Attempt.round_id)
        .outerjoin(Expectation, and_(Expectation.activity == Round.activity, Expectation.person_id == Attempt.person_id))
        .where(Attempt.id == attempt_id, may_see)
    )
    if owner is None:
        raise NotFound
    return owner


@dataclass(frozen=True, slots=True)
class LateRow:
    """A late arrival in the department's list."""

    id: UUID
    attempt_id: UUID
    person_id: UUID
    person_name: str
    agency_name: str | None
    round_code: str
    number: int
    state: str
    source: str
    received_at: datetime
    deadline: datetime
    answers: list[dict[str, Any]]
    evidence: dict[str, Any]
    replaced: list[dict[str, Any]]
    decided_at: datetime | None
    decided_by: UUID | None
    reason: str | None
    brought_by: UUID | None


def _rows(*conditions: ColumnElement[bool]) -> Any:
    statement: Any = (
        select(
            LateArrival.id,
            Attempt.id,
            Person.id,
            Person.full_name,
            AgencyVersion.name,
            Round.code,
            Attempt.number,
            LateArrival.state,
            LateArrival.source,
            LateArrival.received_at,
            Attempt.deadline,
            LateArrival.answers,
            LateArrival.evidence,
            LateArrival.replaced,
            LateArrival.decided_at,
            LateArrival.decided_by,
            LateArrival.reason,
            LateArrival.brought_by,
        )
        .join(Attempt, Attempt.id == LateArrival.attempt_id)
        .join(Round, Round.id == Attempt.round_id)
        .join(Person, Person.id == Attempt.person_id)
        .outerjoin(Expectation, and_(Expectation.activity == Round.activity, Expectation.person_id == Attempt.person_id))
        .outerjoin(AgencyVersion, AgencyVersion.id == Expectation.agency_version_id)
        .where(*conditions)
    )
    return statement


def late_arrivals(session: Session, *, waiting: bool, limit: int = 200) -> list[LateRow]:
    """Those that wait, the oldest first; or those that no longer do, the newest first."""
    if waiting:
        statement = _rows(LateArrival.state == LateState.WAITING).order_by(LateArrival.received_at, LateArrival.id)
    else:
        statement = _rows(LateArrival.state != LateState.WAITING).order_by(LateArrival.received_at.desc(), LateArrival.id)
    return [LateRow(*row) for row in session.execute(statement.limit(limit))]


def late_arrival(session: Session, arrival_id: UUID) -> LateRow:
    """Raises NotFound."""
    row = session.execute(_rows(LateArrival.id == arrival_id)).one_or_none()
    if row is None:
        raise NotFound
    return LateRow(*row)


def count_waiting(session: Session, scope: Scope, at: datetime) -> int:
    """How many late arrivals wait for a decision."""
    return session.scalar(select(func.count()).where(LateArrival.state == LateState.WAITING)) or 0


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened in a sitting. `device_offset`: how far the device's clock was ahead then."""

    at: datetime
    what: str
    slot: int | None = None
    device_offset: int | None = None


def moments_of(session: Session, attempt_id: UUID) -> list[Moment]:
    """What the server knows of a sitting: saves that stand, and what the audit tells of it; by time."""
    saved = session.execute(select(Response.saved_at, Response.slot, Response.device_offset).where(Response.attempt_id == attempt_id)).all()
    done = session.execute(select(AuditEntry.at, AuditEntry.action).where(AuditEntry.subject == str(attempt_id))).all()
    found = [Moment(at, "saved", slot, offset) for at, slot, offset in saved] + [Moment(at, action) for at, action in done]
    return sorted(found, key=lambda one: one.at)


@dataclass(frozen=True, slots=True)
class LateNews:
    """A decision on late answers that their person should hear of."""

    person_id: UUID
    attempt_id: UUID
    title: str
    accepted: bool
    reason: str
    decided_at: datetime


def late_news(session: Session, since: datetime) -> list[LateNews]:
    """Decisions made since a moment: whom to tell, what, and of which attempt."""
    rows = session.execute(
        select(Attempt.person_id, Attempt.id, Round.title, LateArrival.state, LateArrival.reason, LateArrival.decided_at)
        .join(Attempt, Attempt.id == LateArrival.attempt_id)
        .join(Round, Round.id == Attempt.round_id)
        .where(LateArrival.decided_at >= since)
        .order_by(LateArrival.decided_at, LateArrival.id)
    )
    return [LateNews(row.person_id, row.id, row.title, row.state == LateState.ACCEPTED, row.reason or "", row.decided_at) for row in rows]
