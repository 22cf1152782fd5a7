"""The list of an activity beside what came of it, as it is known now or was known at a moment: what every figure and list is made from."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Subquery, and_, case, func, literal, or_, select, true, union_all

from lms.agencies.queries import in_subtree
from lms.results.models import Expectation, ExpectationChange, ExpectationPast, Outcome, OutcomePast
from lms.results.queries.activities import ActivityRow

_ROW = ("id", "person_id", "agency_id", "agency_version_id", "group_code")


def counted(activity: str, known: datetime | None = None, where: Callable[[Any], ColumnElement[bool]] = lambda entity: true()) -> Subquery:
    """One row a person on the list: `id, person_id, agency_id, agency_version_id, group_code, excluded_because`, and of the outcome that
    counts (none for an excluded person) `outcome_id, source_id, attempts, score, passed, occurred_at`.

    `who` is the person, but for a record that was one of two until it was merged: then it is the row. `where` is given the table it is to
    speak of: what is asked of the rows there is asked before anything is joined.
    """
    if known is None:
        standing = and_(_same(Expectation), Outcome.superseded_by.is_(None), Expectation.excluded_because.is_(None))
        return (
            _rows(Expectation, Expectation.excluded_because, Expectation.person_id)
            .outerjoin(Outcome, standing)
            .where(Expectation.activity == activity, where(Expectation))
            .subquery()
        )
    excluded = _excluded_then(Expectation, known, ExpectationChange.past_id.is_(None), ExpectationChange.expectation_id)
    # A record that was one of two until it was merged counted for its own outcomes alone until then.
    joined = or_(Outcome.joined_at.is_(None), Outcome.joined_at <= known)
    own = (
        _rows(Expectation, excluded[0], Expectation.person_id)
        .outerjoin(excluded[1], excluded[1].c.row_id == Expectation.id)
        .outerjoin(Outcome, and_(_same(Expectation), _stood(known), joined, excluded[0].is_(None)))
        .where(Expectation.activity == activity, Expectation.recorded_at <= known, where(Expectation))
    )
    past_excluded = _excluded_then(ExpectationPast, known, ExpectationChange.past_id.is_not(None), ExpectationChange.past_id)
    # Of the outcomes that ever counted for a row, the one that stood: joined first, for at most one of them did.
    own_then = (
        select(OutcomePast.past_id, OutcomePast.outcome_id)
        .join(Outcome, Outcome.id == OutcomePast.outcome_id)
        .where(or_(OutcomePast.since.is_(None), OutcomePast.since <= known), _stood(known))
        .subquery()
    )
    past = (
        _rows(ExpectationPast, past_excluded[0], ExpectationPast.id)
        .outerjoin(past_excluded[1], past_excluded[1].c.row_id == ExpectationPast.id)
        .outerjoin(own_then, own_then.c.past_id == ExpectationPast.id)
        .outerjoin(Outcome, and_(Outcome.id == own_then.c.outcome_id, past_excluded[0].is_(None)))
        .where(ExpectationPast.activity == activity, ExpectationPast.recorded_at <= known, ExpectationPast.superseded_at > known)
        .where(where(ExpectationPast))
    )
    return union_all(own, past).subquery()


def below(activity: ActivityRow, root: UUID | None, known: datetime | None) -> Callable[[Any], ColumnElement[bool]]:
    """For `counted`: only those of the subtree of an agency on the counting day; None: everybody."""
    if root is None:
        return lambda entity: true()
    return lambda entity: in_subtree(entity.agency_id, root, activity.counted_on, known)


def _rows(entity: Any, excluded: Any, who: Any) -> Select[Any]:
    return select(
        *(getattr(entity, name) for name in _ROW),
        excluded.label("excluded_because"),
        who.label("who"),
        Outcome.id.label("outcome_id"),
        Outcome.source_id,
        Outcome.attempts,
        Outcome.score,
        Outcome.passed,
        Outcome.occurred_at,
    ).select_from(entity)


def _same(entity: Any) -> ColumnElement[bool]:
    return and_(Outcome.activity == entity.activity, Outcome.person_id == entity.person_id)


def _stood(known: datetime) -> ColumnElement[bool]:
    """Which outcome counted at a moment."""
    unending = and_(Outcome.superseded_at.is_(None), Outcome.superseded_by.is_(None))
    return and_(Outcome.recorded_at <= known, or_(unending, Outcome.superseded_at > known))


def _excluded_then(entity: Any, known: datetime, whose: ColumnElement[bool], row: Any) -> tuple[ColumnElement[str | None], Subquery]:
    """The reason as it stood at a moment: what the first change after it found, where there was one."""
    ranked = (
        select(
            row.label("row_id"),
            ExpectationChange.excluded_before,
            func.row_number().over(partition_by=row, order_by=(ExpectationChange.changed_at, ExpectationChange.id)).label("place"),
        )
        .where(ExpectationChange.changed_at > known, whose)
        .subquery()
    )
    undone = select(ranked.c.row_id, ranked.c.excluded_before, literal(1).label("is_undone")).where(ranked.c.place == 1).subquery()
    return case((undone.c.is_undone == 1, undone.c.excluded_before), else_=entity.excluded_because), undone
