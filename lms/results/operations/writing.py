"""Writing the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from lms.kit import audit
from lms.kit.actors import Actor, NotFound
from lms.kit.errors import N_, Conflict
from lms.kit.ids import uuid7
from lms.results.models import Activity, Expectation, ExpectationChange, Outcome

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


def add_expectations(session: Session, activity: str, people: Iterable[dict[str, Any]], at: datetime) -> int:
    """Add people to the denominator of an activity that has none of them yet; rows as for `record_expectations`. Returns how many.

    Raises NotFound, Conflict where the activity is locked.
    """
    held = _unlocked(session, activity)
    rows = [{"id": uuid7(), "activity": activity, "period": held.period, "recorded_at": at, **person} for person in people]
    for start in range(0, len(rows), BATCH):
        session.execute(insert(Expectation), rows[start : start + BATCH])
    return len(rows)


def change_expectation(
    session: Session, actor: Actor, activity: str, person_id: UUID, *, excluded_because: str | None, evidence: str, at: datetime
) -> bool:
    """Take somebody off the frozen list with a reason, or put them on it again (None); what stood before is kept beside it.

    Whether anything changed. Raises NotFound for one who is not on the list, Conflict where the activity is locked.
    """
    _unlocked(session, activity)
    row = session.scalar(select(Expectation).where(Expectation.activity == activity, Expectation.person_id == person_id).with_for_update())
    if row is None:
        raise NotFound
    before = row.excluded_because
    if before == excluded_because:
        return False
    row.excluded_because = excluded_because
    session.add(
        ExpectationChange(
            expectation_id=row.id,
            excluded_before=before,
            excluded_after=excluded_because,
            evidence=evidence,
            changed_by=actor.person_id,
            changed_at=at,
        )
    )
    session.flush()
    changed = {"before": {"excluded_because": before}, "after": {"excluded_because": excluded_because}}
    audit.record(session, actor, "results.change_expectation", person_id, at, activity=activity, evidence=evidence, **changed)
    return True


def lock_activity(session: Session, activity: str, at: datetime | None) -> None:
    """From now on the list and what came of it stay as they are; None: they may be corrected again. Practice has nothing to lock."""
    session.execute(update(Activity).where(Activity.key == activity).values(locked_at=at))


def _unlocked(session: Session, activity: str) -> Activity:
    """The activity, shared until the commit, so that nobody locks it meanwhile."""
    held = session.scalar(select(Activity).where(Activity.key == activity).with_for_update(read=True))
    if held is None:
        raise NotFound
    if held.locked_at is not None:
        raise Conflict(N_("Kết quả đã khóa. Mở khóa kỳ kiểm tra trước khi sửa danh sách."), code="results_locked")
    return held


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
        .values(superseded_by=outcome_id, superseded_at=at)
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


def supersede_outcomes(session: Session, rows: Sequence[dict[str, Any]], superseded: Mapping[UUID, UUID]) -> None:
    """Add outcomes that now stand, in bulk; `superseded`: ids of those that stood before, each with the one it points to from now on."""
    if superseded:
        since = {row["id"]: row["recorded_at"] for row in rows}
        session.execute(
            update(Outcome), [{"id": old, "superseded_by": new, "superseded_at": since[new]} for old, new in superseded.items()]
        )
    record_outcomes(session, rows)
