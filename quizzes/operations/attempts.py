"""Beginning, taking over and ending a sitting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, case, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from lms.kit import audit
from lms.kit.actors import Actor, NotFound
from lms.kit.clock import Quarter
from lms.kit.errors import N_, Conflict
from lms.kit.ids import uuid7
from lms.lrs.outbox import emit
from quizzes.models import Attempt, Form, Response, Round, Seat, SittingTrace
from quizzes.operations.essay_queue import hand_over_essays
from quizzes.operations.invigilation import supervision_of_code
from quizzes.operations.marks import marking_turn, record_counting
from quizzes.queries.attempts import overdue_attempts, questions_to_mark
from quizzes.queries.windows import entry_for_start
from quizzes.rules.assembly import draw
from quizzes.rules.rounds import Purpose, StartAnswer, StartRefused, accepts_until, may_start
from quizzes.rules.sitting import AttemptState, Marked, clock_begins, deadline_for, new_receipt, new_seed, score_of

STARTED = "quizzes.attempt_started"
FINISHED = "quizzes.attempt_finished"


@dataclass(frozen=True, slots=True)
class Begun:
    """The attempt a press of start led to; `new`: it began with this press, so this device holds takeover 1.
    `accepts_until`: how long its answers are taken, where that was at hand."""

    attempt_id: UUID
    new: bool
    accepts_until: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a press came from, as keyed fingerprints: they tell equal from different and nothing else."""

    device: str | None = None
    address: str | None = None


NOWHERE = Origin()


class SitsElsewhere(Conflict):
    """The person has another sitting open: `round_code` and `attempt_id` lead to it."""

    def __init__(self, attempt_id: UUID, round_code: str, title: str) -> None:
        super().__init__(
            N_("Đang làm dở bài “%(title)s”. Làm xong và nộp bài đó, rồi mới bắt đầu bài này."), code="sits_elsewhere", title=title
        )
        self.attempt_id = attempt_id
        self.round_code = round_code


# Written once: everybody starts in the same minutes, and building a statement costs more than running it.
_ATTEMPTS: Any = Attempt.__table__
_TAKEN = (
    select(_ATTEMPTS.c.id, _ATTEMPTS.c.state, _ATTEMPTS.c.form_id, _ATTEMPTS.c.accepts_until, _ATTEMPTS.c.started_at)
    .where(_ATTEMPTS.c.round_id == bindparam("round"), _ATTEMPTS.c.person_id == bindparam("person"))
    .order_by(_ATTEMPTS.c.number)
)
_NEW: Any = {
    "postgresql": postgresql.insert(_ATTEMPTS).on_conflict_do_nothing().returning(_ATTEMPTS.c.id),
    "sqlite": sqlite.insert(_ATTEMPTS).on_conflict_do_nothing().returning(_ATTEMPTS.c.id),
}
_FORMS = select(Form.__table__.c.id).where(Form.__table__.c.round_id == bindparam("round")).order_by(Form.__table__.c.number)


def start_attempt(
    session: Session,
    actor: Actor,
    round_code: str,
    at: datetime,
    *,
    in_two_steps: bool = False,
    code: str | None = None,
    origin: Origin = NOWHERE,
) -> Begun:
    """Begin this person's attempt at the round, or give the one that is open already: pressing twice begins once.

    `in_two_steps`: the paper is handed out first and its clock begins with `begin_clock`, or by itself after WAIT. `code`: an
    invigilator's, which a supervised round asks for. Raises NotFound, StartRefused saying why not, SitsElsewhere, WrongCode.
    """
    # Sharing the round's row lets people start side by side, but not while the round is being closed.
    if actor.person_id is None:  # the service itself sits nothing
        raise NotFound
    entry = entry_for_start(session, actor.person_id, round_code)
    round_, turn = entry.round, entry.turn(at)
    taken = session.connection().execute(_TAKEN, {"round": round_.id, "person": actor.person_id}).all()
    running = next((attempt for attempt in taken if attempt.state == AttemptState.OPEN), None)
    if running is not None and running.accepts_until <= at:  # its time is over and the worker has not been round yet
        finish_attempt(session, actor, running.id, AttemptState.EXPIRED, at)
        running = None
    standing = entry.standing([attempt.started_at for attempt in taken], has_open=running is not None, at=at)
    if running is not None:
        return Begun(running.id, new=False, accepts_until=running.accepts_until)
    if (answer := may_start(turn, standing, at)) != StartAnswer.MAY_START:
        raise StartRefused(answer)
    supervision_id = supervision_of_code(session, round_.id, code, at) if round_.supervised else None
    attempt_id = uuid7()
    seed = new_seed(shuffles_items=round_.shuffles_items, shuffles_choices=round_.shuffles_choices)
    begins = clock_begins(at, turn.closes_at) if in_two_steps else at
    extra_seconds = entry.own.allowance.extra_seconds(round_.duration_seconds)
    deadline = deadline_for(begins, round_.duration_seconds, extra_seconds, turn.closes_at)
    values: dict[str, Any] = {
        "id": attempt_id,
        "round_id": round_.id,
        "person_id": actor.person_id,
        "form_id": _fresh_form(session, round_.id, seed, {attempt.form_id for attempt in taken}),
        "number": len(taken) + 1,
        "counts": round_.purpose != Purpose.PRACTICE,
        "seed": seed,
        "waiting_since": at if in_two_steps else None,
        "started_at": begins,
        "deadline": deadline,
        "accepts_until": accepts_until(deadline, round_.grace_seconds),
        "extra_seconds": extra_seconds,
        "device": origin.device,
        "address": origin.address,
    }
    begun: UUID | None = session.connection().execute(_NEW[session.get_bind().dialect.name], values).scalar_one_or_none()
    if begun is None:
        return _open_already(session, actor, round_.id, values["counts"], at) or start_attempt(
            session, actor, round_code, at, in_two_steps=in_two_steps, code=code, origin=origin
        )
    if supervision_id is not None:
        session.add(Seat(attempt_id=attempt_id, supervision_id=supervision_id, last_seen_at=at))
    if not in_two_steps:
        emit(session, STARTED, {"attempt": str(attempt_id)}, at)
    audit.record_at_once(session, actor, "quizzes.start_attempt", attempt_id, at, round=round_code, number=len(taken) + 1)
    return Begun(attempt_id, new=True, accepts_until=values["accepts_until"])


def _open_already(session: Session, actor: Actor, round_id: UUID, counts: bool, at: datetime) -> Begun | None:
    """The sitting that is in the way of a new one: of this round where the same person pressed twice at once. One of another round whose
    time is over is ended and no longer in the way (None). Raises SitsElsewhere."""
    other = session.execute(
        select(Attempt.id, Attempt.round_id, Attempt.accepts_until, Round.code, Round.title)
        .join(Round, Round.id == Attempt.round_id)
        .where(Attempt.person_id == actor.person_id, Attempt.counts == counts, Attempt.state == AttemptState.OPEN)
    ).one()
    if other.round_id == round_id:
        return Begun(other.id, new=False)
    if other.accepts_until > at:
        raise SitsElsewhere(other.id, other.code, other.title)
    finish_attempt(session, actor, other.id, AttemptState.EXPIRED, at)
    return None


def begin_clock(session: Session, actor: Actor, attempt_id: UUID, at: datetime) -> Attempt:
    """The second step: the paper is there, the time begins now. Once it runs, pressing again changes nothing.

    Raises NotFound, Conflict when the attempt is over.
    """
    attempt = _locked(session, attempt_id, actor)
    if attempt.state != AttemptState.OPEN or at >= attempt.accepts_until:
        raise Conflict(N_("Bài kiểm tra này đã kết thúc."), code="attempt_closed")
    if attempt.waiting_since is not None:
        _run_clock(session, attempt, at)
    return attempt


def _run_clock(session: Session, attempt: Attempt, at: datetime) -> None:
    """Let a waiting clock run from now; one that has begun by itself goes on as it is, and is only noted."""
    if at < attempt.started_at:
        allowed = session.scalars(select(Round.duration_seconds).where(Round.id == attempt.round_id)).one() + attempt.extra_seconds
        grace = attempt.accepts_until - attempt.deadline
        attempt.started_at = at
        attempt.deadline = deadline_for(at, allowed, 0, attempt.deadline)
        attempt.accepts_until = attempt.deadline + grace
    attempt.waiting_since = None
    session.flush()
    emit(session, STARTED, {"attempt": str(attempt.id)}, attempt.started_at)


def take_over(session: Session, actor: Actor, attempt_id: UUID, at: datetime, *, origin: Origin = NOWHERE) -> int:
    """Let another device go on with an open attempt; returns the number it writes under. The device before may no longer write.

    Raises NotFound, Conflict when the attempt is over.
    """
    attempt = _locked(session, attempt_id, actor)
    if attempt.state != AttemptState.OPEN or at >= attempt.accepts_until:
        raise Conflict(N_("Bài kiểm tra này đã kết thúc."), code="attempt_closed")
    attempt.takeover += 1
    _trace(session, attempt, origin, at)
    session.flush()
    audit.record(session, actor, "quizzes.take_over", attempt_id, at, takeover=attempt.takeover)
    return attempt.takeover


def submit_attempt(
    session: Session, actor: Actor, attempt_id: UUID, at: datetime, *, takeover: int | None = None, origin: Origin = NOWHERE
) -> str:
    """Hand the paper in; returns the receipt. Handing in again gives the same receipt and changes nothing.

    `takeover`: the number of the device that hands in, when it has one. Raises NotFound, Conflict `taken_over` for an older device.
    """
    attempt = _locked(session, attempt_id, actor)
    if attempt.state != AttemptState.OPEN:
        assert attempt.receipt is not None  # held by the database: a finished attempt has its receipt
        return attempt.receipt
    if at < attempt.accepts_until and takeover is not None and takeover != attempt.takeover:
        raise Conflict(N_("Bài đang mở trên thiết bị khác."), code="taken_over")
    _trace(session, attempt, origin, at)
    state = AttemptState.EXPIRED if at >= attempt.accepts_until else AttemptState.SUBMITTED
    return _finish(session, actor, attempt, state, at)


def _trace(session: Session, attempt: Attempt, origin: Origin, at: datetime) -> None:
    """Note another device or address than the sitting began with; most go on where they began."""
    if origin.device is None or origin.address is None or (origin.device, origin.address) == (attempt.device, attempt.address):
        return
    values = {"id": uuid7(), "attempt_id": attempt.id, "device": origin.device, "address": origin.address, "seen_at": at}
    session.execute(_insert(session, SittingTrace).values(values).on_conflict_do_nothing())


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
    if attempt.waiting_since is not None:
        _run_clock(session, attempt, at)
    turn = marking_turn(session, attempt.round_id, attempt.person_id)
    questions = questions_to_mark(session, attempt.id, attempt.form_id)
    if waiting := hand_over_essays(session, attempt.round_id, attempt.id, questions):
        attempt.state = AttemptState.MARKING
    else:
        attempt.score = score_of(questions)
        attempt.passed = attempt.score >= turn.pass_mark
        attempt.state = state
    attempt.submitted_at = min(at, attempt.deadline) if state == AttemptState.EXPIRED else at
    attempt.receipt = new_receipt(Quarter.parse(turn.quarter))
    session.flush()
    keep_points(session, attempt.id, questions)
    if not waiting:  # else the mark comes when people have marked the essays (`finish_marking`)
        if attempt.counts:
            record_counting(session, turn, [attempt.person_id], at)
        emit(session, FINISHED, {"attempt": str(attempt.id)}, at)
    action = "quizzes.submit_attempt" if state == AttemptState.SUBMITTED else "quizzes.expire_attempt"
    audit.record(session, actor, action, attempt.id, at, receipt=attempt.receipt, score=None if waiting else str(attempt.score))
    session.flush()
    return attempt.receipt


def keep_points(session: Session, attempt_id: UUID, questions: Sequence[Marked]) -> None:
    """Keep the points of a marked paper beside its answers."""
    points = {question.slot: question.points if question.given is None else question.given for question in questions}
    session.execute(
        update(Response)
        .where(Response.attempt_id == attempt_id)
        .values(points=case({slot: float(share) for slot, share in points.items()}, value=Response.slot))
        .execution_options(synchronize_session=False)
    )


def record_best(session: Session, round_id: UUID, person_id: UUID, at: datetime) -> None:
    """Tell the ledger which of a person's finished attempts counts, with the mark that stands for it. Practice is not told."""
    record_counting(session, marking_turn(session, round_id, person_id), [person_id], at)


def _fresh_form(session: Session, round_id: UUID, seed: int, seen: set[UUID]) -> UUID:
    """One of the round's forms, by lot, one this person has not had if there is such a one."""
    forms: Sequence[UUID] = session.connection().execute(_FORMS, {"round": round_id}).scalars().all()
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
