"""Reading the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, Select, and_, case, cast, func, select, tuple_
from sqlalchemy.orm import Session

from lms.accounts.models import Person
from lms.agencies.models import AgencyClosure, AgencyVersion
from lms.agencies.queries import in_subtree, within
from lms.kit.actors import Scope
from lms.results.models import Activity, Expectation, Outcome
from lms.results.rules import BANDS, HISTOGRAM_BINS, QUARTERLY, Cell, Figures, PeopleList


@dataclass(frozen=True, slots=True)
class ActivityRow:
    key: str
    period: str
    title: str
    counted_on: date


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person in one of the lists a figure opens to."""

    person_id: UUID
    staff_code: str
    full_name: str
    agency_name: str
    group_code: str
    excluded_because: str | None
    score: Decimal | None
    passed: bool | None
    occurred_at: datetime | None
    sort_key: str


def activities(session: Session) -> list[ActivityRow]:
    """All activities of the ledger, newest period first."""
    rows = session.execute(
        select(Activity.key, Activity.period, Activity.title, Activity.counted_on).order_by(Activity.period.desc(), Activity.key)
    )
    return [ActivityRow(*row) for row in rows]


def activity_of_period(session: Session, period: str) -> ActivityRow | None:
    """The quarterly test of a period: what a quarter's report counts. Course tests and contests are activities of their own."""
    row = session.execute(
        select(Activity.key, Activity.period, Activity.title, Activity.counted_on).where(
            Activity.period == period, Activity.key.startswith(QUARTERLY, autoescape=True)
        )
    ).first()
    return ActivityRow(*row) if row else None


def cells(session: Session, activity: ActivityRow, root: UUID | None = None) -> list[Cell]:
    """Figures per agency and position group, in one pass over the ledger; with `root` only its subtree on the counting day."""
    banded: list[ColumnElement[int]] = [
        func.coalesce(func.sum(case((and_(Outcome.score >= low, Outcome.score < high), 1), else_=0)), 0)
        for high, low in pairwise((101, *(low for _, low in BANDS)))
    ]
    query = (
        select(
            Expectation.agency_id,
            Expectation.group_code,
            func.sum(case((Expectation.excluded_because.is_(None), 1), else_=0)),
            func.sum(case((Expectation.excluded_because.is_not(None), 1), else_=0)),
            func.count(Outcome.id),
            func.coalesce(func.sum(case((Outcome.passed, 1), else_=0)), 0),
            func.coalesce(func.sum(cast(func.round(Outcome.score * 100), Integer)), 0),
            *banded,
        )
        .select_from(Expectation)
        .outerjoin(Outcome, _standing_outcome())
        .where(Expectation.activity == activity.key)
        .group_by(Expectation.agency_id, Expectation.group_code)
    )
    if root is not None:
        query = query.where(in_subtree(Expectation.agency_id, root, activity.counted_on))
    return [Cell(agency_id, group_code, Figures(*map(int, counts))) for agency_id, group_code, *counts in session.execute(query)]


def histogram(session: Session, activity: ActivityRow, root: UUID) -> list[int]:
    """How many standing scores fall into each tenth of the scale; 100 points belong to the last."""
    width = 100 // HISTOGRAM_BINS
    edges = [*range(0, 100, width), 101]
    bins = [
        func.coalesce(func.sum(case((and_(Outcome.score >= low, Outcome.score < high), 1), else_=0)), 0) for low, high in pairwise(edges)
    ]
    query = (
        select(*bins)
        .select_from(Expectation)
        .join(Outcome, _standing_outcome())
        .where(Expectation.activity == activity.key, in_subtree(Expectation.agency_id, root, activity.counted_on))
    )
    return [int(count) for count in session.execute(query).one()]


def people(
    session: Session,
    activity: ActivityRow,
    root: UUID,
    which: PeopleList,
    *,
    group_code: str | None = None,
    after: tuple[str, UUID] | None = None,
    limit: int | None = 50,
) -> list[PersonRow]:
    """The people behind a figure of the subtree of `root`, by given name; `after` is the last row's (sort key, id) of the page before."""
    query: Select[*tuple[Any, ...]] = (
        _people(activity, root, which, group_code)
        .join(Person, Person.id == Expectation.person_id)
        .join(AgencyVersion, AgencyVersion.id == Expectation.agency_version_id)
        .with_only_columns(
            Person.id,
            Person.staff_code,
            Person.full_name,
            AgencyVersion.name,
            Expectation.group_code,
            Expectation.excluded_because,
            Outcome.score,
            Outcome.passed,
            Outcome.occurred_at,
            Person.sort_key,
        )
        .order_by(Person.sort_key, Person.id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(tuple_(Person.sort_key, Person.id) > tuple_(*after))
    return [PersonRow(*row) for row in session.execute(query)]


def count_people(session: Session, activity: ActivityRow, root: UUID, which: PeopleList, group_code: str | None = None) -> int:
    query = _people(activity, root, which, group_code).with_only_columns(func.count())
    return session.scalars(query).one()


def is_within(session: Session, scope: Scope, agency_id: UUID, on: date) -> bool:
    """Does a scope cover an agency on a day?"""
    itself = and_(AgencyClosure.ancestor_id == agency_id, AgencyClosure.descendant_id == agency_id)
    query = select(AgencyClosure.depth).where(itself, within(AgencyClosure.descendant_id, scope, on)).limit(1)
    return session.scalar(query) is not None


def outside_the_denominator(session: Session, activity: ActivityRow) -> int:
    """People who took part without being expected (new since the cut-off, or excluded): named beside the figures, never inside them."""
    expected = and_(
        Expectation.activity == Outcome.activity,
        Expectation.person_id == Outcome.person_id,
        Expectation.excluded_because.is_(None),
    )
    query = (
        select(func.count())
        .select_from(Outcome)
        .outerjoin(Expectation, expected)
        .where(Outcome.activity == activity.key, Outcome.superseded_by.is_(None), Expectation.id.is_(None))
    )
    return session.scalars(query).one()


def _people(activity: ActivityRow, root: UUID, which: PeopleList, group_code: str | None) -> Select[Any]:
    condition: dict[PeopleList, ColumnElement[bool]] = {
        PeopleList.EXPECTED: Expectation.excluded_because.is_(None),
        PeopleList.EXCLUDED: Expectation.excluded_because.is_not(None),
        PeopleList.TOOK_PART: Outcome.id.is_not(None),
        PeopleList.MISSING: and_(Expectation.excluded_because.is_(None), Outcome.id.is_(None)),
        PeopleList.PASSED: Outcome.passed.is_(True),
        PeopleList.FAILED: Outcome.passed.is_(False),
    }
    query = (
        select(Expectation.id)
        .select_from(Expectation)
        .outerjoin(Outcome, _standing_outcome())
        .where(
            Expectation.activity == activity.key,
            in_subtree(Expectation.agency_id, root, activity.counted_on),
            condition[which],
        )
    )
    return query if group_code is None else query.where(Expectation.group_code == group_code)


def _standing_outcome() -> ColumnElement[bool]:
    """The outcome that counts for an expected person; an excluded person's is never counted."""
    return and_(
        Outcome.activity == Expectation.activity,
        Outcome.person_id == Expectation.person_id,
        Outcome.superseded_by.is_(None),
        Expectation.excluded_because.is_(None),
    )
