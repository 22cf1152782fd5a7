"""Reading supervised rooms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Text, and_, case, cast, func, select
from sqlalchemy.orm import Session

from lms.accounts.models import Person
from lms.agencies.models import AgencyVersion
from lms.agencies.queries.lookups import within
from lms.kit.actors import NotFound, Scope
from quizzes.models import Attempt, FormSlot, Response, Round, Seat, Supervision
from quizzes.rules.invigilation import is_silent
from quizzes.rules.sitting import AttemptState

RECENT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class SupervisionView:
    """An invigilator's session; `seats`: how many began in it."""

    id: UUID
    round_code: str
    round_title: str
    agency_name: str | None
    place: str
    code: str
    opened_by: str | None
    opened_at: datetime
    valid_until: datetime
    ended_at: datetime | None
    seats: int

    def is_open(self, at: datetime) -> bool:
        """May people begin with its code?"""
        return self.ended_at is None and at < self.valid_until


def _supervisions(scope: Scope, on: date) -> Any:
    seats = select(func.count()).where(Seat.supervision_id == Supervision.id).scalar_subquery()
    statement: Any = (
        select(
            Supervision.id,
            Round.code,
            Round.title,
            AgencyVersion.name,
            Supervision.place,
            Supervision.code,
            Person.full_name,
            Supervision.opened_at,
            Supervision.valid_until,
            Supervision.ended_at,
            seats,
        )
        .join(Round, Round.id == Supervision.round_id)
        .outerjoin(Person, Person.id == Supervision.opened_by)
        .outerjoin(
            AgencyVersion,
            and_(
                AgencyVersion.agency_id == Supervision.agency_id,
                AgencyVersion.valid_from <= on,
                AgencyVersion.valid_to > on,
                AgencyVersion.superseded_at.is_(None),
            ),
        )
        .where(within(Supervision.agency_id, scope, on))
    )
    return statement


def supervisions(session: Session, scope: Scope, on: date, at: datetime) -> list[SupervisionView]:
    """Sessions of the last week within the scope, the newest first."""
    statement = _supervisions(scope, on).where(Supervision.opened_at > at - RECENT).order_by(Supervision.opened_at.desc(), Supervision.id)
    return [SupervisionView(*row) for row in session.execute(statement.limit(200))]


def supervision(session: Session, supervision_id: UUID, scope: Scope, on: date) -> SupervisionView:
    """Raises NotFound, also outside the scope."""
    row = session.execute(_supervisions(scope, on).where(Supervision.id == supervision_id)).one_or_none()
    if row is None:
        raise NotFound
    return SupervisionView(*row)


@dataclass(frozen=True, slots=True)
class SeatView:
    """Somebody in the room: how far, when last heard of, how many answers the device could not send."""

    person_name: str
    state: str
    answered: int
    total: int
    started_at: datetime
    deadline: datetime
    last_saved_at: datetime | None
    last_seen_at: datetime
    unsent: int

    @property
    def is_sitting(self) -> bool:
        return self.state == AttemptState.OPEN

    def needs_a_look(self, at: datetime) -> bool:
        """Sits, and the device says it cannot send, or has said nothing for a minute."""
        return self.is_sitting and (self.unsent > 0 or is_silent(self.last_seen, at))

    @property
    def last_seen(self) -> datetime:
        """When the device was last heard of: a sign of life or an answer."""
        return max(self.last_seen_at, self.last_saved_at or self.last_seen_at)

    def silent_minutes(self, at: datetime) -> int:
        return int((at - self.last_seen).total_seconds() // 60)


def seats_of(session: Session, supervision_id: UUID) -> list[SeatView]:
    """Everybody who began in a session, by name; one statement however many."""
    answered = (
        select(
            Response.attempt_id,
            func.count(case((func.length(cast(Response.answer, Text)) > len("[]"), 1))).label("answered"),
            func.max(Response.saved_at).label("last"),
        )
        .join(Seat, Seat.attempt_id == Response.attempt_id)
        .where(Seat.supervision_id == supervision_id)
        .group_by(Response.attempt_id)
        .subquery()
    )
    total = select(func.count()).where(FormSlot.form_id == Attempt.form_id).scalar_subquery()
    rows = session.execute(
        select(
            Person.full_name,
            Attempt.state,
            func.coalesce(answered.c.answered, 0),
            total,
            Attempt.started_at,
            Attempt.deadline,
            answered.c.last,
            Seat.last_seen_at,
            Seat.unsent,
        )
        .join(Attempt, Attempt.id == Seat.attempt_id)
        .join(Person, Person.id == Attempt.person_id)
        .outerjoin(answered, answered.c.attempt_id == Attempt.id)
        .where(Seat.supervision_id == supervision_id)
        .order_by(Person.sort_key, Person.id)
    )
    return [SeatView(*row) for row in rows]


def supervised_rounds(session: Session, at: datetime) -> list[tuple[str, str]]:
    """Code and title of the rounds that are open and sat under supervision."""
    rows = session.execute(
        select(Round.code, Round.title)
        .where(Round.supervised, Round.state == "open", Round.closes_at > at)
        .order_by(Round.opens_at, Round.id)
    )
    return [(row.code, row.title) for row in rows]
