"""Sittings that took place elsewhere or before (a test room without network, an earlier system), brought in many at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from lms.kit import audit
from lms.kit.actors import Actor, NotFound
from lms.kit.clock import Quarter
from lms.kit.errors import N_, Conflict, DomainError
from lms.kit.ids import uuid7
from lms.lrs.outbox import emit_many
from lms.results.operations import record_outcomes
from quizzes.kinds import KINDS
from quizzes.models import Attempt, Response, Round
from quizzes.queries.attempts import papers_of_round
from quizzes.rules.assembly import draw
from quizzes.rules.counting import Counting
from quizzes.rules.sitting import AttemptState, Marked, PastSitting, new_receipt, score_of

BATCH = 1000
BROUGHT_IN = "quizzes.sittings_brought_in"
BEGAN, ENDED = "began", "ended"  # what is told of each of them, as `began 0193…`


def record_sittings(
    session: Session,
    actor: Actor,
    round_id: UUID,
    sittings: Sequence[PastSitting],
    at: datetime,
    *,
    noted_at: datetime | None = None,
    tells_answers: bool = True,
) -> int:
    """Mark finished sittings and store them with their answers and each person's best outcome; returns how many.

    For people who have no attempt in the round yet. The record store gets the statements it would have got from each sitting, in the order
    in which they began and ended; without `tells_answers` none about single answers, of which there are thirty a sitting. `noted_at` is the
    moment of the import, where the results are to count as recorded at another (`at`). Raises NotFound, Conflict, DomainError.
    """
    round_ = session.get(Round, round_id)
    if round_ is None:
        raise NotFound
    taken = select(Attempt.id).where(Attempt.round_id == round_id, Attempt.person_id.in_({sitting.person_id for sitting in sittings}))
    if session.scalar(taken.limit(1)) is not None:
        raise Conflict(N_("Có người đã có bài làm trong kỳ kiểm tra %(quarter)s."), code="attempts_exist", quarter=round_.quarter)
    papers = papers_of_round(session, round_id)
    attempts: list[dict[str, Any]] = []
    responses: list[dict[str, Any]] = []
    by_person: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for sitting in sorted(sittings, key=lambda one: one.started_at):
        marked = _marked(papers, sitting)
        attempt = _attempt(round_, sitting, marked, number=len(by_person[sitting.person_id]) + 1)
        by_person[sitting.person_id].append(attempt)
        attempts.append(attempt)
        responses.extend(_responses(attempt, sitting, marked))
    _insert(session, Attempt, attempts)
    _insert(session, Response, responses)
    record_outcomes(session, [_outcome(round_, tries, at) for tries in by_person.values()])
    emit_many(session, BROUGHT_IN, _events(attempts), noted_at or at, answers=tells_answers)
    audit.record(session, actor, "quizzes.record_sittings", round_.quarter, at, sittings=len(attempts), people=len(by_person))
    return len(attempts)


def _events(attempts: Sequence[Mapping[str, Any]]) -> list[str]:
    moments = [
        *((attempt["started_at"], BEGAN, attempt["id"]) for attempt in attempts),
        *((attempt["submitted_at"], ENDED, attempt["id"]) for attempt in attempts),
    ]
    return [f"{what} {attempt_id}" for _at, what, attempt_id in sorted(moments)]


def _marked(papers: Mapping[UUID, Sequence[Marked]], sitting: PastSitting) -> list[Marked]:
    paper = papers.get(sitting.form_id, ())
    slots = {question.slot for question in paper}
    if not paper or not slots.issuperset(sitting.answers):
        raise DomainError(N_("Bài làm có câu không thuộc đề của kỳ kiểm tra."), code="unknown_slot")
    marked = [replace(question, answer=list(sitting.answers.get(question.slot, ()))) for question in paper]
    if bad := next((one.slot for one in marked if not KINDS[one.kind].accepts(one.body, one.answer)), None):
        raise DomainError(N_("Câu trả lời của câu số %(slot)s không hợp lệ."), code="bad_answer", slot=bad)
    return marked


def _attempt(round_: Round, sitting: PastSitting, marked: Sequence[Marked], number: int) -> dict[str, Any]:
    attempt_id, score = uuid7(), score_of(marked)
    return {
        "id": attempt_id,
        "round_id": round_.id,
        "person_id": sitting.person_id,
        "form_id": sitting.form_id,
        "number": number,
        "seed": int.from_bytes(draw(attempt_id)[:4], "big"),
        "takeover": 1,
        "started_at": sitting.started_at,
        "deadline": sitting.submitted_at,
        "accepts_until": sitting.submitted_at,
        "extra_seconds": 0,
        "state": AttemptState.SUBMITTED.value,
        "submitted_at": sitting.submitted_at,
        "score": score,
        "passed": score >= round_.pass_mark,
        "receipt": new_receipt(Quarter.parse(round_.quarter)),
    }


def _responses(attempt: Mapping[str, Any], sitting: PastSitting, marked: Sequence[Marked]) -> Iterable[dict[str, Any]]:
    for question in marked:
        if question.slot in sitting.answers:
            yield {
                "attempt_id": attempt["id"],
                "slot": question.slot,
                "answer": question.answer,
                "flagged": False,
                "takeover": 1,
                "sequence": question.slot,
                "saved_at": sitting.submitted_at,
                "points": float(question.points),
            }


def _outcome(round_: Round, tries: Sequence[Mapping[str, Any]], at: datetime) -> dict[str, Any]:
    by_counting = {Counting.FIRST: tries[0], Counting.LAST: tries[-1]}  # they come in the order in which they were sat
    best = by_counting.get(Counting(round_.counting)) or max(tries, key=lambda one: one["score"])  # of equal ones the earliest
    return {
        "id": uuid7(),
        "activity": round_.activity,
        "period": Quarter.parse(round_.quarter).code,
        "person_id": best["person_id"],
        "source_id": best["id"],
        "attempts": len(tries),
        "score": best["score"],
        "passed": best["passed"],
        "occurred_at": best["submitted_at"],
        "recorded_at": at,
    }


def _insert(session: Session, model: Any, rows: Sequence[dict[str, Any]]) -> None:
    for start in range(0, len(rows), BATCH):
        session.execute(insert(model), rows[start : start + BATCH])
