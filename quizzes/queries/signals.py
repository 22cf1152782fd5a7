"""Reading what signals are made from, and the signals that were found."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.accounts.models import Person
from lms.kit.actors import NotFound
from quizzes.models import Attempt, LateArrival, Response, Round, Signal, SittingTrace
from quizzes.rules.late import LateState
from quizzes.rules.signals import MOST_ADDRESSES, Found, Sat, SignalKind
from quizzes.rules.sitting import AttemptState


def finished_sittings(session: Session, round_id: UUID) -> list[Sat]:
    """All marked sittings of a round with their answers; two statements."""
    answers: dict[UUID, dict[int, tuple[str, ...]]] = defaultdict(dict)
    right: dict[UUID, set[int]] = defaultdict(set)
    rows = session.execute(
        select(Response.attempt_id, Response.slot, Response.answer, Response.points)
        .join(Attempt, Attempt.id == Response.attempt_id)
        .where(Attempt.round_id == round_id, Attempt.state.in_([AttemptState.SUBMITTED, AttemptState.EXPIRED]))
    )
    for attempt_id, slot, answer, points in rows:
        answers[attempt_id][slot] = tuple(sorted(answer))
        if points == 1:
            right[attempt_id].add(slot)
    attempts = session.execute(
        select(Attempt.id, Attempt.person_id, Attempt.form_id, Attempt.started_at, Attempt.submitted_at, Attempt.device)
        .where(Attempt.round_id == round_id, Attempt.state.in_([AttemptState.SUBMITTED, AttemptState.EXPIRED]))
        .order_by(Attempt.id)
    )
    return [
        Sat(row.id, row.person_id, row.form_id, row.started_at, row.submitted_at, row.device, answers[row.id], frozenset(right[row.id]))
        for row in attempts
    ]


def wandering(session: Session, round_id: UUID) -> list[Found]:
    """Sittings that went on from many devices or addresses."""
    places = func.count() + 1
    rows = session.execute(
        select(SittingTrace.attempt_id, places)
        .join(Attempt, Attempt.id == SittingTrace.attempt_id)
        .where(Attempt.round_id == round_id)
        .group_by(SittingTrace.attempt_id)
        .having(places >= MOST_ADDRESSES)
        .order_by(places.desc(), SittingTrace.attempt_id)
    )
    return [Found(SignalKind.MANY_ADDRESSES, (attempt_id,), count, {"places": count}) for attempt_id, count in rows]


def came_late(session: Session, round_id: UUID) -> list[Found]:
    """Sittings with answers that arrived after the deadline, whatever was decided about them."""
    rows = session.execute(
        select(LateArrival.attempt_id, func.count())
        .join(Attempt, Attempt.id == LateArrival.attempt_id)
        .where(Attempt.round_id == round_id, LateArrival.state != LateState.EMPTY)
        .group_by(LateArrival.attempt_id)
        .order_by(LateArrival.attempt_id)
    )
    return [Found(SignalKind.AFTER_DEADLINE, (attempt_id,), count, {"arrivals": count}) for attempt_id, count in rows]


@dataclass(frozen=True, slots=True)
class SignalRow:
    """A signal that was found. People's names are on its own page only, and looking at that is noted."""

    id: UUID
    kind: str
    weight: float
    attempts: list[str]
    figures: dict[str, Any]
    found_at: datetime


_SIGNAL = [getattr(Signal, name) for name in SignalRow.__dataclass_fields__]


def signals_of(session: Session, round_id: UUID, limit: int = 500) -> list[SignalRow]:
    """The signals of a round, by kind, the weightiest first."""
    statement = select(*_SIGNAL).where(Signal.round_id == round_id).order_by(Signal.kind, Signal.weight.desc(), Signal.id).limit(limit)
    return [SignalRow(*row) for row in session.execute(statement)]


def signal(session: Session, round_id: UUID, signal_id: UUID) -> SignalRow:
    """Raises NotFound."""
    row = session.execute(select(*_SIGNAL).where(Signal.id == signal_id, Signal.round_id == round_id)).one_or_none()
    if row is None:
        raise NotFound
    return SignalRow(*row)


@dataclass(frozen=True, slots=True)
class SittingOfSignal:
    attempt_id: UUID
    person_id: UUID
    person_name: str
    number: int
    started_at: datetime
    submitted_at: datetime | None


def sittings_of_signal(session: Session, row: SignalRow) -> list[SittingOfSignal]:
    """Whose sittings a signal is about."""
    found = session.execute(
        select(Attempt.id, Person.id, Person.full_name, Attempt.number, Attempt.started_at, Attempt.submitted_at)
        .join(Person, Person.id == Attempt.person_id)
        .where(Attempt.id.in_([UUID(attempt) for attempt in row.attempts]))
        .order_by(Person.sort_key, Attempt.number)
    )
    return [SittingOfSignal(*one) for one in found]


def round_of_code(session: Session, code: str) -> tuple[UUID, str]:
    """Id and title of a round. Raises NotFound."""
    row = session.execute(select(Round.id, Round.title).where(Round.code == code)).one_or_none()
    if row is None:
        raise NotFound
    return row.id, row.title
