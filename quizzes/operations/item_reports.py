"""“Báo lỗi câu này”: kept, thanked for, and answered for everybody who reported the same item."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lms.kit import audit
from lms.kit.actors import Actor, NotFound
from lms.kit.errors import N_, Conflict, DomainError
from lms.kit.ids import uuid7
from quizzes.models import ItemReport
from quizzes.queries.item_reports import reportable
from quizzes.rules.appeals import ReportKind, text_of


def report_item(session: Session, actor: Actor, attempt_id: UUID, slot: int, *, kind: str, text: str, at: datetime) -> None:
    """Keep what is wrong with a question of one's own paper; sending again replaces the text while nobody has answered.

    Raises NotFound, DomainError at the field.
    """
    question = reportable(session, attempt_id, actor.person_id, slot)
    if kind not in tuple(ReportKind):
        raise DomainError(N_("Chưa chọn loại lỗi."), code="missing", field="kind")
    said = text_of(text, "text", needed=False)
    if kind == ReportKind.OTHER and not said:
        raise DomainError(N_("Chọn “Lỗi khác” thì viết vài chữ mô tả."), code="missing", field="text")
    if not _replace(session, attempt_id, slot, kind, said, at):
        report = ItemReport(
            id=uuid7(),
            attempt_id=attempt_id,
            slot=slot,
            item_version_id=question.version_id,
            kind=kind,
            text=said,
            state="open",
            filed_at=at,
        )
        try:
            with session.begin_nested():
                session.add(report)
                session.flush()
        except IntegrityError:  # sent twice at once, or answered already: the first stands
            return
    audit.record(session, actor, "quizzes.report_item", question.version_id, at, attempt=str(attempt_id), slot=slot, kind=kind)


def answer_reports(session: Session, actor: Actor, version_id: UUID, answer: str, at: datetime) -> int:
    """Answer everybody who waits about an item version. Returns how many. Raises NotFound, DomainError, Conflict: answered meanwhile."""
    said = text_of(answer, "answer")
    if session.scalar(select(ItemReport.id).where(ItemReport.item_version_id == version_id).limit(1)) is None:
        raise NotFound
    answered = session.execute(
        update(ItemReport)
        .where(ItemReport.item_version_id == version_id, ItemReport.state == "open")
        .values(state="answered", answer=said, answered_by=actor.person_id, answered_at=at)
        .returning(ItemReport.id)
    ).all()
    if not answered:
        raise Conflict(N_("Các báo lỗi của câu này đã được trả lời."), code="answered")
    audit.record(session, actor, "quizzes.answer_reports", version_id, at, reports=len(answered), answer=said)
    return len(answered)


def _replace(session: Session, attempt_id: UUID, slot: int, kind: str, text: str, at: datetime) -> bool:  # noqa: PLR0917
    replaced = session.execute(
        update(ItemReport)
        .where(ItemReport.attempt_id == attempt_id, ItemReport.slot == slot, ItemReport.state == "open")
        .values(kind=kind, text=text, filed_at=at)
        .returning(ItemReport.id)
    ).all()
    return bool(replaced)
