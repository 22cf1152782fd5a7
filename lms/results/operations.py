"""Writing the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from lms.kit.ids import uuid7
from lms.results.models import Activity, Expectation, Outcome

BATCH = 1000


def record_expectations(
    session: Session, activity: str, period: str, people: Iterable[dict[str, Any]], at: datetime, *, title: str, counted_on: date
) -> int:
    """Register an activity and freeze its denominator as of the day `counted_on`.

    One row a person: `person_id, agency_id, agency_version_id, group_code, excluded_because` (None: expected). Returns how many.
    """
    session.execute(insert(Activity).values(key=activity, period=period, title=title, counted_on=counted_on, registered_at=at))
    rows = [{"id": uuid7(), "activity": activity, "period": period, "recorded_at": at, **person} for person in people]
    for start in range(0, len(rows), BATCH):
        session.execute(insert(Expectation), rows[start : start + BATCH])
    return len(rows)


def record_outcome(
    session: Session,
    *,
    activity: str,
    period: str,
    person_id: UUID,
    source_id: UUID,
    attempts: int,
    score: Decimal,
    passed: bool,
    occurred_at: datetime,
    at: datetime,
) -> UUID:
    """Add the outcome that now stands for this person (score 0–100 points); the one that stood before points to it."""
    outcome_id = uuid7()
    session.execute(
        update(Outcome)
        .where(Outcome.activity == activity, Outcome.person_id == person_id, Outcome.superseded_by.is_(None))
        .values(superseded_by=outcome_id)
    )
    session.execute(
        insert(Outcome).values(
            id=outcome_id,
            activity=activity,
            period=period,
            person_id=person_id,
            source_id=source_id,
            attempts=attempts,
            score=score,
            passed=passed,
            occurred_at=occurred_at,
            recorded_at=at,
        )
    )
    return outcome_id


def record_outcomes(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Add first outcomes in bulk, for people who have none in the activity yet."""
    for start in range(0, len(rows), BATCH):
        session.execute(insert(Outcome), rows[start : start + BATCH])
