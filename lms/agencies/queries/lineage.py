"""In which agencies of a day an agency lives on, and from which it came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.agencies.models import AgencyEvent, AgencyLink
from lms.agencies.queries.lookups import believed, versions_on
from lms.agencies.rules.kinds import EventKind
from lms.agencies.rules.lineage import Passage, Reach, backward, forward

_PASSING = (EventKind.MERGE.value, EventKind.CONSOLIDATE.value, EventKind.SPLIT.value)


@dataclass(frozen=True, slots=True)
class Heir:
    """An agency that stands for another on another day. `share`: the part of the people that the decisions on the way give to it, from
    0 to 1; None where one of them does not say. `events` are those decisions' events in their order."""

    id: UUID
    name: str
    share: float | None
    events: tuple[UUID, ...]


def successors_on(session: Session, agency_id: UUID, day: date, since: date | None = None, known: datetime | None = None) -> list[Heir]:
    """In which agencies of `day` an agency lives on, the largest share first; itself where it still exists.

    `since`: as it was on that day; left out, as it began. Empty where it was abolished. Three statements.
    """
    passages = _passages(session, after=since, until=day, known=known)
    return _named(session, forward(agency_id, passages), day, known)


def predecessors_of(session: Session, agency_id: UUID, day: date, until: date | None = None, known: datetime | None = None) -> list[Heir]:
    """Which agencies of the earlier `day` live on in this agency on `until` (left out: at all). `share` is the part of them that came
    here; itself where it existed already."""
    passages = _passages(session, after=day, until=until, known=known)
    return _named(session, backward(agency_id, passages), day, known)


def _passages(session: Session, *, after: date | None, until: date | None, known: datetime | None) -> list[Passage]:
    statement = (
        select(AgencyEvent.id, AgencyEvent.kind, AgencyLink.predecessor_id, AgencyLink.successor_id, AgencyLink.share)
        .join(AgencyLink, AgencyLink.event_id == AgencyEvent.id)
        .where(AgencyEvent.kind.in_(_PASSING), believed(AgencyEvent, known))
        .order_by(AgencyEvent.effective_on, AgencyEvent.ordinal, AgencyEvent.id)
    )
    if after is not None:
        statement = statement.where(AgencyEvent.effective_on > after)
    if until is not None:
        statement = statement.where(AgencyEvent.effective_on <= until)
    flows: dict[UUID, list[tuple[UUID, UUID, float | None]]] = {}
    for event_id, kind, predecessor, successor, share in session.execute(statement):
        if predecessor is not None and successor is not None:
            flows.setdefault(event_id, []).append((predecessor, successor, share if kind == EventKind.SPLIT else 1.0))
    return [Passage(event_id, tuple(own)) for event_id, own in flows.items()]


def _named(session: Session, reached: Mapping[UUID, Reach], day: date, known: datetime | None) -> list[Heir]:
    there = versions_on(session, day, reached, known)
    heirs = [Heir(agency, there[agency].name, reach.share, reach.events) for agency, reach in reached.items() if agency in there]
    return sorted(heirs, key=lambda heir: (-(heir.share or 0.0), there[heir.id].sort_key))
