"""Cross-tabs of the staff of a day, and the people behind every cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, func, literal, or_, select, tuple_
from sqlalchemy.orm import Session

from lms.accounts.models import Person, Posting
from lms.agencies.models import AgencyVersion
from lms.agencies.queries import in_subtree, within
from lms.agencies.queries.lookups import current
from lms.kit.actors import NotFound, Scope
from lms.reports.models import CrossTabView
from lms.reports.queries.reading import StaffRow
from lms.reports.rules import Node
from lms.reports.rules.crosstab import UNKNOWN, Dimension, Question
from lms.results.queries.counted import counted

OWN = "own:"  # before an agency's identifier: the people counted in itself, not below it


def counts(
    session: Session, question: Question, scope: Scope, on: date, *, branches: Mapping[UUID, str], activity: str | None
) -> list[tuple[str, str, int]]:
    """People with a primary post on a day by row and column; agencies as the branch they lie in. One statement."""
    results = _results(activity)
    keys = {Dimension.RESULT: _result(results)}
    row = _key(question.rows, keys).label("row_key")
    column: Any = (_key(question.columns, keys) if question.columns else literal("")).label("column_key")
    rows = session.execute(
        _staff(select(row, column, func.count().label("people")), question, scope, on, results).group_by("row_key", "column_key")
    )
    return [(_named(question.rows, one[0], branches), _named(question.columns, one[1], branches), one[2]) for one in rows]


def people(
    session: Session,
    question: Question,
    scope: Scope,
    on: date,
    activity: str | None,
    *,
    row: str | None = None,
    column: str | None = None,
    after: tuple[str, UUID] | None = None,
    limit: int = 50,
) -> list[StaffRow]:
    """The people of a cell (a margin where a key is None), by given name; one statement."""
    columns = (Person.id, Person.staff_code, Person.full_name, AgencyVersion.name, Posting.job_title, Posting.it_duty, Person.sort_key)
    query = _cell(select(*columns), question, scope, on, activity, row=row, column=column)
    if after is not None:
        query = query.where(tuple_(Person.sort_key, Person.id) > tuple_(*after))
    return [StaffRow(*found) for found in session.execute(query.order_by(Person.sort_key, Person.id).limit(limit))]


def count_people(
    session: Session, question: Question, scope: Scope, on: date, activity: str | None, *, row: str | None, column: str | None
) -> int:
    """The size of the list of a cell."""
    return int(session.scalars(_cell(select(func.count()), question, scope, on, activity, row=row, column=column)).one())


def qualifications(session: Session, scope: Scope, on: date) -> list[str]:
    """What is on record as qualification of anybody with a post on a day."""
    rows = session.scalars(
        select(func.coalesce(Person.qualification, ""))
        .distinct()
        .join(Posting, Posting.person_id == Person.id)
        .where(Posting.is_primary, Posting.valid_from <= on, Posting.valid_to > on, within(Posting.agency_id, scope, on))
    )
    return sorted(value or UNKNOWN for value in rows)


def branches_of(nodes: list[Node], tops: list[UUID]) -> dict[UUID, str]:
    """Which branch below the tops each agency lies in: the identifier of the agency right below one, or `OWN` and the top's own."""
    parents = {node.id: node.parent_id for node in nodes}
    found: dict[UUID, str] = {top: f"{OWN}{top}" for top in tops}
    for node in nodes:
        walked: list[UUID] = []
        here: UUID | None = node.id
        while here is not None and here not in found:
            walked.append(here)
            here = parents.get(here)
        if here is None:
            continue
        branch = found[here] if here not in tops else None
        found.update({agency: branch or str(walked[-1]) for agency in walked})
    return found


def saved_views(session: Session, person_id: UUID | None) -> list[CrossTabView]:
    """One's own, and those shared, by name."""
    mine = or_(CrossTabView.owner_id == person_id, CrossTabView.is_shared)
    return list(session.scalars(select(CrossTabView).where(mine).order_by(CrossTabView.name, CrossTabView.id)))


def saved_view(session: Session, person_id: UUID | None, view_id: UUID) -> CrossTabView:
    """Raises NotFound for one that is another's and not shared."""
    found = session.get(CrossTabView, view_id)
    if found is None or (found.owner_id != person_id and not found.is_shared):
        raise NotFound
    return found


def _results(activity: str | None) -> Any:
    return counted(activity or "")


def _result(results: Any) -> ColumnElement[str]:
    return case(
        (results.c.id.is_(None), "not_listed"),
        (results.c.excluded_because.is_not(None), "excluded"),
        (results.c.outcome_id.is_(None), "missing"),
        (results.c.passed, "passed"),
        else_="failed",
    )


def _key(dimension: Dimension, own: Mapping[Dimension, Any]) -> Any:
    keys: dict[Dimension, Any] = {
        Dimension.AGENCY: Posting.agency_id,
        Dimension.LEVEL: AgencyVersion.level,
        Dimension.BLOCK: AgencyVersion.block,
        Dimension.GROUP: Posting.group_code,
        Dimension.QUALIFICATION: func.coalesce(Person.qualification, ""),
        Dimension.IT_DUTY: Posting.it_duty,
        Dimension.IT_MAJOR: case((Person.it_major, "1"), else_="0"),
        Dimension.IT_QUALIFIED: case((Person.it_qualification.is_not(None), "1"), else_="0"),
        **own,
    }
    return keys[dimension]


def _named(dimension: Dimension | None, key: Any, branches: Mapping[UUID, str]) -> str:
    if dimension == Dimension.AGENCY:
        return branches.get(key, str(key))
    return str(key) or (UNKNOWN if dimension else "")


def _staff(query: Any, question: Question, scope: Scope, on: date, results: Any) -> Any:
    found = (
        query.select_from(Posting)
        .join(Person, Person.id == Posting.person_id)
        .join(AgencyVersion, and_(AgencyVersion.agency_id == Posting.agency_id, current(AgencyVersion, on, None)))
        .where(Posting.is_primary, Posting.valid_from <= on, Posting.valid_to > on, within(Posting.agency_id, scope, on))
    )
    if question.asks_for_results:
        found = found.outerjoin(results, results.c.person_id == Person.id)
    if question.agency is not None:
        found = found.where(in_subtree(Posting.agency_id, _identifier(question.agency), on))
    return found.where(*(condition for name, value in question.filters.items() for condition in _is(name, value, on, results)))


def _cell(query: Any, question: Question, scope: Scope, on: date, activity: str | None, *, row: str | None, column: str | None) -> Any:
    results = _results(activity)
    found = _staff(query, question, scope, on, results)
    for dimension, value in ((question.rows, row), (question.columns, column)):
        if dimension is not None and value is not None:
            found = found.where(*_is(dimension, value, on, results))
    return found


def _is(dimension: Dimension, value: str, on: date, results: Any) -> Iterator[ColumnElement[bool]]:
    if dimension != Dimension.AGENCY:
        own = {Dimension.RESULT: _result(results)}
        yield _key(dimension, own) == ("" if dimension == Dimension.QUALIFICATION and value == UNKNOWN else value)
    elif value.startswith(OWN):
        yield Posting.agency_id == _identifier(value.removeprefix(OWN))
    else:
        yield in_subtree(Posting.agency_id, _identifier(value), on)


def _identifier(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound from error
