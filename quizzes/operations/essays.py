"""Marking by people. Those who mark know an answer by its own id alone; the last mark of a paper gives the paper its score."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from fractions import Fraction
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.kit import audit
from lms.kit.actors import Actor, NotFound
from lms.kit.errors import N_, Conflict
from lms.lrs.outbox import emit
from quizzes.models import Attempt, EssayAnswer, EssayMark
from quizzes.operations.attempts import FINISHED, keep_points
from quizzes.operations.marks import marking_turn, record_counting
from quizzes.queries.attempts import questions_to_mark
from quizzes.queries.essays import essay_to_mark, marks_given
from quizzes.rules.essays import PLACES, EssayState, next_state, share_given
from quizzes.rules.rounds import RoundState
from quizzes.rules.sitting import AttemptState, score_of

LONGEST_COMMENT = 2000
INDEPENDENT = {EssayState.FIRST, EssayState.SECOND}  # neither of the two sees what the other gave: who is first does not matter


def mark_essay(
    session: Session, actor: Actor, essay_id: UUID, points: Mapping[str, int], at: datetime, *, turn: EssayState, comment: str = ""
) -> EssayState:
    """Give an answer its points by criterion, `turn` being the one the page was shown for; returns whose turn it is now.

    With the last answer of a paper the attempt gets its score. Raises NotFound (also for one's own answer and for one marked before),
    DomainError `bad_points`, Conflict where somebody else was first or the round's results are locked.
    """
    attempt_id = session.scalar(select(EssayAnswer.attempt_id).where(EssayAnswer.id == essay_id))
    if attempt_id is None or actor.person_id is None:
        raise NotFound
    # Answers of one paper are marked one after the other, so that the last one knows that it is the last.
    session.execute(select(Attempt.id).where(Attempt.id == attempt_id).with_for_update())
    essay = session.scalars(select(EssayAnswer).where(EssayAnswer.id == essay_id).execution_options(populate_existing=True)).one()
    if essay.state != turn and not {essay.state, turn} <= INDEPENDENT:
        raise Conflict(N_("Bài viết này vừa có người khác chấm. Chấm bài tiếp theo."), code="marked_meanwhile")
    to_mark = essay_to_mark(session, essay_id, actor.person_id)
    share = share_given(to_mark.rubric, points)
    session.add(
        EssayMark(
            essay_id=essay_id,
            place=PLACES[to_mark.state],
            marker_id=actor.person_id,
            points=dict(points),
            share=share,
            comment=comment.strip()[:LONGEST_COMMENT],
            marked_at=at,
        )
    )
    session.flush()
    state, whole = next_state(to_mark.body.get("markers", 1), marks_given(session, essay_id))
    essay.state, essay.share = state, whole
    session.flush()
    audit.record(session, actor, "quizzes.mark_essay", essay_id, at, place=PLACES[to_mark.state], share=str(share), state=state)
    if state == EssayState.DONE and not _waiting(session, attempt_id):
        finish_marking(session, actor, attempt_id, at)
    return state


def finish_marking(session: Session, actor: Actor, attempt_id: UUID, at: datetime) -> None:
    """Give an attempt its score once all its essays are marked: this is its first mark. Tells the ledger and the record store. One that
    has its score already stays as it is.

    Raises NotFound, Conflict `essays_waiting` or `round_locked`.
    """
    attempt = session.scalar(select(Attempt).where(Attempt.id == attempt_id).with_for_update())
    if attempt is None:
        raise NotFound
    if attempt.state != AttemptState.MARKING:
        return
    if _waiting(session, attempt_id):
        raise Conflict(N_("Bài kiểm tra còn bài tự luận chưa chấm."), code="essays_waiting")
    turn = marking_turn(session, attempt.round_id, attempt.person_id)
    if turn.state == RoundState.LOCKED:
        raise Conflict(N_("Kết quả của kỳ kiểm tra %(round)s đã khóa."), code="round_locked", round=turn.code)
    shares = {
        slot: Fraction(share or 0)
        for slot, share in session.execute(select(EssayAnswer.slot, EssayAnswer.share).where(EssayAnswer.attempt_id == attempt_id))
    }
    questions = [
        one.with_decided(answer=None, given=shares.get(one.slot)) for one in questions_to_mark(session, attempt.id, attempt.form_id)
    ]
    attempt.score = score_of(questions)
    attempt.passed = attempt.score >= turn.pass_mark
    attempt.state = AttemptState.SUBMITTED
    session.flush()
    keep_points(session, attempt.id, questions)
    if attempt.counts:
        record_counting(session, turn, [attempt.person_id], at)
    emit(session, FINISHED, {"attempt": str(attempt.id)}, at)
    audit.record(session, actor, "quizzes.finish_marking", attempt.id, at, score=str(attempt.score), passed=attempt.passed)
    session.flush()


def _waiting(session: Session, attempt_id: UUID) -> bool:
    statement = select(EssayAnswer.id).where(EssayAnswer.attempt_id == attempt_id, EssayAnswer.state != EssayState.DONE).limit(1)
    return session.execute(statement).first() is not None
