"""From a frozen draft to what everybody reads: approved, published at one instant (now or at a set moment), superseded, withdrawn."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.kit import audit, jobs
from lms.kit.actors import SERVICE, Actor, NotFound
from lms.kit.clock import local_date
from lms.kit.errors import N_, Conflict, DomainError
from lms.reports.documents import Variant
from lms.reports.models import AgencyVerdict, Report, ReportEvent, ReportHappening, ReportPlan, ReportState, Verdict
from lms.reports.operations.rendering import ask_rendering
from lms.reports.operations.states import locked_report, refuse_unless
from lms.reports.queries.deciders import deciders
from lms.reports.rules.approving import Approval, SecondPerson, approval

PUBLISHING = "reports.publish"
UTC_ZONE = ZoneInfo("UTC")
READY = (ReportState.DRAFT, ReportState.CONSULTING)


def approve_report(
    session: Session, actor: Actor, report_id: UUID, at: datetime, *, rule: SecondPerson = SecondPerson.AUTO, zone: ZoneInfo = UTC_ZONE
) -> None:
    """The department stands by the figures. Agencies that were asked and said nothing have agreed by then. Where its publication is planned
    for a moment to come, it is set for that moment.

    Raises NotFound, Conflict where it is no draft, agencies may still speak, an objection waits for its answer, or a second person has to
    approve it.
    """
    report = _approve(session, actor, report_id, at, rule=rule, zone=zone)
    planned = session.scalar(select(ReportPlan.publish_at).where(ReportPlan.activity == report.activity))
    if planned is not None and planned > at:
        schedule_publication(session, actor, report_id, planned, at)


def _approve(session: Session, actor: Actor, report_id: UUID, at: datetime, *, rule: SecondPerson, zone: ZoneInfo) -> Report:
    report = locked_report(session, report_id)
    refuse_unless(report, READY)
    if report.state == ReportState.CONSULTING and report.consultation_until is not None and at < report.consultation_until:
        silent = N_("Còn đang lấy ý kiến các cơ quan đến hết thời hạn. Duyệt sau đó, hoặc kết thúc lấy ý kiến trước.")
        raise Conflict(silent, code="consulting")
    if waiting := _unanswered(session, report_id):
        raise Conflict(N_("Còn %(count)s ý kiến đề nghị sửa chưa được trả lời. Trả lời rồi mới duyệt."), code="unanswered", count=waiting)
    given = approval(rule, report.built_by, actor.person_id, len(deciders(session, local_date(at, zone))))
    if given is Approval.REFUSED:
        raise Conflict(N_("Người chốt số liệu không tự duyệt. Người khác có quyền chốt và công bố kết quả duyệt."), code="second_person")
    before = report.state
    report.state = ReportState.APPROVED
    report.approved_by, report.approved_at = actor.person_id, at
    session.flush()
    changed = {"before": {"report_state": str(before)}, "after": {"report_state": report.state.value}}
    audit.record(session, actor, "reports.approve_report", report_id, at, sha256=report.sha256, second_person=given.value, **changed)
    ask_rendering(session, actor, report_id, Variant.FINAL, at)
    return report


def take_back_approval(session: Session, actor: Actor, report_id: UUID, at: datetime) -> None:
    """The figures are to be looked at once more: nothing is published by itself. Raises NotFound, Conflict."""
    report = locked_report(session, report_id)
    refuse_unless(report, (ReportState.APPROVED,))
    report.state = ReportState.DRAFT if report.consultation_opened_at is None else ReportState.CONSULTING
    report.approved_by = report.approved_at = report.publish_at = report.job_id = None
    session.flush()
    changed = {"before": {"report_state": ReportState.APPROVED.value}, "after": {"report_state": str(report.state)}}
    audit.record(session, actor, "reports.take_back_approval", report_id, at, **changed)


def schedule_publication(session: Session, actor: Actor, report_id: UUID, publish_at: datetime, at: datetime) -> UUID:
    """Have the worker publish an approved report at a set moment. Returns the job's id; asked again, the later word counts.

    Raises NotFound, Conflict where it is not approved, DomainError for a moment that is over.
    """
    report = locked_report(session, report_id)
    refuse_unless(report, (ReportState.APPROVED,))
    if publish_at <= at:
        raise DomainError(N_("Thời điểm công bố phải ở phía sau."), code="past", field="publish_at")
    payload = {"report": str(report_id), "publish_at": publish_at.isoformat()}
    job = jobs.enqueue(session, PUBLISHING, payload, at=at, created_by=actor.person_id, run_after=publish_at)
    session.flush()
    before = report.publish_at
    report.publish_at, report.job_id = publish_at, job.id
    session.flush()
    changed = {
        "before": {"publish_at": before.isoformat() if before else None},
        "after": {"publish_at": publish_at.isoformat()},
    }
    audit.record(session, actor, "reports.schedule_publication", report_id, at, **changed)
    return job.id


def cancel_publication(session: Session, actor: Actor, report_id: UUID, at: datetime) -> None:
    """Nothing is published by itself any more; the approval stands. Raises NotFound, Conflict where no moment is set."""
    report = locked_report(session, report_id)
    refuse_unless(report, (ReportState.APPROVED,))
    before = report.publish_at
    if before is None:
        raise Conflict(N_("Chưa hẹn thời điểm công bố nào."), code="not_scheduled")
    report.publish_at = report.job_id = None
    session.flush()
    changed = {"before": {"publish_at": before.isoformat()}, "after": {"publish_at": None}}
    audit.record(session, actor, "reports.cancel_publication", report_id, at, **changed)


def publish_report(session: Session, actor: Actor, period: str, at: datetime, *, rule: SecondPerson = SecondPerson.AUTO) -> UUID:
    """Make the newest revision of a period the public one, approving it in the same moment where nobody has; the one before is superseded.

    Raises Conflict where there is nothing to publish, it is public already, or it may not be approved yet.
    """
    report = session.scalars(
        select(Report)
        .where(Report.period == period, Report.state.not_in((ReportState.BUILDING, ReportState.DISCARDED)))
        .order_by(Report.revision.desc())
        .limit(1)
    ).one_or_none()
    if report is None:
        raise Conflict(N_("Chưa chốt số liệu của kỳ này: hãy lập báo cáo trước khi công bố."), code="no_report")
    if report.state in READY:
        _approve(session, actor, report.id, at, rule=rule, zone=UTC_ZONE)
    publish_now(session, actor, report.id, at)
    return report.id


def publish_now(session: Session, actor: Actor, report_id: UUID, at: datetime) -> None:
    """Make an approved revision the public one; what was public is superseded in the same moment, and both are noted for those who tell it
    on. Raises NotFound, Conflict."""
    report = locked_report(session, report_id)
    if report.state == ReportState.PUBLISHED:
        raise Conflict(N_("Báo cáo của kỳ này đã được công bố."), code="already_published")
    refuse_unless(report, (ReportState.APPROVED,))
    _refuse_behind(session, report)
    moment = _in_order(session, at)
    public = session.scalar(
        select(Report).where(Report.activity == report.activity, Report.state == ReportState.PUBLISHED).with_for_update()
    )
    if public is not None:
        if public.revision > report.revision:
            raise Conflict(N_("Bản mới hơn đã được công bố."), code="newer_published")
        public.state, public.superseded_at, public.superseded_by = ReportState.SUPERSEDED, moment, report.id
        session.flush()
        _note(session, public, ReportHappening.SUPERSEDED, moment, by=str(report.id), by_revision=report.revision)
    report.state, report.published_at, report.published_by, report.publish_at = ReportState.PUBLISHED, moment, actor.person_id, None
    session.flush()
    _note(session, report, ReportHappening.PUBLISHED, moment)
    # What the public reads, by the number of its revision.
    changed = {"before": {"revision": public.revision if public else None}, "after": {"revision": report.revision}}
    audit.record(session, actor, "reports.publish_report", report.id, at, period=report.period, sha256=report.sha256, **changed)


def publish_scheduled(session: Session, report_id: UUID, publish_at: datetime, at: datetime) -> bool:
    """The worker's part: publish if it is still approved for that moment. False where somebody decided otherwise, or it is done."""
    report = locked_report(session, report_id)
    if report.state != ReportState.APPROVED or report.publish_at != publish_at:
        return False
    publish_now(session, SERVICE, report_id, at)
    return True


def withdraw_report(session: Session, actor: Actor, report_id: UUID, reason: str, at: datetime) -> None:
    """Take back what is public, for a reason everybody reads in its place. Raises NotFound, Conflict, DomainError."""
    report = locked_report(session, report_id)
    if not reason.strip():
        raise DomainError(N_("Ghi lý do gỡ công bố: lý do hiện trên trang công khai."), code="no_reason", field="reason")
    refuse_unless(report, (ReportState.PUBLISHED,))
    moment = max(at, report.published_at or at)
    report.state, report.withdrawn_at, report.withdrawn_by = ReportState.WITHDRAWN, moment, actor.person_id
    report.withdrawn_because = reason.strip()
    session.flush()
    _note(session, report, ReportHappening.WITHDRAWN, moment, because=report.withdrawn_because)
    changed = {"before": {"report_state": ReportState.PUBLISHED.value}, "after": {"report_state": ReportState.WITHDRAWN.value}}
    audit.record(session, actor, "reports.withdraw_report", report_id, at, reason=report.withdrawn_because, **changed)


def newest_public(session: Session, period: str) -> UUID:
    """Raises NotFound where nothing of a period is public."""
    found = session.scalar(select(Report.id).where(Report.period == period, Report.state == ReportState.PUBLISHED))
    if found is None:
        raise NotFound
    return found


def _refuse_behind(session: Session, report: Report) -> None:
    """What may not be seen of it was decided beside what was public then: more may be derived since. Raises Conflict."""
    since = select(Report.id).where(Report.id != report.id, Report.published_at > report.built_at)
    if session.scalar(select(since.exists())):
        text = N_("Sau khi chốt số liệu này, báo cáo khác đã được công bố. Chốt lại để xét lại những số liệu không được nêu công khai.")
        raise Conflict(text, code="behind")


def _in_order(session: Session, at: datetime) -> datetime:
    """The moment of a publication, after whatever was frozen or published before it, also where the clock was set back since: what may
    not be seen of a report is decided by what came before what."""
    frozen, published = session.execute(select(func.max(Report.built_at), func.max(Report.published_at))).one()
    latest = max(one for one in (frozen, published, at) if one is not None)
    return at if latest == at else latest + timedelta(microseconds=1)


def _note(session: Session, report: Report, kind: ReportHappening, at: datetime, **details: Any) -> None:
    about = {"activity": report.activity, "period": report.period, "revision": report.revision, "sha256": report.sha256}
    session.add(ReportEvent(report_id=report.id, kind=kind.value, at=at, details={**about, **details}))
    session.flush()


def _unanswered(session: Session, report_id: UUID) -> int:
    waiting = select(func.count()).where(
        AgencyVerdict.report_id == report_id,
        AgencyVerdict.replaced_at.is_(None),
        AgencyVerdict.verdict == Verdict.OBJECT,
        AgencyVerdict.answered_at.is_(None),
    )
    return session.scalar(waiting) or 0
