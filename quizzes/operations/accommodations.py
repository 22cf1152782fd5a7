"""Granting persons more than a test's own rules, and ending that."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, select, update
from sqlalchemy.orm import Session

from lms.kit import audit
from lms.kit.actors import Actor
from lms.kit.errors import N_, Conflict, DomainError
from quizzes.models import Accommodation, Attempt, Round
from quizzes.queries import accommodations as queries
from quizzes.rules.accommodations import Allowance
from quizzes.rules.rounds import RoundState
from quizzes.rules.sitting import AttemptState

AT_ONCE = 500


def grant_accommodations(
    session: Session, actor: Actor, people: Sequence[UUID], *, round_id: UUID | None, given: Allowance, reason: str, at: datetime
) -> int:
    """Grant the same to all of these people, in one round or in every one, in place of what was granted there before. Sittings under way
    get their longer time at once. Returns how many people.

    Raises DomainError for what cannot be granted, Conflict for a round whose results are locked.
    """
    given.check(of_one_round=round_id is not None)
    if not reason:
        raise DomainError(N_("Ghi lý do, ví dụ số văn bản đề nghị."), field="reason")
    _refuse_locked(session, round_id)
    for start in range(0, len(people), AT_ONCE):
        batch = people[start : start + AT_ONCE]
        _end(session, actor, batch, round_id, at)
        session.add_all(
            Accommodation(
                person_id=person,
                round_id=round_id,
                extra_percent=given.extra_percent,
                extra_attempts=given.extra_attempts,
                start_until=given.start_until,
                other=given.other,
                reason=reason,
                granted_at=at,
                granted_by=actor.person_id,
            )
            for person in batch
        )
        session.flush()
        _lengthen(session, batch, round_id, given, at)
    audit.record(
        session,
        actor,
        "quizzes.grant_accommodations",
        round_id or "every round",
        at,
        people=[str(person) for person in people],
        extra_percent=given.extra_percent,
        extra_attempts=given.extra_attempts,
        start_until=given.start_until.isoformat() if given.start_until else None,
        other=given.other,
        reason=reason,
    )
    return len(people)


def end_accommodation(session: Session, actor: Actor, accommodation_id: UUID, at: datetime) -> Accommodation:
    """End what was granted, for sittings that begin from now on; one under way keeps its time. Raises NotFound, Conflict."""
    found = queries.accommodation(session, accommodation_id)
    _refuse_locked(session, found.round_id)
    found.ended_at, found.ended_by = at, actor.person_id
    session.flush()
    audit.record(session, actor, "quizzes.end_accommodation", accommodation_id, at, person=str(found.person_id))
    return found


def _refuse_locked(session: Session, round_id: UUID | None) -> None:
    if round_id is None:
        return
    state = session.scalars(select(Round.state).where(Round.id == round_id)).one()
    if state == RoundState.LOCKED:
        raise Conflict(N_("Kết quả của kỳ này đã khóa."), code="round_locked")


def _end(session: Session, actor: Actor, people: Sequence[UUID], round_id: UUID | None, at: datetime) -> None:
    same = Accommodation.round_id.is_(None) if round_id is None else Accommodation.round_id == round_id
    session.execute(
        update(Accommodation)
        .where(same, Accommodation.person_id.in_(people), Accommodation.ended_at.is_(None))
        .values(ended_at=at, ended_by=actor.person_id)
        .execution_options(synchronize_session=False)
    )


def _lengthen(session: Session, people: Sequence[UUID], round_id: UUID | None, given: Allowance, at: datetime) -> None:
    """Move the end of open sittings; nobody's comes earlier for it."""
    open_now = and_(Attempt.person_id.in_(people), Attempt.state == AttemptState.OPEN, Attempt.accepts_until > at)
    statement = select(Attempt, Round.duration_seconds).join(Round, Round.id == Attempt.round_id).where(open_now)
    if round_id is not None:
        statement = statement.where(Attempt.round_id == round_id)
    for attempt, duration in session.execute(statement.with_for_update(of=Attempt)):
        more = given.extra_seconds(duration) - attempt.extra_seconds
        if more > 0:
            attempt.extra_seconds += more
            attempt.deadline += timedelta(seconds=more)
            attempt.accepts_until += timedelta(seconds=more)
    session.flush()
