"""The side question of a contest."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.kit import audit
from lms.kit.actors import Actor, NotFound
from lms.kit.errors import N_, Conflict, DomainError
from quizzes.models import Attempt, SideAnswer
from quizzes.operations.rounds import plan_of
from quizzes.queries.windows import entry_for_start
from quizzes.rules.rounds import Purpose, RoundState
from quizzes.rules.sitting import AttemptState

LARGEST = 100_000_000


def answer_side_question(session: Session, actor: Actor, round_code: str, answer: int, at: datetime) -> None:
    """Answer a contest's side question, or answer anew: until one has handed in and while the contest is open.

    Raises NotFound, Conflict, DomainError.
    """
    if actor.person_id is None:
        raise NotFound
    entry = entry_for_start(session, actor.person_id, round_code)
    held = entry.round
    if held.purpose != Purpose.CONTEST or not plan_of(session, held.id).side_question or entry.expectation_id is None:
        raise NotFound
    if not 0 <= answer <= LARGEST:
        raise DomainError(N_("Nhập một số nguyên từ 0."), code="answer", field="answer")
    finished = select(func.count()).where(
        Attempt.round_id == held.id, Attempt.person_id == actor.person_id, Attempt.state != AttemptState.OPEN
    )
    if held.state != RoundState.OPEN or at >= held.closes_at or session.scalar(finished):
        raise Conflict(N_("Đã nộp bài hoặc cuộc thi đã đóng: câu trả lời phụ không đổi được nữa."), code="side_question_closed")
    given = session.get(SideAnswer, (held.id, actor.person_id))
    before = given.answer if given else None
    if given is None:
        session.add(SideAnswer(round_id=held.id, person_id=actor.person_id, answer=answer, given_at=at))
    else:
        given.answer, given.given_at = answer, at
    session.flush()
    changed = {"before": {"answer": before}, "after": {"answer": answer}}
    audit.record(session, actor, "quizzes.answer_side_question", held.code, at, **changed)
