"""Targets and how far they are, list by list."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, Subquery, and_, case, false, func, select, tuple_, union_all
from sqlalchemy.orm import Session

from lms.accounts.models import Person, Posting
from lms.agencies.models import AgencyVersion
from lms.agencies.queries import in_subtree, within
from lms.agencies.queries.lookups import current
from lms.kit.actors import NotFound, Scope
from lms.kit.clock import local_date, local_midnight
from lms.reports.models import Target
from lms.reports.rules.targets import Aim, Count, Forecast, Indicator, Population, Span, forecast, span_on, steps
from lms.results.models import Outcome
from lms.results.rules import QUARTERLY

Trainings = Sequence[Callable[[], Select[tuple[UUID, datetime]]]]


@dataclass(frozen=True, slots=True)
class Measure:
    """A target at a moment: what is counted, over which days, up to when."""

    target: Target
    aim: Aim
    population: Population
    span: Span
    on: date  # whose staff is counted
    until: datetime

    @property
    def is_over(self) -> bool:
        return self.on >= self.span.last


@dataclass(frozen=True, slots=True)
class TargetPerson:
    person_id: UUID
    staff_code: str
    full_name: str
    agency_name: str
    job_title: str | None
    reached_at: datetime | None
    sort_key: str


def targets(session: Session) -> list[Target]:
    """The standing ones, the next deadline first."""
    return list(session.scalars(select(Target).where(Target.superseded_at.is_(None)).order_by(Target.deadline, Target.code)))


def target_of(session: Session, target_id: UUID) -> Target:
    """Any version. Raises NotFound."""
    found = session.get(Target, target_id)
    if found is None:
        raise NotFound
    return found


def versions_of(session: Session, code: str) -> list[Target]:
    """All versions of a target, the newest first."""
    return list(session.scalars(select(Target).where(Target.code == code).order_by(Target.version.desc())))


def measure(target: Target, at: datetime, zone: ZoneInfo) -> Measure:
    """What is counted of a target at a moment: staff of today, or of the last day once that is over."""
    today = local_date(at, zone)
    span = span_on(today, counted_from=target.counted_from, deadline=target.deadline, is_yearly=target.is_yearly)
    until = min(at, local_midnight(span.last + timedelta(days=1), zone))
    return Measure(target, Aim(target.wanted, target.is_above), Population.of(target.population), span, span.counted_on(today), until)


def counts(session: Session, measured: Measure, scope: Scope, trainings: Trainings, zone: ZoneInfo) -> dict[UUID, Count]:
    """By the agency people are counted in, within a scope; one statement."""
    reached = _reached(measured, trainings, zone)
    rows = session.execute(
        _staff(measured, reached, select(Posting.agency_id, func.sum(case((_is_reached(measured, reached), 1), else_=0)), func.count()))
        .where(within(Posting.agency_id, scope, measured.on))
        .group_by(Posting.agency_id)
    )
    return {agency: Count(int(part), whole) for agency, part, whole in rows}


def people(
    session: Session,
    measured: Measure,
    scope: Scope,
    trainings: Trainings,
    zone: ZoneInfo,
    *,
    which: str,
    agency: UUID | None = None,
    after: tuple[str, UUID] | None = None,
    limit: int = 50,
) -> list[TargetPerson]:
    """The list behind a count, by given name: `reached`, `missing` or `whole`; of an agency and all below it, or of the whole scope."""
    reached = _reached(measured, trainings, zone)
    columns = (Person.id, Person.staff_code, Person.full_name, AgencyVersion.name, Posting.job_title, reached.c.at, Person.sort_key)
    query = _staff(measured, reached, select(*columns)).where(within(Posting.agency_id, scope, measured.on))
    if which != "whole":
        has = _is_reached(measured, reached)
        query = query.where(has if which == "reached" else ~has)
    if agency is not None:
        query = query.where(in_subtree(Posting.agency_id, agency, measured.on))
    if after is not None:
        query = query.where(tuple_(Person.sort_key, Person.id) > tuple_(*after))
    return [TargetPerson(*row) for row in session.execute(query.order_by(Person.sort_key, Person.id).limit(limit))]


def foreseen(session: Session, measured: Measure, scope: Scope, trainings: Trainings, zone: ZoneInfo, *, now: Count) -> Forecast | None:
    """Where the count is likely to end; None for a state, for a span that is over and where too little is known. One statement."""
    if measured.target.indicator == Indicator.IT_QUALIFIED or measured.is_over:
        return None
    ends = steps(measured.span.first, measured.on)
    if not ends:
        return None
    reached = _reached(measured, trainings, zone)
    sums = [func.sum(case((reached.c.at < local_midnight(end, zone), 1), else_=0)) for end in ends]
    row = session.execute(_staff(measured, reached, select(*sums)).where(within(Posting.agency_id, scope, measured.on))).one()
    length = (ends[0] - measured.span.first).days
    return forecast([int(value or 0) for value in row], now, remaining_steps=(measured.span.last - measured.on).days / length)


def _staff(measured: Measure, reached: Subquery, query: Any) -> Any:
    """Everybody with a primary post on the day whom the target is about."""
    on = measured.on
    return (
        query.select_from(Posting)
        .join(Person, Person.id == Posting.person_id)
        .join(AgencyVersion, and_(AgencyVersion.agency_id == Posting.agency_id, current(AgencyVersion, on, None)))
        .outerjoin(reached, reached.c.person_id == Posting.person_id)
        .where(Posting.is_primary, Posting.valid_from <= on, Posting.valid_to > on, *_meant(measured.population, on))
    )


def _meant(population: Population, on: date) -> Iterator[ColumnElement[bool]]:
    if population.groups:
        yield Posting.group_code.in_(population.groups)
    if population.blocks:
        yield AgencyVersion.block.in_(population.blocks)
    if population.levels:
        yield AgencyVersion.level.in_(population.levels)
    if population.it_duties:
        yield Posting.it_duty.in_(population.it_duties)
    if population.agencies:
        yield within(Posting.agency_id, frozenset(UUID(value) for value in population.agencies), on)


def _is_reached(measured: Measure, reached: Subquery) -> ColumnElement[bool]:
    if measured.target.indicator == Indicator.IT_QUALIFIED:
        return Person.it_qualification.is_not(None)
    return reached.c.at.is_not(None)


def _reached(measured: Measure, trainings: Trainings, zone: ZoneInfo) -> Subquery:
    """One row for each person who fulfilled within the span, with the first moment: distinct people, however often."""
    sources: list[Any] = []
    if measured.target.indicator == Indicator.TRAINED:
        sources = [source() for source in trainings]
    elif measured.target.indicator in (Indicator.TOOK_PART, Indicator.PASSED):
        tests = select(Outcome.person_id, Outcome.occurred_at).where(
            Outcome.superseded_by.is_(None), Outcome.activity.startswith(QUARTERLY, autoescape=True)
        )
        sources = [tests.where(Outcome.passed) if measured.target.indicator == Indicator.PASSED else tests]
    if not sources:
        return select(Person.id.label("person_id"), Person.created_at.label("at")).where(false()).subquery()
    rows = union_all(*sources).subquery()
    person, moment = list(rows.c)[:2]
    begins = local_midnight(measured.span.first, zone)
    return (
        select(person.label("person_id"), func.min(moment).label("at"))
        .where(moment >= begins, moment < measured.until)
        .group_by(person)
        .subquery()
    )
