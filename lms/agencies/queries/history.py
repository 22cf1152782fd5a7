"""What happened to an agency, and all that is stored about agencies."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from lms.agencies.models import AgencyClosure, AgencyCode, AgencyEvent, AgencyLink, AgencyVersion
from lms.agencies.queries.lookups import AgencyName, batches, believed
from lms.agencies.rules.events import Details, from_plain
from lms.agencies.rules.kinds import Decision
from lms.kit.actors import Everywhere, NotFound, Scope


@dataclass(frozen=True, slots=True)
class CodeSpan:
    scheme: str
    code: str
    valid_from: date
    valid_to: date


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """Something that happened to an agency; predecessors and successors are the agencies it came from or went on in.

    `superseded_at` tells since when an event is no longer believed; `replaces_id` names the event it corrects."""

    id: UUID
    kind: str
    effective_on: date
    decision_number: str | None
    decision_date: date | None
    note: str | None
    recorded_at: datetime
    superseded_at: datetime | None
    replaces_id: UUID | None
    import_run_id: UUID | None
    before: str | None  # the name until that day
    after: str | None  # the name from that day on
    predecessors: tuple[AgencyName, ...]
    successors: tuple[AgencyName, ...]


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as it was recorded; `details` are None where it was told without what replaying needs."""

    id: UUID
    kind: str
    effective_on: date
    ordinal: int
    details: Details | None
    decision: Decision
    recorded_at: datetime
    superseded_at: datetime | None
    replaces_id: UUID | None
    import_run_id: UUID | None


@dataclass(frozen=True, slots=True)
class EventDay:
    """How many events take effect on a day."""

    day: date
    events: int


def codes_of(session: Session, agency_id: UUID, known: datetime | None = None) -> list[CodeSpan]:
    """All codes an agency bears or bore, newest first."""
    rows = session.execute(
        select(AgencyCode.scheme, AgencyCode.code, AgencyCode.valid_from, AgencyCode.valid_to)
        .where(AgencyCode.agency_id == agency_id, believed(AgencyCode, known))
        .order_by(AgencyCode.valid_from.desc(), AgencyCode.scheme, AgencyCode.code)
    )
    return [CodeSpan(*row) for row in rows]


def event_of(session: Session, event_id: UUID) -> StoredEvent:
    """One event, believed or not. Raises NotFound."""
    found = _events(session, AgencyEvent.id == event_id)
    if not found:
        raise NotFound
    return found[0]


def events_of_run(session: Session, run_id: UUID) -> list[StoredEvent]:
    """What an import recorded and is still believed, in the order of days."""
    return _events(session, and_(AgencyEvent.import_run_id == run_id, AgencyEvent.superseded_at.is_(None)))


def event_days(session: Session, scope: Scope, known: datetime | None = None) -> list[EventDay]:
    """The days on which something happened to agencies that were in the scope at any time, for a choice of days."""
    statement = select(AgencyEvent.effective_on, func.count()).where(believed(AgencyEvent, known))
    if not isinstance(scope, Everywhere):
        own = select(AgencyClosure.descendant_id).where(AgencyClosure.ancestor_id.in_(scope))
        touching = select(AgencyLink.event_id).where(or_(AgencyLink.predecessor_id.in_(own), AgencyLink.successor_id.in_(own)))
        statement = statement.where(AgencyEvent.id.in_(touching))
    rows = session.execute(statement.group_by(AgencyEvent.effective_on).order_by(AgencyEvent.effective_on))
    return [EventDay(*row) for row in rows]


def history_of(session: Session, agency_id: UUID, known: datetime | None = None, *, withdrawn: bool = False) -> list[HistoryEntry]:
    """What happened to an agency, newest first; with `withdrawn` also what was once believed to have. Three statements, however long
    the history."""
    touching = select(AgencyLink.event_id).where(or_(AgencyLink.predecessor_id == agency_id, AgencyLink.successor_id == agency_id))
    events = session.execute(
        select(
            AgencyEvent.id,
            AgencyEvent.kind,
            AgencyEvent.effective_on,
            AgencyEvent.decision_number,
            AgencyEvent.decision_date,
            AgencyEvent.note,
            AgencyEvent.recorded_at,
            AgencyEvent.superseded_at,
            AgencyEvent.replaces_id,
            AgencyEvent.import_run_id,
        )
        .where(AgencyEvent.id.in_(touching), *(() if withdrawn else (believed(AgencyEvent, known),)))
        .order_by(AgencyEvent.effective_on.desc(), AgencyEvent.ordinal.desc(), AgencyEvent.id.desc())
    ).all()
    # An event of an import may touch thousands; only the links that concern this agency are wanted.
    links = session.execute(
        select(AgencyLink.event_id, AgencyLink.predecessor_id, AgencyLink.successor_id).where(
            AgencyLink.event_id.in_([event.id for event in events]),
            or_(AgencyLink.predecessor_id == agency_id, AgencyLink.successor_id == agency_id),
        )
    ).all()
    names = names_by_span(session, {agency_id, *(end for link in links for end in link[1:] if end is not None)}, known)

    def named(ids: Iterable[UUID | None], day: date) -> tuple[AgencyName, ...]:
        return tuple(AgencyName(other, _name_on(names, other, day) or "") for other in dict.fromkeys(ids) if other and other != agency_id)

    return [
        HistoryEntry(
            id=event.id,
            kind=event.kind,
            effective_on=event.effective_on,
            decision_number=event.decision_number,
            decision_date=event.decision_date,
            note=event.note,
            recorded_at=event.recorded_at,
            superseded_at=event.superseded_at,
            replaces_id=event.replaces_id,
            import_run_id=event.import_run_id,
            before=_name_until(names, agency_id, event.effective_on),
            after=_name_on(names, agency_id, event.effective_on),
            predecessors=named((link.predecessor_id for link in links if link.event_id == event.id), event.effective_on),
            successors=named((link.successor_id for link in links if link.event_id == event.id), event.effective_on),
        )
        for event in events
    ]


NameSpans = dict[UUID, list[tuple[date, date, str]]]


def _events(session: Session, condition: ColumnElement[bool]) -> list[StoredEvent]:
    rows = session.execute(
        select(
            AgencyEvent.id,
            AgencyEvent.kind,
            AgencyEvent.effective_on,
            AgencyEvent.ordinal,
            AgencyEvent.details,
            AgencyEvent.decision_number,
            AgencyEvent.decision_date,
            AgencyEvent.note,
            AgencyEvent.recorded_at,
            AgencyEvent.superseded_at,
            AgencyEvent.replaces_id,
            AgencyEvent.import_run_id,
        )
        .where(condition)
        .order_by(AgencyEvent.effective_on, AgencyEvent.ordinal, AgencyEvent.id)
    )
    return [
        StoredEvent(
            id=row.id,
            kind=row.kind,
            effective_on=row.effective_on,
            ordinal=row.ordinal,
            details=from_plain(row.details) if row.details else None,
            decision=Decision(row.decision_number, row.decision_date, row.note),
            recorded_at=row.recorded_at,
            superseded_at=row.superseded_at,
            replaces_id=row.replaces_id,
            import_run_id=row.import_run_id,
        )
        for row in rows
    ]


def names_by_span(session: Session, ids: Collection[UUID], known: datetime | None = None) -> NameSpans:
    """Every name of some agencies with its days."""
    found: NameSpans = {}
    for batch in batches(ids):
        for agency_id, valid_from, valid_to, name in session.execute(
            select(AgencyVersion.agency_id, AgencyVersion.valid_from, AgencyVersion.valid_to, AgencyVersion.name)
            .where(AgencyVersion.agency_id.in_(batch), believed(AgencyVersion, known))
            .order_by(AgencyVersion.valid_from)
        ):
            found.setdefault(agency_id, []).append((valid_from, valid_to, name))
    return found


def _name_on(names: NameSpans, agency_id: UUID, day: date) -> str | None:
    """The name on a day, or the last before it where the agency has ended."""
    begun = [name for valid_from, _, name in names.get(agency_id, ()) if valid_from <= day]
    return begun[-1] if begun else None


def _name_until(names: NameSpans, agency_id: UUID, day: date) -> str | None:
    earlier = [name for valid_from, _, name in names.get(agency_id, ()) if valid_from < day]
    return earlier[-1] if earlier else None
