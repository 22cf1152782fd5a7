"""What happened to a report becomes the work of telling it on."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.kit import audit, jobs
from lms.kit.actors import Actor
from lms.kit.errors import N_, Conflict
from lms.reports.models import Report, ReportEvent, ReportHappening, ReportState
from lms.reports.operations.states import locked_report, refuse_unless
from lms.reports.queries.deliveries import SPREADING, spreading_of


def ask_spreading(session: Session, at: datetime) -> list[UUID]:
    """A job for each event that has none, in their order; noted with it in one transaction, so that there is one. The jobs' ids."""
    events = session.scalars(
        select(ReportEvent).where(ReportEvent.spread_at.is_(None)).order_by(ReportEvent.id).with_for_update(skip_locked=True)
    ).all()
    found = []
    for event in events:
        event.spread_at = at
        payload = {"event": event.id, "report": str(event.report_id)}
        found.append(jobs.enqueue(session, SPREADING, payload, at=at).id)
    session.flush()
    return found


def ask_letters(session: Session, actor: Actor, report_id: UUID, at: datetime) -> UUID:
    """Have letters written to contacts of a public report that have none: no mail server was set when it was published, or they are new.
    Returns the job's id.

    Raises NotFound, Conflict where it is not public.
    """
    report = locked_report(session, report_id)
    refuse_unless(report, (ReportState.PUBLISHED,))
    published = ReportEvent.report_id == report_id, ReportEvent.kind == ReportHappening.PUBLISHED
    event = session.scalars(select(ReportEvent.id).where(*published)).one()
    payload = {"event": event, "report": str(report_id), "letters": True}
    job = jobs.enqueue(session, SPREADING, payload, at=at, created_by=actor.person_id)
    session.flush()
    audit.record(session, actor, "reports.ask_letters", report_id, at)
    return job.id


def tell_again(session: Session, actor: Actor, period: str, at: datetime) -> int:
    """Have what the job of an event of a period's reports left undone be done, where it failed: what is there already is not written
    twice. Returns how many events that are.

    Raises Conflict where nothing failed.
    """
    reports = session.scalars(select(Report).where(Report.period == period).order_by(Report.revision).with_for_update()).all()
    undone = [(report, one.id) for report in reports for one in spreading_of(session, report.id) if one.state == jobs.JobState.FAILED]
    if not undone:
        raise Conflict(N_("Việc báo tin không bị dừng."), code="nothing_failed")
    for report, event in undone:
        jobs.enqueue(session, SPREADING, {"event": event, "report": str(report.id)}, at=at, created_by=actor.person_id)
        audit.record(session, actor, "reports.tell_again", report.id, at, event=event)
    session.flush()
    return len(undone)
