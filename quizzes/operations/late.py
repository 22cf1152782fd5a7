"""Keeping answers that came too late, and deciding about them. They are never thrown away: what is not taken by rule waits for people."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from lms.kit import audit
from lms.kit.actors import SERVICE, Actor, NotFound
from lms.kit.errors import N_, Conflict, DomainError
from lms.kit.ids import uuid7
from quizzes.models import Attempt, LateArrival, Response, Round
from quizzes.operations.attempts import finish_attempt
from quizzes.operations.marks import supersede_mark
from quizzes.operations.saving import check_answers
from quizzes.rules.late import MOST_ARRIVALS, Evidence, LateAnswer, LateState, doubts, reckoned
from quizzes.rules.marking import Cause, CauseKind
from quizzes.rules.sitting import AttemptState

TAKEN_BY_RULE = N_("Câu trả lời đến muộn, được tính theo quy tắc của đợt kiểm tra")


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of late answers: how many of them are newer than what was stored, and whether they count."""

    arrival_id: UUID | None
    state: LateState
    count: int


def keep_late(
    session: Session,
    actor: Actor,
    attempt_id: UUID,
    answers: Sequence[LateAnswer],
    at: datetime,
    *,
    source: str = "line",
    device_clock: datetime | None = None,
    owner: UUID | None = None,
) -> Kept:
    """Keep answers of a sitting that takes no more. The same ones again change nothing.

    `owner`: only this person's attempt. `source`: over the `line`, or out of a sealed `file`. Raises NotFound, DomainError for what the
    paper does not have, Conflict `not_late` while the sitting goes on, `too_many_late` where somebody floods it.
    """
    attempt, round_ = _held(session, attempt_id, owner)
    if attempt.state == AttemptState.OPEN and at < attempt.accepts_until:
        raise Conflict(N_("Bài vẫn đang mở: mở trang làm bài để gửi tiếp."), code="not_late")
    newest = {one.slot: one for one in sorted(answers, key=lambda one: (one.takeover, one.sequence))}
    check_answers(session, Actor(attempt.person_id, "", ""), attempt_id, newest)
    newer = _newer_than_stored(session, attempt_id, newest.values())
    if not newer:
        return Kept(None, LateState.EMPTY, 0)
    digest = _digest(newer)
    known = session.execute(
        select(LateArrival.id, LateArrival.state).where(LateArrival.attempt_id == attempt_id, LateArrival.digest == digest)
    ).one_or_none()
    if known is not None:
        return Kept(known.id, LateState(known.state), len(newer))
    _refuse_flood(session, attempt_id)
    evidence = Evidence(
        deadline=attempt.deadline,
        late_seconds=round_.late_seconds,
        takeover=attempt.takeover,
        received_at=at,
        device_clock=device_clock,
        offsets=_offsets(session, attempt_id, {one.takeover for one in newer}),
        locked=round_.state == "locked",
    )
    against = doubts(newer, evidence)
    arrival = LateArrival(
        id=uuid7(),
        attempt_id=attempt_id,
        digest=digest,
        source=source,
        state=LateState.WAITING if against else LateState.TAKEN,
        received_at=at,
        brought_by=actor.person_id if actor.person_id != attempt.person_id else None,
        answers=_as_json(newer, evidence),
        evidence={
            "device_clock": device_clock.isoformat() if device_clock else None,
            "offsets": list(evidence.offsets),
            "doubts": [doubt.value for doubt in against],
        },
        replaced=_replaced(session, attempt_id, newer),
    )
    session.add(arrival)
    session.flush()
    if not against:
        _count(session, SERVICE, attempt, arrival, at, TAKEN_BY_RULE)
    audit.record(session, actor, "quizzes.keep_late_answers", attempt_id, at, state=arrival.state, answers=len(newer), source=source)
    return Kept(arrival.id, LateState(arrival.state), len(newer))


def decide_late(session: Session, actor: Actor, arrival_id: UUID, *, accept: bool, reason: str, at: datetime) -> None:
    """Count a late arrival or not, and say why. Raises NotFound, Conflict when it was decided already, DomainError without a reason."""
    if not reason.strip():
        raise DomainError(N_("Ghi lý do: người dự kiểm tra sẽ đọc lý do này."), field="reason")
    arrival = session.scalar(select(LateArrival).where(LateArrival.id == arrival_id).with_for_update())
    if arrival is None:
        raise NotFound
    if arrival.state != LateState.WAITING:
        raise Conflict(N_("Lượt gửi muộn này đã được quyết định."), code="decided_already")
    attempt, _round = _held(session, arrival.attempt_id, None)
    if attempt.person_id == actor.person_id:
        raise Conflict(N_("Không ai tự duyệt bài của mình."), code="own_attempt")
    arrival.state = LateState.ACCEPTED if accept else LateState.REFUSED
    arrival.decided_at, arrival.decided_by, arrival.reason = at, actor.person_id, reason.strip()
    session.flush()
    if accept:
        _count(session, actor, attempt, arrival, at, arrival.reason)
    action = "quizzes.accept_late_answers" if accept else "quizzes.refuse_late_answers"
    audit.record(session, actor, action, attempt.id, at, arrival=str(arrival.id), reason=arrival.reason)


def _count(  # noqa: PLR0917 - who, what, when, why
    session: Session, actor: Actor, attempt: Attempt, arrival: LateArrival, at: datetime, reason: str
) -> None:
    """Let the answers count: in the first mark where there is none yet, else in one that supersedes it."""
    if attempt.state in (AttemptState.SUBMITTED, AttemptState.EXPIRED):
        answers = {one["slot"]: one["answer"] for one in arrival.answers}
        supersede_mark(session, actor, attempt.id, Cause(CauseKind.LATE, arrival.id, reason), at, answers=answers)
        return
    _store(session, attempt.id, arrival.answers, at)
    if attempt.state == AttemptState.OPEN:
        finish_attempt(session, SERVICE, attempt.id, AttemptState.EXPIRED, at)


def _store(session: Session, attempt_id: UUID, answers: Sequence[dict[str, Any]], at: datetime) -> None:
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    for one in answers:
        values = {name: one[name] for name in ("answer", "flagged", "takeover", "sequence")} | {"saved_at": at, "device_offset": None}
        session.execute(
            insert(Response)
            .values(attempt_id=attempt_id, slot=one["slot"], **values)
            .on_conflict_do_update(index_elements=[Response.attempt_id, Response.slot], set_=values)
        )


def _held(session: Session, attempt_id: UUID, owner: UUID | None) -> tuple[Attempt, Any]:
    statement = select(Attempt).where(Attempt.id == attempt_id).with_for_update().execution_options(populate_existing=True)
    if owner is not None:
        statement = statement.where(Attempt.person_id == owner)
    attempt = session.scalar(statement)
    if attempt is None:
        raise NotFound
    return attempt, session.execute(select(Round.late_seconds, Round.state).where(Round.id == attempt.round_id)).one()


def _newer_than_stored(session: Session, attempt_id: UUID, answers: Iterable[LateAnswer]) -> list[LateAnswer]:
    stored = {
        row.slot: (row.takeover, row.sequence)
        for row in session.execute(select(Response.slot, Response.takeover, Response.sequence).where(Response.attempt_id == attempt_id))
    }
    counted = select(LateArrival.answers).where(
        LateArrival.attempt_id == attempt_id, LateArrival.state.in_([LateState.TAKEN, LateState.ACCEPTED])
    )
    for one in (one for answers_of_one in session.scalars(counted) for one in answers_of_one):
        stored[one["slot"]] = max(stored.get(one["slot"], (0, 0)), (one["takeover"], one["sequence"]))
    newer = [one for one in answers if (one.takeover, one.sequence) > stored.get(one.slot, (0, 0))]
    return sorted(newer, key=lambda one: (one.takeover, one.sequence))


def _replaced(session: Session, attempt_id: UUID, answers: Sequence[LateAnswer]) -> list[dict[str, Any]]:
    rows = session.execute(
        select(Response.slot, Response.answer, Response.takeover, Response.sequence)
        .where(Response.attempt_id == attempt_id, Response.slot.in_([one.slot for one in answers]))
        .order_by(Response.slot)
    )
    return [dict(row._mapping) for row in rows]


def _offsets(session: Session, attempt_id: UUID, takeovers: set[int]) -> list[int]:
    """How far these devices were ahead of us at their saves, the latest first."""
    rows = session.scalars(
        select(Response.device_offset)
        .where(Response.attempt_id == attempt_id, Response.takeover.in_(takeovers), Response.device_offset.is_not(None))
        .order_by(Response.saved_at.desc())
    )
    return [offset for offset in rows if offset is not None]


def _refuse_flood(session: Session, attempt_id: UUID) -> None:
    if (session.scalar(select(func.count()).where(LateArrival.attempt_id == attempt_id)) or 0) >= MOST_ARRIVALS:
        raise Conflict(N_("Bài này đã gửi muộn quá nhiều lần. Giữ tệp bài làm và liên hệ cơ quan tổ chức kiểm tra."), code="too_many_late")


def _as_json(answers: Sequence[LateAnswer], evidence: Evidence) -> list[dict[str, Any]]:
    values = []
    for order, one in enumerate(answers, start=1):
        given = reckoned(one.given_at, evidence)
        values.append(
            {
                "slot": one.slot,
                "takeover": one.takeover,
                "sequence": one.sequence,
                "answer": one.answer,
                "flagged": one.flagged,
                "device_at": one.given_at.isoformat() if one.given_at else None,
                "given_at": given.isoformat() if given else None,
                "order": order,
            }
        )
    return values


def _digest(answers: Sequence[LateAnswer]) -> str:
    told = [(one.slot, one.takeover, one.sequence, one.answer) for one in answers]
    return hashlib.sha256(msgspec.json.encode(told)).hexdigest()[:32]
