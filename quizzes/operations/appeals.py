"""Phúc khảo: filed by the person, answered by the department; points by hand take two people."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from fractions import Fraction
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lms.kit import audit
from lms.kit.actors import Actor, NotFound
from lms.kit.errors import N_, Conflict, DomainError
from lms.kit.ids import uuid7
from lms.kit.working_days import due_at
from quizzes.models import Appeal, Attempt, Ruling
from quizzes.operations.marks import supersede_mark
from quizzes.queries.appeals import appeal_window, slots_of_form, version_at
from quizzes.rules.appeals import (
    ANSWER_WORKING_DAYS,
    WHOLE,
    AppealState,
    check_points,
    may_appeal,
    refuse_to_file,
    text_of,
)
from quizzes.rules.marking import Cause, CauseKind, points_from_store, points_in_store
from quizzes.rules.rounds import RoundState
from quizzes.rules.rulings import RulingState


def file_appeal(session: Session, actor: Actor, attempt_id: UUID, slot: int, text: str, *, zone: ZoneInfo, at: datetime) -> UUID:
    """Ask that one's own paper, or one question of it, be looked at again. Raises NotFound, DomainError at the field, Conflict: not now,
    or it was asked before."""
    window = appeal_window(session, attempt_id, actor.person_id)
    if window.round_state == RoundState.LOCKED or not may_appeal(window.appeals_from, window.appeals_until, window.attempt_state, at):
        refuse_to_file(window.appeals_from, window.appeals_until, window.round_state, at)
    if slot != WHOLE and slot not in slots_of_form(session, window.form_id):
        raise DomainError(N_("Bài không có câu này."), code="unknown_slot", field="slot")
    said = text_of(text, "text")
    appeal = Appeal(
        id=uuid7(),
        attempt_id=attempt_id,
        slot=slot,
        text=said,
        state=AppealState.OPEN,
        filed_at=at,
        due_at=due_at(at, ANSWER_WORKING_DAYS, zone),
    )
    try:
        with session.begin_nested():
            session.add(appeal)
            session.flush()
    except IntegrityError as error:
        raise Conflict(N_("Đã có đơn phúc khảo cho phần này. Xem tình trạng ở dưới."), code="filed_already") from error
    audit.record(session, actor, "quizzes.file_appeal", appeal.id, at, attempt=str(attempt_id), slot=slot)
    return appeal.id


def withdraw_appeal(session: Session, actor: Actor, attempt_id: UUID, appeal_id: UUID, at: datetime) -> None:
    """One's own, while nobody has begun to settle it. Raises NotFound, Conflict."""
    appeal = _held(session, appeal_id)
    owner = session.scalar(select(Attempt.person_id).where(Attempt.id == appeal.attempt_id))
    if owner != actor.person_id or appeal.attempt_id != attempt_id:
        raise NotFound
    _move(session, appeal, (AppealState.OPEN,), AppealState.WITHDRAWN)
    audit.record(session, actor, "quizzes.withdraw_appeal", appeal_id, at)


def reject_appeal(session: Session, actor: Actor, appeal_id: UUID, answer: str, at: datetime) -> None:
    """The mark stays; the person reads why. Raises NotFound, DomainError, Conflict."""
    appeal = _to_settle(session, actor, appeal_id)
    appeal.answer = text_of(answer, "answer")
    appeal.decided_by, appeal.decided_at = actor.person_id, at
    _move(session, appeal, (AppealState.OPEN,), AppealState.REJECTED)
    audit.record(session, actor, "quizzes.reject_appeal", appeal_id, at, answer=appeal.answer)


def propose_points(session: Session, actor: Actor, appeal_id: UUID, points: Mapping[int, Fraction], answer: str, at: datetime) -> None:  # noqa: PLR0917
    """One person would give other points (0–1 by slot); another must agree. Raises NotFound, DomainError, Conflict."""
    appeal = _to_settle(session, actor, appeal_id)
    form = session.scalars(select(Attempt.form_id).where(Attempt.id == appeal.attempt_id)).one()
    allowed = {appeal.slot} if appeal.slot != WHOLE else set(slots_of_form(session, form))
    check_points(points, allowed)
    appeal.points = points_in_store(points)
    appeal.answer = text_of(answer, "answer")
    appeal.proposed_by, appeal.proposed_at = actor.person_id, at
    _move(session, appeal, (AppealState.OPEN,), AppealState.PROPOSED)
    audit.record(session, actor, "quizzes.propose_points", appeal_id, at, points=appeal.points, answer=appeal.answer)


def confirm_points(session: Session, actor: Actor, appeal_id: UUID, at: datetime) -> UUID | None:
    """Another agrees: the paper is marked again with these points. Raises NotFound, Conflict: the same person, settled already, locked."""
    appeal = _to_settle(session, actor, appeal_id)
    if appeal.state == AppealState.PROPOSED and appeal.proposed_by == actor.person_id:
        raise Conflict(N_("Người đề nghị điểm không tự duyệt. Nhờ người khác có quyền duyệt."), code="same_person")
    _move(session, appeal, (AppealState.PROPOSED,), AppealState.GRANTED, decided_by=actor.person_id, decided_at=at)
    cause = Cause(CauseKind.APPEAL, appeal.id, appeal.answer or "")
    made = supersede_mark(session, actor, appeal.attempt_id, cause, at, points_by_slot=points_from_store(appeal.points or {}))
    audit.record(session, actor, "quizzes.grant_appeal", appeal_id, at, points=appeal.points)
    return made


def return_points(session: Session, actor: Actor, appeal_id: UUID, at: datetime) -> None:
    """Another does not agree, or the one who proposed thinks again: it waits anew. Raises NotFound, Conflict."""
    appeal = _to_settle(session, actor, appeal_id)
    if appeal.state == AppealState.PROPOSED:
        proposed = {"points": appeal.points, "answer": appeal.answer}
        appeal.points = appeal.answer = appeal.proposed_by = appeal.proposed_at = None
        audit.record(session, actor, "quizzes.return_appeal", appeal_id, at, **proposed)
    _move(session, appeal, (AppealState.PROPOSED,), AppealState.OPEN)


def settle_by_ruling(session: Session, actor: Actor, appeal_id: UUID, ruling_id: UUID, at: datetime) -> None:
    """The item itself is ruled on: the appeal ends with that ruling, at once where its papers are marked again already.

    Raises NotFound (also for a ruling on another item), Conflict."""
    appeal = _to_settle(session, actor, appeal_id)
    ruling = session.get(Ruling, ruling_id)
    if ruling is None or appeal.slot == WHOLE or ruling.item_version_id != version_at(session, appeal.attempt_id, appeal.slot):
        raise NotFound
    if ruling.state not in (RulingState.PROPOSED, RulingState.APPROVED):
        raise Conflict(N_("Quyết định này không có hiệu lực."), code="not_in_force")
    appeal.ruling_id = ruling.id
    _move(session, appeal, (AppealState.OPEN,), AppealState.RULED)
    audit.record(session, actor, "quizzes.hand_to_ruling", appeal_id, at, ruling=str(ruling_id))
    if ruling.carried_out_at is not None:
        settle_appeals_of_ruling(session, actor, ruling, at)


def settle_appeals_of_ruling(session: Session, actor: Actor, ruling: Ruling, at: datetime) -> int:
    """A ruling is carried out: the appeals that waited for it are granted, with its reason as their answer. Returns how many."""
    waiting = session.scalars(select(Appeal).where(Appeal.ruling_id == ruling.id, Appeal.state == AppealState.RULED)).all()
    for appeal in waiting:
        appeal.answer = ruling.reason
        _move(session, appeal, (AppealState.RULED,), AppealState.GRANTED, decided_by=ruling.decided_by, decided_at=at)
        audit.record(session, actor, "quizzes.grant_appeal", appeal.id, at, ruling=str(ruling.id))
    return len(waiting)


def _held(session: Session, appeal_id: UUID) -> Appeal:
    """Hold an appeal until the commit: of two who settle it at once the second hears that it is settled."""
    appeal = session.scalars(
        select(Appeal).where(Appeal.id == appeal_id).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if appeal is None:
        raise NotFound
    return appeal


def _to_settle(session: Session, actor: Actor, appeal_id: UUID) -> Appeal:
    appeal = _held(session, appeal_id)
    if session.scalar(select(Attempt.person_id).where(Attempt.id == appeal.attempt_id)) == actor.person_id:
        raise Conflict(N_("Không tự giải quyết đơn của chính mình."), code="own_appeal")
    return appeal


def _move(session: Session, appeal: Appeal, before: tuple[AppealState, ...], after: AppealState, **values: object) -> None:
    if appeal.state not in before:
        raise Conflict(N_("Đơn này đã có người giải quyết. Tải lại trang để xem."), code="settled")
    appeal.state = after
    for name, value in values.items():
        setattr(appeal, name, value)
    session.flush()
