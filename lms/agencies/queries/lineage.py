"""In which agencies of a day an agency lives on, and from which it came."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Text, cast, func, select
from sqlalchemy.orm import Session

from lms.agencies.models import FOREVER, AgencyEvent, AgencyLink, AgencyVersion
from lms.agencies.queries.lookups import batches, believed, versions_on
from lms.agencies.rules.events import decoded, heirs_of
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


@dataclass(frozen=True, slots=True)
class Ending:
    """The event with which an agency ends, and in whom it lives on (None: in nobody)."""

    event_id: UUID
    on: date
    heir: UUID | None
    recorded_at: datetime


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


def passages_between(session: Session, after: date, until: date, known: datetime | None = None) -> list[Passage]:
    """The events after one day and until another in which agencies go on in others, in their order. One statement."""
    return _passages(session, after=after, until=until, known=known)


def endings_of(session: Session, ids: Iterable[UUID]) -> dict[UUID, Ending]:
    """How those of these agencies that end do so. One statement where none does, another for those that do."""
    found: dict[UUID, Ending] = {}
    for batch in batches(ids):
        end = func.max(AgencyVersion.valid_to)
        lives = select(AgencyVersion.agency_id, end).where(AgencyVersion.agency_id.in_(batch), AgencyVersion.superseded_at.is_(None))
        ends = {row[0]: row[1] for row in session.execute(lives.group_by(AgencyVersion.agency_id).having(end < FOREVER))}
        if not ends:
            continue
        rows = session.execute(
            select(
                AgencyLink.predecessor_id,
                AgencyEvent.id,
                AgencyEvent.effective_on,
                cast(AgencyEvent.details, Text),
                AgencyEvent.recorded_at,
            )
            .join(AgencyEvent, AgencyEvent.id == AgencyLink.event_id)
            .where(
                AgencyLink.predecessor_id.in_(ends), AgencyEvent.superseded_at.is_(None), AgencyEvent.effective_on.in_(set(ends.values()))
            )
        )
        for agency_id, event_id, on, details, recorded_at in rows:
            heirs = heirs_of(decoded(details)) if details != "{}" else {}
            if agency_id is not None and agency_id in heirs and ends[agency_id] == on:
                found[agency_id] = Ending(event_id, on, heirs[agency_id], recorded_at)
    return found


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
