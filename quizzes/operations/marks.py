"""Marks that supersede others. Nothing is edited: a mark that no longer stands points to the one that took its place.

Every way to another mark (a ruling, an appeal, a late answer, people marking) ends here: whoever decided it writes the fact down, and
the attempt is marked again from all facts that hold at that moment. Two such ways at once come to the same mark in either order.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from lms.kit import audit
from lms.kit.actors import Actor, NotFound
from lms.kit.clock import Quarter
from lms.kit.errors import N_, Conflict
from lms.kit.ids import uuid7
from lms.lrs.outbox import emit
from lms.results.models import Outcome
from lms.results.operations import record_outcome, supersede_outcomes
from quizzes.models import Attempt, Regrade, Round
from quizzes.queries.marks import ToMark, attempts_to_mark, candidates
from quizzes.rules.counting import counted
from quizzes.rules.marking import Candidate, Cause, points_in_store
from quizzes.rules.rounds import RoundState
from quizzes.rules.sitting import AttemptState, score_of

REMARKED = "quizzes.attempt_remarked"


@dataclass(frozen=True, slots=True)
class RoundMarks:
    """What of a round decides about marks."""

    id: UUID
    code: str
    quarter: str
    activity: str
    pass_mark: Decimal
    counting: str
    state: str


@dataclass(frozen=True, slots=True)
class Decided:
    """What people decided about single questions: points (0–1) they gave, answers that came late and count from now on."""

    points: Mapping[int, Fraction] = field(default_factory=dict)
    answers: Mapping[int, list[str]] = field(default_factory=dict)


NOTHING = Decided()


def marking_turn(session: Session, round_id: UUID, person_id: UUID | None = None) -> RoundMarks:
    """Take the turn to mark in a round, until the commit: papers are marked beside each other, but none while a ruling is being approved,
    and one person's marks one after the other. To be called after the attempt's row is held and before anything of the mark is read."""
    locks: list[Any] = []
    if session.get_bind().dialect.name == "postgresql":  # elsewhere there is one writer at a time anyway
        locks.append(func.pg_advisory_xact_lock_shared(_lock_number("marks", round_id)))
        if person_id is not None:
            locks.append(func.pg_advisory_xact_lock(_lock_number("marks", round_id, person_id)))
    row = session.execute(
        select(Round.id, Round.code, Round.quarter, Round.activity, Round.pass_mark, Round.counting, Round.state, *locks).where(
            Round.id == round_id
        )
    ).one()
    return RoundMarks(*row[:7])


def stop_marking(session: Session, rounds: Sequence[UUID]) -> None:
    """Let marking in rounds come to rest until the commit; what was being marked is finished first."""
    if session.get_bind().dialect.name == "postgresql":
        for round_id in sorted(rounds):
            session.execute(select(func.pg_advisory_xact_lock(_lock_number("marks", round_id))))


def try_hold(session: Session, round_id: UUID, attempts: Mapping[UUID, UUID]) -> set[UUID]:
    """Hold those of many attempts (with their persons), and the turn of their persons, that nobody else holds just now: whoever holds many
    things never waits for one more. The round's turn must be held."""
    rows = select(Attempt.id).where(Attempt.id.in_(attempts)).order_by(Attempt.id).with_for_update(skip_locked=True)
    held = set(session.scalars(rows))
    if session.get_bind().dialect.name != "postgresql":
        return held
    free = {
        person_id
        for person_id in sorted({attempts[attempt_id] for attempt_id in held})
        if session.scalar(select(func.pg_try_advisory_xact_lock(_lock_number("marks", round_id, person_id))))
    }
    return {attempt_id for attempt_id in held if attempts[attempt_id] in free}


def supersede_mark(
    session: Session,
    actor: Actor,
    attempt_id: UUID,
    cause: Cause,
    at: datetime,
    *,
    points_by_slot: Mapping[int, Fraction] | None = None,
    answers: Mapping[int, list[str]] | None = None,
) -> UUID | None:
    """Mark a finished attempt again from all that holds now; None where the mark stays as it is, to the last point.

    `points_by_slot`: points (0–1) that people decided for these slots; `answers`: answers that came late and count from now on. Both
    stay in force in every later marking. Raises NotFound, Conflict `not_marked` or `round_locked`.
    """
    held = session.execute(
        select(Attempt.round_id, Attempt.person_id, Attempt.state).where(Attempt.id == attempt_id).with_for_update()
    ).one_or_none()
    if held is None:
        raise NotFound
    if held.state not in (AttemptState.SUBMITTED, AttemptState.EXPIRED):
        raise Conflict(N_("Bài này chưa có điểm nên chưa thể chấm lại."), code="not_marked")
    turn = marking_turn(session, held.round_id, held.person_id)
    if turn.state == RoundState.LOCKED:
        raise Conflict(
            N_("Kết quả của kỳ kiểm tra %(round)s đã khóa. Mở khóa kết quả của kỳ trước, rồi thực hiện lại."),
            code="round_locked",
            round=turn.code,
        )
    (attempt,) = attempts_to_mark(session, [attempt_id])
    made = remark(session, actor, turn, [attempt], cause, at, decided=Decided(points_by_slot or {}, answers or {})).get(attempt_id)
    if made is not None:
        new = session.execute(select(Regrade.score, Regrade.passed).where(Regrade.id == made)).one()
        audit.record(
            session,
            actor,
            "quizzes.supersede_mark",
            attempt_id,
            at,
            cause=cause.kind.value,
            cause_id=str(cause.id),
            before={"score": str(attempt.standing.score), "passed": attempt.standing.passed},
            after={"score": str(new.score), "passed": new.passed},
        )
    return made


def remark(  # noqa: PLR0917 - who, where, what, why, when
    session: Session,
    actor: Actor,
    turn: RoundMarks,
    attempts: Sequence[ToMark],
    cause: Cause,
    at: datetime,
    *,
    decided: Decided = NOTHING,
) -> dict[UUID, UUID]:
    """Write the marks of attempts that are no longer what stands, tell the ledger and the record store. The attempts are of one round
    and held by the caller, who tells the audit. Returns the new marks by attempt."""
    rows = [
        {
            "id": uuid7(),
            "attempt_id": attempt.id,
            "cause": cause.kind.value,
            "cause_id": cause.id,
            "reason": cause.reason,
            "recorded_by": actor.person_id,
            "recorded_at": at,
            "superseded_by": None,
            **new,
        }
        for attempt in attempts
        if (new := _marked(attempt, decided)) is not None
    ]
    if not rows:
        return {}
    standing = {attempt.id: attempt.standing.regrade_id for attempt in attempts}
    superseded = [
        {"id": standing[row["attempt_id"]], "superseded_by": row["id"]} for row in rows if standing[row["attempt_id"]] is not None
    ]
    if superseded:
        session.execute(update(Regrade), superseded)
    session.execute(insert(Regrade), rows)
    changed = {row["attempt_id"] for row in rows}
    counting = [attempt for attempt in attempts if attempt.id in changed and attempt.counts]
    record_counting(session, turn, {attempt.person_id for attempt in counting}, at, told=True)
    before = {attempt.id: attempt.standing for attempt in attempts}
    for row in rows:
        old = before[row["attempt_id"]]
        if (row["score"], row["passed"]) != (old.score, old.passed):
            emit(session, REMARKED, {"regrade": str(row["id"])}, at)
    session.flush()
    return {row["attempt_id"]: row["id"] for row in rows}


def record_counting(session: Session, turn: RoundMarks, people: Collection[UUID], at: datetime, *, told: bool = False) -> int:
    """Tell the ledger which of these people's attempts counts, and with which mark. `told`: it was told of them before; what stands
    there already is then not written again. Returns how many outcomes are new. The turn of each person must be held (`marking_turn`)."""
    found: dict[UUID, tuple[Candidate, int]] = {}
    for person_id, attempts in candidates(session, turn.id, people).items():
        best = counted(attempts, turn.counting)
        if best is not None:
            found[person_id] = (best, len(attempts))
    if not told:
        for person_id, (chosen, tries) in found.items():
            record_outcome(session, **_outcome(turn, person_id, chosen, tries), at=at)
        return len(found)
    known = _told(session, turn.activity, people)
    rows, superseded = [], {}
    for person_id, (chosen, tries) in found.items():
        old_id, *standing = known.get(person_id, (None,))
        if standing == [chosen.id, tries, chosen.score, chosen.passed]:
            continue
        rows.append({"id": uuid7(), **_outcome(turn, person_id, chosen, tries), "recorded_at": at})
        if old_id is not None:
            superseded[old_id] = rows[-1]["id"]
    supersede_outcomes(session, rows, superseded)
    return len(rows)


def _outcome(turn: RoundMarks, person_id: UUID, best: Candidate, attempts: int) -> dict[str, Any]:
    return {
        "activity": turn.activity,
        "period": Quarter.parse(turn.quarter).code,
        "person_id": person_id,
        "source_id": best.id,
        "attempts": attempts,
        "score": best.score,
        "passed": best.passed,
        "occurred_at": best.submitted_at,
    }


def _told(session: Session, activity: str, people: Collection[UUID]) -> dict[UUID, tuple[Any, ...]]:
    """What stands in the ledger for people: the outcome's id, its attempt, how many there were, score and pass."""
    rows = session.execute(
        select(Outcome.person_id, Outcome.id, Outcome.source_id, Outcome.attempts, Outcome.score, Outcome.passed).where(
            Outcome.activity == activity, Outcome.person_id.in_(people), Outcome.superseded_by.is_(None)
        )
    )
    return {person_id: tuple(values) for person_id, *values in rows}


def mark_of(attempt: ToMark) -> tuple[Decimal, bool]:
    """The mark an attempt would have from all that is in its paper."""
    score = score_of(attempt.paper)
    return score, score >= attempt.pass_mark


def _marked(attempt: ToMark, decided: Decided) -> dict[str, Any] | None:
    """An attempt's mark as it is now and what it is made of, as it is kept; None where all is as it was."""
    old = attempt.standing
    given = {**old.given, **decided.points}
    late = {**old.answers, **decided.answers}
    paper = [question.with_decided(answer=late.get(question.slot), given=given.get(question.slot)) for question in attempt.paper]
    points = {question.slot: question.points for question in paper}
    score = score_of(paper)
    passed = score >= attempt.pass_mark
    same_facts = given == old.given and late == old.answers and (old.regrade_id is None or points == old.points)
    if same_facts and (score, passed) == (old.score, old.passed):
        return None
    return {
        "score": score,
        "passed": passed,
        "points": points_in_store(points),
        "given": points_in_store(given),
        "answers": {str(slot): answer for slot, answer in sorted(late.items())},
    }


def _lock_number(*parts: object) -> int:
    """A 64-bit number for PostgreSQL's advisory locks."""
    return int.from_bytes(hashlib.sha256(":".join(str(part) for part in parts).encode()).digest()[:8], "big", signed=True)
