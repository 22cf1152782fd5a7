"""What agencies say of their drafts, who may say it, and who is still silent. For an agency that ended since the counting day those
speak in whom it lives on."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import Session

from lms.accounts.models import Person, RoleGrant
from lms.accounts.queries.roles import effective
from lms.agencies.models import AgencyClosure, AgencyVersion
from lms.agencies.queries.lineage import passages_between
from lms.agencies.queries.lookups import current
from lms.agencies.rules.lineage import forward
from lms.kit.actors import Role
from lms.reports.models import AgencyVerdict, Report, ReportAgency, Verdict
from lms.results.models import Activity

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


def consultation_of(session: Session, report_id: UUID, on: date) -> Consultation:
    """Who may speak is asked of the roles of a day."""
    verdicts = verdicts_of(session, report_id)
    spoken = {one.agency_id for one in verdicts}
    asked = {agency for _person, agency in _answering(session, report_id, on)}
    silent = [one for one in _named(session, report_id, asked) if one.id not in spoken]
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


def speakers(session: Session, report_id: UUID, on: date, person_id: UUID | None = None) -> list[tuple[UUID, UUID]]:
    """(person, agency) of everybody, or of one person, who may speak for an agency that has not spoken: heads and focal points of that very
    agency, or of those in whom it lives on."""
    spoken = set(
        session.scalars(select(AgencyVerdict.agency_id).where(AgencyVerdict.report_id == report_id, AgencyVerdict.replaced_at.is_(None)))
    )
    return [(person, agency) for person, agency in _answering(session, report_id, on, person_id) if agency not in spoken]


def silent_agencies_of(session: Session, report_id: UUID, person_id: UUID, on: date) -> list[SilentAgency]:
    """Agencies that have not spoken of their draft and that this person may speak for as their head or focal point."""
    return _named(session, report_id, {agency for _person, agency in speakers(session, report_id, on, person_id)})


def speaks_as(session: Session, person_id: UUID, agency: UUID, days: Sequence[date], today: date) -> Role | None:
    """As what a person may speak for an agency: head before focal point, where on one of the days it was below what they answer for, or one
    in whom it lives on is today."""
    held = or_(*(and_(AgencyClosure.valid_from <= day, AgencyClosure.valid_to > day) for day in days))
    meant = [agency, *heirs_of(session, [agency], min(days), today).get(agency, ())]
    below = exists().where(AgencyClosure.ancestor_id == RoleGrant.agency_id, AgencyClosure.descendant_id.in_(meant), held)
    roles = set(
        session.scalars(
            select(RoleGrant.role).where(RoleGrant.person_id == person_id, RoleGrant.role.in_(ANSWERING), effective(today), below)
        )
    )
    return next((role for role in (Role.HEAD, Role.FOCAL_POINT) if role.value in roles), None)


def heirs_of(session: Session, agencies: Collection[UUID], counted_on: date, today: date) -> Mapping[UUID, Sequence[UUID]]:
    """Of those of some agencies that ended since the counting day, in whom they live on. One statement where none did."""
    passages = passages_between(session, counted_on, today)
    if not passages:
        return {}
    there = set(session.scalars(select(AgencyVersion.agency_id).where(current(AgencyVersion, today))))
    return {agency: [one for one in forward(agency, passages) if one in there] for agency in agencies if agency not in there}


def counting_day(session: Session, report_id: UUID) -> date:
    of = select(Activity.counted_on).join(Report, Report.activity == Activity.key)
    return session.scalars(of.where(Report.id == report_id)).one()


def _answering(session: Session, report_id: UUID, on: date, person_id: UUID | None = None) -> list[tuple[UUID, UUID]]:
    """(person, agency of the report) of heads and focal points on a day."""
    counted_on = session.scalars(
        select(Activity.counted_on).join(Report, Report.activity == Activity.key).where(Report.id == report_id)
    ).one()
    told = set(session.scalars(select(ReportAgency.agency_id).where(ReportAgency.report_id == report_id)))
    ended: dict[UUID, list[UUID]] = {}
    for gone, heirs in heirs_of(session, told, counted_on, on).items():
        for heir in heirs:
            ended.setdefault(heir, []).append(gone)
    holds = [RoleGrant.role.in_(ANSWERING), RoleGrant.agency_id.is_not(None), effective(on)]
    if person_id is not None:
        holds.append(RoleGrant.person_id == person_id)
    grants = session.execute(select(RoleGrant.person_id, RoleGrant.agency_id).where(*holds).distinct())
    found = {(person, agency) for person, own in grants if own for agency in (own, *ended.get(own, ())) if agency in told}
    return sorted(found, key=lambda one: (one[1], one[0]))


def _named(session: Session, report_id: UUID, agencies: Collection[UUID]) -> list[SilentAgency]:
    """In the order of the tree."""
    if not agencies:
        return []
    rows = session.execute(
        select(ReportAgency.agency_id, ReportAgency.code, ReportAgency.figures)
        .where(ReportAgency.report_id == report_id)
        .order_by(ReportAgency.ordinal)
    )
    return [SilentAgency(agency, code, figures["name"]) for agency, code, figures in rows if agency in agencies]
