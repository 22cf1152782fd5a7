"""All that is believed to have happened to agencies, for planning an import and for the export."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Text, cast, select
from sqlalchemy.orm import Session

from lms.agencies.models import AgencyCode, AgencyEvent
from lms.agencies.queries.lookups import current
from lms.agencies.rules.events import Code, Event, decoded
from lms.agencies.rules.kinds import Decision
from lms.agencies.rules.plan import StoredHistory


def stored_history(session: Session) -> StoredHistory:
    """Every believed event that can be replayed, with its decision. One statement."""
    rows = session.execute(
        select(
            AgencyEvent.id,
            AgencyEvent.effective_on,
            AgencyEvent.ordinal,
            cast(AgencyEvent.details, Text),
            AgencyEvent.kind,
            AgencyEvent.decision_number,
            AgencyEvent.decision_date,
            AgencyEvent.note,
        ).where(AgencyEvent.superseded_at.is_(None))
    )
    history = StoredHistory([], {})
    for event_id, on, ordinal, details, kind, number, dated, note in rows:
        if details != "{}":  # an event that is told and not replayed
            history.events.append(Event(event_id, on, ordinal, decoded(details), kind))
            history.decisions[event_id] = Decision(number, dated, note)
    return history


def codes_on(session: Session, on: date, known: datetime | None = None) -> dict[UUID, list[Code]]:
    """The codes that agencies bear on a day, of all schemes."""
    found: dict[UUID, list[Code]] = {}
    rows = session.execute(select(AgencyCode.agency_id, AgencyCode.scheme, AgencyCode.code).where(current(AgencyCode, on, known)))
    for agency_id, scheme, code in rows:
        found.setdefault(agency_id, []).append(Code(scheme, code))
    return found
