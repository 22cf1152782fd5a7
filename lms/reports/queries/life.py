"""Where reports stand: the list of quarters, one report with what agencies said, who is still silent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Exists, and_, exists, or_, select
from sqlalchemy.orm import Session

from lms.accounts.models import Person, RoleGrant
from lms.accounts.queries.roles import effective
from lms.agencies.models import AgencyClosure
from lms.kit.actors import NotFound, Role
from lms.kit.jobs import Job, JobState
from lms.reports.models import AgencyVerdict, Report, ReportAgency, ReportPlan, ReportState, Verdict
from lms.results.models import Activity
from lms.results.rules import QUARTERLY

ANSWERING = (Role.HEAD.value, Role.FOCAL_POINT.value)


@dataclass(frozen=True, slots=True)
class SaidVerdict:
    """What an agency says of its draft, and what it was answered."""

    id: UUID
    agency_id: UUID
    code: str
    name: str
    verdict: str
    text: str
    said_by: str
    said_as: str
    said_at: datetime
    answer: str | None
    answer_paper: str | None
    answered_at: datetime | None

    @property
    def waits(self) -> bool:
        return self.verdict == Verdict.OBJECT and self.answered_at is None


@dataclass(frozen=True, slots=True)
class SilentAgency:
    """An agency that has somebody who could speak for it, and has not."""

    id: UUID
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Consultation:
    """How far the agencies have spoken. `asked`: agencies that have a head or a focal point of their own; those below them that have
    none are spoken for."""

    asked: int
    verdicts: Sequence[SaidVerdict]
    silent: Sequence[SilentAgency]

    @property
    def confirmed(self) -> int:
        return sum(1 for one in self.verdicts if one.verdict == Verdict.CONFIRM)

    @property
    def objections(self) -> Sequence[SaidVerdict]:
        return [one for one in self.verdicts if one.verdict == Verdict.OBJECT]

    @property
    def unanswered(self) -> int:
        return sum(1 for one in self.verdicts if one.waits)


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


def consultation_of(session: Session, report_id: UUID, on: date) -> Consultation:
    """Two statements. Who may speak is asked of the roles of a day."""
    verdicts = verdicts_of(session, report_id)
    speaking = exists().where(RoleGrant.agency_id == ReportAgency.agency_id, RoleGrant.role.in_(ANSWERING), effective(on))
    rows = session.execute(
        select(ReportAgency.agency_id, ReportAgency.code, ReportAgency.figures)
        .where(ReportAgency.report_id == report_id, speaking)
        .order_by(ReportAgency.ordinal)
    ).all()
    spoken = {one.agency_id for one in verdicts}
    silent = [SilentAgency(agency, code, figures["name"]) for agency, code, figures in rows if agency not in spoken]
    return Consultation(len(silent) + len(spoken), verdicts, silent)


def verdicts_of(session: Session, report_id: UUID, agency: UUID | None = None) -> list[SaidVerdict]:
    """What stands, in the order of the tree; of one agency or of all."""
    statement = (
        select(
            AgencyVerdict.id,
            AgencyVerdict.agency_id,
            ReportAgency.code,
            ReportAgency.figures,
            AgencyVerdict.verdict,
            AgencyVerdict.text,
            Person.full_name,
            AgencyVerdict.said_as,
            AgencyVerdict.said_at,
            AgencyVerdict.answer,
            AgencyVerdict.answer_paper,
            AgencyVerdict.answered_at,
        )
        .join(ReportAgency, and_(ReportAgency.report_id == AgencyVerdict.report_id, ReportAgency.agency_id == AgencyVerdict.agency_id))
        .join(Person, Person.id == AgencyVerdict.said_by)
        .where(AgencyVerdict.report_id == report_id, AgencyVerdict.replaced_at.is_(None))
        .order_by(ReportAgency.ordinal)
    )
    if agency is not None:
        statement = statement.where(AgencyVerdict.agency_id == agency)
    return [SaidVerdict(row[0], row[1], row[2], row[3]["name"], *row[4:]) for row in session.execute(statement)]


def speakers(session: Session, report_id: UUID, on: date) -> list[tuple[UUID, UUID]]:
    """(person, agency) of everybody who may speak for an agency that has not spoken, heads and focal points of that very agency."""
    rows = session.execute(
        select(RoleGrant.person_id, RoleGrant.agency_id)
        .join(ReportAgency, and_(ReportAgency.agency_id == RoleGrant.agency_id, ReportAgency.report_id == report_id))
        .where(RoleGrant.role.in_(ANSWERING), effective(on), ~_has_spoken(report_id, RoleGrant.agency_id))
        .distinct()
        .order_by(RoleGrant.agency_id, RoleGrant.person_id)
    )
    return [(person, agency) for person, agency in rows if agency is not None]


def silent_agencies_of(session: Session, report_id: UUID, person_id: UUID, on: date) -> list[SilentAgency]:
    """Agencies that have not spoken of their draft and that this person, as head or focal point of that very agency, may speak for."""
    rows = session.execute(
        select(ReportAgency.agency_id, ReportAgency.code, ReportAgency.figures)
        .where(ReportAgency.report_id == report_id, ~_has_spoken(report_id, ReportAgency.agency_id))
        .where(
            exists().where(
                RoleGrant.agency_id == ReportAgency.agency_id,
                RoleGrant.person_id == person_id,
                RoleGrant.role.in_(ANSWERING),
                effective(on),
            )
        )
        .order_by(ReportAgency.ordinal)
    )
    return [SilentAgency(agency, code, figures["name"]) for agency, code, figures in rows]


def speaks_as(session: Session, person_id: UUID, agency: UUID, days: Sequence[date], today: date) -> Role | None:
    """As what a person may speak for an agency: head before focal point, where on one of the days it was below what they answer for."""
    held = or_(*(and_(AgencyClosure.valid_from <= day, AgencyClosure.valid_to > day) for day in days))
    below = exists().where(AgencyClosure.ancestor_id == RoleGrant.agency_id, AgencyClosure.descendant_id == agency, held)
    roles = set(
        session.scalars(
            select(RoleGrant.role).where(RoleGrant.person_id == person_id, RoleGrant.role.in_(ANSWERING), effective(today), below)
        )
    )
    return next((role for role in (Role.HEAD, Role.FOCAL_POINT) if role.value in roles), None)


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


def _has_spoken(report_id: UUID, agency: Any) -> Exists:
    return exists().where(AgencyVerdict.report_id == report_id, AgencyVerdict.agency_id == agency, AgencyVerdict.replaced_at.is_(None))
