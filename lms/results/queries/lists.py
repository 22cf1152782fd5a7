"""The people behind every figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Subquery, and_, func, select, tuple_
from sqlalchemy.orm import Session

from lms.accounts.models import Leave, Person, Posting
from lms.agencies.models import AgencyClosure, AgencyVersion
from lms.agencies.queries import within
from lms.agencies.queries.lookups import batches
from lms.kit.actors import Scope
from lms.results.models import ExpectationChange
from lms.results.queries.activities import ActivityRow
from lms.results.queries.counted import below, counted
from lms.results.rules import PeopleList


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person in one of the lists a figure opens to; `agency_name` as the agency was called on the counting day. `outcome_id` and
    `source_id` lead to what the outcome was made from."""

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
    attempts: int | None = None
    outcome_id: UUID | None = None
    source_id: UUID | None = None
    row_id: UUID | None = None


def people(
    session: Session,
    activity: ActivityRow,
    root: UUID,
    which: PeopleList,
    *,
    group_code: str | None = None,
    reason: str | None = None,
    after: tuple[str, UUID] | None = None,
    limit: int | None = 50,
    known: datetime | None = None,
) -> list[PersonRow]:
    """The people behind a figure of the subtree of `root`, by given name, as known at a moment; `after` is the last row's (sort key, id)
    of the page before. `reason`: only those excluded for it."""
    rows, condition = _selected(activity, root, which, group_code, reason=reason, known=known)
    query: Select[*tuple[Any, ...]] = (
        select(
            Person.id,
            Person.staff_code,
            Person.full_name,
            AgencyVersion.name,
            rows.c.group_code,
            rows.c.excluded_because,
            rows.c.score,
            rows.c.passed,
            rows.c.occurred_at,
            Person.sort_key,
            rows.c.attempts,
            rows.c.outcome_id,
            rows.c.source_id,
            rows.c.id,
        )
        .select_from(rows)
        .join(Person, Person.id == rows.c.person_id)
        .join(AgencyVersion, AgencyVersion.id == rows.c.agency_version_id)
        .where(condition)
        .order_by(Person.sort_key, Person.id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(tuple_(Person.sort_key, Person.id) > tuple_(*after))
    return [PersonRow(*row) for row in session.execute(query)]


def count_people(
    session: Session,
    activity: ActivityRow,
    root: UUID,
    which: PeopleList,
    group_code: str | None = None,
    *,
    reason: str | None = None,
    known: datetime | None = None,
) -> int:
    """How many are on a list: the figure that opens to it."""
    rows, condition = _selected(activity, root, which, group_code, reason=reason, known=known)
    return session.scalars(select(func.count()).select_from(rows).where(condition)).one()


def papers(session: Session, activity: ActivityRow, rows: Sequence[PersonRow], *, known: datetime | None = None) -> dict[UUID, str]:
    """On what paper each excluded person of a page of a list was left out, as far as one is known: by person. What was said when the list
    was changed; else the decision on the leave, or the post, of the counting day. Three statements."""
    excluded = [row for row in rows if row.excluded_because is not None]
    found: dict[UUID, str] = {}
    persons = [row.person_id for row in excluded]
    on = activity.counted_on
    for entity in (Posting, Leave):
        for some in batches(persons):
            conditions: list[ColumnElement[bool]] = [
                entity.person_id.in_(some),
                entity.valid_from <= on,
                entity.valid_to > on,
                entity.decision.is_not(None),
            ]
            if entity is Posting:
                conditions.append(Posting.is_primary.is_(True))
            found.update(
                {row[0]: row[1] for row in session.execute(select(entity.person_id, entity.decision).where(*conditions)) if row[1]}
            )
    person_of = {row.row_id: row.person_id for row in excluded}
    for some in batches(row_id for row_id in person_of if row_id is not None):
        changes = select(ExpectationChange.expectation_id, ExpectationChange.excluded_after, ExpectationChange.evidence).where(
            ExpectationChange.expectation_id.in_(some), ExpectationChange.past_id.is_(None)
        )
        if known is not None:
            changes = changes.where(ExpectationChange.changed_at <= known)
        for row_id, after, evidence in session.execute(changes.order_by(ExpectationChange.changed_at, ExpectationChange.id)):
            if after is not None:
                found[person_of[row_id]] = evidence
    return {person: paper for person, paper in found.items() if paper}


def is_within(session: Session, scope: Scope, agency_id: UUID, on: date) -> bool:
    """Does a scope cover an agency on a day?"""
    itself = and_(AgencyClosure.ancestor_id == agency_id, AgencyClosure.descendant_id == agency_id)
    query = select(AgencyClosure.depth).where(itself, within(AgencyClosure.descendant_id, scope, on)).limit(1)
    return session.scalar(query) is not None


def _selected(
    activity: ActivityRow, root: UUID, which: PeopleList, group_code: str | None, *, reason: str | None, known: datetime | None
) -> tuple[Subquery, ColumnElement[bool]]:
    rows = counted(activity.key, known, below(activity, root, known))
    condition: dict[PeopleList, ColumnElement[bool]] = {
        PeopleList.EXPECTED: rows.c.excluded_because.is_(None),
        PeopleList.EXCLUDED: rows.c.excluded_because.is_not(None),
        PeopleList.TOOK_PART: rows.c.outcome_id.is_not(None),
        PeopleList.MISSING: and_(rows.c.excluded_because.is_(None), rows.c.outcome_id.is_(None)),
        PeopleList.PASSED: rows.c.passed.is_(True),
        PeopleList.FAILED: rows.c.passed.is_(False),
    }
    conditions = [condition[which]]
    if group_code is not None:
        conditions.append(rows.c.group_code == group_code)
    if reason is not None:
        conditions.append(rows.c.excluded_because == reason)
    return rows, and_(*conditions)
