"""Two quarters beside each other: who was counted where in each, and what came to be known of the earlier one since its report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, Subquery, and_, case, cast, func, or_, select
from sqlalchemy.orm import Session

from lms.agencies.queries import in_subtree
from lms.results.models import Expectation, ExpectationChange, ExpectationPast, Outcome
from lms.results.queries.activities import ActivityRow
from lms.results.queries.counted import counted
from lms.results.rules import Flow, Tally


@dataclass(frozen=True, slots=True)
class Later:
    """So many people of one agency's own staff of whom something came to be known later; see `late_news`."""

    agency_id: UUID
    kind: str
    reason: str | None
    people: int


@dataclass(frozen=True, slots=True)
class LatePerson:
    """One of them: what was known before and since. `evidence` comes from `papers`."""

    person_id: UUID
    row_id: UUID
    kind: str
    reason_before: str | None
    reason_after: str | None
    passed_before: bool | None
    passed_after: bool | None


EXCLUDED, INCLUDED, OUTCOME = "excluded", "included", "outcome"


def flows(
    session: Session, before: ActivityRow, known_before: datetime | None, after: ActivityRow, known_after: datetime | None
) -> list[Flow]:
    """Everyone on either list, by where each list counts them; one statement for all agencies."""
    one, other = counted(before.key, known_before), counted(after.key, known_after)
    was, is_now = _expected(one), _expected(other)
    both = and_(was, is_now)
    query = (
        select(
            one.c.agency_id,
            other.c.agency_id,
            *_tally(one, was),
            *_tally(other, is_now),
            *_tally(one, both),
            *_tally(other, both),
        )
        .select_from(one)
        .join(other, other.c.who == one.c.who, full=True)
        .group_by(one.c.agency_id, other.c.agency_id)
    )
    found = []
    for agency_before, agency_after, *numbers in session.execute(query):
        counts = [int(number or 0) for number in numbers]
        tallies = [Tally(*counts[start : start + 4]) for start in range(0, 16, 4)]
        found.append(Flow(agency_before, agency_after, *tallies))
    return found


def late_news(session: Session, activity: ActivityRow, since: datetime, until: datetime | None = None) -> list[Later]:
    """What came to be known of an activity after a moment, by each agency's own staff: excluded later, put on the list later (added, or
    excluded before: `reason`), outcomes that came or changed later. One statement for all agencies; where nothing did, none."""
    then, now_ = counted(activity.key, since), counted(activity.key, until)
    kind, reason = _kind(then, now_)
    agency = func.coalesce(now_.c.agency_id, then.c.agency_id).label("agency_id")
    changed = (
        select(agency, kind.label("kind"), reason.label("reason"))
        .select_from(then)
        .join(now_, now_.c.id == then.c.id, full=True)
        .where(kind.is_not(None), _has_news(activity.key, since))
        .subquery()
    )
    query = select(changed.c.agency_id, changed.c.kind, changed.c.reason, func.count()).group_by(
        changed.c.agency_id, changed.c.kind, changed.c.reason
    )
    return sorted((Later(*row) for row in session.execute(query)), key=lambda one: (str(one.agency_id), one.kind, one.reason or ""))


def late_people(
    session: Session, activity: ActivityRow, root: UUID, since: datetime, until: datetime | None = None, *, limit: int | None = 200
) -> list[LatePerson]:
    """The people behind the known-later rows of a subtree."""
    then, now_ = counted(activity.key, since), counted(activity.key, until)
    kind, _ = _kind(then, now_)
    query = (
        select(
            func.coalesce(now_.c.person_id, then.c.person_id),
            func.coalesce(now_.c.id, then.c.id),
            kind,
            then.c.excluded_because,
            now_.c.excluded_because,
            then.c.passed,
            now_.c.passed,
        )
        .select_from(then)
        .join(now_, now_.c.id == then.c.id, full=True)
        .where(
            kind.is_not(None),
            _has_news(activity.key, since),
            or_(*(in_subtree(one.c.agency_id, root, activity.counted_on) for one in (now_, then))),
        )
        .order_by(func.coalesce(now_.c.id, then.c.id))
        .limit(limit)
    )
    return [LatePerson(*row) for row in session.execute(query)]


def _has_news(activity: str, since: datetime) -> ColumnElement[bool]:
    """Was anything of an activity recorded after a moment? Asked once for a whole statement, which then reads no list where nothing was."""
    changes = select(ExpectationChange.id).join(Expectation, Expectation.id == ExpectationChange.expectation_id)
    later = or_(Outcome.recorded_at > since, Outcome.superseded_at > since, Outcome.joined_at > since)
    return or_(
        select(Expectation.id).where(Expectation.activity == activity, Expectation.recorded_at > since).exists(),
        select(ExpectationPast.id).where(ExpectationPast.activity == activity, ExpectationPast.superseded_at > since).exists(),
        changes.where(Expectation.activity == activity, ExpectationChange.changed_at > since).exists(),
        select(Outcome.id).where(Outcome.activity == activity, later).exists(),
    )


def _kind(then: Subquery, now_: Subquery) -> tuple[ColumnElement[str | None], ColumnElement[str | None]]:
    was, is_now = then.c, now_.c
    listed_then, listed_now = was.id.is_not(None), is_now.id.is_not(None)
    excluded = and_(listed_now, is_now.excluded_because.is_not(None), or_(was.id.is_(None), was.excluded_because.is_(None)))
    gone = and_(listed_then, is_now.id.is_(None))
    included = and_(listed_now, is_now.excluded_because.is_(None), or_(was.id.is_(None), was.excluded_because.is_not(None)))
    outcome = and_(
        listed_then,
        listed_now,
        or_(
            and_(was.outcome_id.is_(None), is_now.outcome_id.is_not(None)),
            and_(was.outcome_id.is_not(None), is_now.outcome_id.is_(None)),
            was.score != is_now.score,
            was.passed != is_now.passed,
        ),
    )
    kind = case((or_(excluded, gone), EXCLUDED), (included, INCLUDED), (outcome, OUTCOME), else_=None)
    reason = case((excluded, is_now.excluded_because), (included, was.excluded_because), else_=None)
    return kind, reason


def _expected(rows: Subquery) -> ColumnElement[bool]:
    columns = rows.c
    return and_(columns.id.is_not(None), columns.excluded_because.is_(None))


def _tally(rows: Subquery, condition: ColumnElement[bool]) -> list[ColumnElement[int]]:
    columns = rows.c
    return [
        func.sum(case((condition, 1), else_=0)),
        func.sum(case((and_(condition, columns.outcome_id.is_not(None)), 1), else_=0)),
        func.sum(case((and_(condition, columns.passed.is_(True)), 1), else_=0)),
        func.sum(case((and_(condition, columns.score.is_not(None)), cast(func.round(columns.score * 100), Integer)), else_=0)),
    ]
