"""Agencies are asked about their draft: they confirm or object, the department answers. Whoever is silent has agreed when time is up."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.kit import audit
from lms.kit.actors import Actor, NotFound, Role
from lms.kit.errors import N_, Conflict, DomainError
from lms.kit.working_days import due_at
from lms.reports.models import AgencyVerdict, Report, ReportAgency, ReportState, Verdict
from lms.reports.operations.states import locked_report, refuse_unless

MOST_DAYS = 30
LONGEST_TEXT = 4000


def open_consultation(session: Session, actor: Actor, report_id: UUID, days: int, *, zone: ZoneInfo, at: datetime) -> datetime:
    """Show every agency its draft for so many working days. Returns until when they may speak.

    Raises NotFound, Conflict where it is no draft, DomainError for a number of days outside 1 to 30.
    """
    report = locked_report(session, report_id)
    refuse_unless(report, (ReportState.DRAFT,))
    if not 1 <= days <= MOST_DAYS:
        raise DomainError(N_("Số ngày làm việc lấy ý kiến phải từ 1 đến 30."), code="days", field="days")
    until = due_at(at, days, zone)
    report.state = ReportState.CONSULTING
    report.consultation_days, report.consultation_opened_at, report.consultation_until = days, at, until
    session.flush()
    changed = {"before": {"report_state": ReportState.DRAFT.value}, "after": {"report_state": ReportState.CONSULTING.value}}
    audit.record(session, actor, "reports.open_consultation", report_id, at, days=days, until=until.isoformat(), **changed)
    return until


def end_consultation(session: Session, actor: Actor, report_id: UUID, at: datetime) -> None:
    """Nobody need be waited for any longer, though time is not up. Raises NotFound, Conflict."""
    report = locked_report(session, report_id)
    refuse_unless(report, (ReportState.CONSULTING,))
    before = report.consultation_until
    if before is not None and before <= at:
        raise Conflict(N_("Thời hạn lấy ý kiến đã hết."), code="over")
    report.consultation_until = at
    session.flush()
    changed = {"before": {"until": before.isoformat() if before else None}, "after": {"until": at.isoformat()}}
    audit.record(session, actor, "reports.end_consultation", report_id, at, **changed)


def say_verdict(
    session: Session, actor: Actor, report_id: UUID, agency_id: UUID, *, verdict: Verdict, text: str, said_as: Role, at: datetime
) -> UUID:
    """An agency confirms its draft, or objects in words. `said_as`: head or focal point; what a head has said only a head changes.

    Raises NotFound where the report says nothing of the agency, Conflict where agencies are not asked (any longer) or the head has spoken,
    DomainError where an objection says nothing.
    """
    report = session.scalar(select(Report).where(Report.id == report_id).with_for_update(read=True))
    known = session.scalar(select(ReportAgency.agency_id).where(ReportAgency.report_id == report_id, ReportAgency.agency_id == agency_id))
    if report is None or known is None or actor.person_id is None:
        raise NotFound
    refuse_unless(report, (ReportState.CONSULTING,))
    if report.consultation_until is not None and report.consultation_until <= at:
        raise Conflict(N_("Đã hết thời hạn cho ý kiến. Cơ quan không có ý kiến được coi là đồng ý."), code="consultation_over")
    text = text.strip()
    if verdict is Verdict.OBJECT and not text:
        raise DomainError(N_("Ghi rõ số liệu nào chưa đúng, vì sao."), code="no_text", field="text")
    if len(text) > LONGEST_TEXT:
        raise DomainError(N_("Viết ngắn hơn: tối đa %(most)s ký tự."), code="too_long", field="text", most=LONGEST_TEXT)
    standing = session.scalar(
        select(AgencyVerdict)
        .where(AgencyVerdict.report_id == report_id, AgencyVerdict.agency_id == agency_id, AgencyVerdict.replaced_at.is_(None))
        .with_for_update()
    )
    if standing is not None:
        if standing.said_as == Role.HEAD and said_as is not Role.HEAD:
            raise Conflict(N_("Thủ trưởng đã cho ý kiến: chỉ thủ trưởng sửa được."), code="head_has_spoken")
        standing.replaced_at = at
        session.flush()
    row = AgencyVerdict(
        report_id=report_id,
        agency_id=agency_id,
        verdict=verdict.value,
        text=text,
        said_by=actor.person_id,
        said_as=said_as.value,
        said_at=at,
    )
    session.add(row)
    session.flush()
    changed = {"before": {"verdict": standing.verdict if standing else None}, "after": {"verdict": verdict.value}}
    audit.record(session, actor, "reports.say_verdict", agency_id, at, report=str(report_id), said_as=said_as.value, **changed)
    return row.id


def answer_objection(session: Session, actor: Actor, verdict_id: UUID, *, answer: str, paper: str, at: datetime) -> None:
    """The department answers an objection, naming the paper its answer rests on. Raises NotFound, Conflict where it was answered or no
    longer stands, DomainError."""
    row = session.scalar(select(AgencyVerdict).where(AgencyVerdict.id == verdict_id).with_for_update())
    if row is None or row.verdict != Verdict.OBJECT:
        raise NotFound
    if row.replaced_at is not None:
        raise Conflict(N_("Cơ quan đã đổi ý kiến: xem lại ý kiến mới."), code="verdict_replaced")
    if row.answered_at is not None:
        raise Conflict(N_("Ý kiến này đã được trả lời."), code="answered")
    if not answer.strip():
        raise DomainError(N_("Ghi nội dung trả lời."), code="no_answer", field="answer")
    if not paper.strip():
        raise DomainError(N_("Ghi giấy tờ làm căn cứ (số, ngày)."), code="no_paper", field="paper")
    row.answer, row.answer_paper, row.answered_by, row.answered_at = answer.strip(), paper.strip(), actor.person_id, at
    session.flush()
    changed = {"before": {"answer": None}, "after": {"answer": row.answer}}
    audit.record(
        session, actor, "reports.answer_objection", row.agency_id, at, report=str(row.report_id), paper=row.answer_paper, **changed
    )
