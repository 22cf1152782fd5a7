"""Reading results per agency: frozen when there is a report, else counted from the ledger as it stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, select, tuple_
from sqlalchemy.orm import Session

from lms.accounts.models import Person, PositionGroup, Posting
from lms.agencies.models import AgencyClosure, AgencyCode, AgencyVersion
from lms.agencies.queries import agency_by_code, in_subtree, within
from lms.agencies.queries.lookups import current
from lms.agencies.rules.kinds import CodeScheme
from lms.kit.actors import Everywhere, Scope
from lms.reports.models import Report, ReportState
from lms.reports.rules import AgencyReport, Node, roll_up
from lms.reports.staff import IT_DUTIES, Selection
from lms.results import queries as ledger
from lms.results.queries import ActivityRow


@dataclass(frozen=True, slots=True)
class Group:
    """A position group and its names."""

    code: str
    names: dict[str, str]


@dataclass(frozen=True, slots=True)
class StaffRow:
    """A person behind a head-count cell."""

    person_id: UUID
    staff_code: str
    full_name: str
    agency_name: str
    job_title: str | None
    it_duty: str
    sort_key: str


def position_groups(session: Session) -> list[Group]:
    rows = session.execute(select(PositionGroup).order_by(PositionGroup.ordinal)).scalars()
    return [Group(row.code, {"vi": row.name_vi, "en": row.name_en}) for row in rows]


def nodes(session: Session, on: date, root: UUID | None = None, known: datetime | None = None) -> list[Node]:
    """The agencies of a day, or those of one subtree, in dictionary order, as they are known now or were at a moment; one query."""
    query = _nodes(on, known)
    if root is not None:
        query = query.where(in_subtree(AgencyVersion.agency_id, root, on, known))
    return [_node(row) for row in session.execute(query)]


def find_agency(session: Session, code: str, on: date) -> UUID | None:
    """The agency that bears a code on a day; an agency without a code is found by its identifier."""
    found = agency_by_code(session, code, on)
    if found is not None:
        return found
    try:
        identifier = UUID(code)
    except ValueError:
        return None
    return session.scalar(select(AgencyVersion.agency_id).where(AgencyVersion.agency_id == identifier).limit(1))


def entrances(session: Session, scope: Scope, on: date) -> list[Node]:
    """The topmost agencies of a scope: where its holder starts reading."""
    if isinstance(scope, Everywhere):
        return [node for node in nodes(session, on) if node.parent_id is None]
    return [node for node in nodes(session, on) if node.id in scope]


def counted_reports(session: Session, activity: ActivityRow, root: UUID | None = None) -> dict[UUID, AgencyReport]:
    """The result of every agency, or of one and all below it, from the ledger as it stands: two queries, one pass over the ledger.

    An agency has its rank only where its rivals are counted with it.
    """
    return roll_up(nodes(session, activity.counted_on, root), ledger.cells(session, activity, root))


def current_report(session: Session, activity: str) -> Report | None:
    """The newest revision that is frozen and was not put aside."""
    return session.scalar(select(Report).where(Report.activity == activity, _is_frozen()).order_by(Report.revision.desc()).limit(1))


def published_periods(session: Session) -> list[str]:
    return list(session.scalars(select(Report.period).where(Report.state == "published").order_by(Report.period.desc())))


def newest_reports(session: Session) -> dict[str, Report]:
    """Each period's newest revision that is frozen and was not put aside."""
    return {report.period: report for report in session.scalars(select(Report).where(_is_frozen()).order_by(Report.revision))}


def path(session: Session, agency: UUID, on: date, scope: Scope) -> list[Node]:
    """The agency and those above it, topmost first, as far up as a scope reaches; one query."""
    above = (
        select(AgencyClosure.ancestor_id, AgencyClosure.depth)
        .where(AgencyClosure.descendant_id == agency, AgencyClosure.valid_from <= on, AgencyClosure.valid_to > on)
        .subquery()
    )
    query = (
        _nodes(on)
        .add_columns(above.c.depth)
        .join(above, above.c.ancestor_id == AgencyVersion.agency_id)
        .order_by(None)
        .order_by(above.c.depth)
    )
    upwards = [_node(row) for row in session.execute(query)]
    if isinstance(scope, Everywhere):
        return upwards[::-1]
    reach = max((index for index, node in enumerate(upwards) if node.id in scope), default=0)
    return upwards[: reach + 1][::-1]


def staff(
    session: Session, scope: Scope, on: date, selection: Selection, *, after: tuple[str, UUID] | None = None, limit: int = 50
) -> list[StaffRow]:
    """The people a head-count cell counts, by given name; one query."""
    query = (
        select(Person.id, Person.staff_code, Person.full_name, AgencyVersion.name, Posting.job_title, Posting.it_duty, Person.sort_key)
        .select_from(Posting)
        .join(Person, Person.id == Posting.person_id)
        .join(AgencyVersion, AgencyVersion.agency_id == Posting.agency_id)
        .where(
            AgencyVersion.valid_from <= on,
            AgencyVersion.valid_to > on,
            AgencyVersion.superseded_at.is_(None),
            Posting.is_primary,
            Posting.valid_from <= on,
            Posting.valid_to > on,
            within(Posting.agency_id, scope, on),
            *_selected(selection),
        )
        .order_by(Person.sort_key, Person.id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(tuple_(Person.sort_key, Person.id) > tuple_(*after))
    return [StaffRow(*row) for row in session.execute(query)]


def _is_frozen() -> ColumnElement[bool]:
    return Report.state.not_in((ReportState.BUILDING, ReportState.DISCARDED))


def _selected(selection: Selection) -> Iterator[ColumnElement[bool]]:
    if selection.level is not None:
        yield AgencyVersion.level == selection.level
    if selection.it_duty is not None:
        yield Posting.it_duty == selection.it_duty
    if selection.it_staff:
        yield Posting.it_duty.in_(IT_DUTIES)
    if selection.qualification is not None:
        yield func.coalesce(Person.qualification, "") == selection.qualification
    if selection.it_qualified is not None:
        yield Person.it_qualification.is_not(None) if selection.it_qualified else Person.it_qualification.is_(None)


def _nodes(on: date, known: datetime | None = None) -> Select[*tuple[Any, ...]]:
    return (
        select(
            AgencyVersion.agency_id,
            AgencyVersion.parent_id,
            AgencyCode.code,
            AgencyVersion.name,
            AgencyVersion.block,
            AgencyVersion.level,
            AgencyVersion.sort_key,
        )
        .outerjoin(
            AgencyCode,
            and_(
                AgencyCode.agency_id == AgencyVersion.agency_id,
                AgencyCode.scheme == CodeScheme.QD20,
                current(AgencyCode, on, known),
            ),
        )
        .where(current(AgencyVersion, on, known))
        .order_by(AgencyVersion.sort_key, AgencyVersion.agency_id)
    )


def _node(row: Any) -> Node:
    agency_id, parent_id, code, name, block, level, sort_key = row[:7]
    return Node(agency_id, parent_id, code or str(agency_id), name, block, level, sort_key)
