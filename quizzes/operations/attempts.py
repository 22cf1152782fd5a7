"""Beginning, taking over and ending a sitting."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import and_, case, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from lms.kit import audit
from lms.kit.actors import Actor, NotFound
from lms.kit.clock import Quarter
from lms.kit.errors import N_, Conflict
from lms.kit.ids import uuid7
from lms.lrs.outbox import emit
from lms.results.models import Expectation
from lms.results.operations import record_outcome
from quizzes.models import Attempt, Form, Response, Round
from quizzes.queries.attempts import overdue_attempts, questions_to_mark
from quizzes.rules.assembly import draw
from quizzes.rules.rounds import Standing, StartAnswer, StartRefused, accepts_until, may_start
from quizzes.rules.sitting import AttemptState, deadline_for, new_receipt, score_of

STARTED = "quizzes.attempt_started"
FINISHED = "quizzes.attempt_finished"


@dataclass(frozen=True, slots=True)
class Begun:
    """The attempt a press of start led to; `new`: it began with this press, so this device holds takeover 1.
    `accepts_until`: how long its answers are taken, where that was at hand."""

    attempt_id: UUID
    new: bool
    accepts_until: datetime | None = field(default=None, compare=False)


def start_attempt(session: Session, actor: Actor, round_code: str, at: datetime) -> Begun:
    """Begin this person's attempt at the round, or give the one that is open already: pressing twice begins once.

    Raises NotFound, StartRefused saying why not.
    """
    # Sharing the round's row lets people start side by side, but not while the round is being closed.
    round_, expectation_id, excluded_because = _round_for_start(session, actor, round_code)
    taken = session.execute(
        select(Attempt.id, Attempt.state, Attempt.form_id, Attempt.accepts_until)
        .where(Attempt.round_id == round_.id, Attempt.person_id == actor.person_id)
        .order_by(Attempt.number)
    ).all()
    running = next((attempt for attempt in taken if attempt.state == AttemptState.OPEN), None)
    if running is not None and running.accepts_until <= at:  # its time is over and the worker has not been round yet
        finish_attempt(session, actor, running.id, AttemptState.EXPIRED, at)
        running = None
    standing = Standing(
        expected=expectation_id is not None and excluded_because is None,
        excluded_because=excluded_because,
        attempts_used=len(taken),
        has_open_attempt=running is not None,
    )
    if running is not None:
        return Begun(running.id, new=False, accepts_until=running.accepts_until)
    if (answer := may_start(round_, standing, at)) != StartAnswer.MAY_START:
        raise StartRefused(answer)
    attempt_id = uuid7()
    seed = secrets.randbits(32)
    deadline = deadline_for(at, round_.duration_seconds, 0, round_.closes_at)
    values = {
        "id": attempt_id,
        "round_id": round_.id,
        "person_id": actor.person_id,
        "form_id": _fresh_form(session, round_.id, seed, {attempt.form_id for attempt in taken}),
        "number": len(taken) + 1,
        "seed": seed,
        "started_at": at,
        "deadline": deadline,
        "accepts_until": accepts_until(deadline, round_.grace_seconds),
    }
    begun: UUID | None = session.execute(
        _insert(session, Attempt).values(values).on_conflict_do_nothing().returning(Attempt.id)
    ).scalar_one_or_none()
    if begun is None:  # the same person pressed twice at once, and the other press was first
        other = session.scalars(
            select(Attempt.id).where(
                Attempt.round_id == round_.id, Attempt.person_id == actor.person_id, Attempt.state == AttemptState.OPEN
            )
        ).one()
        return Begun(other, new=False)
    emit(session, STARTED, {"attempt": str(attempt_id)}, at)
    audit.record(session, actor, "quizzes.start_attempt", attempt_id, at, round=round_code, number=len(taken) + 1)
    return Begun(attempt_id, new=True, accepts_until=values["accepts_until"])


def take_over(session: Session, actor: Actor, attempt_id: UUID, at: datetime) -> int:
    """Let another device go on with an open attempt; returns the number it writes under. The device before may no longer write.

    Raises NotFound, Conflict when the attempt is over.
    """
    attempt = _locked(session, attempt_id, actor)
    if attempt.state != AttemptState.OPEN or at >= attempt.accepts_until:
        raise Conflict(N_("Bài kiểm tra này đã kết thúc."), code="attempt_closed")
    attempt.takeover += 1
    session.flush()
    audit.record(session, actor, "quizzes.take_over", attempt_id, at, takeover=attempt.takeover)
    return attempt.takeover


def submit_attempt(session: Session, actor: Actor, attempt_id: UUID, at: datetime, *, takeover: int | None = None) -> str:
    """Hand the paper in; returns the receipt. Handing in again gives the same receipt and changes nothing.

    `takeover`: the number of the device that hands in, when it has one. Raises NotFound, Conflict `taken_over` for an older device.
    """
    attempt = _locked(session, attempt_id, actor)
    if attempt.state != AttemptState.OPEN:
        assert attempt.receipt is not None  # held by the database: a finished attempt has its receipt
        return attempt.receipt
    if at < attempt.accepts_until and takeover is not None and takeover != attempt.takeover:
        raise Conflict(N_("Bài đang mở trên thiết bị khác."), code="taken_over")
    state = AttemptState.EXPIRED if at >= attempt.accepts_until else AttemptState.SUBMITTED
    return _finish(session, actor, attempt, state, at)


def finish_attempt(session: Session, actor: Actor, attempt_id: UUID, state: AttemptState, at: datetime) -> str:
    """End an attempt whoever it belongs to, with the answers it holds; returns the receipt. Raises NotFound."""
    attempt = _locked(session, attempt_id, None)
    if attempt.state != AttemptState.OPEN:
        assert attempt.receipt is not None
        return attempt.receipt
    return _finish(session, actor, attempt, state, at)


def end_overdue_attempts(session: Session, actor: Actor, at: datetime, limit: int = 50) -> int:
    """End up to `limit` attempts whose time and grace are over; returns how many there were."""
    overdue = overdue_attempts(session, at, limit)
    for attempt_id in overdue:
        finish_attempt(session, actor, attempt_id, AttemptState.EXPIRED, at)
    return len(overdue)


def _finish(session: Session, actor: Actor, attempt: Attempt, state: AttemptState, at: datetime) -> str:
    """Mark, keep the score, tell the ledger which attempt counts now, note it for the record store."""
    questions = questions_to_mark(session, attempt.id, attempt.form_id)
    quarter, pass_mark = session.execute(select(Round.quarter, Round.pass_mark).where(Round.id == attempt.round_id)).one()
    attempt.score = score_of(questions)
    attempt.passed = attempt.score >= pass_mark
    attempt.state = state
    attempt.submitted_at = min(at, attempt.deadline) if state == AttemptState.EXPIRED else at
    attempt.receipt = new_receipt(Quarter.parse(quarter))
    session.flush()
    points = {question.slot: question.points for question in questions}
    session.execute(
        update(Response)
        .where(Response.attempt_id == attempt.id)
        .values(points=case({slot: float(share) for slot, share in points.items()}, value=Response.slot))
        .execution_options(synchronize_session=False)
    )
    record_best(session, attempt.round_id, attempt.person_id, at)
    emit(session, FINISHED, {"attempt": str(attempt.id)}, at)
    action = "quizzes.submit_attempt" if state == AttemptState.SUBMITTED else "quizzes.expire_attempt"
    audit.record(session, actor, action, attempt.id, at, receipt=attempt.receipt, score=str(attempt.score))
    session.flush()
    return attempt.receipt


def record_best(session: Session, round_id: UUID, person_id: UUID, at: datetime) -> None:
    """Tell the ledger which of a person's finished attempts counts: the one with the highest score, of equal ones the earliest."""
    best = session.execute(
        select(
            Attempt.id,
            Attempt.score,
            Attempt.passed,
            Attempt.submitted_at,
            Round.activity,
            Round.quarter,
            func.count().over().label("attempts"),
        )
        .join(Round, Round.id == Attempt.round_id)
        .where(Attempt.round_id == round_id, Attempt.person_id == person_id, Attempt.state != AttemptState.OPEN)
        .order_by(Attempt.score.desc(), Attempt.submitted_at, Attempt.id)
        .limit(1)
    ).one()
    record_outcome(
        session,
        activity=best.activity,
        period=Quarter.parse(best.quarter).code,
        person_id=person_id,
        source_id=best.id,
        attempts=best.attempts,
        score=best.score or Decimal(0),
        passed=bool(best.passed),
        occurred_at=best.submitted_at or at,
        at=at,
    )


def _round_for_start(session: Session, actor: Actor, round_code: str) -> Any:
    row = session.execute(
        select(Round, Expectation.id, Expectation.excluded_because)
        .outerjoin(Expectation, and_(Expectation.activity == Round.activity, Expectation.person_id == actor.person_id))
        .where(Round.code == round_code)
        .with_for_update(read=True, key_share=True, of=Round)
    ).one_or_none()
    if row is None:
        raise NotFound
    return row


def _fresh_form(session: Session, round_id: UUID, seed: int, seen: set[UUID]) -> UUID:
    """One of the round's forms, by lot, one this person has not had if there is such a one."""
    forms = session.scalars(select(Form.id).where(Form.round_id == round_id).order_by(Form.number)).all()
    return min(forms, key=lambda form: (form in seen, draw(seed, form)))


def _locked(session: Session, attempt_id: UUID, owner: Actor | None) -> Attempt:
    """Hold the attempt against saves and other endings until the commit."""
    statement = select(Attempt).where(Attempt.id == attempt_id).with_for_update()
    if owner is not None:
        statement = statement.where(Attempt.person_id == owner.person_id)
    attempt = session.scalar(statement)
    if attempt is None:
        raise NotFound
    return attempt


def _insert(session: Session, model: Any) -> Any:
    """INSERT with ON CONFLICT, which both databases have and SQLAlchemy spells per dialect."""
    return (postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert)(model)
