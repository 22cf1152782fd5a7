"""Events as they are stored: read to be replayed, appended, superseded. Nothing is edited."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Text, cast, insert, select, text, update
from sqlalchemy.orm import Session

from lms.agencies.models import Agency, AgencyEvent, AgencyLink
from lms.agencies.rules.events import Change, Event, decoded, encoded, foundings, links
from lms.kit.ids import uuid7

BATCH = 1000
WITHOUT_DETAILS = "{}"  # an event that is told and not replayed
_LOCK = 0x6C6D_7361  # of the whole tree, in PostgreSQL; SQLite has one writer at a time


def lock_tree(session: Session) -> None:
    """Wait for other changes of the tree until this transaction ends: each must see all that happened before it."""
    session.flush()
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


def believed_events(session: Session) -> dict[UUID, Event]:
    """All that is believed to have happened, or to be going to. One statement."""
    rows = session.execute(
        select(AgencyEvent.id, AgencyEvent.effective_on, AgencyEvent.ordinal, cast(AgencyEvent.details, Text), AgencyEvent.kind).where(
            AgencyEvent.superseded_at.is_(None)
        )
    )
    return {
        event_id: Event(event_id, on, ordinal, decoded(details), kind)
        for event_id, on, ordinal, details, kind in rows
        if details != WITHOUT_DETAILS
    }


def append_events(
    session: Session,
    events: Sequence[tuple[Event, Change]],
    at: datetime,
    *,
    replaces: Mapping[UUID, UUID],
    import_run_id: UUID | None,
) -> None:
    """Store events with their links, and the identities of the agencies they found."""
    founded = [founding.agency for event, _ in events for founding in foundings(event.details)]
    known = _known_agencies(session, founded)
    _insert(session, Agency, [{"id": agency, "created_at": at} for agency in dict.fromkeys(founded) if agency not in known])
    _insert(session, AgencyEvent, [event_row(event, change, at, replaces.get(event.id), import_run_id) for event, change in events])
    _insert(session, AgencyLink, [row for event, _ in events for row in link_rows(event)])


def event_row(event: Event, change: Change, at: datetime, replaces: UUID | None, import_run_id: UUID | None) -> dict[str, Any]:
    return {
        "id": event.id,
        "kind": change.kind,
        "effective_on": event.on,
        "ordinal": event.ordinal,
        "decision_number": change.decision.number,
        "decision_date": change.decision.dated,
        "note": change.decision.note,
        "details": encoded(event.details),
        "recorded_at": at,
        "replaces_id": replaces,
        "import_run_id": import_run_id,
    }


def link_rows(event: Event) -> list[dict[str, Any]]:
    return [
        {"id": uuid7(), "event_id": event.id, "predecessor_id": link.predecessor, "successor_id": link.successor, "share": link.share}
        for link in links(event.details)
    ]


def supersede_events(session: Session, ids: Iterable[UUID], at: datetime) -> None:
    """These events are no longer believed."""
    distinct = list(ids)
    for start in range(0, len(distinct), 500):
        session.execute(update(AgencyEvent).where(AgencyEvent.id.in_(distinct[start : start + 500])).values(superseded_at=at))


def _known_agencies(session: Session, ids: Sequence[UUID]) -> set[UUID]:
    return {
        known
        for start in range(0, len(ids), 500)
        for known in session.scalars(select(Agency.id).where(Agency.id.in_(ids[start : start + 500])))
    }


def _insert(session: Session, model: type[Any], rows: Sequence[Mapping[str, Any]]) -> None:
    table = insert(model.__table__)  # past the unit of work, which makes an object's worth of each row
    for start in range(0, len(rows), BATCH):
        session.connection().execute(table, rows[start : start + BATCH])
