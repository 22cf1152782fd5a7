"""Persons in the quarter's tests: their sittings and answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.accounts.queries.records import records_of
from lms.kit.errors import N_, Conflict
from lms.kit.following import PersonalSection
from lms.lrs.operations.forgetting import drop_notes_about
from quizzes.kinds import KINDS
from quizzes.kinds.answers import in_words
from quizzes.models import Attempt, FormSlot, ItemVersion, Response, Round
from quizzes.operations.attempts import record_best
from quizzes.rules.rounds import RoundState
from quizzes.rules.sitting import AttemptState, visible


class SittingsOfPersons:
    """Attempts and responses."""

    def disclose(self, session: Session, person_id: UUID) -> Sequence[PersonalSection]:
        """All sittings; answers only of rounds that are closed, and what they were worth only where the round lets it be seen. Keys
        are the test's, not the person's, and are never given."""
        rows = session.execute(
            select(Attempt, Round)
            .join(Round, Round.id == Attempt.round_id)
            .where(Attempt.person_id == person_id)
            .order_by(Attempt.started_at)
        ).all()
        sittings, answers = [], []
        for attempt, round_ in rows:
            # As of the beginning: a window that has merely run out is not yet a round that somebody closed.
            seen = visible(attempt.state, round_.feedback_policy, round_.state, round_.closes_at, attempt.started_at)
            score = (attempt.score, attempt.passed) if seen.score else (None, None)
            times = (attempt.started_at, attempt.deadline, attempt.submitted_at)
            sittings.append((round_.title, attempt.number, attempt.state, *times, *score, attempt.receipt))
            if round_.state in (RoundState.CLOSED, RoundState.LOCKED):
                answers += _answers(session, attempt, round_.title, with_points=seen.key)
        return [
            PersonalSection(
                N_("Lượt làm bài"),
                (
                    N_("Kỳ kiểm tra"),
                    N_("Lượt"),
                    N_("Tình trạng"),
                    N_("Bắt đầu"),
                    N_("Hạn nộp"),
                    N_("Nộp lúc"),
                    N_("Điểm"),
                    N_("Đạt"),
                    N_("Mã biên nhận"),
                ),
                sittings,
            ),
            PersonalSection(
                N_("Câu trả lời của các kỳ đã đóng"),
                (N_("Kỳ kiểm tra"), N_("Lượt"), N_("Câu hỏi"), N_("Trả lời"), N_("Đánh dấu xem lại"), N_("Lưu lúc"), N_("Điểm của câu")),
                answers,
            ),
        ]

    def merge(self, session: Session, kept: UUID, absorbed: UUID, at: datetime) -> Mapping[str, int]:
        """Attempts of both, those of the absorbed record numbered after the others. Where both sat in a round, the ledger is told
        anew which attempt counts among all of them. Raises Conflict while either sits."""
        _refuse_open(session, (kept, absorbed))
        highest = select(Attempt.round_id, func.max(Attempt.number)).where(Attempt.person_id == kept).group_by(Attempt.round_id)
        last: dict[UUID, int] = {round_id: number for round_id, number in session.execute(highest)}  # noqa: C416 - rows are no pairs to dict
        theirs = session.scalars(select(Attempt).where(Attempt.person_id == absorbed).order_by(Attempt.started_at, Attempt.number)).all()
        numbers = dict(last)
        for attempt in theirs:
            if attempt.round_id in last:
                numbers[attempt.round_id] += 1
                attempt.number = numbers[attempt.round_id]
            attempt.person_id = kept
        session.flush()
        for round_id in {attempt.round_id for attempt in theirs} & last.keys():
            record_best(session, round_id, kept, at)
        return {"attempts": len(theirs)}

    def forget(self, session: Session, person_id: UUID, pseudonym: str, at: datetime) -> None:
        """Sittings hold ids, answers and figures; they are kept without a name. Raises Conflict while the person sits."""
        records = records_of(session, person_id)
        _refuse_open(session, records)
        attempts = session.scalars(select(Attempt.id).where(Attempt.person_id.in_(records)))
        drop_notes_about(session, [str(attempt) for attempt in attempts])


def _refuse_open(session: Session, people: Sequence[UUID]) -> None:
    is_sitting = select(Attempt.id).where(Attempt.person_id.in_(people), Attempt.state == AttemptState.OPEN).limit(1)
    if session.scalar(is_sitting) is not None:
        raise Conflict(N_("Người này đang làm bài kiểm tra. Chờ bài kết thúc rồi thực hiện lại."), code="attempt_open")


def _answers(session: Session, attempt: Attempt, title: str, *, with_points: bool) -> list[tuple[Any, ...]]:
    rows = session.execute(
        select(ItemVersion.kind, ItemVersion.stem, ItemVersion.body, Response.answer, Response.flagged, Response.saved_at, Response.points)
        .join(FormSlot, (FormSlot.form_id == attempt.form_id) & (FormSlot.slot == Response.slot))
        .join(ItemVersion, ItemVersion.id == FormSlot.item_version_id)
        .where(Response.attempt_id == attempt.id)
        .order_by(Response.slot)
    )
    given = []
    for row in rows:
        answer = in_words(KINDS[row.kind].parts(row.body), row.answer)
        given.append((title, attempt.number, row.stem, answer, row.flagged, row.saved_at, row.points if with_points else None))
    return given


follower = SittingsOfPersons()
