"""Where reports stand: the list of quarters, one report with what agencies said, who is still silent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from lms.kit.actors import NotFound
from lms.kit.jobs import Job, JobState
from lms.reports.models import Report, ReportAgency, ReportPlan, ReportState
from lms.results.models import Activity
from lms.results.rules import QUARTERLY


@dataclass(frozen=True, slots=True)
class WorkView:
    """A job of a report, for its progress page."""

    id: UUID
    kind: str
    state: str
    done: int
    total: int
    error: str | None
    payload: Mapping[str, str]

    @property
    def under_way(self) -> bool:
        return self.state in (JobState.QUEUED, JobState.RUNNING)

    @property
    def reason(self) -> str:
        """Why it stopped, for people: a refusal as it is, of a fault in the programme its last line alone."""
        said = [
            line for line in (self.error or "").splitlines() if line.strip() and not line.startswith(("(Background on", "[SQL", "[para"))
        ]
        return said[-1] if said else ""


def reports_of(session: Session, activity: str) -> list[Report]:
    """All revisions, the newest first, those being frozen as well."""
    return list(session.scalars(select(Report).where(Report.activity == activity).order_by(Report.revision.desc())))


def newest_with_building(session: Session) -> dict[str, Report]:
    """Each activity's newest revision that was not put aside."""
    rows = session.scalars(select(Report).where(Report.state != ReportState.DISCARDED).order_by(Report.revision))
    return {report.activity: report for report in rows}


def public_reports(session: Session) -> dict[str, Report]:
    return {report.activity: report for report in session.scalars(select(Report).where(Report.state == ReportState.PUBLISHED))}


def tombstone(session: Session, period: str) -> Report | None:
    """The withdrawn report of a period that has nothing public any more; None where something is, or nothing ever was."""
    rows = session.scalars(
        select(Report)
        .where(Report.period == period, Report.state.in_((ReportState.PUBLISHED, ReportState.WITHDRAWN)))
        .order_by(Report.published_at.desc())
    ).all()
    return rows[0] if rows and all(report.state == ReportState.WITHDRAWN for report in rows) else None


def tombstone_of(session: Session, code: str) -> Report | None:
    """The newest withdrawn report that speaks of an agency."""
    named = exists().where(ReportAgency.report_id == Report.id, ReportAgency.code == code)
    return session.scalars(
        select(Report).where(Report.state == ReportState.WITHDRAWN, named).order_by(Report.period.desc(), Report.revision.desc()).limit(1)
    ).first()


def written_bodies(session: Session, report_id: UUID) -> set[UUID]:
    return set(session.scalars(select(ReportAgency.agency_id).where(ReportAgency.report_id == report_id)))


def work_of(session: Session, job_id: UUID) -> WorkView:
    """Raises NotFound."""
    row = session.execute(
        select(Job.id, Job.kind, Job.state, Job.progress_done, Job.progress_total, Job.error, Job.payload).where(
            Job.id == job_id, Job.kind.startswith("reports.")
        )
    ).one_or_none()
    if row is None:
        raise NotFound
    return WorkView(*row)


def consulting_reports(session: Session) -> list[Report]:
    """Reports agencies are being asked about."""
    return list(session.scalars(select(Report).where(Report.state == ReportState.CONSULTING).order_by(Report.period)))


def unfrozen_activities(session: Session) -> list[Activity]:
    """Quarterly tests whose outcomes are locked, of which nothing was frozen since, and nothing is planned to be."""
    since = exists().where(Report.activity == Activity.key, Report.built_at >= Activity.locked_at, Report.state != ReportState.DISCARDED)
    planned = exists().where(ReportPlan.activity == Activity.key, ReportPlan.freezes_when_locked)
    return list(
        session.scalars(
            select(Activity)
            .where(Activity.key.startswith(QUARTERLY, autoescape=True), Activity.locked_at.is_not(None), ~since, ~planned)
            .order_by(Activity.key)
        )
    )


def overdue_reports(session: Session, at: datetime) -> list[Report]:
    """Reports that were to be published by now, and are not: given time enough for a worker that was away for a moment."""
    late = Report.publish_at < at - timedelta(minutes=10)
    return list(session.scalars(select(Report).where(Report.state == ReportState.APPROVED, late).order_by(Report.period)))
