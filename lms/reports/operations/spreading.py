"""What happened to a report becomes the work of telling it on."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.kit import jobs
from lms.reports.models import ReportEvent
from lms.reports.queries.deliveries import SPREADING


def ask_spreading(session: Session, at: datetime) -> list[UUID]:
    """A job for each event that has none, in their order; noted with it in one transaction, so that there is one. The jobs' ids."""
    events = session.scalars(
        select(ReportEvent).where(ReportEvent.spread_at.is_(None)).order_by(ReportEvent.id).with_for_update(skip_locked=True)
    ).all()
    found = []
    for event in events:
        event.spread_at = at
        payload = {"event": event.id, "report": str(event.report_id)}
        found.append(jobs.enqueue(session, SPREADING, payload, at=at).id)
    session.flush()
    return found
