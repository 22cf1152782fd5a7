"""What people were expected to do, in which period."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.results.models import Activity
from lms.results.rules import QUARTERLY


@dataclass(frozen=True, slots=True)
class ActivityRow:
    key: str
    period: str
    title: str
    counted_on: date


def activities(session: Session) -> list[ActivityRow]:
    """All activities of the ledger, newest period first."""
    rows = session.execute(
        select(Activity.key, Activity.period, Activity.title, Activity.counted_on).order_by(Activity.period.desc(), Activity.key)
    )
    return [ActivityRow(*row) for row in rows]


def activity_of_period(session: Session, period: str) -> ActivityRow | None:
    """The quarterly test of a period: what a quarter's report counts. Course tests and contests are activities of their own."""
    row = session.execute(
        select(Activity.key, Activity.period, Activity.title, Activity.counted_on).where(
            Activity.period == period, Activity.key.startswith(QUARTERLY, autoescape=True)
        )
    ).first()
    return ActivityRow(*row) if row else None
