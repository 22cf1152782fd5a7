"""What happened to agencies, as pages tell it: lists of events, one event, and the names they are told with."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Text, and_, cast, func, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from lms.agencies.models import AgencyClosure, AgencyCode, AgencyEvent, AgencyLink, AgencyVersion
from lms.agencies.queries.lookups import batches, believed, current
from lms.agencies.rules.events import Details, decoded
from lms.agencies.rules.kinds import CodeScheme
from lms.kit.actors import Everywhere, NotFound, Scope

_WITHOUT_DETAILS = "{}"


@dataclass(frozen=True, slots=True)
class ToldEvent:
    """An event with all its facts. `superseded_at`: since when it is no longer believed; `replaces_id`: which one it corrects."""

    id: UUID
    kind: str
    effective_on: date
    ordinal: int
    details: Details | None
    decision_number: str | None
    decision_date: date | None
    note: str | None
    recorded_at: datetime
    superseded_at: datetime | None
    replaces_id: UUID | None
    import_run_id: UUID | None


@dataclass(frozen=True, slots=True)
class ChangePage:
    rows: list[ToldEvent]
    total: int
    before: UUID | None  # cursors of the neighbouring pages
    after: UUID | None


@dataclass(slots=True)
class Names:
    """What agencies were called on which days, and who was above them."""

    spans: dict[UUID, list[tuple[date, date, str, UUID | None]]] = field(default_factory=dict)

    def on(self, agency: UUID | None, day: date) -> str:
        """The name on a day; of an agency that does not exist then, the last before it or else the first."""
        found = self._span(agency, day)
        return found[2] if found else "—"

    def parent_on(self, agency: UUID, day: date) -> UUID | None:
        found = self._span(agency, day)
        return found[3] if found else None

    def _span(self, agency: UUID | None, day: date) -> tuple[date, date, str, UUID | None] | None:
        own = self.spans.get(agency, []) if agency else []
        return own[max(0, bisect_right([span[0] for span in own], day) - 1)] if own else None


def changes_page(
    session: Session,
    scope: Scope,
    *,
    year: int | None = None,
    kind: str | None = None,
    decision: str = "",
    after: UUID | None = None,
    before: UUID | None = None,
    limit: int = 50,
) -> ChangePage:
    """Believed events that touch the scope, the latest day first. `after` and `before` are ends of neighbouring pages. Two statements."""
    order = (AgencyEvent.effective_on, AgencyEvent.ordinal, AgencyEvent.id)
    wanted = [AgencyEvent.superseded_at.is_(None), _touches(scope)]
    if year is not None:
        wanted.append(AgencyEvent.effective_on.between(date(year, 1, 1), date(year, 12, 31)))
    if kind:
        wanted.append(AgencyEvent.kind == kind)
    if decision:
        wanted.append(func.lower(AgencyEvent.decision_number).contains(decision.lower(), autoescape=True))
    total = session.scalar(select(func.count()).select_from(AgencyEvent).where(*wanted)) or 0
    statement = _events().where(*wanted)
    if anchor := after or before:
        mark = aliased(AgencyEvent)
        place = select(mark.effective_on, mark.ordinal, mark.id).where(mark.id == anchor).subquery()
        here = tuple_(place.c.effective_on, place.c.ordinal, place.c.id)
        statement = statement.join(place, tuple_(*order) < here if after else tuple_(*order) > here)
    backwards = before is not None and after is None
    ordered = order if backwards else tuple(column.desc() for column in order)
    rows = [_told(row) for row in session.execute(statement.order_by(*ordered).limit(limit + 1))]
    more, rows = len(rows) > limit, rows[:limit]
    if backwards:
        rows.reverse()
    first, last = (rows[0].id, rows[-1].id) if rows else (None, None)
    return ChangePage(
        rows,
        total,
        before=first if (more if backwards else after is not None) else None,
        after=last if (backwards or more) else None,
    )


def change_years(session: Session, scope: Scope) -> list[int]:
    """In which years something happened, the latest first."""
    year = func.extract("year", AgencyEvent.effective_on)
    rows = session.scalars(select(year).where(AgencyEvent.superseded_at.is_(None), _touches(scope)).group_by(year))
    return sorted((int(row) for row in rows), reverse=True)


def change(session: Session, event_id: UUID, scope: Scope) -> ToldEvent:
    """One event, believed or no longer. Raises NotFound where it touches nothing of the scope."""
    row = session.execute(_events().where(AgencyEvent.id == event_id, _touches(scope))).one_or_none()
    if row is None:
        raise NotFound
    return _told(row)


def corrections_of(session: Session, event_id: UUID) -> tuple[list[ToldEvent], ToldEvent | None]:
    """What an event corrects, the newest first, and what corrected it. Two statements for each time it was corrected."""
    earlier: list[ToldEvent] = []
    replaced = session.scalar(select(AgencyEvent.replaces_id).where(AgencyEvent.id == event_id))
    while replaced is not None:
        told = _told(session.execute(_events().where(AgencyEvent.id == replaced)).one())
        earlier.append(told)
        replaced = told.replaces_id
    later = session.execute(_events().where(AgencyEvent.replaces_id == event_id)).one_or_none()
    return earlier, _told(later) if later else None


def timeline_of(session: Session, agency_id: UUID, known: datetime | None = None) -> list[ToldEvent]:
    """All that happened to an agency, the latest first, with what is no longer believed, and what moved it together with others when
    its parent ended. `known`: as the timeline was on that moment. One statement."""
    touching = select(AgencyLink.event_id).where(or_(AgencyLink.predecessor_id == agency_id, AgencyLink.successor_id == agency_id))
    later, former, cause = aliased(AgencyVersion), aliased(AgencyVersion), aliased(AgencyEvent)
    carried_along = (
        select(cause.id)
        .join(later, and_(later.valid_from == cause.effective_on, later.agency_id == agency_id, believed(later, known)))
        .join(
            former,
            and_(
                former.valid_to == later.valid_from,
                former.agency_id == agency_id,
                believed(former, known),
                former.parent_id != later.parent_id,
            ),
        )
        .join(AgencyLink, and_(AgencyLink.event_id == cause.id, AgencyLink.predecessor_id == former.parent_id))
        .where(believed(cause, known), cause.kind.in_(("merge", "consolidate", "split", "abolish")))
    )
    statement = _events().where(or_(AgencyEvent.id.in_(touching), AgencyEvent.id.in_(carried_along)))
    if known is not None:
        statement = statement.where(AgencyEvent.recorded_at <= known)
    rows = session.execute(statement.order_by(AgencyEvent.effective_on.desc(), AgencyEvent.ordinal.desc(), AgencyEvent.id.desc()))
    return [_as_known(_told(row), known) for row in rows]


def names_of(session: Session, ids: Collection[UUID], *, with_parents: bool = True, known: datetime | None = None) -> Names:
    """Names through time of agencies and of those that were directly above them. At most two statements for five hundred agencies."""
    names = Names()
    _add_names(session, names, ids, known)
    if with_parents:
        above = {span[3] for own in names.spans.values() for span in own if span[3] is not None}
        _add_names(session, names, above - names.spans.keys(), known)
    return names


def codes_on(session: Session, ids: Iterable[UUID], on: date) -> dict[UUID, str]:
    """One code of each of these agencies that bears one on a day: in scheme qd20, or else of an administrative unit."""
    found: dict[UUID, str] = {}
    for batch in batches(ids):
        rows = session.execute(
            select(AgencyCode.agency_id, AgencyCode.code)
            .where(AgencyCode.agency_id.in_(batch), AgencyCode.scheme.in_((CodeScheme.QD20, CodeScheme.DVHC)), current(AgencyCode, on))
            .order_by(AgencyCode.scheme == CodeScheme.QD20, AgencyCode.code.desc())
        )
        found |= {row.agency_id: row.code for row in rows}
    return found


def children_of(session: Session, agency_id: UUID, on: date) -> list[UUID]:
    """Who is directly below an agency on a day."""
    return list(session.scalars(select(AgencyVersion.agency_id).where(AgencyVersion.parent_id == agency_id, current(AgencyVersion, on))))


def ever_within(session: Session, ids: Iterable[UUID], scope: Scope) -> frozenset[UUID]:
    """Which of these agencies the asker may open: those that were in the scope at any time."""
    if isinstance(scope, Everywhere):
        return frozenset(ids)
    found: set[UUID] = set()
    for batch in batches(ids):
        found.update(
            session.scalars(
                select(AgencyClosure.descendant_id)
                .distinct()
                .where(AgencyClosure.ancestor_id.in_(scope), AgencyClosure.descendant_id.in_(batch))
            )
        )
    return frozenset(found)


def _add_names(session: Session, names: Names, ids: Collection[UUID], known: datetime | None) -> None:
    for batch in batches(ids):
        for agency_id, begin, end, name, parent in session.execute(
            select(AgencyVersion.agency_id, AgencyVersion.valid_from, AgencyVersion.valid_to, AgencyVersion.name, AgencyVersion.parent_id)
            .where(AgencyVersion.agency_id.in_(batch), believed(AgencyVersion, known))
            .order_by(AgencyVersion.agency_id, AgencyVersion.valid_from)
        ):
            names.spans.setdefault(agency_id, []).append((begin, end, name, parent))


def _touches(scope: Scope) -> ColumnElement[bool]:
    """The condition that an event touches an agency that was in the scope at any time."""
    if isinstance(scope, Everywhere):
        return AgencyEvent.id.is_not(None)
    own = select(AgencyClosure.descendant_id).where(AgencyClosure.ancestor_id.in_(scope))
    return AgencyEvent.id.in_(select(AgencyLink.event_id).where(or_(AgencyLink.predecessor_id.in_(own), AgencyLink.successor_id.in_(own))))


_COLUMNS: list[Any] = [
    AgencyEvent.id,
    AgencyEvent.kind,
    AgencyEvent.effective_on,
    AgencyEvent.ordinal,
    cast(AgencyEvent.details, Text).label("details"),
    AgencyEvent.decision_number,
    AgencyEvent.decision_date,
    AgencyEvent.note,
    AgencyEvent.recorded_at,
    AgencyEvent.superseded_at,
    AgencyEvent.replaces_id,
    AgencyEvent.import_run_id,
]


def _events() -> Select[Any]:
    return select(*_COLUMNS)


def _as_known(event: ToldEvent, known: datetime | None) -> ToldEvent:
    """What was withdrawn or corrected after the moment was still believed then."""
    if known is None or event.superseded_at is None or event.superseded_at <= known:
        return event
    return replace(event, superseded_at=None)


def _told(row: Any) -> ToldEvent:
    values: Mapping[str, Any] = row._mapping
    text = values["details"]
    return ToldEvent(**{**values, "details": None if text == _WITHOUT_DETAILS else decoded(text)})
